"""The fixed character vocabulary: the same ids for ever, whatever the data.

Ids 0 to 3 are control tokens; they exist as ids only. ``encode`` knows nothing but
letters, so ``<|summary|>`` typed in a story stays eleven characters;
``encode_marked`` is for text that this program itself has marked.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 1

END_OF_TEXT: Final = 0
SCENE_BREAK: Final = 1
SUMMARY: Final = 2
TEXT: Final = 3
CONTROL_TOKENS: Final = ("<|end_of_text|>", "<|scene_break|>", "<|summary|>", "<|text|>")

CHARACTERS: Final = (
    "\n"
    + "".join(map(chr, range(32, 127)))
    + "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœ"
    + "—…£€°§¡¿«»"
)
SYMBOLS: Final = CONTROL_TOKENS + tuple(CHARACTERS)
SIZE: Final = len(SYMBOLS)

_ID: Final = {symbol: i for i, symbol in enumerate(SYMBOLS)}
_MARK: Final = re.compile("(" + "|".join(re.escape(t) for t in CONTROL_TOKENS) + ")")
SPACE: Final = _ID[" "]
NEWLINE: Final = _ID["\n"]

#: ids of letters (what a word is made of), as a boolean table of shape (SIZE,)
IS_LETTER: Final[NDArray[np.bool_]] = np.array([len(s) == 1 and s.isalpha() for s in SYMBOLS])
#: ids of capital letters, as a boolean table of shape (SIZE,)
IS_CAPITAL: Final[NDArray[np.bool_]] = np.array([len(s) == 1 and s.isupper() for s in SYMBOLS])

Ids = NDArray[np.uint8]


def encode(text: str) -> Ids:
    """Ids (uint8, one a character) of plain text. Characters outside the vocabulary raise ``KeyError``;
    ``processing.normalize`` is what removes them."""
    return np.array([_ID[c] for c in text], dtype=np.uint8)


def encode_marked(text: str) -> Ids:
    """Ids of text in which the control tokens' spellings, written by this program, mean the tokens."""
    ids: list[int] = []
    for part in _MARK.split(text):
        if part in CONTROL_TOKENS:
            ids.append(_ID[part])
        else:
            ids.extend(_ID[c] for c in part)
    return np.array(ids, dtype=np.uint8)


def decode(ids: NDArray[np.integer] | list[int]) -> str:
    """Readable text of ids; control tokens come out in their spelling."""
    return "".join(SYMBOLS[int(i)] for i in ids)


def unknown(text: str) -> set[str]:
    """The characters of ``text`` that the vocabulary does not hold."""
    return set(text) - set(CHARACTERS)
