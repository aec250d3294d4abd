"""Finds the rules' lines in a text, a token at a time.

Most lines need a word that few texts have. A line sleeps until that is met (``needs``); only then it is taken to
pieces (``phrases``). From then on it waits for its rarest part, its *anchor*: where a word of that stands beside a
word that the line may have next to it, the parts before and after are compared, from the anchor outward (``compare``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from miniature_memory.screen.compare import Part, Phrase, follow
from miniature_memory.screen.needs import Needs, cost, price
from miniature_memory.screen.phrases import KEPT, Phrases, Words, parts, repeated, token_keys

Keys = frozenset[str]

_NEVER = 1_000_000  # the price of what nobody can tell
_MANY = 30  # keys that a neighbour may have
_FAR = 60  # tokens from an anchor in which it is asked first whether a word that must be there is


@lru_cache(maxsize=4_000)
def _cost(keys: Keys) -> int:
    return cost(keys) or _NEVER


class Span(NamedTuple):
    """Tokens in which a line of a family stands."""

    family: str
    start: int
    end: int


class _Line:
    """A line that was taken to pieces: the parts before its anchor, the nearest first, and those after it."""

    def __init__(self, family: str, row: list[str], anchor: int) -> None:
        self.family, self.before, self.after = family, row[:anchor][::-1], row[anchor + 1 :]
        #: sets of words one of which must stand between two places, counted from the anchor
        self.needs: list[tuple[Keys, int, int]] = []
        self.ready: tuple[list[Part], list[Part]] | None = None  # the parts, once they were compared


class _Anchored:
    """One phrase of a line's anchor, cut at the word that is waited for."""

    def __init__(self, line: _Line, phrase: Words, at: int) -> None:
        self.line, self.phrase, self.at = line, phrase, at
        self.ready: tuple[Phrase, Phrase] | None = None  # what stands left of the word, and the rest


class _Waiting:
    """What waits for a key, by the keys of the neighbour that a line must have (none: nobody can tell)."""

    def __init__(self) -> None:
        self._before: dict[str, list[tuple[_Anchored, Keys]]] = {}
        self._after: dict[str, list[tuple[_Anchored, Keys]]] = {}
        self._before_keys, self._after_keys = self._before.keys(), self._after.keys()
        self._anyhow: list[_Anchored] = []
        self._many: list[tuple[_Anchored, Keys, Keys]] = []  # those with so many keys on one side

    def put(self, anchored: _Anchored, before: Keys, after: Keys) -> None:
        """Let a phrase wait for one of the keys on the side where they are rarer."""
        if not before and not after:
            self._anyhow.append(anchored)
        elif max(len(before), len(after)) > _MANY:
            self._many.append((anchored, before, after))
        elif _cost(before) < _cost(after):
            for key in before:
                self._before.setdefault(key, []).append((anchored, after))
        else:
            for key in after:
                self._after.setdefault(key, []).append((anchored, before))

    def between(self, before: set[str], after: set[str]) -> list[_Anchored]:
        """What may stand between two tokens that answer to these keys."""
        found = self._anyhow
        if not self._before_keys.isdisjoint(before):
            pairs = [pair for key in before if key in self._before for pair in self._before[key]]
            found = found + [each for each, keys in pairs if not keys or not keys.isdisjoint(after)]
        if not self._after_keys.isdisjoint(after):
            pairs = [pair for key in after if key in self._after for pair in self._after[key]]
            found = found + [each for each, keys in pairs if not keys or not keys.isdisjoint(before)]
        if self._many:
            found = found + [
                each
                for each, left, right in self._many
                if not (left and left.isdisjoint(before)) and not (right and right.isdisjoint(after))
            ]
        return found


