"""Files that only grow, and the manifest that says how far they are valid."""

from __future__ import annotations

import hashlib
import io
import json
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from miniature_memory.errors import Damaged
from miniature_memory.processing import files
from miniature_memory.workspace import atomic_write, no_room_is_clear

SPLITS: Final = ("train", "val")
LINEAGE: Final = "lineage.jsonl"

Head = dict[str, Any]
Row = dict[str, Any]
Version = tuple[bytes, bytes]  # ids, summaries


class Manifest:
    """``manifest.json``: versions, counts, and of each file how long it is valid and its hash.

    ``lineage.jsonl`` beside it has a line for each document, so that a million are read without being held.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "manifest.json"

    def head(self) -> Head | None:
        """What it says; None when there is no manifest that can be read."""
        try:
            head: Head = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return head

    def lineage(self) -> Iterator[Row]:
        """One dictionary a document, in the order of arrival: id, cleaned (its hash), source, split,
        document, ids [from, to], bytes [from, to]; ``split`` None and ``left_out`` (why) for one that was
        left out; ``cut`` (characters by cause) where something was taken out of it."""
        head = self.head()
        left = int(head.get("files", {}).get(LINEAGE, {}).get("bytes", 0)) if head else 0
        if not left:
            return
        with open(self.directory / LINEAGE, "rb") as handle:
            for line in handle:
                left -= len(line)
                if left < 0:  # a kill left it behind
                    return
                try:
                    row: Row = json.loads(line)
                except ValueError:  # another hand was at it; who compares will miss the rest
                    return
                yield row


def parts(renamed: int) -> Iterator[tuple[int, str]]:
    """(version, split) of everything that has ids: version 0 is the original, others have no ``val``."""
    for version in range(1 + renamed):
        for split in SPLITS[:1] if version else SPLITS:
            yield version, split


def folder_of(version: int) -> str:
    return f"renamed/v{version}/" if version else ""


class Growing:
    """The files of ``processed/``: ``begin`` or ``go_on``; then, as a context, ``append`` and ``commit``."""

    def __init__(self, manifest: Manifest, facts: Mapping[str, Any], shard: int, renamed: int) -> None:
        self.manifest = manifest
        self.root = manifest.directory
        self.facts = facts
        self.shard = shard
        self.renamed = renamed
        self.head: Head = {}
        self._streams: dict[str, _Stream] = {}
        self._starts: dict[tuple[int, str], array[int]] = {}

    def begin(self) -> None:
        """Everything from zero. The manifest goes first, so that nothing reads half of it."""
        self.manifest.path.unlink(missing_ok=True)
        files.empty(self.root)
        with no_room_is_clear():
            self.root.mkdir(parents=True, exist_ok=True)
        empty = {"documents": 0, "ids": 0, "bytes": 0}
        self.head = {
            **self.facts,
            "documents": 0,
            "splits": {split: dict(empty) for split in SPLITS},
            "renamed": {f"v{version}": 0 for version in range(1, self.renamed + 1)},
            "cut": {},
            "left_out": {},
            "files": {},
        }

    def go_on(self, head: Head) -> bool:
        """Cuts off what was written after the manifest; False when the files are not what it says."""
        self.head = head
        held: dict[str, Any] = head["files"]
        for name, facts in held.items():
            path = self.root / name
            if not path.is_file() or path.stat().st_size < facts["bytes"]:
                return False
            if "shards/" in name and not self._fits(name, facts["bytes"], held):
                return False
        for path in self.root.rglob("*"):
            name = path.relative_to(self.root).as_posix()
            if path.is_dir() or name == "manifest.json":
                continue
            if name not in held:
                path.unlink()
            elif not name.endswith(".npy") and path.stat().st_size > held[name]["bytes"]:
                os.truncate(path, held[name]["bytes"])
        return self._cut_indexes()

    def _fits(self, name: str, size: int, held: Mapping[str, Any]) -> bool:
        """Has a shard the size that is wanted now? All but the last are full."""
        stem, _, number = name.removesuffix(".bin").rpartition("-")
        is_last = f"{stem}-{int(number) + 1:05d}.bin" not in held
        return size < self.shard if is_last else size == self.shard

    def _cut_indexes(self) -> bool:
        """An index is written just before the manifest, so it may be ahead: its surplus is cut off."""
        for version, split in parts(self.renamed):
            path = self._index(version, split)
            expected = self.head["splits"][split]["documents"] + 1
            try:
                starts = np.load(path, allow_pickle=False)
            except (OSError, ValueError, EOFError):
                return False
            if len(starts) < expected:
                return False
            if len(starts) > expected:
                _save(path, starts[:expected])
        return True

    def _index(self, version: int, split: str) -> Path:
        return self.root / folder_of(version) / "index" / f"{split}.npy"

    def __enter__(self) -> Self:
        """Raises ``Damaged`` when what is to be gone on with was changed by another hand."""
        held = self.head["files"]
        with no_room_is_clear():
            for version, split in parts(self.renamed):
                path = self._index(version, split)
                self._starts[version, split] = array("q", np.load(path).tobytes() if path.exists() else [0])
                for kind, shard in (("shards", self.shard), ("summaries", 0)):
                    name = f"{folder_of(version)}{kind}/{split}"
                    self._streams[name] = _Stream(self.root, name, shard, held)
            for name in (*(f"{split}.txt" for split in SPLITS), LINEAGE):
                self._streams[name] = _Stream(self.root, name, 0, held)
        for stream in self._streams.values():
            if stream.file in held and held[stream.file]["sha256"] != stream.sha256:
                self.manifest.path.unlink()
                raise Damaged(
                    f"dataset/processed/{stream.file} was changed after it was written.",
                    "Run `mm prepare` again: all of it is built anew.",
                )
        return self

    def __exit__(self, *error: object) -> None:
        for stream in self._streams.values():
            stream.close()

    def append(self, split: str, row: Row, text: bytes, versions: Sequence[Version]) -> None:
        """One document: what is known of it, its text and, for each version, its ids and summaries.

        No versions: the document is left out, and the lineage says so.
        """
        with no_room_is_clear():
            if versions:
                row = {**row, "split": split, **self._place(split, text, versions)}
            else:
                row = {**row, "split": None}
                _count(self.head["left_out"], row["left_out"])
            for cause in row.get("cut", ()):
                _count(self.head["cut"], cause)
            self._streams[LINEAGE].write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            self.head["documents"] += 1

    def _place(self, split: str, text: bytes, versions: Sequence[Version]) -> Row:
        state = self.head["splits"][split]
        self._streams[f"{split}.txt"].write(text)
        for version, (ids, summaries) in enumerate(versions):
            self._streams[f"{folder_of(version)}shards/{split}"].write(ids)
            self._streams[f"{folder_of(version)}summaries/{split}"].write(summaries)
            starts = self._starts[version, split]
            starts.append(starts[-1] + len(ids))
        place = {
            "document": state["documents"],
            "ids": [state["ids"], state["ids"] + len(versions[0][0])],
            "bytes": [state["bytes"], state["bytes"] + len(text)],
        }
        state["documents"] += 1
        state["ids"] += len(versions[0][0])
        state["bytes"] += len(text)
        return place

    def commit(self) -> None:
        """Data to the disk, then indexes, then the manifest."""
        held: dict[str, Any] = {}
        with no_room_is_clear():
            for stream in self._streams.values():
                held |= stream.settle()
        for (version, split), starts in self._starts.items():
            path = self._index(version, split)
            data = _save(path, np.frombuffer(starts, dtype=np.int64))
            held[path.relative_to(self.root).as_posix()] = {"bytes": len(data), "sha256": files.digest(data)}
            if version:
                self.head["renamed"][f"v{version}"] = starts[-1]
        self.head["files"] = held
        self.head["document_set"] = held[LINEAGE]["sha256"]
        atomic_write(self.manifest.path, json.dumps(self.head, indent=1, sort_keys=True) + "\n")


def _count(counts: dict[str, int], what: str) -> None:
    counts[what] = counts.get(what, 0) + 1


class _Stream:
    """An append-only file, or a row of files of ``shard`` bytes: ``<name>-00000.bin`` and so on.

    It hashes what it writes; of what it goes on with, it reads the last file once.
    """

    def __init__(self, root: Path, name: str, shard: int, held: Mapping[str, Any]) -> None:
        self.root, self.name, self.shard = root, name, shard
        self._full = {other: held[other] for other in sorted(held) if other.startswith(f"{name}-")}
        self._number = max(0, len(self._full) - 1)
        self._full.pop(self.file, None)
        self._open()

    @property
    def file(self) -> str:
        return self.name if "." in self.name else f"{self.name}-{self._number:05d}.bin"

    def _open(self) -> None:
        path = self.root / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = open(path, "ab")
        with open(path, "rb") as handle:
            self._hash = hashlib.file_digest(handle, "sha256")

    @property
    def sha256(self) -> str:
        """Of its last file."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        while self.shard and self._handle.tell() + len(data) >= self.shard:
            room = self.shard - self._handle.tell()
            self._put(data[:room])
            data = data[room:]
            self._full = self.settle()
            self._handle.close()
            self._number += 1
            self._open()
        self._put(data)

    def _put(self, data: bytes) -> None:
        self._handle.write(data)
        self._hash.update(data)

    def settle(self) -> dict[str, Any]:
        """Brings it to the disk; all its files with their sizes and hashes."""
        self._handle.flush()
        os.fsync(self._handle.fileno())
        return self._full | {self.file: {"bytes": self._handle.tell(), "sha256": self.sha256}}

    def close(self) -> None:
        self._handle.close()


def _save(path: Path, starts: np.ndarray[Any, np.dtype[np.int64]]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(starts, dtype=np.int64))
    atomic_write(path, buffer.getvalue())
    return buffer.getvalue()
