"""The fixed character vocabulary: the same ids for ever, whatever the data.

Ids 0 to 3 are control tokens; they exist as ids only. ``encode`` knows nothing but
letters, so ``<|summary|>`` typed in a story stays eleven characters;
``encode_marked`` is for text that this program itself has marked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:  # writing a story does without numpy
    import numpy as np
    from numpy.typing import NDArray

Ids: TypeAlias = "NDArray[np.uint8]"

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
# what Latin-1 has no byte for is spelt by bytes of it that no symbol uses
_NONE: Final = "\uffff"
_OTHER: Final = 255
_STAND_INS: Final = [(c, chr(0x80 + i)) for i, c in enumerate(c for c in CHARACTERS if ord(c) > 255)]
_BYTES: Final = {**{c: c for c in CHARACTERS}, **dict(_STAND_INS)}
_IDS: Final = bytearray([_OTHER]) * 256
for _character, _byte in _BYTES.items():
    _IDS[ord(_byte)] = _ID[_character]
SPACE: Final = _ID[" "]
NEWLINE: Final = _ID["\n"]

#: 1 for ids of letters (what a word is made of), 0 for others; of 256, so that a damaged id is one of them
IS_LETTER: Final = bytes(len(s) == 1 and s.isalpha() for s in SYMBOLS).ljust(256, b"\0")
#: 1 for ids of capital letters
IS_CAPITAL: Final = bytes(len(s) == 1 and s.isupper() for s in SYMBOLS).ljust(256, b"\0")


def spell(text: str) -> bytes:
    """Ids of plain text, one a character. Characters outside the vocabulary raise ``KeyError``;
    ``processing.normalize`` is what removes them."""
    latin = text
    if not text.isascii():
        for character, stand_in in _STAND_INS:
            latin = latin.replace(stand_in, _NONE).replace(character, stand_in)
    try:
        ids = latin.encode("latin-1").translate(_IDS)  # ten times as fast as a character at a time
    except UnicodeEncodeError as error:
        raise KeyError(text[error.start]) from None
    if _OTHER in ids:
        raise KeyError(text[ids.index(_OTHER)])
    return ids


def encode(text: str) -> Ids:
    """``spell`` as an array: uint8, one id a character."""
    import numpy as np

    return np.frombuffer(bytearray(spell(text)), dtype=np.uint8)


def encode_marked(text: str) -> Ids:
    """Ids of text in which the control tokens' spellings, written by this program, mean the tokens."""
    import numpy as np

    ids = bytearray()
    for part in _MARK.split(text):
        ids += bytes([_ID[part]]) if part in CONTROL_TOKENS else spell(part)
    return np.frombuffer(ids, dtype=np.uint8)


def decode(ids: NDArray[np.integer] | list[int] | bytes) -> str:
    """Readable text of ids; control tokens come out in their spelling."""
    return "".join(SYMBOLS[int(i)] for i in ids)


def unknown(text: str) -> set[str]:
    """The characters of ``text`` that the vocabulary does not hold."""
    return set(text) - set(CHARACTERS)
