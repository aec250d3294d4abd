"""What a person sees while a stage works, and how he stops it: bars and a line now and then, on stderr.

Stages know nothing of terminals; they call ``bar`` and ``say``. The first Ctrl-C is remembered and
raised as ``KeyboardInterrupt`` at the next ``advance``, that is, when a step is finished.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Bar:
    """A running count. ``advance`` adds to it; ``note`` is a short word beside it (a loss, a speed)."""

    def __init__(self, owner: Progress, rich_progress: Any = None, task: Any = None) -> None:
        self._owner, self._rich, self._task = owner, rich_progress, task

    def advance(self, amount: float = 1, note: str = "") -> None:
        if self._rich is not None:
            self._rich.update(self._task, advance=amount, note=note)
        if self._owner.stopping:
            raise KeyboardInterrupt


class Progress:
    """``quiet`` shows nothing (tests, ``--json``, worker processes)."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.stopping = False

    def say(self, text: str) -> None:
        """A line to the person, above any bar."""
        if not self.quiet:
            from rich.console import Console

            Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)

    @contextmanager
    def bar(self, label: str, total: float | None = None) -> Iterator[Bar]:
        """A bar with the time left; nothing where stderr is no terminal."""
        if self.quiet or not sys.stderr.isatty():
            yield Bar(self)
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
        with RichProgress(*columns, console=Console(stderr=True), transient=True) as rich_progress:
            yield Bar(self, rich_progress, rich_progress.add_task(label, total=total, note=""))

    def over(self, items: Iterable[T], label: str, total: float | None = None) -> Iterator[T]:
        """Passes ``items`` on and counts them."""
        with self.bar(label, total) as bar:
            for item in items:
                yield item
                bar.advance()

    @contextmanager
    def finishing_the_step(self) -> Iterator[None]:
        """The first Ctrl-C (or SIGTERM) waits for the step to end, the second ends at once."""

        def first(number: int, frame: Any) -> None:
            self.stopping = True
            for each in before:
                signal.signal(each, signal.default_int_handler)
            sys.stderr.write("\nFinishing this step … (Ctrl-C again ends at once)\n")

        before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        for each in before:
            signal.signal(each, first)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
