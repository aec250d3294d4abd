"""Numbers that can't be an age, whatever stands after them: taken out before the rules on ages look.

Only what leaves no doubt: how many there are, what a thing or an unpeopled sentence has, what was asked for
by "how many", an hour of a named night. Where a person could be meant, the number stays (``counts`` and
``neighbours`` judge the rest).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from miniature_memory.screen.book import book, lists
from miniature_memory.screen.languages import english_words

_PART = frozenset(". ; : ! ?".split())
_SIGNS = _PART | frozenset(", ( ) - /".split())
_HEDGES = frozenset(
    "perhaps maybe possibly about around nearly almost only just still not even already once again soon now then "
    "exactly or and but all usually always often at_least".split()
)
_BEING = frozenset(
    "be been being is was are were am 's 'll 'd 've have had has will would may might must could can should shall "
    "ought used seem seems seemed to n't 't not isn wasn aren weren hadn hasn haven won wouldn couldn needn never".split()
)
_PLACES = frozenset(
    "over out up down in from those these them all both".split()
)  # "those out there were nine"
_IT = frozenset("it this that".split())
_TO_BE = frozenset("is was 's".split())
_ARE = frozenset("are were".split())
_AGED = frozenset("aged age ages".split())
_AT = frozenset("at by until till before after about from".split())
_ASKED = 30  # tokens after a question in which its answer stands
_HOURS = 12


def without_amounts(row: str) -> str:
    """The row of tokens with each number that can't be an age made unreadable to the rules."""
    if "%" not in row:
        return row
    words = row.split()
    amounts = {at for at, word in enumerate(words) if word[0] == "%" and _is_amount(words, at)}
    return f" {' '.join('_' if at in amounts else word for at, word in enumerate(words))} "


def _is_amount(words: Sequence[str], at: int) -> bool:
    start = at
    while start > 0 and words[start - 1] not in _PART:
        start -= 1
    before, after = words[start:at], [*words[at + 1 : at + 4], ".", ".", "."]
    if after[0] in lists("span"):
        return _of_things_age(before, after)
    if not before:
        return _answers(words[max(0, start - _ASKED) : start], after)
    if before[-1] in _AGED or before[-2:] == ["age", "of"]:
        return False
    if words[at] == "%1" and before[-1] in ("but", "not") and after[0] in _SIGNS:
        return True
    return (
        (_there_are(before) and (after[0] in _SIGNS or after[0] in lists("after")))
        or _is_listed(before, after)
        or (before[-1] in _ARE and len(before) > 1 and _is_thing(before[-2]) and after[0] in _SIGNS)
        or (before[-1] in _AT and _names_a_night(before[:-1], words[at]))
    )


def _of_things_age(before: Sequence[str], after: Sequence[str]) -> bool:
    """ "it was nine years.", "six cylinders, nine years old", "it was eleven metres long, nine years old"."""
    if after[1] != "old":
        return len(before) > 1 and before[-2] in _IT and before[-1] in _TO_BE and after[1] in _SIGNS
    if before[-1:] != [","] or _holds_somebody(before):
        return False
    return before[0] in _IT or (len(before) > 1 and _is_thing(before[-2]))


def _there_are(before: Sequence[str]) -> bool:
    """ "there had been", "I think there'll be only": but not "those over there were"."""
    left = list(before)
    while left and (left[-1] in _HEDGES or left[-1] in _BEING):
        left.pop()
    if len(left) == len(before) or left[-1:] != ["there"]:
        return False
    return left[-2:-1] == [] or (left[-2] not in _PLACES and not _may_be_somebody(left[-2]))


def _is_listed(before: Sequence[str], after: Sequence[str]) -> bool:
    """ "Potholes, three.", "clay pipes (six)", "two planks this side, perhaps three", "they counted heads, nine, and"."""
    left = list(before)
    while left and left[-1] in _HEDGES:
        left.pop()
    if len(left) > 1 and left[-1] == "(" and after[0] == ")":
        return _is_plural(left[-2])
    if len(left) < 2 or left[-1] != "," or after[0] not in _SIGNS | {"and", "or"}:
        return False
    if not lists("counting").isdisjoint(left) or left[-2] in lists("quantity"):
        return True
    if not _holds_somebody(left) and _is_thing(left[-2]):
        return True
    if before[-1] == "all" and "all" in left:
        return True
    counted = [at for at, (number, noun) in enumerate(pairwise(left)) if _counts(number, noun)]
    return len(left) < len(before) and bool(counted) and not _holds_somebody(left[counted[-1] + 2 :])


def _answers(asked: Sequence[str], after: Sequence[str]) -> bool:
    """ "How many?" "Twelve.": unless an age was asked for, too."""
    if after[0] not in _SIGNS or not lists("old").isdisjoint(asked):
        return False
    pairs = pairwise(asked)
    return any(second in lists(first) for first, second in pairs if first in ("how", "what"))


def _names_a_night(left: Sequence[str], number: str) -> bool:
    """ "that night at eight they sang"."""
    hour = number[1:].isdigit() and int(number[1:]) <= _HOURS
    return hour and len(left) > 1 and left[-1] in lists("daytime") and left[-2] in lists("that")


def _counts(number: str, noun: str) -> bool:
    """ "nine planks": whatever it is, but people."""
    return (
        number[0] in "%#" and noun.endswith("s") and not (noun in english_words() and _may_be_somebody(noun))
    )


def _is_plural(word: str) -> bool:
    """Whether a word is a noun in the plural that names no people."""
    return (
        len(word) > 3
        and word.endswith("s")
        and not word.endswith(("ss", "us", "is"))
        and (not _may_be_somebody(word) or _is_compound(word))
        and word not in lists("singular")
    ) or word in lists("many")


def _is_compound(word: str) -> bool:
    """ "potholes": a word that no list has, of two that are known."""
    known = english_words()
    return word not in known and any(
        word[:at] in known and word[at:] in known for at in range(3, len(word) - 3)
    )


def _is_thing(word: str) -> bool:
    return (
        (word in lists("thing") and not _may_be_somebody(word))
        or word in lists("quantity")
        or _is_plural(word)
    )


def _holds_somebody(words: Sequence[str]) -> bool:
    return any(_may_be_somebody(word) and not _is_plural(word) for word in words)


def _may_be_somebody(word: str) -> bool:
    """Whether a word can name or mean a person: all that nobody knows, too."""
    if not word[0].isalpha():
        return False
    return (
        any(word in lists(name) for name in ("person", "pronoun", "possessive", "firstname", "anybody"))
        or word in book("en").people
        or word not in english_words()
    )
