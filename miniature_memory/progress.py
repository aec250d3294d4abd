"""What a person sees while a stage works: bars and a line now and then, on stderr.

Stages know nothing of terminals; they call ``bar`` and ``say``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Bar:
    """A running count. ``advance`` adds to it; ``note`` is a short word beside it (a loss, a speed)."""

    def advance(self, amount: float = 1, note: str = "") -> None: ...


class _RichBar(Bar):
    def __init__(self, progress: Any, task: Any) -> None:
        self._progress, self._task = progress, task

    def advance(self, amount: float = 1, note: str = "") -> None:
        self._progress.update(self._task, advance=amount, note=note)


class Progress:
    """``quiet`` shows nothing (tests, ``--json``, worker processes)."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet

    def say(self, text: str) -> None:
        """A line to the person, above any bar."""
        if not self.quiet:
            from rich.console import Console

            Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)

    @contextmanager
    def bar(self, label: str, total: float | None = None) -> Iterator[Bar]:
        """A bar with time left; on something that is no terminal only a line at the end."""
        if self.quiet or not sys.stderr.isatty():
            yield Bar()
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("  {task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with RichProgress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield _RichBar(progress, progress.add_task(label, total=total, note=""))

    def over(self, items: Iterable[T], label: str, total: float | None = None) -> Iterator[T]:
        """Passes ``items`` on and counts them."""
        with self.bar(label, total) as bar:
            for item in items:
                yield item
                bar.advance()