class Search:
    """The lines of some rules, each with its family. ``lists`` are their ``{name}``; ``marked`` gives a line with
    its numbers as marks, and ``is_number`` tells of words that it may change."""

    def __init__(
        self,
        rows: Iterable[tuple[str, str]],
        lists: Mapping[str, str],
        marked: Callable[[str], str] = str,
        is_number: Callable[[str], bool] = frozenset[str]().__contains__,
    ) -> None:
        self._phrases, self._needs, self._marked = Phrases(lists), Needs(lists, is_number), marked
        self._parts: dict[str, Part] = {}
        self._edges: dict[tuple[str, int], tuple[Keys, int]] = {}
        self._asleep = dict(enumerate(rows))
        self._called: dict[str, list[int]] = defaultdict(list)  # which of these a key wakes
        self._waiting: dict[str, _Waiting] = defaultdict(_Waiting)
        self._beside: set[str] = set()  # the keys of neighbours that anything waits for
        self._answers: dict[str, tuple[_Waiting, ...]] = {}  # what waits for a token
        self._neighbours: dict[str, set[str]] = {}  # the keys to which a token answers beside another
        needs = Needs(lists, is_number)
        for number, (_, row) in list(self._asleep.items()):
            row_parts = parts(row)
            at = needs.rarest(row_parts)
            if at is None:
                self._wake(number)
            else:
                for key in needs.of(row_parts[at]):
                    self._called[key].append(number)

    def spans(self, tokens: Sequence[str]) -> list[Span]:
        """Every line that stands in a row of tokens, which begins and ends with an empty one; where a line can
        begin or end at several places, the farthest."""
        words = set(tokens)
        self._meet(words)
        return [
            span for anchored, at in self._met(tokens, words) if (span := self._span(anchored, tokens, at))
        ]

    def without(self, tokens: list[str]) -> list[str]:
        """The tokens with one "_" for what a line stands in: the first, and of these the longest."""
        left: list[str] = []
        done = 0
        for _, start, end in sorted(self.spans(tokens), key=lambda span: (span.start, -span.end)):
            if start >= done:
                left += (*tokens[done:start], "_")
                done = end
        return left + tokens[done:]

    def _meet(self, words: set[str]) -> None:
        """Wake what sleeps until one of some words is met, and find what waits for each of them."""
        if len(self._answers) > KEPT:
            self._forget()
        keys = {word: token_keys(word) for word in words.difference(self._answers)}
        if called := self._called.keys() & set(chain.from_iterable(keys.values())):
            for key in called:
                for number in self._called.pop(key):
                    self._wake(number)
            self._forget()
            keys = {word: token_keys(word) for word in words}
        waiting = self._waiting
        for word, found in keys.items():
            self._answers[word] = tuple([waiting[key] for key in found if key in waiting])
            self._neighbours[word] = self._beside.intersection(found)

    def _forget(self) -> None:
        self._answers.clear()
        self._neighbours.clear()

    def _wake(self, number: int) -> None:
        """Let a line wait for its rarest part."""
        if number not in self._asleep:
            return
        family, text = self._asleep.pop(number)
        row = parts(self._marked(text))
        anchor = self._needs.rarest(row)
        if anchor is None:
            anchor = min(range(len(row)), key=lambda at: self._part_price(row[at]))
        line = _Line(family, row, anchor)
        for step, others in ((1, line.after), (-1, line.before)):
            far = self._needs.longest(row[anchor])
            for part in others:
                far += self._needs.longest(part)
                keys = self._needs.of(part)
                if far < _FAR and "".join(keys).isalpha():
                    line.needs.append((frozenset(keys), *((1, far) if step > 0 else (1 - far, 0))))
        before, after = self._nearest(line.before, -1), self._nearest(line.after, 0)
        for phrase in self._phrases.of(row[anchor]):
            at = min(range(len(phrase)), key=lambda i: self._word_price(phrase[i])) if len(phrase) > 1 else 0
            anchored = _Anchored(line, phrase, at)
            left = frozenset(self._phrases.keys(phrase[at - 1])) if at else before
            right = frozenset(self._phrases.keys(phrase[at + 1])) if at + 1 < len(phrase) else after
            self._beside |= left | right
            for key in self._phrases.keys(phrase[at]):
                self._waiting[key].put(anchored, left, right)

    def _part_price(self, part: str) -> int:
        """How often one of a part's phrases is met, roughly."""
        _, least, _ = repeated(part)
        return (
            sum(min(map(self._word_price, phrase)) for phrase in self._phrases.of(part)) if least else _NEVER
        )

    def _word_price(self, word: str) -> int:
        return price(word) if word.isalpha() else cost(self._phrases.keys(word)) or _NEVER

    def _nearest(self, row: Sequence[str], edge: int) -> Keys:
        """The keys one of which the next token must have, where a row of parts follows."""
        found: Keys = frozenset()
        for part in row:
            keys, least = self._edge(part, edge)
            if not keys:
                break
            found |= keys
            if least:
                return found
        return frozenset()

    def _edge(self, part: str, edge: int) -> tuple[Keys, int]:
        """The keys of a part's first (0) or last (-1) words, and how often the part must be there."""
        if (part, edge) not in self._edges:
            body, least, _ = repeated(part)
            told = [self._phrases.keys(words[edge]) for words in self._phrases.of(body)]
            self._edges[part, edge] = frozenset().union(*told) if all(told) else frozenset(), least
        return self._edges[part, edge]

    def _met(self, tokens: Sequence[str], words: set[str]) -> Iterator[tuple[_Anchored, int]]:
        """What may stand in a row of tokens, and the place of its anchor; ``words`` are all of them."""
        answers, neighbours = self._answers, self._neighbours
        waited_for = {word for word in words if answers[word]}
        for at, token in enumerate(tokens):
            if token in waited_for:
                before, after = neighbours[tokens[at - 1]], neighbours[tokens[at + 1]]
                for waiting in answers[token]:
                    for anchored in waiting.between(before, after):
                        for needed, first, end in anchored.line.needs:
                            if needed.isdisjoint(tokens[max(at + first, 0) : at + end]):
                                break
                        else:
                            yield anchored, at

    def _span(self, anchored: _Anchored, tokens: Sequence[str], at: int) -> Span | None:
        """What a line stands in whose anchor is at a place, if it does."""
        line, meant = anchored.line, self._phrases.meant
        if anchored.ready is None:
            anchored.ready = (
                tuple(map(meant, anchored.phrase[: anchored.at][::-1])),
                tuple(map(meant, anchored.phrase[anchored.at :])),
            )
        if line.ready is None:
            line.ready = list(map(self._part, line.before)), list(map(self._part, line.after))
        left, right = anchored.ready
        end = follow(right, tokens, at, 1)
        start = follow(left, tokens, at - 1, -1)
        if end is None or start is None:
            return None
        ends: Collection[int] = [end]
        starts: Collection[int] = [start]
        for part in line.ready[1]:
            if not (ends := part.reach(ends, tokens, 1)):
                return None
        for part in line.ready[0]:
            if not (starts := part.reach(starts, tokens, -1)):
                return None
        return Span(line.family, min(starts) + 1, max(ends))

    def _part(self, part: str) -> Part:
        if part not in self._parts:
            body, least, most = repeated(part)
            phrases = [tuple(map(self._phrases.meant, words)) for words in self._phrases.of(body)]
            self._parts[part] = Part(phrases, least, most)
        return self._parts[part]
