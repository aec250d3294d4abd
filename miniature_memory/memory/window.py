"""How the window slides: its slots, its three row layouts, and the window that generation fills.

    READ   SUMMARY S(60) TEXT R(96) N(96)                        254 ids, loss on R and N
    WRITE  SUMMARY S(60) TEXT E(96) look(34) SUMMARY S'(60) TEXT  254 ids, loss on the text and on S'
    PLAIN  257 ids of text                                       loss on all but the first

A row is ``ROW = BLOCK + 1`` ids, so that inputs ``row[:-1]`` and targets ``row[1:]`` both fill a block of
256; READ and WRITE rows are filled up with END_OF_TEXT, without loss. ``loss[t]`` says that id ``t`` is to
be predicted from those before it (train with ``loss[1:]``).

In generation the window is ``SUMMARY S TEXT`` and up to 192 ids of text. When they are all taken, the
oldest 96 leave, the summary is written anew, and what is left (62 + 96 ids) is read again: two characters
written for one read twice, and memory that never grows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.memory.condense import SEPARATOR, SLIDE, SUMMARY_SLOTS, Memory, condense, readable
from miniature_memory.vocabulary import (
    CHARACTERS,
    END_OF_TEXT,
    SPACE,
    SUMMARY,
    TEXT,
    Ids,
    encode,
)

TEXT_SLOTS: Final = 192
LOOK: Final = 34
BLOCK: Final = 256
ROW: Final = BLOCK + 1
#: where the text begins: SUMMARY, the summary, TEXT
HEAD: Final = SUMMARY_SLOTS + 2

Loss = NDArray[np.bool_]
EMPTY: Final[Ids] = np.full(SUMMARY_SLOTS, SPACE, dtype=np.uint8)
EMPTY.flags.writeable = False

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


def encode_summary(text: str) -> Ids:
    """``fit_summary`` as ids: uint8 (60,)."""
    return encode(fit_summary(text))


def _row(*parts: Iterable[int] | Ids | int) -> Ids:
    row = np.full(ROW, END_OF_TEXT, dtype=np.uint8)
    at = 0
    for part in parts:
        ids = np.atleast_1d(np.asarray(part, dtype=np.uint8))
        row[at : at + len(ids)] = ids
        at += len(ids)
    return row


def read_row(summary: Ids, text: Ids) -> tuple[Ids, Loss]:
    """A READ row: ``summary`` (60,), ``text`` up to 192 ids (R and N; shorter at a document's end)."""
    text = text[:TEXT_SLOTS]
    loss = np.zeros(ROW, dtype=np.bool_)
    loss[HEAD : HEAD + len(text)] = True
    if len(text) and text[0] == END_OF_TEXT:  # a story's start mark is given, never written
        loss[HEAD] = False
    return _row(SUMMARY, summary, TEXT, text), loss


def write_row(summary: Ids, evicted: Ids, look: Ids, target: Ids) -> tuple[Ids, Loss]:
    """A WRITE row: ``summary`` (60,), ``evicted`` (96,), ``look`` (34,), ``target`` = the next summary (60,).

    All parts must be whole, since the second slot stands at a fixed place.
    """
    if len(evicted) != SLIDE or len(look) != LOOK:
        raise MiniatureMemoryError(f"A WRITE row needs {SLIDE} and {LOOK} ids of text.")
    loss = np.zeros(ROW, dtype=np.bool_)
    second = HEAD + SLIDE + LOOK
    loss[HEAD:second] = True
    loss[second + 1 : second + 1 + SUMMARY_SLOTS] = True
    return _row(SUMMARY, summary, TEXT, evicted, look, SUMMARY, target, TEXT), loss


def plain_row(text: Ids) -> tuple[Ids, Loss]:
    """A PLAIN row: up to 257 ids of text."""
    text = text[:ROW]
    loss = np.zeros(ROW, dtype=np.bool_)
    loss[1 : len(text)] = True
    return _row(text), loss


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

    def ids(self) -> Ids:
        """What the model reads: uint8 (62 + text,), never more than 254."""
        head = [SUMMARY, *encode(self.summary).tolist(), TEXT]
        return np.array(head + self.text, dtype=np.uint8)

    def write_ids(self) -> Ids:
        """What the model reads to write the next summary itself: uint8 (193,), up to the second SUMMARY.

        Call it on a full window, before ``slide``.
        """
        return np.append(self.ids()[: HEAD + SLIDE + LOOK], np.uint8(SUMMARY))


def roll(window: Window, memory: Memory) -> str:
    """Slide, condense what left, and put the new summary in place. Returns the evicted text."""
    evicted = window.slide()
    window.set_summary(condense(memory, evicted, readable(window.text)))
    return evicted
