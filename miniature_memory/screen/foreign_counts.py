"""Small numbers in other languages: what counts, names or tells the time is let go, the rest is an age.

The same thought as ``counts.py`` has for English, with each language's words as data. A language's
``rules/*_counts.txt`` gives these lists of words (``_`` joins a phrase, ``*te`` is an ending):

- ``years``: the units of an age ("Jahre", the ending "jährige");
- ``span``, ``spanned``: what makes them a time that passes, before and after them ("seit", "später");
- ``lasting``: verbs of what goes on for years;
- ``thing``: what may be nine years old; ``be``: the verbs that say so of it, ``of`` what joins both;
- ``before``: what stands right before an hour, a day or a counted number;
- ``label``: what a number within three words names ("Seite 9");
- ``born``: words for a birth;
- ``whole``: what begins "of the ten guests, five";
- ``after``: units and phrases that follow a number; ``month``: the names of months;
- ``times``: what makes a small number great ("thousand"); ``score``: what joins the sides of a result;
- ``about``: adverbs before a number, which are passed over; ``joint``: what stands between two numbers;
- ``plain``: words and endings that no counted noun has, but for those in ``noun``; ``counted``: endings
  of which it must have one (``*``: any); ``adjective``: endings of what may stand before it;
- ``old``: what makes years an age whatever stands before them;
- ``lived``: those that always are an age ("summers"), ``being``: after which only units are counted ("she is");
- ``ahead``: given where years may stand ahead of their noun; ``ascribed``: those ``years`` that do nothing else;
- ``clause``: words that begin another clause; ``det``: articles and their like, which a thing's name
  needs (``*``: may lack);
- ``said``: phrases that say an age whatever follows it;
- ``twofold``: numbers that are other words, too ("neuf", "sei"), and ``firm``: what they must follow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

from miniature_memory.screen.book import Book, book
from miniature_memory.screen.views import spaced

_SMALL = re.compile(r"%(?:[4-9]|1[0-7])(?:\.5)?")
_SIGNS = frozenset(". , ; : ! ? ( ) [ ] - / < > & + _".split())
_REACH = 14  # tokens that are looked at to each side
_PHRASE = 5  # tokens of the longest phrase
_NEAR = 3  # tokens within which a label, an adjective or a subject stands


class ForeignCounts:
    """What small numbers do in one language."""

    def __init__(self, rules: Book) -> None:
        self._rules = rules
        self._noun = self._endings("noun")
        self._label = self._endings("label")
        self._plain = self._endings("plain")
        self._counted = self._endings("counted")
        self._adjective = self._endings("adjective")

    def without(self, row: str) -> str:
        """The row, its numbers marked, with each that is no age made unreadable to the rules."""
        if "%" not in row and "#" not in row:
            return row
        words = row.split()
        return f" {' '.join('_' if self._is_something_else(words, at) else w for at, w in enumerate(words))} "

    def births_in_english(self, row: str) -> str:
        """The row with this language's words for a birth said in English, as ``reckoning`` reads it."""
        for word in self._list("born"):
            row = row.replace(f" {word} ", " born ")
        return row

    @cache  # noqa: B019 - one of these lives as long as the program
    def _list(self, name: str) -> frozenset[str]:
        return frozenset(" ".join(spaced(w.replace("_", " ")).split()) for w in self._rules.listed(name))

    def _endings(self, name: str) -> tuple[str, ...]:
        return tuple(word[1:] for word in self._list(name) if word.startswith("*"))

    def _is_something_else(self, words: Sequence[str], at: int) -> bool:
        """Whether the word at ``at`` is a small number that is no age."""
        if words[at][0] not in "%#":
            return False
        first, last, joints = self._chain(words, at)
        left = [w for w in words[max(0, first - _REACH) : first] if w != "'"]
        right = [w for w in words[last + 1 : last + 1 + _REACH] if w != "'"]
        told = left
        while size := _ends(left, self._list("about")):
            left = left[:-size]
        said = bool(_ends(left, self._list("said")) or _ends(told, self._list("said")))
        if right and (right[0] in self._list("times") or right[0][0] in "#="):
            return True
        for apart in (0, 1):  # "nine years", "nine short years"
            if _starts(right[apart:], self._list("lived")):
                return False
            if size := _starts(right[apart:], self._list("years")):
                return self._passes(left, told, right[apart + size - 1 :], said)
            if not self._is_word(right[:1]):
                break
        if said or not _SMALL.fullmatch(words[at]):
            return False
        if "-" in joints and any(word[0] == "=" for word in words[first : last + 1]):
            return True  # a date: 2019-12-24
        if any(_is_minutes(*pair) for pair in (words[at : at + 2], words[at - 1 : at + 1]) if pair):
            return True
        grown = sum(
            word[0] == "#" for word in words[first : last + 1]
        )  # "between nine and twenty" is no hour
        return (
            bool(_starts(right, self._list("after")))
            or bool(grown < 1 and _ends(left, self._list("before")))
            or bool(left and left[-1][0] in "^~")  # "at the seventh fifteen", as Polish tells the time
            or self._is_labelled(left)
            or self._is_a_day(right)
            or self._is_a_part(left, right)
            or (not _ends(left, self._list("being")) and self._counts(right))
            or self._is_said_of_a_thing(left, told != left)
            or (self._list("score") >= joints > set())
            or (words[at][1:] in self._list("twofold") and not self._is_firm(left, right))
        )

    def _chain(self, words: Sequence[str], at: int) -> tuple[int, int, set[str]]:
        """The first and last of the numbers that stand in a row with one ("four, five or six"), and what joins them."""
        first = last = at
        joints: set[str] = set()
        joined = self._list("joint") | self._list("score")
        while first > 1 and words[first - 1] in joined and _is_number(words[first - 2]):
            joints.add(words[first - 1])
            first -= 2
        while last + 2 < len(words) and words[last + 1] in joined and _is_counted(words[last + 2]):
            joints.add(words[last + 1])
            last += 2
        while first > 0 and _is_number(words[first - 1]):
            first -= 1
        return first, last, joints

    def _passes(self, left: Sequence[str], told: Sequence[str], right: Sequence[str], said: bool) -> bool:
        """Whether years between these words pass, or are a thing's; ``told`` is all before them, ``right`` has the unit."""
        ascribed = right[0] in self._list("ascribed")
        noun = right[2:] if right[1:2] == ["%1"] else right[1:]  # "yıllık bir viski"
        if self._list("ahead") and not self._list("thing").isdisjoint(self._phrase(noun)):
            return True
        if not ascribed and self._is_said_of_a_thing(left, told != left, years=True):
            return True
        if said or self._list("old").intersection(right[1:2]):
            return False
        lasts = _ends(left, self._list("span")) or _ends(told, self._list("span"))
        return bool(lasts or _starts(right[1:], self._list("spanned"))) or self._is_spent(left)

    def _is_spent(self, left: Sequence[str]) -> bool:
        """Whether the clause has a verb of lasting, and no preposition before the years ("worked at the mill ten")."""
        if not self._is_word(left[-1:]):
            return False
        start = max((i + 1 for i, word in enumerate(left) if word in _SIGNS), default=0)
        return not self._list("lasting").isdisjoint(left[start:])

    def _is_word(self, words: Sequence[str]) -> bool:
        """Whether the first of these can be a noun or an adjective."""
        return (
            bool(words)
            and words[0][0].isalpha()
            and words[0] not in self._list("plain") | self._list("about")
        )

    def _phrase(self, right: Sequence[str]) -> Sequence[str]:
        """The words of the noun phrase that begins here."""
        size = 0
        while size < _NEAR and self._is_word(right[size : size + 1]):
            size += 1
        return right[:size]

    def _counts(self, right: Sequence[str]) -> bool:
        """Whether a noun that a number may count follows, with adjectives before it."""
        for word in self._phrase(right):
            if word.endswith(self._plain) and not word.endswith(self._noun):
                return False
            if word.endswith(self._counted):
                return True
            if not word.endswith(self._adjective):
                return False
        return False

    def _is_labelled(self, left: Sequence[str]) -> bool:
        for size in range(1, min(_NEAR, len(left)) + 1):
            word = left[-size]
            if word in _SIGNS:
                return False
            if word in self._list("label") or word.endswith(self._label):
                return True
        return False

    def _is_a_day(self, right: Sequence[str]) -> bool:
        if right and right[0] in self._list("month"):
            return True
        return len(right) > 1 and right[0] in (".", *self._list("of")) and right[1] in self._list("month")

    def _is_a_part(self, left: Sequence[str], right: Sequence[str]) -> bool:
        """Whether what is counted was said before: "of the ten guests, five", "ten crates of eels and five of bream"."""
        start = max((i + 1 for i, word in enumerate(left[:-1]) if word in _SIGNS), default=0)
        if not any(map(_is_number, left[start:])):
            return False
        if _starts(left[start:], self._list("whole")):
            return True
        return bool(right) and left[-1] in self._list("joint") and right[0] in self._list("of")

    def _is_said_of_a_thing(self, left: Sequence[str], hedged: bool, years: bool = False) -> bool:
        """Whether the clause begins with a thing and ends with a verb that tells its age ("of": right after it)."""
        things = self._list("thing")
        if left and left[-1] in self._list("of") and _ends(left[:-1], things):
            return True
        free = "*" in self._list("det")
        if free and left and left[-1] in things:
            return True
        borders = _SIGNS | self._list("clause")
        clause = left[max((i + 1 for i, word in enumerate(left) if word in borders), default=0) :]
        told = _ends(left, self._list("be")) or (hedged and len(clause) <= _NEAR + 1)
        if not clause or not (told or (years and not self._list("be").isdisjoint(clause))):
            return False
        begins = clause[0] in self._list("det") or (free and clause[0] not in self._list("plain"))
        return begins and not things.isdisjoint(clause[:_NEAR])

    def _is_firm(self, left: Sequence[str], right: Sequence[str]) -> bool:
        alone = left[-1:] and left[-1] in _SIGNS and right[:1] and right[0] in _SIGNS
        return bool(alone or _ends(left, self._list("firm")))


