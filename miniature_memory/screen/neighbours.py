"""How a small number sounds among its neighbours: as somebody's age, or as anything else.

A linear classifier, one more view beside the rules, for the ways to say an age that no rule knows
("Clara? Twelve. Her uncle? Fifty."). It is asked only of numbers that neither count, name nor tell
the time (``counts``), and can only refuse. ``rules/neighbours.txt`` holds its weights, a feature a line;
``python -m miniature_memory.screen.train_neighbours`` makes them from ``examples/``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import takewhile
from pathlib import Path

from miniature_memory.screen.book import lists
from miniature_memory.screen.languages import english_words
from miniature_memory.screen.phrases import KEPT

WEIGHTS = Path(__file__).parent / "rules" / "neighbours.txt"
SCALE = 100  # a weight is a whole number of hundredths
SURE = 0.6  # the score from which on a number is refused: a missed age weighs more than a lost document
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
_STOPS = frozenset(".!?")
_SIGNS = {"%": "small", "#": "grown", "=": "year", "^": "ordinal"}
_SOMEBODY = frozenset("he she i they we you him her me them us".split())
_PEOPLE = frozenset("name person somebody whose".split())
_THINGS = frozenset("thing things plural measure".split())
_KINDS = {"firstname": "name", "person": "person", "month": "month", "span": "span", "measure": "measure"}


@lru_cache(maxsize=KEPT)
def _sound(token: str) -> str:
    if token[:1] in ("%", "#", "=", "^", "~"):
        return token[:1]
    if token in _SMALL_WORDS or not token[:1].isalpha():
        return token
    if token in lists("firstname") or token not in english_words():
        return "NAME"
    return next((f"-{ending}" for ending in _ENDINGS if token.endswith(ending) and len(token) > 4), "word")


@lru_cache(maxsize=KEPT)
def _kind(token: str) -> str | None:
    """What a word stands for: somebody, a thing, several, a stretch of time, another number."""
    if not token[0].isalpha():
        return _SIGNS.get(token[0])
    if token in _SOMEBODY:
        return "somebody"
    if token in lists("possessive"):
        return "whose"
    for name, kind in _KINDS.items():
        if token in lists(name):
            return kind
    thing = token in lists("thing")
    unknown = token not in english_words()
    if token.endswith("s") and len(token) > 3:
        return "things" if thing or unknown else "plural"
    if thing:
        return "thing"
    return "name" if unknown else {"ed": "past", "ng": "doing"}.get(token[-2:])


def _kinds(tokens: Iterable[str]) -> set[str]:
    return {kind for token in tokens if (kind := _kind(token)) is not None}


def _known(tokens: Iterable[str]) -> list[str]:
    return sorted({token for token in tokens if token.isalpha() and _sound(token) != "NAME"})


def _sentence(tokens: Iterable[str]) -> list[str]:
    return list(takewhile(lambda token: token not in _STOPS, tokens))


def features(number: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """What the classifier hears: the tokens next to the number, those of its sentence, and those near."""
    yield "teens" if number == "?" or float(number) > 12 else "few" if float(number) < 4 else "hour"
    left = ["^"] * 3 + [_sound(token) for token in before[-4:]]
    right = [_sound(token) for token in after[:4]] + ["$"] * 3
    b3, b2, b1 = left[-3:]
    a1, a2, a3 = right[:3]
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
    yield from _known([*before[-_WIDE:], *after[:_WIDE]])
    first, rest = _sentence(reversed(before)), _sentence(after)
    yield from (f"{min(len(first), _WIDE)} *", f"* {min(len(rest), _WIDE)}")
    yield from (f"{word} .. *" for word in _known(first[:_WIDE]))
    yield from (f"* .. {word}" for word in _known(rest[:_WIDE]))
    yield from (f"with {kind}" for kind in _kinds([*first, *rest]))
    near = _kinds([*before, *after])
    yield from (f"near {kind}" for kind in near)
    if near.isdisjoint(_PEOPLE):
        yield "nobody"
    if near.isdisjoint(_THINGS):
        yield "nothing"


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
