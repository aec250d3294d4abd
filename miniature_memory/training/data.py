"""What `prepare` wrote, opened without reading it: memory-mapped shards as corpora.

manifest.json                        versions, counts, hashes
shards/train-00000.bin …             uint8 ids, documents one after the other
index/train.npy                      int64 [documents + 1], where each document begins
summaries/train-00000.bin …          uint8 [n, 60], on a grid of 96 characters
renamed/v1/… v2/…                    the same three with other names, training text only
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from miniature_memory import vocabulary
from miniature_memory.errors import Damaged, MissingInput
from miniature_memory.memory.condense import SLIDE, SUMMARY_SLOTS
from miniature_memory.memory.layout import ROW
from miniature_memory.memory.rows import Corpus

Bytes = NDArray[np.uint8]


class Shards:
    """Files of bytes that read as one array: ``shards[a:b]`` copies that piece, across borders if need be.

    ``cut`` gives a part as another such array, without copying.
    """

    def __init__(self, parts: list[Bytes], begin: int = 0, end: int | None = None) -> None:
        self._parts = parts
        self._starts = np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(int).tolist()
        self._begin = begin
        self._end = self._starts[-1] if end is None else end

    @classmethod
    def open(cls, files: list[Path]) -> Shards:
        return cls([np.memmap(f, dtype=np.uint8, mode="r") for f in files if f.stat().st_size])

    def cut(self, begin: int, end: int) -> Shards:
        return Shards(self._parts, self._begin + begin, self._begin + end)

    def array(self) -> Bytes:
        """Itself, as what reads like an array; the very memory map where there is but one file."""
        if len(self._parts) == 1:
            return self._parts[0][self._begin : self._end]
        return cast(Bytes, self)

    def reshape(self, rows: int, columns: int) -> Bytes:
        """All of it as rows, copied."""
        return self[0 : len(self)].reshape(rows, columns)

    def __len__(self) -> int:
        return int(self._end - self._begin)

    def __getitem__(self, where: slice) -> Bytes:
        start, stop, step = where.indices(len(self))
        at, stop = start + self._begin, stop + self._begin
        number = bisect_right(self._starts, at) - 1
        pieces = [np.empty(0, np.uint8)]
        while at < stop:
            end = min(stop, self._starts[number + 1])
            pieces.append(self._parts[number][at - self._starts[number] : end - self._starts[number]])
            at, number = end, number + 1
        return np.concatenate(pieces)[::step]


def _corpus(folder: Path, split: str, documents: int | None) -> Corpus | None:
    """The first ``documents`` documents (what stands behind them a kill may have left); None for no text."""
    if documents == 0:
        return None
    starts = np.load(folder / "index" / f"{split}.npy", allow_pickle=False).astype(np.int64)
    if documents is not None:
        starts = starts[: documents + 1]
    total = int(starts[-1]) if len(starts) else 0
    rows = int((-(-np.diff(starts) // SLIDE)).sum())
    ids = Shards.open(sorted((folder / "shards").glob(f"{split}-*.bin")))
    summaries = Shards.open(sorted((folder / "summaries").glob(f"{split}-*.bin")))
    if len(ids) < total or len(summaries) < rows * SUMMARY_SLOTS or (documents or 0) >= len(starts) > 0:
        raise Damaged(
            f"The {split} data in {folder.name} is shorter than its index says.",
            "Run `mm prepare` again: it rebuilds what is missing.",
        )
    if total == 0:
        return None
    text, slots = ids.cut(0, total), summaries.cut(0, rows * SUMMARY_SLOTS)
    return Corpus(text.array(), starts, slots.array().reshape(-1, SUMMARY_SLOTS))


def part(corpus: Corpus, first: int, last: int) -> Corpus:
    """Documents ``first`` to ``last`` (without it) of a corpus; no text is copied."""
    if (first, last) == (0, len(corpus.starts) - 1):
        return corpus
    begin, end = int(corpus.starts[first]), int(corpus.starts[last])
    source: Any = corpus.ids
    ids = source.cut(begin, end) if isinstance(source, Shards) else source[begin:end]
    rows = corpus.summaries[corpus.slots[first] : corpus.slots[last]]
    return Corpus(cast(Bytes, ids), corpus.starts[first : last + 1] - begin, rows)


@dataclass(frozen=True)
class Dataset:
    """``train[0]`` is the original text, the others are its renamed versions."""

    manifest: dict[str, Any]
    train: list[Corpus]
    val: Corpus | None

    @classmethod
    def open(cls, processed: Path) -> Dataset:
        """Raises ``MissingInput`` where there is too little, ``Damaged`` where it isn't what it says."""
        try:
            manifest = json.loads((processed / "manifest.json").read_text(encoding="utf-8"))
            counts = {name: split["documents"] for name, split in manifest.get("splits", {}).items()}
            folders = sorted(processed.glob("renamed/v*"), key=lambda f: int(f.name[1:]))
            train = [_corpus(folder, "train", counts.get("train")) for folder in (processed, *folders)]
            val = _corpus(processed, "val", counts.get("val"))
        except FileNotFoundError as error:
            raise MissingInput(
                f"There is nothing to train on: {error.filename} is missing.",
                "Run `mm prepare` first (or `mm run`, which does everything).",
            ) from None
        except (ValueError, OSError, EOFError, TypeError, AttributeError) as error:
            raise Damaged(f"{processed} can't be read: {error}", "Run `mm prepare` again.") from error
        dataset = cls(manifest, [corpus for corpus in train if corpus is not None], val)
        dataset.check()
        return dataset

    def check(self) -> None:
        """Refuses what was not screened, another vocabulary, and too little text."""
        if not self.manifest.get("screen_version"):
            raise MissingInput(
                "The dataset doesn't say which adults-only screen it passed, so nothing is trained on it.",
                "Run `mm prepare` again; it screens every document.",
            )
        version = self.manifest.get("vocabulary_version")
        if version != vocabulary.VERSION:
            raise MissingInput(
                f"The dataset is written in vocabulary version {version}, this program in "
                f"{vocabulary.VERSION}.",
                "Run `mm prepare` again.",
            )
        have = len(self.train[0].ids) if self.train else 0
        if have < 2 * ROW:
            raise MissingInput(
                f"The training text has {have:,} characters; {2 * ROW} are the least.",
                "Collect or import more stories.",
            )

    @property
    def characters(self) -> int:
        return len(self.train[0].ids)

    @property
    def documents(self) -> int:
        return len(self.train[0].starts) - 1

    def prefix_hash(self, characters: int) -> str:
        """SHA-256 of the training text's first ``characters`` ids."""
        digest = hashlib.sha256()
        for at in range(0, characters, 1 << 20):
            digest.update(self.train[0].ids[at : min(characters, at + (1 << 20))].tobytes())
        return digest.hexdigest()

    def identity(self) -> dict[str, Any]:
        """What a checkpoint remembers of the data it has seen."""
        return {
            "characters": self.characters,
            "documents": self.documents,
            "sha256": self.prefix_hash(self.characters),
            "document_set": str(self.manifest.get("document_set", "")),
            "screen_version": str(self.manifest["screen_version"]),
            "vocabulary_version": vocabulary.VERSION,
        }
