"""The gate itself: every view of a text is held against every rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from miniature_memory.screen.ages import mark_english
from miniature_memory.screen.book import Book, book
from miniature_memory.screen.disguises import Disguises
from miniature_memory.screen.numerals import ADULT, mark_digits
from miniature_memory.screen.reckoning import reckoned
from miniature_memory.screen.views import views

LONGEST = 16_000_000  # characters; more than any book. What is larger is refused unread

_QUOTES = re.compile(r"\"|(?<![a-z])'|'(?![a-z])")
_SIGNS = re.compile(r"[.,:/](?![0-9])|(?<![0-9])[.,:/]|[;!?()*+&\[\]<>-]")
_OWN = re.compile(r"'(?=(?:s|re|m|ve|ll|d|t)\b)")
_SPACES = re.compile(r"  +")


def tokens(text: str) -> str:
    """A marked text with one space around every word and sign, as the rules' lines are written."""
    text = _SIGNS.sub(lambda m: f" {m[0]} ", _OWN.sub(" '", _QUOTES.sub(" ", text)))
    return " . " + _SPACES.sub(" ", text.replace("\n", " . ")) + " . "


def without_idioms(row: str, rules: Book) -> str:
    """The text without its idioms; twice, as neighbours share the space between them."""
    for pattern in rules.idioms:
        row = pattern.sub(" _ ", pattern.sub(" _ ", row))
    return row


def hits(row: str, rules: Book) -> Iterator[str]:
    """The families that fire on a text."""
    for family, pattern in rules.families.items():
        if pattern.search(row):
            yield family


@cache
def disguises() -> Disguises:
    """What every language's known words may hide behind."""
    rules = book("en")
    assert rules.numerals is not None
    strong = set(rules.stages) | {w for w, v in rules.numerals.cardinals.items() if v < ADULT and " " not in w}
    words = rules.words | rules.numerals.words | {w for w in rules.numerals.cardinals if " " not in w}
    return Disguises(frozenset(w for w in words if len(w) > 1), strong, rules.numerals.cardinals)


def english(view: str) -> Iterator[str]:
    """The English rules that a view breaks."""
    rules = book("en")
    assert rules.numerals is not None
    row = without_idioms(tokens(mark_english(mark_digits(view), rules.numerals)), rules)
    yield from hits(row, rules)
    yield from reckoned(row)


def all_hits(text: str) -> Iterator[str]:
    """Every rule that the text breaks, view by view; the first one is reason enough."""
    if len(text) > LONGEST:
        yield "oversize"
        return
    for view in views(text):
        plain, mixed = disguises().mixed_script(view)
        if mixed:
            yield "mixed-script"
        yield from english(plain)
        unmasked = disguises().unmask(plain)
        if unmasked != plain:
            yield from english(unmasked)


def first_hit(text: str) -> str | None:
    """The name of the first rule that the text breaks, or None."""
    return next(all_hits(text), None)
