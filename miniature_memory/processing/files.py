"""Reading raw texts with their hashes checked, and writing many small files that can be made again."""

from __future__ import annotations

import hashlib
import os
import shutil
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


def read_raw(path: Path | str, id: str) -> tuple[str | None, str]:
    """A raw text, or None and its fault: ``missing``, ``changed`` (not what its hash says) or ``utf8``."""
    try:
        with open(path, "rb") as handle:
            data = handle.read()
    except FileNotFoundError:
        return None, "missing"
    if digest(data) != id:
        return None, "changed"
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return None, "utf8"


def read_known(path: Path, sha256: str) -> str | None:
    """A text file that has this hash; None where there is none."""
    try:
        with open(path, "rb") as handle:
            data = handle.read()
    except FileNotFoundError:
        return None
    return data.decode("utf-8") if digest(data) == sha256 else None


def write_soon(path: Path | str, data: str | bytes) -> None:
    """A file that appears whole or not at all, even after kill -9, in a directory that is there. Before the
    ledger counts on many, ``os.sync`` brings all at once to the disk, where one by one takes a hundred times
    as long."""
    folder, name = os.path.split(path)
    temporary = f"{folder}/.{name}.{os.getpid()}.tmp"
    with no_room_is_clear():
        with open(temporary, "wb") as handle:
            handle.write(data.encode() if isinstance(data, str) else data)
        os.replace(temporary, path)


def empty(directory: Path) -> None:
    """Removes a directory of things that can be made again."""
    shutil.rmtree(directory, ignore_errors=True)
