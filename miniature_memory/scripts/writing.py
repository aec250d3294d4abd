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

from miniature_memory.errors import Refused
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.sampler import released_with
from miniature_memory.inference.write import Done, Event, Notice, Refusal, SummaryEvent, Token, write
from miniature_memory.meter import own_peak_megabytes

#: seconds between two saves of --out
_SAVE_EVERY = 2.0


def write_story(
    model: Path,
    prompt: str,
    *,
    length: int,
    endless: bool,
    memory: str | None,
    verbose: bool,
    as_json: bool,
    out: Path | None,
    **chosen: Any,
) -> int:
    """Streams a story to stdout and returns the exit code: 0, 4 when the screen stopped it, 130 on Ctrl-C."""
    engine = Engine.load(model)
    settings, usual = released_with(model)
    settings = replace(settings, **{name: value for name, value in chosen.items() if value is not None})
    kind: Any = memory or usual
    saved = _Saved(out, prompt)
    began, shown, code = time.monotonic(), 0, 0
    events = write(engine, prompt, settings, None if endless else length, kind)
    try:
        if prompt and not as_json:
            events = _after_prompt(events, prompt)
        for event in events:
            if isinstance(event, Token):
                shown += len(event.text)
                saved.add(event.text)
            if as_json:
                _line({"event": type(event).__name__.removesuffix("Event").lower(), **asdict(event)})
            else:
                _show(event, verbose)
            if isinstance(event, Refusal):
                code = Refused.exit_code
            if isinstance(event, SummaryEvent) and verbose:
                _talk(f"    {_speed(shown, began)}")
    except KeyboardInterrupt:
        code = 130
    finally:
        saved.save()
    if not as_json:
        sys.stdout.write("\n")
        sys.stdout.flush()
        if verbose:
            _talk(_speed(shown, began))
    if out and code != Refused.exit_code:
        _talk(f"Saved in {out}")
    return code


def _after_prompt(events: Any, prompt: str) -> Any:
    """The prompt is shown when the screen has let it pass, that is, with the first event."""
    first = True
    for event in events:
        if first:
            sys.stdout.write(prompt)
            first = False
        yield event


def _show(event: Event, verbose: bool) -> None:
    if isinstance(event, Token):
        sys.stdout.write(event.text)
        sys.stdout.flush()
    elif isinstance(event, Notice):
        _talk(event.text)
    elif isinstance(event, SummaryEvent) and verbose:
        _talk(f"\n  ┊ summary: {event.text.strip() or '(empty)'}")
    elif isinstance(event, Refusal):
        _talk(f"\nThe adults-only screen stopped the story (rule: {event.rule}). Try another seed or prompt.")
    elif isinstance(event, Done) and verbose:
        _talk(f"\n  ┊ {event.characters:,} characters, ended by {event.reason}")


def _talk(text: str) -> None:
    click.echo(click.style(text, dim=True), err=True)


def _line(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    sys.stdout.flush()


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

            atomic_write(path, prompt)

    def add(self, text: str) -> None:
        if self._path is None:
            return
        self._pending += text
        if time.monotonic() - self._last >= _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        if self._path is None or not self._pending:
            return
        with self._path.open("r+b", buffering=0) as handle:
            end = handle.seek(0, os.SEEK_END)
            try:
                data = self._pending.encode("utf-8")
                if handle.write(data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(handle.fileno())
            except OSError:
                handle.truncate(end)
                raise
        self._pending, self._last = "", time.monotonic()
