"""From any Unicode text to the characters of the vocabulary, by an explicit map; what it can't say is
counted.

No blanket NFKC: it would turn ½ into 1⁄2, ² into 2 and … into dots without anybody having decided so.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import Final

from miniature_memory import vocabulary

_KNOWN: Final = frozenset(vocabulary.CHARACTERS)
#: nothing is seen of these: soft hyphen, zero-width and direction marks, byte order mark, variation selectors
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_NEWLINES: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES: Final = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")

#: quotes, dashes and dots of books; no sequence of them is mojibake of anything
TYPOGRAPHIC: Final = frozenset("“”‘’—–…")
_QUOTES: Final = (("“", '"'), ("”", '"'), ("‘", "'"), ("’", "'"))

_ORNAMENTS: Final = re.compile(
    r"^[^\w\n\"'“”‘’«»?!]{0,40}[^\w\s\x00-\x7f“”‘’«»—–…¡¿§°£€][^\w\n\"'“”‘’«»?!]{0,40}$", re.M
)

EXPLICIT: Final[dict[str, str]] = {
    **dict.fromkeys("“”„‟″〃＂❝❞", '"'),
    **dict.fromkeys("‘’‚‛′‵`´ʼʻ＇❛❜ʹ", "'"),
    **dict.fromkeys("‐‑‒–−﹣－⁃", "-"),  # an en dash between words has become — before
    **dict.fromkeys("―⸺⸻﹘─━", "—"),
    "‹": "«", "›": "»", "《": "«", "》": "»",
    "·": ".", "•": "*", "∙": "*", "‧": ".", "●": "*", "○": "*", "◦": "*", "▪": "*", "■": "*",
    "◆": "*", "◇": "*",
    "★": "*", "☆": "*", "✦": "*", "✧": "*", "✱": "*", "✳": "*", "✻": "*", "⁂": "* * *",
    "❖": "*", "❧": "*", "☙": "*",
    "¼": "1/4", "½": "1/2", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8", "²": "2", "³": "3", "¹": "1",
    "×": "x", "÷": "/", "±": "+/-", "⁄": "/", "©": "(c)", "®": "", "™": "", "†": "*", "‡": "*",
    "¶": "", "º": "°",
    "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "№": "No.",
    "ĳ": "ij", "Ĳ": "IJ",
    "¢": "c", "¥": "yen", "¨": "", "¯": "", "¸": "", "ª": "a", "¦": "|", "¬": "",
}  # fmt: skip


def visible(text: str) -> str:
    """NFC, one kind of newline, one kind of space, nothing invisible."""
    if text.replace("\n", "").isprintable():
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    # once before and once after: marks that an invisible character had kept apart
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    text = _CONTROLS.sub("", _NEWLINES.sub("\n", text))
    return _SPACES.sub(" ", text)


def is_typographic(text: str) -> bool:
    """Is nothing in it beyond ASCII but the quotes, dashes and dots that any book has?"""
    for sign in TYPOGRAPHIC:
        if sign in text:
            text = text.replace(sign, "")
    return text.isascii()


def ornaments(text: str) -> str:
    """A line of nothing but signs that no keyboard has stands between two scenes: as ``* * *``."""
    return text if is_typographic(text) else _ORNAMENTS.sub("* * *", text)


def straight(text: str) -> str:
    """With the quotes of a typewriter."""
    for sign, written in _QUOTES:
        if sign in text:
            text = text.replace(sign, written)
    return text


def to_vocabulary(text: str, counts: Counter[str] | None = None) -> str:
    """Every character outside the vocabulary by its replacement; the rest is untouched.

    ``counts`` gets ``transliterated`` (written with other letters) and ``dropped`` (nothing stands for it).
    """
    if text.replace("—", "").replace("…", "").isascii():
        return text
    odd = set(text) - _KNOWN
    if not odd:
        return text
    table: dict[int, str] = {}
    for character in sorted(odd):
        table[ord(character)] = written = _written(character)
        if counts is not None and character not in EXPLICIT:
            counts["transliterated" if written else "dropped"] += text.count(character)
    return text.translate(table)


@cache
def _written(character: str) -> str:
    if character in EXPLICIT:
        return EXPLICIT[character]
    if unicodedata.category(character) in ("So", "Sk", "Mn", "Me", "Cf", "Co", "Cn", "Cs"):
        return ""  # emoji and marks: a name in words (:smile:) would be no text of the author's
    from anyascii import anyascii

    return "".join(c for c in str(anyascii(character)) if c in _KNOWN and c != "\n")
