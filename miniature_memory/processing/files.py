"""Reading raw texts with their hashes checked, and writing many small files that can be made again."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO

from miniature_memory.workspace import no_room_is_clear


def digest(text: str | bytes) -> str:
    """SHA-256 in hexadecimal; text as UTF-8."""
    return hashlib.sha256(text.encode("utf-8") if isinstance(text, str) else text).hexdigest()


def digest_of(handle: IO[bytes], size: int) -> str:
    """SHA-256 of the first ``size`` bytes of an open file."""
    hashed = hashlib.sha256()
    while size and (piece := handle.read(min(size, 1 << 20))):
        hashed.update(piece)
        size -= len(piece)
    return hashed.hexdigest()


def read_raw(path: Path, id: str) -> tuple[str | None, str]:
    """A raw text, or None and its fault: ``missing``, ``changed`` (not what its hash says) or ``utf8``."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None, "missing"
    if digest(data) != id:
        return None, "changed"
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return None, "utf8"


def write_soon(path: Path, data: str | bytes) -> None:
    """A file that appears whole or not at all, even after kill -9. ``to_disk`` forces many at once to the
    disk, in a tenth of the time that one by one takes."""
    with no_room_is_clear():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
        os.replace(temporary, path)


def to_disk(paths: Sequence[Path]) -> None:
    """Forces what ``write_soon`` wrote into one directory to the disk, before the ledger counts on it."""
    if not paths:
        return
    with no_room_is_clear(), ThreadPoolExecutor(16) as pool:
        for _ in pool.map(_force, [*paths, paths[0].parent]):
            pass


def _force(path: Path) -> None:
    with suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def empty(directory: Path) -> None:
    """Removes a directory of things that can be made again."""
    shutil.rmtree(directory, ignore_errors=True)
