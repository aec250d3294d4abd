"""datatrove beside our own processing: the same documents, its own steps, its own Python."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from miniature_memory.benchmarks import datatrove_side
from miniature_memory.benchmarks.documents import CONTAINED, NEAR, Library, Made

INSTALL = (
    "python3 -m venv V && V/bin/pip install 'datatrove[io,processing]' spacy orjson, "
    "then --datatrove V/bin/python"
)


def datatrove(python: Path | None, count: int) -> dict[str, Any]:
    """Its recall, precision and documents a second; or how to install it."""
    if python is None and find_spec("datatrove") is None:
        return {"missing": INSTALL}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        with open(folder / "in" / "documents.jsonl", "w", encoding="utf-8") as handle:
            for one in islice(Library(), count):
                handle.write(json.dumps({"id": str(one.number), "text": one.text}) + "\n")
        (folder / "tokenizer.json").write_text(_characters(), encoding="utf-8")
        command = [str(python or sys.executable), datatrove_side.__file__, name]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"missing": f"{done.stderr.strip().splitlines()[-1]} ({INSTALL})"}
    told = json.loads(done.stdout.splitlines()[-1])
    counted = sum(told["seconds"].values())
    minhash = sum(spent for step, spent in told["seconds"].items() if step.startswith("MinHash"))
    return {
        "documents": count,
        "seconds": told["seconds"],
        "documents_per_second": round(count / counted, 1),
        "minhash_per_second": round(count / minhash, 1),
        **_of_survivors(count, {int(id) for id in told["survivors"]}),
    }


def _characters() -> str:
    """A tokenizer of single characters in the file format of the tokenizers library."""
    vocabulary = {chr(n): n for n in range(32, 127)} | {"\n": 127, "?": 63}
    split = {"type": "Split", "pattern": {"Regex": r"[\s\S]"}, "behavior": "Isolated", "invert": False}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "?"}
    return json.dumps({"version": "1.0", "added_tokens": [], "pre_tokenizer": split, "model": model})


def _of_survivors(count: int, survivors: set[int]) -> dict[str, Any]:
    """It names no twin, so a drop is right where another of the family stays."""
    families: dict[int, set[int]] = defaultdict(set)
    kinds: dict[int, Made] = {}
    for one in islice(Library(), count):
        families[one.family[0]].add(one.number)
        kinds[one.number] = Made(one.number, one.kind, "", one.family)
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    right = wrong = 0
    for one in kinds.values():
        stay = families[one.family[0]] & survivors
        if one.kind in (*NEAR, *CONTAINED):
            planted[one.kind] += 1
            found[one.kind] += one.number not in survivors or stay == {one.number}
        if one.number not in survivors:
            right, wrong = (right + 1, wrong) if stay else (right, wrong + 1)
    return {
        "recall": {kind: found[kind] / n for kind, n in planted.items()},
        "precision": right / max(1, right + wrong),
    }
