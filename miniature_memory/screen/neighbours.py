"""How a small number sounds among its neighbours: as somebody's age, or as anything else.

A linear classifier, one more view beside the rules, for the ways to say an age that no rule knows
("Clara? Twelve. Her uncle? Fifty."). It is asked only of numbers that neither count, name nor tell
the time (``counts``), and can only refuse. ``rules/neighbours.txt`` holds its weights, a feature a line;
``python -m miniature_memory.screen.train_neighbours`` makes them from ``examples/``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from miniature_memory.screen.book import lists
from miniature_memory.screen.languages import english_words

WEIGHTS = Path(__file__).parent / "rules" / "neighbours.txt"
SCALE = 100  # a weight is a whole number of hundredths
SURE = 0.3  # the score from which on a number is refused: a missed age weighs more than a lost document
_WIDE = 8  # tokens to each side of which it counts that they are there, wherever

#: words whose place beside the number matters; of others only their ending does
_SMALL_WORDS = frozenset(
    "he she i they we you his her my their our your me him us them it its this that these those who whom which is was "
    "are were be been being am 's 're 'm 'd 'll has have had do did not n't will would could should can may might must "
    "the a an and or but nor at in on of for to by from with since until till before after about over under than as so "
    "if when while because though only just still even already now then today old year years age aged both all each "
    "one other others another no yes".split()
)
_ENDINGS = ("ing", "ed", "ly", "er", "s")


def _sound(token: str) -> str:
    if token[:1] in ("%", "#", "=", "^", "~"):
        return token[:1]
    if token in _SMALL_WORDS or not token[:1].isalpha():
        return token
    if token in lists("firstname") or token not in english_words():
        return "NAME"
    return next((f"-{ending}" for ending in _ENDINGS if token.endswith(ending) and len(token) > 4), "word")


def features(number: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """What the classifier hears: the tokens next to the number, and those somewhere near."""
    left = ["^"] * 3 + [_sound(token) for token in before[-4:]]
    right = [_sound(token) for token in after[:4]] + ["$"] * 3
    b3, b2, b1 = left[-3:]
    a1, a2, a3 = right[:3]
    yield "hour" if number != "?" and float(number) <= 12 else "teens"
    yield from (f"{b3} . . *", f"{b2} . *", f"{b1} *", f"* {a1}", f"* . {a2}", f"* . . {a3}")
    yield from (f"{b1} * {a1}", f"{b2} {b1} *", f"* {a1} {a2}", f"{b2} {b1} * {a1}", f"{b1} * {a1} {a2}")
    yield from (f"{b3} {b2} {b1} *", f"* {a1} {a2} {a3}")
    if before and before[-1].isalpha():
        yield f"{before[-1]} !"
    if len(before) > 1 and before[-2].isalpha():
        yield f"{before[-2]} . !"
    if after and after[0].isalpha():
        yield f"! {after[0]}"
    if len(after) > 1 and after[1].isalpha():
        yield f"! . {after[1]}"
    near = {*before[-_WIDE:], *after[:_WIDE]}
    yield from sorted(token for token in near if token.isalpha() and _sound(token) != "NAME")


@cache
def weights() -> dict[str, int]:
    rows = (
        line.split(" ", 1) for line in WEIGHTS.read_text(encoding="utf-8").splitlines() if line[:1] != ";"
    )
    return {feature: int(weight) for weight, feature in rows}


def sounds_like_an_age(number: str, before: Sequence[str], after: Sequence[str]) -> bool:
    known = weights()
    score = sum(known.get(feature, 0) for feature in {*features(number, before, after), "bias"})
    return score > SURE * SCALE
