"""Ages of things: a twelve-year-old whisky and a house that is nine years old are no reason to refuse.

An age is let go only when what it belongs to is found and is on the list of things
(``thing`` in ``rules/en_words.txt``); an unknown noun is taken for a person.
"""

from __future__ import annotations

from typing import Any

from miniature_memory.screen.book import lists
from miniature_memory.screen.later import later2

Match = Any  # re2 has no types

_REACH = 90  # characters to each side in which the noun must be
_UNIT = "(?:years?|yrs?|months?|weeks?|days?|hours?|minutes?|decades?|centur(?:y|ies))"
_NUMBER = "[%#=][0-9.,:?]+"
# "N years old", "N-year-old", "a year old", "aged N years"; and "N" alone after "is" or "was"
_AGE = later2(
    rf" (?:(?:{_NUMBER}|[a-z]+) (?:and a half )?{_UNIT} (?:and {_NUMBER} {_UNIT} )?(?:old|of age)"
    rf"|aged (?:for |about |over |at least )?{_NUMBER} {_UNIT}"
    ") "
)
_ALONE = later2(r" (?:is|was|are|were|'s|turned|turns|reached|reaches) (?:[a-z]+ )?%[0-9.]+ ")
# "aged N" between commas: only of what opens its clause ("The carpet, aged ten, had faded")
_APART = later2(rf" aged (?:about |nearly |over )?{_NUMBER} (?:(?:and|or|to) {_NUMBER} )?")
# endings of adjectives that no verb has ("a six-year-old electric van")
_ADJECTIVE = ("ic", "al", "ous", "ful", "less", "ish", "ern", "ian", "ese", "wooden")
# things whose names people have, too: only with an article are they things
_NAMES = frozenset("ash brandy cliff forest linden marina olive rod sherry willow".split())
_BE = frozenset(
    "is was are were 's be been being look looks looked seem seems seemed appeared turned reached must might may "
    "could can would will had has "
    "have barely only just about almost nearly already now some over at least roughly around more than less "
    "not quite still itself alone too also then , which that who".split()
)
_PREPOSITIONS = frozenset(
    "of in on by at near behind beside under above from for across outside over with to into beneath inside "
    "along against beyond between off past through".split()
)
_ENDS = frozenset(
    ". , ; : ! ? ( ) - and or but that because when while if as since though although where than".split()
)


def _is_thing(words: list[str]) -> bool:
    """Whether the words after an age name a thing: adjectives, the noun, and then another kind of word."""
    thing = False
    for word in words:
        if word in lists("thing"):
            thing = True
        elif word in lists("adj") or word.endswith(_ADJECTIVE):
            thing = False
        else:
            return thing and (
                not word[:1].isalpha() or word in lists("then") or word.endswith(("ed", "s", "ing", "ly"))
            )
    return False


def _subject_is_thing(words: list[str]) -> bool:
    """Whether the clause that ends before a verb has a thing for its subject."""
    words = list(words)
    while words and words[-1] in _BE:
        words.pop()
    for _ in range(3):  # at most two phrases ("of the inn", "by the river") hang on the noun
        if not words or words[-1] not in lists("thing"):
            return False
        phrase: list[str] = []
        while words and words[-1] not in _ENDS and words[-1] not in _PREPOSITIONS:
            phrase.append(words.pop())
        if "'s" in phrase:  # "the locksmith's van": whose it is says nothing of its age
            phrase = [*phrase[: phrase.index("'s")], "the"]
        if any(word in lists("person") or word in lists("pronoun") for word in phrase):
            return False
        if "it" in phrase or "there" in phrase or "this" in phrase:
            return True
        if not words or words[-1] in _ENDS:
            # what begins the clause must be a noun of its own ("the house"), not a verb's object
            named = len(phrase) == 1 and phrase[0] in _NAMES
            return phrase[-1] in lists("det") or (len(phrase) <= 3 and not named)
        words.pop()
    return False


def _noun_phrase_is_thing(words: list[str]) -> bool:
    """Whether the words end with "a grey coat": a thing with its article."""
    if not words or words[-1] not in lists("thing"):
        return False
    for word in reversed(words[-4:-1]):
        if word in lists("det"):
            return True
        if word not in lists("adj") and word not in lists("thing"):
            return False
    return False


def _opens_clause(words: list[str]) -> bool:
    """Whether the words end with a thing and its article that begin a clause: ". the old carpet"."""
    words = list(words)
    if not words or words.pop() not in lists("thing"):
        return False
    while words and (words[-1] in lists("adj") or words[-1] in lists("thing")):
        words.pop()
    if not words or not (words[-1] in lists("det") or words[-1][0] in "%#="):
        return False
    return len(words) < 2 or words[-2] in (".", ";", "!", "?", ":")


def without_things(row: str) -> str:
    """The row with the ages of things made unreadable to the rules."""
    return _without(_APART, _without(_ALONE, _without(_AGE, row)))


def _without(pattern: Match, row: str) -> str:
    out: list[str] = []
    end = 0
    for match in pattern.finditer(row):
        start, stop = match.span()
        if start < end:
            start = end
        after = row[stop : stop + _REACH].split(" ")[:6]
        before = row[max(0, match.start() - _REACH) : match.start()].split(" ")[1:]
        alone = pattern is _ALONE
        apposed = (
            not alone and before[-1:] == [","] and after[0] != "," and _noun_phrase_is_thing(before[:-1])
        )
        if pattern is _APART:
            if before[-1:] == [","] and _opens_clause(before[:-1]):
                out += [row[end:start], " " + "_ " * (match[0].count(" ") - 1)]
                end = stop
            continue
        told = alone or match[0].startswith(" aged") or (before and before[-1] in _BE)
        if (not alone and _is_thing(after)) or apposed or (told and _subject_is_thing(before)):
            out += [row[end:start], " " + "_ " * (match[0].count(" ") - 1)]
            end = stop
    return "".join(out) + row[end:]
