"""The gate itself: every view of a text is held against every rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property
from threading import Lock

from miniature_memory.screen.ages import mark_english
from miniature_memory.screen.amounts import without_amounts
from miniature_memory.screen.book import Book, apart, book
from miniature_memory.screen.counts import taken_for_an_age
from miniature_memory.screen.disguises import Disguises
from miniature_memory.screen.foreign_counts import foreign_counts, holds_an_age
from miniature_memory.screen.languages import LATIN, english_words, read, reword, without_english
from miniature_memory.screen.numerals import ADULT, mark_digits
from miniature_memory.screen.reckoning import birth_years, reckoned
from miniature_memory.screen.search import Span
from miniature_memory.screen.things import without_things
from miniature_memory.screen.views import spaced, views

_BARE = re.compile(r"((?:^| )(?!under)(?:[^ ]+ )?)%[0-9.?]+(?= |$)")
_AGES = ("age", "age-alone")  # the families that ask for a number's neighbours
# Dutch "until" and Swedish "degrees" are stages of life in English
_FALSE_FRIENDS = re.compile(r"\b(?:tot|grader)\b")
LONGEST = 16_000_000  # characters; more than any book. What is larger is refused unread
_WORK = 12  # characters of views for each of a text, and some more: what unfolds to more is refused
_MORE_WORK = 10_000
_NUMBER = re.compile("[0-9]+")
_APART = 16  # characters from number to number; what has many more numbers than so is a table, and refused
_NUMBERS = 1_000  # ... that any text may have
_ONE_AT_A_TIME = Lock()  # rules wake up as texts are read: a thread must not see another's half awake

_NEAR = 1_000  # characters around what was in disguise
_AROUND = 40  # tokens to each side of what fires, and the rest of their sentences
_STOPS = frozenset(".!?")

# Signs inside a number stay with it.
_KEPT = {".": "\x01", ",": "\x02", ":": "\x03", "/": "\x04"}
_INNER = {sign: re.compile(rf"\{sign}(?<=[0-9].)(?=[0-9])") for sign in _KEPT}
_SIGNS = ".,:/;!?()+&[]<>-\n"
_OWN = ("'s", "'re", "'m", "'ve", "'ll", "'d", "'t")


def tokens(text: str) -> str:
    """A view with one space around every word and sign, as the rules' lines are written."""
    text = spaced(text)
    for sign, kept in _KEPT.items():
        text = _INNER[sign].sub(kept, text)
    text = text.replace('"', " ").replace("*", " ")
    for sign in _SIGNS:
        text = text.replace(sign, " . " if sign == "\n" else f" {sign} ")
    for sign, kept in _KEPT.items():
        text = text.replace(kept, sign)
    text = text.replace(" '", " ").replace("' ", " ")
    for own in _OWN:
        text = text.replace(own + " ", f" {own} ")
    return " . " + " ".join(text.split()) + " . "


class Row:
    """A row of tokens and the rules that read it; its idioms are taken out when first asked for."""

    def __init__(self, text: str, rules: Book) -> None:
        self.text, self.rules = text, rules

    @cached_property
    def bare(self) -> str:
        """The row without its idioms."""
        return without_idioms(self.text, self.rules)


def without_idioms(row: str, rules: Book) -> str:
    """A row of tokens without its idioms and the ages of things."""
    return without_amounts(" ".join(rules.idioms.without(without_things(row).split(" "))))


def hits(row: Row) -> Iterator[str]:
    """The families that fire on a text, once its idioms are taken out."""
    search = row.rules.rules
    tokens = row.text.split(" ")
    if spans := search.spans(tokens):
        bare = without_idioms(around(spans, tokens), row.rules).split(" ")
        fired = {span.family for span in spans} & {span.family for span in search.spans(bare)}
        yield from (family for family in row.rules.families if family in fired)


def around(spans: list[Span], tokens: list[str]) -> str:
    """The sentences that hold some places of a row, with enough before and after them for any idiom."""
    found: list[str] = []
    done = 0
    for _, start, end in sorted(spans, key=lambda span: span.start):
        first, last = max(start - _AROUND, done), min(end + _AROUND, len(tokens))
        while first > done and tokens[first] not in _STOPS:
            first -= 1
        while last < len(tokens) and tokens[last] not in _STOPS:
            last += 1
        if last > done:
            found += tokens[first:last]
            done = last
    return " ".join(["", ".", *found, ".", ""])


