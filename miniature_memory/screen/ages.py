"""English numbers beyond the plain table: dozens, scores, halves, years, slips of the pen."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from miniature_memory.screen.later import later, later2
from miniature_memory.screen.numerals import Numerals, mark

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
# None of the forms stands in a text that has none of these.
_FORM_WORDS = frozenset(
    "hundred thousand thousands million millions billion billions score dozen half quarter quarters".split()
)
_DIGIT_BY_DIGIT = later(r" %1 %([0-9])(?= [^%])")  # "one four", "1-four"
_YEAR = later("#(?:1[89]|20) ")
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
_WITHIN = re.compile("eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen")
_SWAPPED = frozenset("fuor foru fvie fiev sveen sevne eihgt eigth nien nnie inne tne elveen".split())


@cache
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


@cache
def _small_slips() -> frozenset[str]:
    return _slips(_LONG_MINORS) | _SWAPPED


def mark_english(text: str, numerals: Numerals) -> str:
    """The text with every English number marked; near misses become ``%?``."""
    tokens = text.split(" ")
    words = set(tokens)
    small = words & _small_slips()
    grown = (words & _slips("eighteen nineteen")) - small - numerals.words
    # any other "-teen" is a number that nobody knows
    teens = {w for w in words if w.endswith(_TEEN_ENDS) and _TEEN.fullmatch(w)}
    small |= {w for w in words if w[:1] in "fstnel" and _SPOKEN.fullmatch(w)} - numerals.words
    small |= {w for w in words if len(w) > 14 and _WITHIN.search(w)}  # "iamtwelveandlivehere"
    small |= teens - _TEEN_WORDS - numerals.words - grown
    if small or grown:
        meant = dict.fromkeys(small, "%?") | dict.fromkeys(grown, "#19")
        tokens = [meant.get(token, token) for token in tokens]
    text = _DIGIT_BY_DIGIT.sub(r" %1\1", " ".join(numerals.mark_tokens(tokens)))
    if not words.isdisjoint(_FORM_WORDS) or _YEAR.search(text):
        for pattern, replace in _PATTERNS:
            text = pattern.sub(replace, text)
    return text
