"""Duplicates found at each edit rate, excerpts found, wrong drops, and CPU time a document.

Documents are made up: words drawn from the demo's stories by their frequency, 640 a document (3.6 kB). With
``--data DIR`` of novels the quality rules are run over pieces of them, and every drop is a wrong one.
``--full`` plants ten times as many.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from miniature_memory.benchmarks import Options, columns

WORDS = 640
EDITS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.10)
PIECES = (2000, 3000, 5000, 8000, 12_000, 20_000)


def run(options: Options) -> dict[str, Any]:
    """Figures: documents, recall {edit rate: share}, contained, precision, milliseconds {step: CPU ms a
    document}; with data also pieces and dropped {rule: how many}."""
    rng = random.Random(1)
    pool = _pool()
    originals = [_text(rng, pool) for _ in range(20_000 if options.full else 2_000)]
    figures = {"documents": len(originals), **_duplicates(rng, pool, originals), "milliseconds": _times()}
    if options.data is not None:
        figures.update(_wrong_drops(options.data, random.Random(5)))
    return figures


def _pool() -> list[str]:
    from miniature_memory.demo.stories import story

    return " ".join(story(1, number).text for number in range(100)).split()


def _text(rng: random.Random, pool: list[str]) -> str:
    return " ".join(rng.choices(pool, k=WORDS))


def _edited(rng: random.Random, pool: list[str], text: str, share: float) -> str:
    return " ".join(rng.choice(pool) if rng.random() < share else word for word in text.split())


def _duplicates(rng: random.Random, pool: list[str], originals: list[str]) -> dict[str, Any]:
    from miniature_memory.processing.dedup import Duplicates, sketch
    from miniature_memory.processing.near_index import NearIndex

    planted = [
        (number, kind, text)
        for number, original in enumerate(originals[: len(originals) // 5])
        for kind, text in [
            *((f"{share:.0%}", _edited(rng, pool, original, share)) for share in EDITS),
            ("excerpt", " ".join(original.split()[100:300])),
        ]
    ]
    found: Counter[str] = Counter()
    right = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        duplicates = Duplicates(NearIndex(Path(folder), []), 0.5)
        verdicts = duplicates.judge([(n, sketch(text)) for n, text in enumerate(originals)])
        wrong += sum(twin is not None for twin in verdicts)
        duplicates.index.append(duplicates.settle())
        first = len(originals)
        for at, (number, kind, text) in enumerate(planted):
            # each against the originals alone: a twin that was missed before must not help
            (twin,) = duplicates.judge([(first + at, sketch(text))])
            duplicates.settle()
            if twin is not None:
                right += twin.number == number
                wrong += twin.number != number
                found[kind] += twin.number == number
    each = len(planted) // (len(EDITS) + 1)
    return {
        "recall": {f"{share:.0%}": found[f"{share:.0%}"] / each for share in EDITS},
        "contained": found["excerpt"] / each,
        "precision": right / max(right + wrong, 1),
    }


def _times() -> dict[str, float]:
    """CPU milliseconds a document of a step, over demo stories."""
    from miniature_memory import screen
    from miniature_memory.demo.stories import story
    from miniature_memory.memory.condense import grid_summaries
    from miniature_memory.processing.dedup import sketch
    from miniature_memory.processing.normalize import clean_text
    from miniature_memory.processing.quality_filter import Limits, judge
    from miniature_memory.processing.words import word_hashes
    from miniature_memory.vocabulary import encode_marked

    texts = [story(1, number).text[:3600] for number in range(100)]
    limits = Limits(("en",), 1000, 2_000_000)
    steps: dict[str, Callable[[str], object]] = {
        "quality": lambda text: judge(text, word_hashes(text), limits),
        "sketch": sketch,
        "clean": clean_text,
        "encode": lambda text: encode_marked(clean_text(text).text),
        "screen (apart)": screen.check,
        "summaries (apart)": lambda text: grid_summaries(encode_marked(clean_text(text).text)),
    }
    spent: dict[str, float] = {}
    for name, step in steps.items():
        step(texts[0])
        began = time.process_time()
        for text in texts:
            step(text)
        spent[name] = round(1000 * (time.process_time() - began) / len(texts), 3)
    for name in ("encode", "summaries (apart)"):  # both began with a cleaning
        spent[name] = round(max(spent[name] - spent["clean"], 0), 3)
    return spent


def _wrong_drops(data: Path, rng: random.Random) -> dict[str, Any]:
    from miniature_memory.processing.quality_filter import Limits, judge
    from miniature_memory.processing.words import word_hashes

    limits = Limits(("en",), 1000, 2_000_000)
    reasons: Counter[str] = Counter()
    for path in sorted(data.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        at = 0
        while at < len(text) - min(PIECES):
            piece = text[at : at + rng.choice(PIECES)]
            at += len(piece)
            reasons[judge(piece, word_hashes(piece), limits).rule] += 1
    kept = reasons.pop("", 0)
    return {"pieces": kept + sum(reasons.values()), "dropped": dict(sorted(reasons.items()))}


def table(figures: dict[str, Any]) -> str:
    rows: list[tuple[str, ...]] = [("what", "measured")]
    rows.append(("made-up documents", f"{figures['documents']:,}"))
    rows += [(f"recall, {share} of the words edited", f"{r:.3f}") for share, r in figures["recall"].items()]
    rows.append(("recall, excerpts of 31 %", f"{figures['contained']:.3f}"))
    rows.append(("precision", f"{figures['precision']:.4f}"))
    spent = figures["milliseconds"]
    rows += [(f"CPU ms a document of 3.6 kB: {name}", f"{ms:.2f}") for name, ms in spent.items()]
    counted = sum(ms for name, ms in spent.items() if "apart" not in name)
    rows.append(("documents a second on one core", f"{1000 / counted:.0f}"))
    if "pieces" in figures:
        share = sum(figures["dropped"].values()) / figures["pieces"]
        rows.append((f"pieces of novels dropped, of {figures['pieces']}", f"{share:.2%}"))
    return columns(rows)