def _is_number(word: str) -> bool:
    return word[:1] in "%#="


def _is_minutes(hour: str, minutes: str = "") -> bool:
    """Whether two numbers side by side tell a time: "seven fifteen"."""
    return _is_number(hour) and minutes[:1] == "%" and minutes[1:].isdigit() and int(minutes[1:]) >= 10


def _is_counted(word: str) -> bool:
    """A number, but not an article ("nine and a half")."""
    return _is_number(word) and word != "%1"


def _ends(words: Sequence[str], phrases: Collection[str]) -> int:
    """How many of the last words make one of the phrases, at most."""
    return max((n for n in range(1, _PHRASE + 1) if " ".join(words[-n:]) in phrases), default=0)


def _starts(words: Sequence[str], phrases: Collection[str]) -> int:
    """How many of the first words make one of the phrases, at most."""
    return max((n for n in range(1, _PHRASE + 1) if " ".join(words[:n]) in phrases), default=0)


def holds_an_age(row: str) -> bool:
    """Whether a small number is left in a row that ``without`` went over."""
    return any(word[:1] == "%" and _SMALL.fullmatch(word) for word in row.split(" "))


@cache
def foreign_counts(language: str) -> ForeignCounts:
    """What small numbers do in a language (``es``, ``fr`` ...)."""
    return ForeignCounts(book(language))
