"""The duplicates' index on disk: append-only sorted runs of numpy arrays, mapped, not loaded.

A run is a directory ``NNNNNNNNNN-NNNNNNNNNN`` (first and last document number) below
``dataset/metadata/near/v<sketch version>/``. Which runs are valid stands in the ledger, written in the same
transaction as the decisions that made them: after a kill, what the ledger doesn't name is swept away, and
what it names but isn't whole makes the index say so (``whole``), and it is built again. Small runs are
merged, so there are few (a log-structured merge tree, O'Neil et al. 1996); big ones never, so memory stays
bounded.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from miniature_memory.workspace import atomic_write, no_room_is_clear

if TYPE_CHECKING:
    from miniature_memory.processing.dedup import Sketch

Kind = Literal["exact", "bands", "excerpts", "paragraphs"]
KINDS: Final[tuple[Kind, ...]] = ("exact", "bands", "excerpts", "paragraphs")
PER_DOCUMENT: Final = ("signatures", "samples")
LARGEST_MERGE: Final = 32_768  # documents; merging so many takes about 100 MB
_MERGES_FROM: Final = 2  # a run is merged with its elder when that is less than so many times its size

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Run:
    """``documents`` uint32 [n] ascending, ``signatures`` uint8 [n, 125], ``samples`` uint32 [n];
    for each kind, postings sorted by key: ``<kind>`` uint64 [m] and ``<kind>_of`` uint32 [m], the document's
    number."""

    name: str
    arrays: Arrays

    @property
    def size(self) -> int:
        return len(self.arrays["documents"])


class NearIndex:
    """Opens the runs that ``names`` (from the ledger) lists and sweeps away all others."""

    def __init__(self, directory: Path, names: Sequence[str]) -> None:
        self.directory = directory
        self.runs: list[Run] = []
        self.whole = True
        directory.mkdir(parents=True, exist_ok=True)
        for path in directory.iterdir():
            if path.name not in names:
                shutil.rmtree(path, ignore_errors=True)
        for name in names:
            try:
                self.runs.append(self._open(name))
            except (OSError, ValueError, KeyError, EOFError):
                self.whole = False

    @property
    def names(self) -> list[str]:
        return [run.name for run in self.runs]

    def __len__(self) -> int:
        return sum(run.size for run in self.runs)

    def find(self, kind: Kind, rows: Sequence[ArrayLike]) -> list[dict[int, list[int]]]:
        """For each row of keys: key -> numbers of the documents that have it, if any."""
        keys = [np.asarray(row, dtype=np.uint64) for row in rows]
        found: list[dict[int, list[int]]] = [{} for _ in keys]
        if not keys or not self.runs:
            return found
        flat = np.concatenate(keys)
        owner = np.repeat(np.arange(len(keys)), [len(k) for k in keys])
        order = np.argsort(flat)  # neighbours are looked up one after the other: the cache is glad of it
        flat, owner = flat[order], owner[order]
        for run in self.runs:
            mapped = run.arrays[kind]
            stored, of = np.asarray(mapped), np.asarray(run.arrays[f"{kind}_of"])
            left = np.searchsorted(stored, flat, "left")
            hits = np.flatnonzero(stored.take(left, mode="clip") == flat) if len(stored) else left[:0]
            right = np.searchsorted(stored, flat[hits], "right")
            for i, end in zip(hits.tolist(), right.tolist(), strict=True):
                found[int(owner[i])].setdefault(int(flat[i]), []).extend(of[left[i] : end].tolist())
            _let_go(mapped)
        return found

    def document(self, number: int) -> tuple[NDArray[np.uint8], int]:
        """A document's signature, and how many of its shingles were sampled."""
        for run in self.runs:
            documents = run.arrays["documents"]
            at = int(np.searchsorted(documents, number))
            if at < len(documents) and documents[at] == number:
                return run.arrays["signatures"][at], int(run.arrays["samples"][at])
        raise KeyError(number)

    def append(self, kept: Mapping[int, Sketch]) -> None:
        """Writes a run of new documents and merges small ones. The caller then commits ``names``."""
        if kept:
            self._add(_arrays_of(kept))

    def _add(self, arrays: Arrays) -> None:
        runs = [*self.runs, self._write(arrays)]
        while len(runs) > 1:
            elder, younger = runs[-2], runs[-1]
            together = elder.size + younger.size
            if elder.size >= _MERGES_FROM * younger.size or together > LARGEST_MERGE:
                break
            runs[-2:] = [self._write(_merged([elder.arrays, younger.arrays]))]
        self.runs = runs

    def remove(self, numbers: Collection[int], to: NearIndex | None = None) -> None:
        """Takes documents out, and puts them into another index if one is given. The caller then commits the
        ``names`` of both."""
        gone = np.array(sorted(numbers), dtype=np.uint32)
        runs: list[Run] = []
        for run in self.runs:
            going = np.isin(run.arrays["documents"], gone)
            if not going.any():
                runs.append(run)
                continue
            if to is not None:
                to._add(_without(run.arrays, run.arrays["documents"][~going]))
            if not going.all():
                runs.append(self._write(_without(run.arrays, gone)))
        self.runs = runs

    def sweep(self) -> None:
        """After the commit: removes runs that are no longer named."""
        names = set(self.names)
        for path in self.directory.iterdir():
            if path.name not in names:
                shutil.rmtree(path, ignore_errors=True)

    @no_room_is_clear()
    def _write(self, arrays: Arrays) -> Run:
        documents = arrays["documents"]
        stem = f"{documents[0]:010d}-{documents[-1]:010d}-{len(documents)}"
        taken = {path.name for path in self.directory.iterdir()}
        name = next(n for i in range(1_000_000) if (n := f"{stem}.{i}") not in taken)
        temporary = self.directory / f".{name}"
        temporary.mkdir()
        for key, array in arrays.items():
            with open(temporary / f"{key}.npy", "wb") as handle:
                np.save(handle, np.ascontiguousarray(array))
                handle.flush()
                os.fsync(handle.fileno())
        shapes = {key: list(array.shape) for key, array in sorted(arrays.items())}
        atomic_write(temporary / "shapes.json", json.dumps(shapes))
        os.replace(temporary, self.directory / name)
        return self._open(name)

    def _open(self, name: str) -> Run:
        folder = self.directory / name
        shapes: dict[str, list[int]] = json.loads((folder / "shapes.json").read_text(encoding="utf-8"))
        arrays: Arrays = {}
        for key, shape in shapes.items():
            path = folder / f"{key}.npy"
            array = np.load(path, mmap_mode="r") if 0 not in shape else np.load(path)
            if list(array.shape) != shape:
                raise ValueError(f"{path} is cut short")
            arrays[key] = array
        if not {"documents", *PER_DOCUMENT, *KINDS} <= arrays.keys():
            raise KeyError(name)
        return Run(name, arrays)


