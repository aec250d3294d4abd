"""Keeping a story on disk while it is being written."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


class Draft:
    """A story's file, whole at every instant: each save replaces it atomically.

        with Draft(path, prompt) as draft:
            draft.add(text)          # saves every ``seconds``

    Raises ``DiskFull`` when there is no room; what was saved before stays.
    """

    def __init__(
        self, path: Path, text: str = "", seconds: float = 2.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path, self._parts, self._seconds, self._clock = path, [text], seconds, clock
        self._saved_at = clock()
        self.save()

    def add(self, text: str) -> None:
        """More of the story."""
        self._parts.append(text)
        if self._clock() - self._saved_at >= self._seconds:
            self.save()

    def save(self) -> None:
        """Write all of it now."""
        from miniature_memory.workspace import atomic_write

        self._parts = ["".join(self._parts)]
        atomic_write(self.path, self._parts[0])
        self._saved_at = self._clock()

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        self.save()
