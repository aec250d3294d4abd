"""Where everything lies, and how it is written: one directory, one run at a time, atomic files."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import IO

from miniature_memory.errors import DiskFull, MiniatureMemoryError, WorkspaceLocked
from miniature_memory.ledger import Ledger


class Workspace:
    """The directory that holds ``dataset/`` and ``runs/`` (contract: DEVELOPER_GUIDE, "On disk")."""

    def __init__(self, root: Path | str = ".") -> None:
        self.root = Path(root).resolve()
        dataset = self.root / "dataset"
        self.dataset = dataset
        self.raw_text = dataset / "raw" / "text"
        self.evidence = dataset / "raw" / "evidence"
        self.cleaned = dataset / "cleaned"
        self.processed = dataset / "processed"
        self.rejected = dataset / "rejected"
        self.metadata = dataset / "metadata"
        self.urls_jsonl = self.metadata / "urls.jsonl"
        self.runs = self.root / "runs"

    def raw_path(self, document_id: str) -> Path:
        return self.raw_text / f"{document_id}.txt"

    def cleaned_path(self, document_id: str) -> Path:
        return self.cleaned / f"{document_id}.txt"

    @cached_property
    def ledger(self) -> Ledger:
        """The store; created with the workspace's directories at first use."""
        with no_room_is_clear():
            self.metadata.mkdir(parents=True, exist_ok=True)
            return Ledger(self.metadata / "manifest.sqlite")

    @property
    def exists(self) -> bool:
        return (self.metadata / "manifest.sqlite").exists()

    def close(self) -> None:
        if "ledger" in self.__dict__:
            self.ledger.close()
            del self.__dict__["ledger"]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the workspace for one run; the kernel frees it when the process dies, however it dies."""
        with no_room_is_clear():
            self.metadata.mkdir(parents=True, exist_ok=True)
            handle = open(self.metadata / "lock", "a+", encoding="utf-8")
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                handle.seek(0)
                holder = handle.read().strip() or "another process"
                raise WorkspaceLocked(
                    f"The workspace {self.root} is in use by {holder}.",
                    "Wait for that run to end, or stop it; nothing was changed.",
                ) from None
            handle.seek(0)
            handle.truncate()
            started = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
            handle.write(f"process {os.getpid()} on {socket.gethostname()}, since {started}")
            handle.flush()
            try:
                yield
            finally:
                self.close()
                handle.seek(0)
                handle.truncate()

    @property
    def latest_run(self) -> Path | None:
        """The directory of the run that trained last, when there is one."""
        try:
            run = self.runs / (self.runs / "latest").read_text(encoding="utf-8").strip()
        except OSError:
            return None
        return run if run.is_dir() else None


@contextmanager
def no_room_is_clear() -> Iterator[None]:
    """A full disk and a forbidden directory as errors that say what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(
                "There is no room left on the disk.",
                "Free some space and run the same command again: it goes on where it stopped.",
            ) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise MiniatureMemoryError(
                f"{error.filename or 'The workspace'} can't be written.",
                "Give this user the right to write there, or choose another --workspace.",
            ) from error
        raise


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that appears at ``path`` whole or not at all (temporary file, fsync, rename)."""
    with no_room_is_clear():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".tmp", delete=False)
        try:
            with handle:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
            os.chmod(handle.name, 0o644)
            os.replace(handle.name, path)
        except BaseException:
            Path(handle.name).unlink(missing_ok=True)
            raise
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def atomic_write(path: Path, data: bytes | str) -> None:
    """Writes a whole small file atomically; text as UTF-8."""
    with atomic_file(path) as handle:
        handle.write(data.encode("utf-8") if isinstance(data, str) else data)