def _let_go(array: NDArray[Any]) -> None:
    """The mapped file's pages need not count as this process's memory; the system's cache has them still."""
    if isinstance(array, np.memmap) and hasattr(mmap, "MADV_DONTNEED"):
        array._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]


def _arrays_of(kept: Mapping[int, Sketch]) -> Arrays:
    numbers = np.array(sorted(kept), dtype=np.uint32)
    sketches = [kept[int(n)] for n in numbers]
    arrays: Arrays = {
        "documents": numbers,
        "signatures": np.stack([s.signature for s in sketches]),
        "samples": np.array([s.samples for s in sketches], dtype=np.uint32),
    }
    for kind in KINDS:
        rows = [s.keys(kind) for s in sketches]
        arrays[kind] = np.concatenate(rows)
        arrays[f"{kind}_of"] = np.repeat(numbers, [len(row) for row in rows])
    return _sorted(arrays)


def _sorted(arrays: Arrays) -> Arrays:
    order = np.argsort(arrays["documents"], kind="stable")
    for name in ("documents", *PER_DOCUMENT):
        arrays[name] = arrays[name][order]
    for kind in KINDS:
        order = np.argsort(arrays[kind], kind="stable")
        arrays[kind], arrays[f"{kind}_of"] = arrays[kind][order], arrays[f"{kind}_of"][order]
    return arrays


def _merged(parts: Sequence[Arrays]) -> Arrays:
    return _sorted({key: np.concatenate([part[key] for part in parts]) for key in parts[0]})


def _without(arrays: Arrays, gone: NDArray[np.uint32]) -> Arrays:
    stays = ~np.isin(arrays["documents"], gone)
    left: Arrays = {name: arrays[name][stays] for name in ("documents", *PER_DOCUMENT)}
    for kind in KINDS:
        posting = ~np.isin(arrays[f"{kind}_of"], gone)
        left[kind], left[f"{kind}_of"] = arrays[kind][posting], arrays[f"{kind}_of"][posting]
    return left
