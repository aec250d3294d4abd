"""The gate itself: every view of a text is held against every rule."""

from __future__ import annotations

import re

LONGEST = 16_000_000  # characters; more than any book. What is larger is refused unread

_ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_N = "(?:[1-9]|1[0-7]|" + _ONES.replace(" ", "|") + ")"
_RULES = [
    ("age", rf"\b{_N}[ -](?:years?|yrs?|months?|weeks?)[ -](?:old|of age)\b|\bage[d]? (?:of )?{_N}\b|\bturned {_N}\b"),
    ("age", rf"\b(?:she|he|i) (?:was|is|am) {_N}\b(?! [a-z]*(?:o'clock|minutes|miles|feet))|, {_N}, "),
    ("stage", r"\b(?:child|children|kids?|boys?|girls?|teen(?:age[rd]?)?s?|toddlers?|infants?|bab(?:y|ies)|minors|adolescents?)\b"),
    ("school", r"\b(?:high school|middle school|primary school|kindergarten|schoolboys?|schoolgirls?)\b"),
]
_COMPILED = [(name, re.compile(pattern)) for name, pattern in _RULES]


def first_hit(text: str) -> str | None:
    """The name of the first rule that the text breaks, or None."""
    if len(text) > LONGEST:
        return "oversize"
    folded = text.lower()
    for name, pattern in _COMPILED:
        if pattern.search(folded):
            return name
    return None
