"""Ages that must be worked out from two numbers: birth years, and so many years younger or hence.

Each function reads a text as tokens (see ``gate.tokens``) and looks only a fixed distance
around what it finds, so the work grows with the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from miniature_memory.screen.numerals import ADULT, OLDEST

REACH = 400  # characters to each side in which a second year or age is looked for
TODAY = 2026  # the rules' own year: who was born less than eighteen years before it may be a minor

_YEAR = re.compile(r"=((?:1[5-9]|20)[0-9][0-9]) ")
_STORY = re2.compile(
    r" (?:the )?year (?:now )?(?:is|was|had been|of our lord|:) (?:still |only |then )?=((?:1[5-9]|20)[0-9][0-9]) "
)
_BORN = (
    re2.compile(
        r" (?:born|birth|birthdate|birthday|b \.|came into the world|entered the world|delivered|christened)"
        r"(?: [^ .!?;=]+){0,8} =((?:1[5-9]|20)[0-9][0-9]) "
    ),
    re2.compile(
        r" =((?:1[5-9]|20)[0-9][0-9]) (?:[^ .!?;=]+ ){0,6}(?:born|birth|birthdate|came into the world) "
    ),
)
_STOP = re.compile(r"(?<= )[.!?](?= )")
_AGE = re.compile(r"#([0-9.]+) ")
_GAP = r" [%#]([0-9.]+) (?:long |full |whole |good |odd )?(?:years?|summers|winters)(?: and [^ ]+ [^ ]+)? ?(?:, )?"
_YOUNGER = re2.compile(_GAP + r"(?:younger|(?:his|her|my|their) junior|junior|behind (?:him|her) in age)")
_OLDER = re2.compile(_GAP + r"(?:older|elder|(?:his|her|my|their) senior|senior|ahead of (?:him|her) in age)")
_HENCE = re2.compile(
    r" (?:in|within|after|another|give (?:him|her) ) (?:another |just |only |about )?[%#]([0-9.]+) (?:more |short |long )?(?:years?|summers|winters)"
    r"(?: 's| ')?(?: time| from now| hence| later)? (?:, )?(?:[^ .!?;]+ ){1,3}(?:will|would|'ll|'d|shall|should|is|can|could|turns?)"
    r" (?:[^ .!?;#%]+ ){0,2}#([0-9.]+) "
    r"| (?:will|would|'ll|'d|shall|should|turns?|turn|going to be|due to turn) (?:[^ .!?;#%]+ ){0,3}#([0-9.]+) (?:years old )?(?:, )?"
    r"(?:in|within|after|about) (?:another |just |only |about )?[%#]([0-9.]+) (?:more |short |long )?(?:years?|summers|winters)"
)
_PAST = re2.compile(
    r" (?:is|am|'m|'s|now|turned|aged|turns|she is|he is) (?:now )?#([0-9.]+) (?:[^ .!?;#%]+ ){0,8}[%#]([0-9.]+) (?:years?|summers|winters) (?:ago|earlier|before|back|previously)"
    r"| [%#]([0-9.]+) (?:years?|summers|winters) (?:ago|earlier|before|back|previously|into the past)(?: [^ .!?;#%]+){0,8} (?:is now|now|today|is today|is|am|'m) (?:[^ .!?;#%]+ ){0,1}#([0-9.]+) "
)


def _around(text: str, start: int, end: int, sentences: int) -> str:
    """What stands around a match: its sentence, and so many to each side, within ``REACH``."""
    before, after = text[max(0, start - REACH) : start], text[end : end + REACH]
    earlier = _STOP.split(before)[-1 - sentences :]
    later = _STOP.split(after)[: sentences + 1]
    return " ".join([*earlier, text[start:end], *later])


def birth_years(text: str) -> bool:
    """Born in one year, and seen in another less than eighteen years on (or less than that ago)."""
    born = [(int(m[1]), m.start(), m.end()) for pattern in _BORN for m in pattern.finditer(text)]
    if not born:
        return False
    story = {int(m[1]) for m in _STORY.finditer(text)}
    for year, start, end in born:
        seen = story | {int(m[1]) for m in _YEAR.finditer(_around(text, start, end, 1))}
        if year > TODAY - ADULT or any(0 < other - year < ADULT for other in seen):
            return True
    return False


def years_apart(text: str) -> bool:
    """So many years younger or older than somebody whose age is said nearby."""
    for pattern, sentences in ((_YOUNGER, 1), (_OLDER, 0)):
        for match in pattern.finditer(text):
            gap = float(match[1])
            near = _AGE.findall(_around(text, match.start(), match.end(), sentences))
            if any(ADULT <= float(age) <= OLDEST and 0 < float(age) - gap < ADULT for age in near):
                return True
    return False


def years_hence(text: str) -> bool:
    """An age that will be reached in so many years, or was left so many years ago."""
    for pattern, swapped in ((_HENCE, False), (_PAST, True)):
        for m in pattern.finditer(text):
            pairs = ((m[1], m[2]), (m[4], m[3])) if not swapped else ((m[2], m[1]), (m[3], m[4]))
            if any(0 < float(age) - float(gap) < ADULT for gap, age in pairs if gap and age):
                return True
    return False


def reckoned(text: str) -> Iterator[str]:
    """The rules that fire."""
    if birth_years(text):
        yield "birth-year"
    if years_apart(text) or years_hence(text):
        yield "arithmetic"