def foreign_hits(row: str, language: str, running: bool) -> Iterator[str]:
    """The same for another language; its rules on ages don't see the numbers that count something."""
    rules = book(language)
    ages = Row(foreign_counts(language).without(row), rules)
    found = [*hits(Row(row, rules))] if ages.text != row else []
    yield from (family for family in found if family not in _AGES)
    yield from (family for family in hits(ages) if ages.text == row or family in _AGES)
    if running and holds_an_age(without_english(ages.text)) and holds_an_age(without_english(ages.bare)):
        yield "bare-number"
    if "=" in row and birth_years(foreign_counts(language).births_in_english(row)):
        yield "birth-year"


def changed(plain: str, unmasked: str) -> str:
    """The paragraphs of an unmasked view that differ from the plain one, with enough around them for any rule, and
    those that may tell the story's year; all else was read already."""
    rows = unmasked.split("\n")
    differ = [row.strip() != old.strip() for row, old in zip(rows, plain.split("\n"), strict=True)]
    kept = {at for at, row in enumerate(rows) if "year" in row}
    for step in (1, -1):
        left = 0
        for at in range(len(rows))[::step]:
            left = _NEAR if differ[at] else left
            if left > 0:
                kept.add(at)
            left -= 0 if differ[at] else len(rows[at])
    return "\n".join(row if at in kept else "" for at, row in enumerate(rows))


@cache
def disguises() -> Disguises:
    """What every language's known words may hide behind."""
    rules = book("en")
    small = {w for w, value in rules.numerals.cardinals.items() if value < ADULT and " " not in w}
    return Disguises(
        (rules.words, rules.numerals.words, rules.numerals.cardinals),
        rules.people | small,
        rules.numerals.cardinals,
        lambda: (w for language in LATIN for w in book(language).stages if len(w) > 4),
        english_words(),
    )


def english(row: str) -> str:
    """A row of tokens as English reads it; what digits in other languages' sentences are, their rules tell."""
    rules = book("en")
    if "%" in row:
        row = reword(row, True, lambda part: _BARE.sub(r"\1_", part))
    if any(word in row for word in ("tot", "grader")):
        row = reword(row, True, lambda part: _FALSE_FRIENDS.sub("_", part))
    row = mark_english(row, rules.numerals)
    if "%?" in row:
        row = reword(row, True, lambda part: part.replace("%?", "_"))
    return row if rules.guises.words.isdisjoint(row.split(" ")) else reword(row, False, rules.guises.mark)


def broken(view: str, running: bool) -> Iterator[str]:
    """The rules that one view breaks. A number's neighbours tell what it is only in ``running`` text."""
    rules = book("en")
    most = _NUMBERS + len(view) // _APART
    row = mark_digits(tokens(view)) if len(_NUMBER.findall(view)) <= most else ""
    if not row or sum(map(row.count, "%#=")) > most:
        yield "oversize"
        return
    marked = Row(english(row), rules)
    yield from hits(marked)
    if running and (ages := taken_for_an_age(marked.text)) and ages & taken_for_an_age(marked.bare):
        yield "bare-number"
    yield from reckoned(marked.text)
    languages, lost = read(row)
    for language, spoken in languages.items():
        rules = book(language)
        spoken = apart(spoken)
        spoken = rules.numerals.mark(spoken)
        for family in foreign_hits(spoken, language, running):
            yield f"{language}:{family}"
    if lost:
        yield "language"


def all_hits(text: str, running: bool = True) -> Iterator[str]:
    """Every rule that the text breaks, view by view; the first one is reason enough.

    ``running`` is False for texts that are no prose: a page's attributes, what is cut out around its seams.
    """
    if len(text) > LONGEST:
        yield "oversize"
        return
    left = _WORK * len(text) + _MORE_WORK
    for number, view in enumerate(views(text)):
        left -= len(view)
        if left < 0:
            yield "oversize"
            return
        prose = running and (number == 0 or "\u202e" in text or "\u2067" in text)
        plain, mixed = disguises().mixed_script(view)
        if mixed:
            yield "mixed-script"
        yield from broken(plain, prose)
        unmasked = disguises().unmask(plain)
        if unmasked != plain:
            yield from broken(changed(plain, unmasked), prose)


def first_hit(text: str, running: bool = True) -> str | None:
    """The name of the first rule that the text breaks, or None. Any thread may ask."""
    with _ONE_AT_A_TIME:
        return next(all_hits(text, running), None)
