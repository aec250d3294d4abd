"""Prepared data set aside while it is built anew: what stays the same is taken over, not computed again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from miniature_memory.memory.condense import SLIDE, SUMMARY_SLOTS
from miniature_memory.processing import files
from miniature_memory.processing.growing import Manifest, Row, Version, folder_of, parts


class Before:
    """Reads the directory beside ``processed/`` in the order of arrival; empty when its rules were others."""

    def __init__(self, processed: Path, facts: Mapping[str, Any], renamed: int, ledger: sqlite3.Connection):
        self.root = _beside(processed)
        manifest = Manifest(self.root)
        head = manifest.head() or {}
        same = bool(head) and all(head.get(key) == value for key, value in facts.items())
        usable = same and all(self._is_whole(name, told) for name, told in head["files"].items())
        self._rows = manifest.lineage() if usable else iter(())
        self._ledger = ledger
        self._row: Row | None = None
        self._seq = 0
        self._starts: dict[tuple[int, str], np.ndarray[Any, np.dtype[np.int64]]] = {}
        self._slots: dict[tuple[int, str], np.ndarray[Any, np.dtype[np.int64]]] = {}
        self._files: dict[str, list[Path]] = {}
        if usable:
            self._open(renamed)
            self._next()

    @staticmethod
    def set_aside(processed: Path) -> None:
        """Moves ``processed/`` away; where a killed run had done so already, that one stays."""
        if not Before.is_there(processed):
            Before.remove(processed)
            if processed.exists():
                os.rename(processed, _beside(processed))

    @staticmethod
    def is_there(processed: Path) -> bool:
        return Manifest(_beside(processed)).path.exists()

    @staticmethod
    def remove(processed: Path) -> None:
        files.empty(_beside(processed))

    def row(self, seq: int) -> Row | None:
        """The row of the document with this number; numbers that are asked for ascend."""
        while self._row is not None and self._seq < seq:
            self._next()
        return self._row if self._seq == seq else None

    def read(self, row: Row) -> tuple[bytes, list[Version]]:
        """Text, and ids and summaries of each version; nothing for one that was left out."""
        split, number = row["split"], row.get("document", 0)
        if split is None:
            return b"", []
        text = _read([self.root / f"{split}.txt"], *row["bytes"])
        versions: list[Version] = []
        for (version, of), starts in self._starts.items():
            if of == split:
                slots, folder = self._slots[version, split] * SUMMARY_SLOTS, folder_of(version)
                ids = _read(self._files[f"{folder}shards/{split}"], *starts[number : number + 2].tolist())
                told = _read(self._files[f"{folder}summaries/{split}"], *slots[number : number + 2].tolist())
                versions.append((ids, told))
        return text, versions

    def _is_whole(self, name: str, told: Mapping[str, Any]) -> bool:
        """Is a file what its manifest says? An index may be ahead of it, which harms nothing."""
        try:
            with open(self.root / name, "rb") as handle:
                return name.endswith(".npy") or files.digest_of(handle, told["bytes"]) == told["sha256"]
        except OSError:
            return False

    def _open(self, renamed: int) -> None:
        for version, split in parts(renamed):
            folder = self.root / folder_of(version)
            starts = np.load(folder / "index" / f"{split}.npy", allow_pickle=False)
            rows = np.cumsum(-(-np.diff(starts) // SLIDE))
            self._starts[version, split] = starts
            self._slots[version, split] = np.concatenate([[0], rows]).astype(np.int64)
            for kind in ("shards", "summaries"):
                found = sorted((folder / kind).glob(f"{split}-*.bin"))
                self._files[f"{folder_of(version)}{kind}/{split}"] = found

    def _next(self) -> None:
        """On to the next document that is still there."""
        for row in self._rows:
            found = self._ledger.execute("SELECT seq FROM documents WHERE id = ?", (row["id"],)).fetchone()
            if found:
                self._row, self._seq = row, int(found[0])
                return
        self._row, self._seq = None, 0


def _beside(processed: Path) -> Path:
    return processed.with_name(processed.name + ".old")


def _read(paths: Sequence[Path], begin: int, end: int) -> bytes:
    """Bytes of files that lie one behind the other."""
    return b"".join(_pieces(paths, begin, end))


def _pieces(paths: Sequence[Path], begin: int, end: int) -> Iterator[bytes]:
    for path in paths:
        size = path.stat().st_size
        if begin < size and end > 0:
            with open(path, "rb") as handle:
                handle.seek(max(0, begin))
                yield handle.read(min(end, size) - max(0, begin))
        begin, end = begin - size, end - size
