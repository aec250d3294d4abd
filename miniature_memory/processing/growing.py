"""Files that only grow, and the manifest that says how far they are valid."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from miniature_memory.processing import files
from miniature_memory.workspace import atomic_file, atomic_write, no_room_is_clear

SPLITS: Final = ("train", "val")
_LINEAGE: Final = ' "lineage": [\n'

Head = dict[str, Any]


class Manifest:
    """``manifest.json``: a head of versions, counts and hashes, then one line a document (``lineage``),
    so that a million documents are read and written without holding them in memory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "manifest.json"

    def head(self) -> Head | None:
        """All but the lineage; None when there is no manifest that can be read."""
        text = ""
        try:
            with open(self.path, encoding="utf-8") as handle:
                for line in handle:
                    if line == _LINEAGE:
                        head: Head = json.loads(text.rstrip().rstrip(",") + "}")
                        return head
                    text += line
        except (OSError, ValueError):
            pass
        return None

    def lineage(self) -> Iterator[dict[str, Any]]:
        """One dictionary a document: id, split, document, ids [from, to], bytes [from, to], source."""
        for line in self.lines():
            yield json.loads(line)

    def lines(self) -> Iterator[str]:
        try:
            with open(self.path, encoding="utf-8") as handle:
                for line in handle:
                    if line == _LINEAGE:
                        break
                for line in handle:
                    if not line.startswith("  {"):
                        return
                    yield line.strip().rstrip(",")
        except FileNotFoundError:
            return

    def write(self, head: Head, more: Sequence[str]) -> None:
        with atomic_file(self.path) as handle:
            out = io.TextIOWrapper(handle, encoding="utf-8", newline="\n", write_through=True)
            out.write(json.dumps(head, indent=1, sort_keys=True, ensure_ascii=False)[:-2] + ",\n" + _LINEAGE)
            comma = ""
            for lines in (self.lines(), more):
                for line in lines:
                    out.write(f"{comma}  {line}")
                    comma = ",\n"
            out.write("\n ]\n}\n")
            out.detach()


