"""Finding names in running text by its capital letters, looking back only.

``Scanner`` cuts a stream of text, in pieces of any size, into words and says of each what its first letter
tells: lower case, a capital at a sentence's beginning (weak evidence), a capital within a sentence or after
a title (strong), all capitals, or a script without case. What to make of that evidence is the ledger's
business (``condense``), since it changes as more of the story is read. People, places and things are alike
here: whatever the story writes with a capital.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from miniature_memory.memory.words import ABBREVIATED, CALENDAR, CLOSED, COMMON, TITLES

LOWER: Final = 0  # "gate"
START: Final = 1  # "Gate" where every word has a capital
INSIDE: Final = 2  # "Gate" where only names have one
CAPS: Final = 3  # "GATE"
CASELESS: Final = 4  # a word of a script without case

#: neither people nor things: what never becomes a name
NEVER: Final = CLOSED | CALENDAR | TITLES | {"god"}

#: a word with the apostrophes and hyphens inside it
WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_WORD: Final = re.compile(f"({WORD.pattern})")  # split by it, words and gaps take turns
_ENDS: Final = frozenset(".!?:;\n…")
_OPENS: Final = frozenset("\"“”„‘'«»_*[<>¿¡#\n")
_LONGEST: Final = 40  # of one name; also how much of an unbroken stretch is held back


#: one word: its text without a possessive ending, the position of its first character, its evidence
Token = tuple[str, int, int]


def is_start(gap: str, previous: str) -> bool:
    """Whether a word after ``gap`` (all between it and the word ``previous``) begins a sentence."""
    if gap == " " or gap == ", ":
        return False
    if not previous or gap[-1:] in _OPENS:
        return True
    if gap == ". " and (len(previous) == 1 or previous.lower() in ABBREVIATED):
        return False
    return not _ENDS.isdisjoint(gap) and "," not in gap


def _core(word: str) -> str:
    """The name inside a word: no possessive, no contraction ("Holt's", "Holt'll"); "O'Brien" and
    "Anglo-Saxon" stay whole, "Forty-two" becomes "Forty"."""
    for i, c in enumerate(word):
        if c in "'’-" and not word[i + 1].isupper():
            return word[:i]
    return word if not word.endswith(("'S", "’S")) else word[:-2]


class Scanner:
    """Cuts a stream into tokens. The last word of a piece is held back until it is known to be whole."""

    def __init__(self) -> None:
        self.position = 0  # of the first character of ``pending``
        self.pending = ""
        self.gap = ""
        self.previous = ""

    def read(self, text: str) -> list[Token]:
        """The words that ``text`` completes."""
        text = self.pending + text
        cut = max(text.rfind(" "), text.rfind("\n")) + 1
        if len(text) - cut > _LONGEST:  # an unbroken stretch (another script, a line of dashes)
            cut = len(text) - _LONGEST
        self.pending = text[cut:]
        tokens: list[Token] = []
        gap, previous, at = self.gap, self.previous, self.position
        parts = _WORD.split(text[:cut])  # gap, word, gap, word, …, gap
        at -= len(gap)
        parts[0] = gap + parts[0]
        for i in range(1, len(parts), 2):
            gap, word = parts[i - 1], parts[i]
            at += len(gap)
            if word.islower():
                tokens.append((word, at, LOWER))
            else:
                core = word if word.isalpha() else _core(word)
                tokens.append((core[:_LONGEST], at, self._kind(core, gap, previous)))
            at += len(word)
            previous = word
        self.gap = parts[-1][-8:]
        self.previous = previous[:_LONGEST]
        self.position += cut
        return tokens

    @staticmethod
    def _kind(word: str, gap: str, previous: str) -> int:
        if not word[0].isupper():
            return LOWER if word[0].islower() else CASELESS
        if len(word) > 1 and word.isupper():
            return CAPS
        return START if is_start(gap, previous) else INSIDE

    def state(self) -> list[Any]:
        return [self.position, self.pending, self.gap, self.previous]

    @classmethod
    def from_state(cls, state: list[Any]) -> Scanner:
        scanner = cls()
        position, pending, gap, previous = state
        scanner.position, scanner.pending = int(position), str(pending)
        scanner.gap, scanner.previous = str(gap), str(previous)
        return scanner


def mentions(text: str, begin: int = 0) -> list[str]:
    """The whole words from ``begin`` on that have a capital where only names have one; what the end of the
    text may have cut off is none."""
    return [
        word
        for word, at, kind in Scanner().read(text)
        if at >= begin and kind == INSIDE and len(word) > 1 and word.lower() not in NEVER
    ]


def document_names(text: str) -> set[str]:
    """The names of a whole text, in hindsight: words often capitalised where only names are. For renaming
    (``rename``) and as the truth that the memory is measured against (``benchmarks.memory``)."""
    inside: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    for word, _, kind in Scanner().read(text + "\n"):
        if kind == INSIDE:
            inside[word] += 1
        elif kind == LOWER:
            lower[word] += 1
    return {
        word
        for word, count in inside.items()
        if count >= 2
        and len(word) > 1
        and word.lower() not in NEVER
        and (count > lower[word.lower()] or (count >= 8 and word.lower() in COMMON))
    }
