"""Cuts a row of tokens into what stands near something and the rest, so that costly patterns read the first alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def parted(row: str, pattern: Any, reach: int) -> Iterator[tuple[str, bool]]:
    """The row in pieces, and whether each is near a match of a pattern: within so many characters, and up to the
    next space. A piece that is near ends with that space; joined, the pieces are the row."""
    done = start = end = 0
    for match in pattern.finditer(row):
        first = row.rfind(" ", done, max(done, match.start() - reach))
        if first > end:
            yield row[done:start], False
            yield row[start:end], True
            done, start = end, first
        elif not end:
            start = max(first, 0)
        space = row.find(" ", match.end() + reach)
        end = space + 1 if space >= 0 else len(row)
    yield row[done:start], False
    yield row[start:end], True
    yield row[end:], False
