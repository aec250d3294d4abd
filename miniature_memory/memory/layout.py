"""How training rows are laid out: three layouts of the window.

    READ   SUMMARY S(60) TEXT R(96) N(96)                        254 ids, loss on R and N
    WRITE  SUMMARY S(60) TEXT E(96) look(34) SUMMARY S'(60) TEXT  254 ids, loss on the text and on S'
    PLAIN  257 ids of text                                       loss on all but the first

A row is ``ROW = BLOCK + 1`` ids, so that inputs ``row[:-1]`` and targets ``row[1:]`` both fill a block of
256; READ and WRITE rows are filled up with END_OF_TEXT, without loss. ``loss[t]`` says that id ``t`` is to
be predicted from those before it (train with ``loss[1:]``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.memory.condense import SLIDE, SUMMARY_SLOTS
from miniature_memory.memory.window import BLOCK, HEAD, LOOK, TEXT_SLOTS, fit_summary
from miniature_memory.vocabulary import END_OF_TEXT, SPACE, SUMMARY, TEXT, Ids, encode

ROW: Final = BLOCK + 1
Loss = NDArray[np.bool_]
EMPTY: Final[Ids] = np.full(SUMMARY_SLOTS, SPACE, dtype=np.uint8)
EMPTY.flags.writeable = False


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
