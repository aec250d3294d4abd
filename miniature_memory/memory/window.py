"""The window that generation fills, and how it slides (``memory.layout`` has the rows that training reads).

The window is ``SUMMARY S TEXT`` and up to 192 ids of text. When they are all taken, the
oldest 96 leave, the summary is written anew, and what is left (62 + 96 ids) is read again: two characters
written for one read twice, and memory that never grows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.memory.condense import SEPARATOR, SLIDE, SUMMARY_SLOTS, Memory, condense, readable
from miniature_memory.vocabulary import CHARACTERS, SUMMARY, TEXT, spell

TEXT_SLOTS: Final = 192
LOOK: Final = 34
BLOCK: Final = 256
#: where the text begins: SUMMARY, the summary, TEXT
HEAD: Final = SUMMARY_SLOTS + 2

_KNOWN: Final = frozenset(CHARACTERS) - {"\n"}


def fit_summary(text: str) -> str:
    """Any text, made to fit the slot: vocabulary characters only, trimmed to 60 (at a comma where there is
    one), padded with spaces. Accents that the vocabulary lacks are taken off; what remains unknown goes."""
    if len(text) == SUMMARY_SLOTS and _KNOWN.issuperset(text):
        return text
    text = " ".join(text[:4096].split())
    if not _KNOWN.issuperset(text):
        folded = (c if c in _KNOWN else unicodedata.normalize("NFKD", c) for c in text)
        text = "".join(c for part in folded for c in part if c in _KNOWN)
    text = SEPARATOR.join(part.strip() for part in text.split(SEPARATOR) if part.strip())
    if len(text) > SUMMARY_SLOTS:
        comma = text.rfind(SEPARATOR, 0, SUMMARY_SLOTS + 1)
        text = text[: comma if comma > 0 else SUMMARY_SLOTS].rstrip()
    return text.ljust(SUMMARY_SLOTS)


class Window:
    """The window that generation fills: ``SUMMARY S TEXT`` and up to 192 ids of text.

    window = Window()
    for i in ids:
        if window.full:
            evicted = roll(window, memory)     # then read window.ids() again
        window.append(i)
    """

    def __init__(self, summary: str = "", text: Iterable[int] = ()) -> None:
        self.summary = fit_summary(summary)
        self.text: list[int] = list(text)[-TEXT_SLOTS:]

    @property
    def full(self) -> bool:
        """Whether the next id needs a slide first."""
        return len(self.text) >= TEXT_SLOTS

    def append(self, token: int) -> None:
        """One more id of text. A full window must slide first."""
        if self.full:
            raise MiniatureMemoryError("The window is full.", "Call slide() before append().")
        self.text.append(int(token))

    def slide(self) -> str:
        """Drop the oldest 96 ids and return them as text, one character an id (control tokens: newlines)."""
        evicted = readable(self.text[:SLIDE])
        del self.text[:SLIDE]
        return evicted

    def set_summary(self, text: str) -> None:
        """A new summary, of any length (a user may have edited it)."""
        self.summary = fit_summary(text)

    def ids(self) -> list[int]:
        """What the model reads: 62 ids and those of the text, never more than 254."""
        return [SUMMARY, *spell(self.summary), TEXT, *self.text]

    def write_ids(self) -> list[int]:
        """What the model reads to write the next summary itself: 193 ids, up to the second SUMMARY.

        Call it on a full window, before ``slide``.
        """
        return [*self.ids()[: HEAD + SLIDE + LOOK], SUMMARY]


def roll(window: Window, memory: Memory) -> str:
    """Slide, condense what left, and put the new summary in place. Returns the evicted text."""
    evicted = window.slide()
    window.set_summary(condense(memory, evicted, readable(window.text)))
    return evicted
