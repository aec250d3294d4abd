"""A small prepared dataset, written as `prepare` writes one, from sentences made here."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np

from miniature_memory import vocabulary
from miniature_memory.memory.layout import EMPTY

NAMES = ("Marta", "Edgar", "Ilse", "Tobias", "Henrike", "Anselm", "Wilma", "Konrad")
PLACES = ("the harbour", "the old mill", "the bakery", "the archive", "the ferry", "the orchard")
DEEDS = ("walked slowly to", "came back from", "was waiting at", "wrote a letter about", "talked about")


def story(seed: int, sentences: int = 30) -> str:
    """Neutral prose in which a few grown-ups recur."""
    pick = random.Random(seed)
    cast = pick.sample(NAMES, 3)
    lines = [
        f"{pick.choice(cast)} {pick.choice(DEEDS)} {pick.choice(PLACES)}, and {pick.choice(cast)} "
        f"{pick.choice(('listened', 'laughed', 'said nothing', 'poured the coffee'))}."
        for _ in range(sentences)
    ]
    return "\n".join(" ".join(lines[i : i + 4]) for i in range(0, len(lines), 4)) + "\n"


def write_dataset(
    processed: Path, stories: int = 12, validation: int = 3, renamed: int = 1, shard: int = 7000
) -> None:
    """``stories`` and ``validation`` documents; a larger number of stories begins with the same ones."""
    train = [story(seed) for seed in range(stories)]
    _write(processed, "train", train, shard)
    _write(processed, "val", [story(1000 + seed) for seed in range(validation)], shard)
    for version in range(1, renamed + 1):
        other = [text.replace("Marta", "Zorvale").replace("Edgar", "Quimby") for text in train]
        _write(processed / "renamed" / f"v{version}", "train", other, shard)
    manifest = {
        "screen_version": "test",
        "vocabulary_version": vocabulary.VERSION,
        "document_set": f"set of {stories}",
    }
    (processed / "manifest.json").write_text(json.dumps(manifest))


def _write(folder: Path, split: str, texts: list[str], shard: int) -> None:
    documents = [np.append(vocabulary.encode_marked(t), np.uint8(vocabulary.END_OF_TEXT)) for t in texts]
    starts = np.concatenate([[0], np.cumsum([len(d) for d in documents])]).astype(np.int64)
    summaries = []
    for text, ids in zip(texts, documents, strict=True):
        for at in range(0, len(ids), 96):
            seen = [n for n in NAMES if n in text[:at]]
            row = EMPTY.copy()
            words = vocabulary.encode(", ".join(seen)[:60])
            row[: len(words)] = words
            summaries.append(row)
    for name, data in (("shards", np.concatenate(documents)), ("summaries", np.stack(summaries).ravel())):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for old in (folder / name).glob(f"{split}-*.bin"):
            old.unlink()
        for number, at in enumerate(range(0, len(data), shard)):
            (folder / name / f"{split}-{number:05d}.bin").write_bytes(data[at : at + shard].tobytes())
    (folder / "index").mkdir(exist_ok=True)
    np.save(folder / "index" / f"{split}.npy", starts)