class Growing:
    """The data files of ``processed/``: ``begin`` or ``go_on``, then ``append`` and ``commit``."""

    def __init__(self, manifest: Manifest, facts: dict[str, Any], shard: int, renamed: int) -> None:
        self.manifest = manifest
        self.root = manifest.directory
        self.facts = facts
        self.shard = shard
        self.head: Head = {}
        self._folders = {0: self.root, **{v: self.root / "renamed" / f"v{v}" for v in range(1, renamed + 1)}}
        self._streams: dict[str, _Stream] = {}
        self._starts: dict[tuple[int, str], list[int]] = {}
        self._lines: list[str] = []
        self._set = hashlib.sha256()

    @property
    def documents(self) -> int:
        return sum(int(split["documents"]) for split in self.head["splits"].values())

    def counts(self) -> dict[str, Any]:
        splits = self.head["splits"]
        return {
            f"{split}_{name}": splits[split][key]
            for split in SPLITS
            for name, key in (("documents", "documents"), ("characters", "ids"))
        }

    def begin(self) -> None:
        """Everything from zero. The manifest goes first, so that nothing reads half of it."""
        self.manifest.path.unlink(missing_ok=True)
        files.empty(self.root)
        with no_room_is_clear():
            self.root.mkdir(parents=True, exist_ok=True)
        empty = {"documents": 0, "ids": 0, "bytes": 0}
        self.head = {
            **self.facts,
            "splits": {split: dict(empty) for split in SPLITS},
            "renamed": {f"v{v}": 0 for v in self._folders if v},
            "files": {},
            "document_set": files.digest(""),
        }

    def go_on(self, head: Head) -> bool:
        """Cuts off what was written after the manifest; False when a file is shorter than it says."""
        self.head = head
        for name, facts in head["files"].items():
            path = self.root / name
            if not path.is_file() or path.stat().st_size < facts["bytes"]:
                return False
        for path in self.root.rglob("*"):
            name = path.relative_to(self.root).as_posix()
            if path.is_dir() or name == "manifest.json":
                continue
            if name not in head["files"]:
                path.unlink()
            elif name.endswith(".npy") or path.stat().st_size == head["files"][name]["bytes"]:
                continue  # an index is written whole; a longer one is put right below
            else:
                os.truncate(path, head["files"][name]["bytes"])
        return self._indexes_fit()

    def _indexes_fit(self) -> bool:
        """An index may be ahead of the manifest (it is written just before it): its surplus is cut off."""
        for folder, split in self._parts():
            path = folder / "index" / f"{split}.npy"
            expected = self.head["splits"][split]["documents"] + 1
            try:
                starts = np.load(path)
            except (OSError, ValueError, EOFError):
                return False
            if len(starts) < expected:
                return False
            if len(starts) > expected:
                _save(path, starts[:expected])
        return True

    def _parts(self) -> Iterator[tuple[Path, str]]:
        for version, folder in self._folders.items():
            for split in SPLITS[:1] if version else SPLITS:
                yield folder, split

    def __enter__(self) -> Self:
        # the running hash of which documents there are can't be saved, but it can be told again from the
        # lineage
        for row in self.manifest.lineage():
            self._set.update(f"{row['id']} {row['cleaned']} {row['split']}\n".encode())
        for version, folder in self._folders.items():
            for split in SPLITS[:1] if version else SPLITS:
                (folder / "index").mkdir(parents=True, exist_ok=True)
                path = folder / "index" / f"{split}.npy"
                self._starts[version, split] = np.load(path).tolist() if path.exists() else [0]
                ids = self._starts[version, split][-1]
                self._open(folder / "shards", split, ids, self.shard)
                self._open(folder / "summaries", split, None, 0)
        for split in SPLITS:
            self._streams[f"{split}.txt"] = _Stream(self.root, f"{split}.txt", None, 0)
        return self

    def _open(self, folder: Path, split: str, length: int | None, shard: int) -> None:
        name = (folder.relative_to(self.root) / split).as_posix()
        self._streams[name] = _Stream(self.root, name, length, shard)

    def __exit__(self, *error: object) -> None:
        for stream in self._streams.values():
            stream.close()

    def append(
        self, id: str, split: str, source: str, text: bytes, versions: Sequence[tuple[bytes, bytes]]
    ) -> None:
        """One document: its text and, for each version, its ids and summaries."""
        state = self.head["splits"][split]
        with no_room_is_clear():
            self._streams[f"{split}.txt"].write(text)
            for version, (ids, summaries) in enumerate(versions):
                folder = f"renamed/v{version}/" if version else ""
                self._streams[f"{folder}shards/{split}"].write(ids)
                self._streams[f"{folder}summaries/{split}"].write(summaries)
                starts = self._starts[version, split]
                starts.append(starts[-1] + len(ids))
        cleaned = hashlib.sha256(text[: text.rindex(b"<|end_of_text|>")]).hexdigest()
        row = {
            "id": id,
            "split": split,
            "document": state["documents"],
            "ids": [state["ids"], state["ids"] + len(versions[0][0])],
            "bytes": [state["bytes"], state["bytes"] + len(text)],
            "cleaned": cleaned,
            "source": source,
        }
        self._set.update(f"{id} {cleaned} {split}\n".encode())
        self._lines.append(json.dumps(row, ensure_ascii=False))
        state["documents"] += 1
        state["ids"] += len(versions[0][0])
        state["bytes"] += len(text)

    def commit(self) -> None:
        """Data to the disk, then indexes, then the manifest."""
        with no_room_is_clear():
            for stream in self._streams.values():
                stream.flush()
        for version, folder in self._folders.items():
            for split in SPLITS[:1] if version else SPLITS:
                _save(
                    folder / "index" / f"{split}.npy", np.array(self._starts[version, split], dtype=np.int64)
                )
            if version:
                self.head["renamed"][f"v{version}"] = self._starts[version, "train"][-1]
        self.head["files"] = dict(self._files())
        self.head["document_set"] = self._set.copy().hexdigest()
        self.manifest.write(self.head, self._lines)
        self._lines = []

    def _files(self) -> Iterator[tuple[str, dict[str, Any]]]:
        known = self.head["files"]
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if path.is_dir() or name == "manifest.json" or path.name.startswith("."):
                continue
            size = path.stat().st_size
            if name in known and known[name]["bytes"] == size == self.shard and "shards/" in name:
                yield name, known[name]  # a full shard never changes again
            else:
                with open(path, "rb") as handle:
                    sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
                yield name, {"bytes": size, "sha256": sha256}


class _Stream:
    """An append-only file, or a row of files of ``shard`` bytes each: ``<name>-00000.bin`` and so on."""

    def __init__(self, root: Path, name: str, length: int | None, shard: int) -> None:
        self.root, self.name, self.shard = root, name, shard
        self.number = (length or 0) // shard if shard else 0
        self._handle = self._open()

    def _open(self) -> io.BufferedWriter:
        plain = self.name.endswith(".txt")
        path = self.root / (self.name if plain else f"{self.name}-{self.number:05d}.bin")
        path.parent.mkdir(parents=True, exist_ok=True)
        return open(path, "ab")

    def write(self, data: bytes) -> None:
        while self.shard and self._handle.tell() + len(data) >= self.shard:
            room = self.shard - self._handle.tell()
            self._handle.write(data[:room])
            data = data[room:]
            self.flush()
            self._handle.close()
            self.number += 1
            self._handle = self._open()
        self._handle.write(data)

    def flush(self) -> None:
        self._handle.flush()
        os.fsync(self._handle.fileno())

    def close(self) -> None:
        self._handle.close()


def _save(path: Path, starts: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(starts, dtype=np.int64))
    atomic_write(path, buffer.getvalue())
