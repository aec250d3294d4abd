"""Compares a line's parts with a row of tokens, from a place onward or back.

All the ways in which a part can stand are followed at once, so the work grows with the text and no faster.
A row of tokens begins and ends with an empty one, which is nothing that a rule means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from miniature_memory.screen.phrases import MOST, Test

Phrase = tuple[str | Test, ...]


def follow(phrase: Phrase, tokens: Sequence[str], at: int, step: int) -> int | None:
    """Where a phrase ends that begins at a place, if it stands there; on (``step`` 1) or back (-1)."""
    for word in phrase:
        token = tokens[at]
        if token != word if isinstance(word, str) else not word(token):
            return None
        at += step
    return at


class _Side:
    """The phrases of a part, read in one direction."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._words: set[str] = set()
        self._tests: list[Test] = []
        self._longer: dict[str, list[Phrase]] = {}
        self._any: list[Phrase] = []
        for phrase in phrases:
            first = phrase[0]
            if not isinstance(first, str):
                self._tests.append(first) if len(phrase) == 1 else self._any.append(phrase)
            elif len(phrase) == 1:
                self._words.add(first)
            else:
                self._longer.setdefault(first, []).append(phrase)
        #: whether each of its phrases is one token, and whether a token is one
        self.single = not (self._longer or self._any)
        self.is_one: Test = self._words.__contains__
        if self._tests:
            self.is_one = self._tests[0] if len(self._tests) == 1 and not self._words else self._is_one

    def _is_one(self, token: str) -> bool:
        return token in self._words or any(test(token) for test in self._tests)

    def ends(self, places: Iterable[int], tokens: Sequence[str], step: int) -> list[int]:
        """Where its phrases end that begin at some places."""
        is_one = self.is_one
        found = [at + step for at in places if is_one(tokens[at])]
        if not self.single:
            for at in places:
                for phrase in (*self._longer.get(tokens[at], ()), *self._any):
                    if (end := follow(phrase, tokens, at, step)) is not None:
                        found.append(end)
        return found

    def run(self, at: int, tokens: Sequence[str], step: int, most: int) -> int:
        """How many tokens from a place on are phrases, at most so many."""
        times = 0
        while times < most and self.is_one(tokens[at]):
            at += step
            times += 1
        return times


class Part:
    """A part of a line, to be compared with tokens in either direction."""

    def __init__(self, phrases: list[Phrase], least: int, most: int | None) -> None:
        self._phrases, self._least, self._most = phrases, least, most or MOST

    @cached_property
    def _onward(self) -> _Side:
        return _Side(self._phrases)

    @cached_property
    def _back(self) -> _Side:
        return _Side(phrase[::-1] for phrase in self._phrases)

    def reach(self, places: Collection[int], tokens: Sequence[str], step: int) -> Collection[int]:
        """The places to which it leads from some places: on (``step`` 1) or back (-1)."""
        side = self._onward if step > 0 else self._back
        if self._least == self._most == 1:
            return side.ends(places, tokens, step)
        if side.single and len(places) == 1:
            (at,) = places
            times = side.run(at, tokens, step, self._most)
            return range(at + self._least * step, at + (times + 1) * step, step)
        reached = set() if self._least else set(places)
        for times in range(1, self._most + 1):
            places = set(side.ends(places, tokens, step))
            if not places:
                break
            if times >= self._least:
                reached |= places
        return reached
