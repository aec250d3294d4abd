"""``mm write`` in the terminal: shows the events of the writing loop, and imports nothing heavy."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from miniature_memory.errors import Damaged, DiskFull, MiniatureMemoryError, Refused
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.sampler import released_with
from miniature_memory.inference.write import (
    Again,
    Done,
    Event,
    Notice,
    Refusal,
    Story,
    SummaryEvent,
    Token,
    attempts,
)
from miniature_memory.meter import own_peak_megabytes

#: seconds between two saves of --out
_SAVE_EVERY = 2.0


def write_story(
    model: Path,
    prompt: str,
    *,
    length: int,
    tries: int,
    endless: bool,
    memory: str | None,
    verbose: bool,
    as_json: bool,
    out: Path | None,
    story: Path | None,
    **chosen: Any,
) -> int:
    """Streams a story to stdout and returns the exit code: 0, 4 when the screen stopped it, 130 on Ctrl-C."""
    standing = _read_story(story) if story is not None else Story()
    engine = Engine.load(model)
    settings, usual = released_with(model)
    settings = replace(settings, **{name: value for name, value in chosen.items() if value is not None})
    kind: Any = memory or usual
    saved: _Saved | None = None
    kept = standing.state()
    began, shown, code = time.monotonic(), 0, 0
    show = _as_json if as_json else _Terminal(prompt, verbose)
    try:
        wanted = None if endless else length
        for event in attempts(tries, engine, prompt, settings, wanted, kind, standing):
            if saved is None:  # the first event tells that the screen has let the prompt pass
                saved = _Saved(out, prompt)
            show(event)
            if isinstance(event, Token):
                shown += len(event.text)
                saved.add(event.text)
                kept = standing.state() if story else kept
            elif isinstance(event, Refusal):
                code = Refused.exit_code
            elif isinstance(event, Again):
                saved, code = _Saved(out, prompt), 0
            elif isinstance(event, SummaryEvent) and verbose:
                _talk(f"    {_speed(shown, began)}")
    except KeyboardInterrupt:
        code = 130
    finally:
        if saved is not None:
            saved.save()
    if story is not None and code != Refused.exit_code:
        _save_story(story, kept if code else standing.state())
    if not as_json:
        sys.stdout.write("\n")
        sys.stdout.flush()
        if verbose:
            _talk(_speed(shown, began))
    if out and code != Refused.exit_code:
        _talk(f"Saved in {out}")
    return code


def _read_story(path: Path) -> Story:
    """The story that an earlier call left in ``path``, or a new one."""
    try:
        return Story.from_state(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Story()
    except (OSError, ValueError) as error:
        raise Damaged(f"{path} can't be read: {error}", "Name another --story, or delete it.") from None


def _save_story(path: Path, state: dict[str, Any]) -> None:
    from miniature_memory.workspace import atomic_write  # here, as it brings SQLite along

    atomic_write(path, json.dumps(state, ensure_ascii=False))


class _Terminal:
    """Events as a person reads them: the story on stdout, what is to be said about it on stderr."""

    def __init__(self, prompt: str, verbose: bool) -> None:
        self._prompt, self._verbose, self._begun = prompt, verbose, False

    def __call__(self, event: Event) -> None:
        if not self._begun:
            sys.stdout.write(self._prompt)
            self._begun = True
        if isinstance(event, Token):
            sys.stdout.write(event.text)
            sys.stdout.flush()
        elif isinstance(event, Notice):
            _talk(event.text)
        elif isinstance(event, SummaryEvent) and self._verbose:
            _talk(f"\n  ┊ summary: {event.text.strip() or '(empty)'}")
        elif isinstance(event, Refusal):
            _talk(f"\nThe adults-only screen stopped the story (rule: {event.rule}).")
            _talk("Try another seed or prompt, or let --tries do it.")
        elif isinstance(event, Again):
            _talk(f"Again, with seed {event.seed}:")
            sys.stdout.write(f"\n\n{self._prompt}")
        elif isinstance(event, Done) and self._verbose:
            _talk(f"\n  ┊ {event.characters:,} characters, ended by {event.reason}")


def _as_json(event: Event) -> None:
    data = {"event": type(event).__name__.removesuffix("Event").lower(), **asdict(event)}
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _talk(text: str) -> None:
    click.echo(click.style(text, dim=True), err=True)


def _speed(characters: int, began: float) -> str:
    seconds = max(time.monotonic() - began, 1e-9)
    return f"  ┊ {characters / seconds:,.0f} characters/s, {own_peak_megabytes():.0f} MB at most"


class _Saved:
    """``--out``: begun atomically, then appended to, always with pieces that the screen has cleared. The file
    always holds a beginning of the story; a piece for which the disk is too full is taken back."""

    def __init__(self, path: Path | None, prompt: str) -> None:
        self._path, self._pending, self._last = path, "", time.monotonic()
        if path is not None:
            from miniature_memory.workspace import atomic_write  # here, as it brings SQLite along

            try:
                atomic_write(path, prompt)
            except OSError as error:
                raise MiniatureMemoryError(
                    f"{path} can't be written: {error.strerror}.", "Name another file by --out."
                ) from None

    def add(self, text: str) -> None:
        if self._path is None:
            return
        self._pending += text
        if time.monotonic() - self._last >= _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        if self._path is None or not self._pending:
            return
        data, self._pending, self._last = self._pending.encode("utf-8"), "", time.monotonic()
        with self._path.open("r+b", buffering=0) as handle:
            end = handle.seek(0, os.SEEK_END)
            try:
                if handle.write(data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(handle.fileno())
            except OSError as error:
                handle.truncate(end)
                raise DiskFull(
                    f"{self._path} can't be written any further: {error.strerror}.",
                    f"It holds the first {end:,} bytes of the story. Free some space, or name another --out.",
                ) from None
