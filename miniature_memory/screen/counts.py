"""A small number must count something, name something, or tell the time.

One that does none of these, and sounds like an age (``neighbours``), is taken for one, and its text is
refused: "Happy twelve, Lucas!", "M 12, knee graze", "Clara? Twelve." No list of frames could hold all
the ways in which an age is said; the ways in which a number is something else are fewer
(``rules/en_counts.txt``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from miniature_memory.screen.book import lists
from miniature_memory.screen.languages import english_words
from miniature_memory.screen.neighbours import sounds_like_an_age

_SMALL = re.compile(r" %(?:[2-9]|1[0-7]|\?)(?:\.5)?(?= )")
_REACH = 12  # tokens that are looked at to each side
_FAR = 90  # characters that hold them
_HOURS = 12
_SIGNS = frozenset(", ; : ( ) [ ] - / < > ? ! .".split())
_JOINTS = frozenset("or to and - , & / by".split())
_ADVERBS = frozenset(
    "about around nearly almost only just exactly precisely shortly soon long well some maybe perhaps over under "
    "barely not quite still at_least".split()
)
_ADJECTIVE = tuple("ed ing ish ous ful less ic al ive able ible ern en y est ary ian".split())
_BE = frozenset("was is were are 's 're 'm am be been being".split())
_OWN = frozenset("his her my their our your whose".split())
_SAID = frozenset("old older younger senior junior elder".split())
_TOOK = frozenset("took takes take taken cost gave".split())


def contexts(row: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Every small number of a text (a row of tokens with marked numbers), and the tokens around it."""
    for match in _SMALL.finditer(row):
        before = row[max(0, match.start() - _FAR) : match.start()].split()
        after = row[match.end() : match.end() + _FAR].split()
        yield match[0][2:], before[-_REACH:], after[:_REACH]


def taken_for_an_age(row: str) -> frozenset[str]:
    """The small numbers of a text that are nothing else and sound like an age."""
    return frozenset(
        number
        for number, before, after in contexts(row)
        if not is_something_else(number, before, after) and sounds_like_an_age(number, before, after)
    )


