"""English numbers beyond the plain table: dozens, scores, halves, years, slips of the pen."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from miniature_memory.screen.later import later, later2
from miniature_memory.screen.numerals import Numerals, mark
from miniature_memory.screen.phrases import KEPT
from miniature_memory.screen.windows import parted

Match = Any  # re2 has no types


def _value(text: str) -> float:
    return float(text[1:])


def _hundreds(m: Match) -> str:
    return mark(_value(m[1]) * 100 + (_value(m[2]) if m[2] else 0))


def _score(m: Match) -> str:
    return mark(_value(m[1]) * 20 + (_value(m[2]) if m[2] else 0))


def _dozens(m: Match) -> str:
    return mark(_value(m[1]) * 12)


def _half_more(m: Match) -> str:
    return mark(_value(m[1]) + 0.5)


# Applied in this order to a text whose plain numbers are marked already.
_FORMS: list[tuple[str, Callable[[Match], str]]] = [
    (r"\b(?:an?|one) hundred(?: and)? ([%#][0-9]+)", lambda m: mark(100 + _value(m[1]))),
    (r"\b(?:an?|one|%1) hundred\b", lambda m: mark(100)),
    (r"([%#][0-9]+) hundred(?: and)?(?: ([%#][0-9]+))?", _hundreds),
    (r"(?:[%#=][0-9.]+|\ban?) (?:thousand|million|billion)s?(?:(?: and)? [%#=][0-9]+)*", lambda m: "=1000"),
    (r"([%#][0-9]+) score(?: (?:years? )?and ([%#][0-9]+))?", _score),
    (r"\bhalf an? dozen\b", lambda m: mark(6)),
    (r"\ban? baker 's dozen\b", lambda m: "=13"),
    (r"\ban? dozen\b", lambda m: mark(12)),
    (r"([%#][0-9]+) dozen\b", _dozens),
    # nineteen ninety, twenty oh nine: a year
    (r"(?:#18|#19|#20)(?: oh| o|) (?:%[0-9]+|#[2-9][0-9])\b", lambda m: "=" + _year(m[0])),
    (r"([%#][0-9]+) and (?:an?|one|%1|three|%3) (?:half|quarters?)\b", _half_more),
]
# What each of the forms has, and how many characters around it may belong to one.
_FORM_WORD = later2(r"hundred|thousand|million|billion|score|dozen|half|quarter|#(?:18|19|20) ")
_FORM_REACH = 60
_DIGIT_BY_DIGIT = later(r" %1 %([0-9])(?= [^%])")  # "one four", "1-four"
_PATTERNS = [(later2(pattern), replace) for pattern, replace in _FORMS]


def _year(text: str) -> str:
    parts = re.findall(r"[0-9]+", text)
    return str(int(parts[0]) * 100 + int(parts[-1]))


# Written slips that the tables can't hold: one letter wrong, missing, doubled or swapped.
_LONG_MINORS = "eleven twelve thirteen fourteen fifteen sixteen seventeen"
_REAL_WORDS = frozenset("even elven twelfth eleventh elevens seven eighteens nineteens".split())
_TEEN = re.compile(r"[a-z]{2,8}(?:te{2,}n|tean|tien|tene)")
_TEEN_ENDS = ("een", "ean", "ien", "ene")
_TEEN_WORDS = frozenset(
    "canteen canteens velveteen sateen springsteen bernsteen preteen preteens sixteens maintien protean entente".split()
)


_SPOKEN = re.compile(
    r"(?:f+if+|f+ou?r+|th[aeiu]r+|si[kx]+|seven+|sevv?n)t+[aei]+n|twel[fv]|tvelve?|nyne?|elev[ai]n|leven"
)
_SPOKEN_BEGIN = "fstnel"
_WITHIN = re.compile("eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen")
_SWAPPED = frozenset("fuor foru fvie fiev sveen sevne eihgt eigth nien nnie inne tne elveen".split())


def _slips(words: str) -> frozenset[str]:
    """Every word that is one slip away from one of these."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    found: set[str] = set()
    for word in words.split():
        for i in range(len(word) + 1):
            head, tail = word[:i], word[i:]
            found.update(head + c + tail for c in letters)
            found.add(head + tail[1:])
            found.add(head + tail[1:2] + tail[:1] + tail[2:])
            found.update(head + c + tail[1:] for c in letters)
    return frozenset(found) - _REAL_WORDS - set(words.split())


class _Slips(dict[str, str]):
    """What is meant by words that are nearly numbers: a grown-up's, one that nobody knows, or none ("")."""

    def __init__(self, numerals: Numerals) -> None:
        self._known = numerals.words
        self._minors = _slips(_LONG_MINORS) | _SWAPPED
        self._adults = _slips("eighteen nineteen") - self._minors - self._known

    def __missing__(self, word: str) -> str:
        if len(self) >= KEPT:
            self.clear()
        meant = self[word] = self._meant(word)
        return meant

    def _meant(self, word: str) -> str:
        # any other "-teen" is a number that nobody knows
        teen = word.endswith(_TEEN_ENDS) and _TEEN.fullmatch(word) and word not in _TEEN_WORDS
        spoken = word[:1] in _SPOKEN_BEGIN and _SPOKEN.fullmatch(word)
        within = len(word) > 14 and _WITHIN.search(word)  # "iamtwelveandlivehere"
        grown = word in self._adults
        if word in self._minors or within or ((spoken or (teen and not grown)) and word not in self._known):
            return "%?"
        return "#19" if grown else ""


@cache
def _slips_of(numerals: Numerals) -> _Slips:
    return _Slips(numerals)


def mark_english(text: str, numerals: Numerals) -> str:
    """The text with every English number marked; near misses become ``%?``."""
    tokens, slips = text.split(" "), _slips_of(numerals)
    if meant := {word: slips[word] for word in set(tokens) if slips[word]}:
        tokens = [meant.get(token, token) for token in tokens]
    text = " ".join(numerals.mark_tokens(tokens))
    if " %1 %" in text:
        text = _DIGIT_BY_DIGIT.sub(r" %1\1", text)
    return "".join(_formed(piece) if near else piece for piece, near in parted(text, _FORM_WORD, _FORM_REACH))


def _formed(text: str) -> str:
    for pattern, replace in _PATTERNS:
        text = pattern.sub(replace, text)
    return text
