"""English verbs for the story web: one base form in the grammar, told in any person and tense."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

Tense = Literal["past", "present"]
Person = Literal["I", "it", "they"]

_VOWELS = "aeiou"
_MODALS = {"can", "will", "must", "may", "should"}


@cache
def _irregular() -> dict[str, str]:
    text = (Path(__file__).parent / "grammar" / "verbs.txt").read_text(encoding="utf-8")
    return dict(
        pair.split(":") for line in text.splitlines() if line[:1] not in "/#" for pair in line.split()
    )


def past(base: str) -> str:
    """The past form of a base form: ``past("carry") == "carried"``."""
    if base in _irregular():
        return _irregular()[base]
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in _VOWELS:
        return base[:-1] + "ied"
    one_vowel = sum(letter in _VOWELS for letter in base) == 1
    if one_vowel and len(base) > 2 and base[-1] not in _VOWELS + "wxy" and base[-2] in _VOWELS:
        return base + base[-1] + "ed"
    return base + "ed"


def present(base: str, person: Person) -> str:
    """The present form of a base form for a person: ``present("be", "I") == "am"``."""
    if base == "be":
        return {"I": "am", "it": "is", "they": "are"}[person]
    if person != "it" or base in _MODALS:
        return base
    if base == "have":
        return "has"
    if base.endswith(("s", "sh", "ch", "x", "z", "o")):
        return base + "es"
    if base.endswith("y") and base[-2] not in _VOWELS:
        return base[:-1] + "ies"
    return base + "s"


def conjugate(base: str, person: Person, tense: Tense) -> str:
    """One verb as the narrator says it."""
    if tense == "present":
        return present(base, person)
    if base == "be" and person == "they":
        return "were"
    return past(base)