def is_something_else(number: str, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a small number between these tokens counts, names, or tells the time."""
    value = _HOURS if number == "?" else float(number)
    before, after = before or ["."], after or ["."]
    if before[-1] == "aged" or not _SAID.isdisjoint(after[1:4]):
        return True  # where an age is said the rules have the word
    if after[0] in lists("span"):
        return _lasts(before, after)
    return (
        _counts(after)
        or _is_named(value, before, after)
        or (value <= _HOURS and _tells_the_time(value, before, after))
        or _stands_for_a_count(before, after)
    )


def _lasts(before: Sequence[str], after: Sequence[str]) -> bool:
    """ "for six years", "nine months later"; but not "her nine years", "at six years and a day"."""
    unit, rest = after[0], after[1:] or ["."]
    if rest[0] in lists("later"):
        return True
    if unit in lists("season") or rest[:2] in (["of", "life"], ["of", "age"], ["to", "his"], ["to", "her"]):
        return False
    owned = before[-1] in _OWN and not (len(before) > 1 and before[-2] in _TOOK)
    said = owned or before[-1] in _BE or before[-1] == "at"
    return not said or (
        not unit.startswith("year") and rest[0] not in _SIGNS and rest[0] not in ("and", "now")
    )


def _counts(after: Sequence[str]) -> bool:
    """ "four boats", "four or five old boats", "four of them", "a four mile walk"."""
    at = 0
    while at + 1 < len(after) and after[at] in _JOINTS and _is_number(after[at + 1]):
        at += 2
    if after[at : at + 1] in (["a"], ["an"], ["per"]) and after[at + 1 : at + 2] != []:
        return after[at + 1] in lists("each")
    for place, word in enumerate(after[at : at + 5]):
        if word == "of":
            whom = after[at + place + 1 : at + place + 2] or ["."]
            return whom[0] in lists("whom") or _is_number(whom[0])
        if word in lists("plural") or word in lists("measure"):
            return True
        if word in lists("singular") or not word[:1].isalpha():
            return False
        if len(word) > 3 and word.endswith(("s", "men")) and not word.endswith("ss"):
            return True
        if not (word in lists("between") or word in lists("adj") or word.endswith(_ADJECTIVE)):
            return False
    return False


def _is_named(value: float, before: Sequence[str], after: Sequence[str]) -> bool:
    """ "chapter four", "No. 4", "4 May", "six fifteen", "4 Mill Lane", "one, two, three, four"."""
    last = before[-1]
    if after[0] in lists("month") or _is_number(after[0]):
        return True
    if last in lists("label") or last in lists("month") or _is_number(last):
        return True
    if last in _JOINTS and len(before) > 2 and _is_number(before[-2]) and before[-3] in lists("label"):
        return True
    if last in (".", ":") and len(before) > 1 and before[-2] in lists("short" if last == "." else "label"):
        return True
    if last == ":" and len(before) > 1 and before[-2].endswith("s") and before[-2] in english_words():
        return before[-2] not in lists("person") and before[-2] not in lists("span")  # "favourites: 13"
    if any(word in lists("street") for word in takewhile(lambda word: word not in _SIGNS, after[:5])):
        return True
    if last in ("-", "to") and len(before) > 2 and before[-2][0] == "%":
        return is_something_else(before[-2][1:], before[:-2], [last, *after])
    while len(before) > 1 and before[-1] in _SIGNS and _is_number(before[-2]):
        if before[-2] == f"%{value - 1:g}" == "%1" or before[-2][0] == "=":  # or a date: "2017-4-9"
            return True
        value, before = value - 1, before[:-2]
    return False


def _tells_the_time(value: float, before: Sequence[str], after: Sequence[str]) -> bool:
    """ "six in the morning", "ten to six", "half past four", "it was nearly ten"; "at nine" may be an age."""
    if (
        after[1:2]
        and after[1] in lists("daytime")
        and after[0] in ("that", "this", "every", "each", "on", "next", "last")
    ):
        return True
    if "".join(after[:3]) in ("a.m", "inthemorning", "intheafternoon", "intheevening"):
        return True
    if after[0] in ("to", "till", "until", "past") and _is_hour(after[1:2]):
        return before[-1] not in _BE or float(after[1][1:]) < value
    left = _without(before, _ADVERBS)
    if left[-1] in lists("clock"):
        return True
    if left[-1] in _BE or left[-1] == "gone":
        return "it" in left[-3:-1]
    return False


def _stands_for_a_count(before: Sequence[str], after: Sequence[str]) -> bool:
    """ "the four sat down", "there were nine", "a party of six", "six remained", "nine pounds or ten for two"."""
    if after[0] in lists("left") or after[:2] == ["in", "all"] or before[-1] in lists("counted"):
        return True
    if any(word in lists("price") for word in before):
        return True
    left = _without(before, _ADVERBS)
    if left[-1] in lists("counted") or (left[-1] in _BE and "there" in left[-4:-1]):
        return True
    if left[-2:] == ["stroke", "of"] or (left[-1] == "but" and not {"all", "every"}.isdisjoint(left[-5:])):
        return True
    if left[-1] == "to" and left[-2:-1] and left[-2].startswith("count"):
        return True
    if left[-1] == "of" and len(left) > 1 and _is_number(left[-2]):
        return True
    return left[-1] in ("of", "for") and any(word in lists("group") for word in left[-3:-1])


def _without(words: Sequence[str], last: frozenset[str]) -> Sequence[str]:
    end = len(words)
    while end > 1 and words[end - 1] in last:
        end -= 1
    return words[:end]


def _is_number(token: str) -> bool:
    return token[:1] in ("%", "#", "=")


def _is_hour(tokens: Sequence[str]) -> bool:
    return bool(tokens) and tokens[0][:1] == "%" and tokens[0][1:].isdigit() and int(tokens[0][1:]) <= _HOURS
