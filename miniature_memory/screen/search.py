"""Finds the rules' lines in a text, a token at a time.

Most lines have a word that few texts have. So each line waits for its rarest part, its *anchor*: where a word
of that stands beside a word that the line may have next to it, the parts before and after are compared, from
the anchor outward. All the ways in which a line can match are followed at once, so the work grows with the
text and no faster. What a part stands for is worked out when it is first needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from miniature_memory.screen.phrases import SIGNS, Phrases, Test, Words, parts, repeated, token_keys

Phrase = tuple[str | Test, ...]
Keys = frozenset[str]

_KEPT = 4_000  # tokens of which it is remembered what they are
_MOST = 40  # repetitions of what may repeat without an end
# Words that stand in nearly every sentence, and in many: a line had better wait for another one.
_EVERYWHERE = tuple("the a of to in and he she was it , . is at on for his her i".split())
_COMMON = tuple(
    "as with had be by not that you him but my they we are were 's an from or so me all this have no when said if out "
    "up would could who them one there which been will then what now their its more your do has did into over man old "
    "where can time about very before after some how like only than little other our go ! ? ; : - ( ) years".split()
)
_SELDOM = 8  # the price of any other word
_RARE = 400  # a price that is low enough to look no further
_NEVER = 1_000_000


_PRICES = dict.fromkeys(_COMMON, 400) | dict.fromkeys(SIGNS, 600) | dict.fromkeys(_EVERYWHERE, 4_000)


def _price(key: str) -> int:
    """How often a key is met, roughly."""
    return 4_000 if key[0] == " " else _PRICES.get(key, _SELDOM)


def _price_of(keys: Iterable[str]) -> int:
    """How often one of some keys is met; of none nobody can tell when."""
    return sum(map(_price, keys)) or _NEVER


def _follow(phrase: Phrase, tokens: Sequence[str], at: int, step: int) -> int | None:
    """Where a phrase ends that begins at a place, if it stands there."""
    for word in phrase:
        token = tokens[at]
        if token != word if isinstance(word, str) else not (token and word(token)):
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
        self._known: dict[str, bool] = {}  # whether a token is a phrase
        for phrase in phrases:
            first = phrase[0]
            if not isinstance(first, str):
                self._tests.append(first) if len(phrase) == 1 else self._any.append(phrase)
            elif len(phrase) == 1:
                self._words.add(first)
            else:
                self._longer.setdefault(first, []).append(phrase)

    def _is_one(self, token: str) -> bool:
        if len(self._known) > _KEPT:
            self._known.clear()
        tested = token != "" and any(test(token) for test in self._tests)
        one = self._known[token] = tested or token in self._words
        return one

    def ends(self, places: Iterable[int], tokens: Sequence[str], step: int) -> list[int]:
        """Where its phrases end that begin at some places."""
        found = []
        for at in places:
            token = tokens[at]
            one = self._known.get(token)
            if one or (one is None and self._is_one(token)):
                found.append(at + step)
            for phrase in (*self._longer[token], *self._any) if token in self._longer else self._any:
                if (end := _follow(phrase, tokens, at, step)) is not None:
                    found.append(end)
        return found


class _Part:
    """A part of a line, to be compared with tokens in either direction."""

    def __init__(self, phrases: list[Phrase], least: int, most: int | None) -> None:
        self._phrases, self._least, self._most = phrases, least, most or _MOST

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
        reached = set() if self._least else set(places)
        for times in range(1, self._most + 1):
            places = set(side.ends(places, tokens, step))
            if not places:
                break
            if times >= self._least:
                reached |= places
        return reached


class _Line(NamedTuple):
    family: str
    row: list[str]
    anchor: int  # which part it is


class Span(NamedTuple):
    """Tokens in which a line of a family stands."""

    family: str
    start: int
    end: int


class _Anchored:
    """One phrase of a line's anchor, cut at the word that is waited for."""

    def __init__(self, line: _Line, phrase: Words, at: int) -> None:
        self.line, self.word = line, phrase[at]
        self.left, self.right = phrase[:at][::-1], phrase[at + 1 :]
        #: the same, ready to be compared, and the parts to the left and to the right
        self.ready: tuple[str | Test, Phrase, Phrase, list[_Part], list[_Part]] | None = None


class _Waiting:
    """What waits for a key, by the keys of the neighbour that a line must have (none: nobody can tell)."""

    def __init__(self) -> None:
        self._before: dict[str, list[tuple[_Anchored, Keys]]] = defaultdict(list)
        self._after: dict[str, list[tuple[_Anchored, Keys]]] = defaultdict(list)
        self._anyhow: list[_Anchored] = []

    def put(self, anchored: _Anchored, before: Keys, after: Keys) -> None:
        """Let a phrase wait for one of the keys on the side where they are rarer."""
        if not before and not after:
            self._anyhow.append(anchored)
        elif _price_of(before) < _price_of(after):
            for key in before:
                self._before[key].append((anchored, after))
        else:
            for key in after:
                self._after[key].append((anchored, before))

    def between(self, before: Sequence[str], after: Sequence[str]) -> Iterator[_Anchored]:
        """What may stand between two tokens that answer to these keys."""
        yield from self._anyhow
        for waiting, one, other in ((self._before, before, after), (self._after, after, before)):
            for key in one if waiting else ():
                for anchored, keys in waiting.get(key, ()):
                    if not keys or not keys.isdisjoint(other):
                        yield anchored


class Search:
    """The lines of some rules, each with its family; ``lists`` are their ``{name}``."""

    def __init__(self, rows: Iterable[tuple[str, str]], lists: Mapping[str, str]) -> None:
        self._phrases = Phrases(lists)
        self._prices: dict[str, int] = {}
        self._parts: dict[str, _Part] = {}
        self._edges: dict[tuple[str, int], tuple[Keys, int]] = {}
        self._anchored: dict[str, list[_Anchored]] = defaultdict(list)
        self._waiting: dict[str, _Waiting] = {}
        self._answers: dict[str, tuple[_Waiting, ...]] = {}
        self._neighbours: dict[str, Sequence[str]] = {}
        for family, row in rows:
            self._add(family, parts(row))

    def spans(self, tokens: Sequence[str]) -> list[Span]:
        """Every line that stands in a row of tokens, which begins and ends with an empty one; where a line can
        begin or end at several places, the farthest."""
        return [span for anchored, at in self._met(tokens) if (span := self._span(anchored, tokens, at))]

    def without(self, tokens: list[str]) -> list[str]:
        """The tokens with one "_" for what a line stands in: the first, and of these the longest."""
        left: list[str] = []
        done = 0
        for _, start, end in sorted(self.spans(tokens), key=lambda span: (span.start, -span.end)):
            if start >= done:
                left += (*tokens[done:start], "_")
                done = end
        return left + tokens[done:]

    def _add(self, family: str, row: list[str]) -> None:
        """Let a line wait for its rarest part, or for the first one that is rare enough."""
        anchor = 0
        for at in sorted(range(len(row)), key=lambda at: row[at].count("(") > 1):  # plain ones tell it soon
            if self._part_price(row[at]) < self._part_price(row[anchor]):
                anchor = at
            if self._part_price(row[anchor]) < _RARE:
                break
        line = _Line(family, row, anchor)
        for phrase in self._phrases.of(row[anchor]):
            at = min(range(len(phrase)), key=lambda i: self._word_price(phrase[i])) if len(phrase) > 1 else 0
            anchored = _Anchored(line, phrase, at)
            for key in self._phrases.keys(phrase[at]):
                self._anchored[key].append(anchored)

    def _part_price(self, part: str) -> int:
        """How often one of a part's phrases is met, roughly."""
        if part not in self._prices:
            _, least, _ = repeated(part)
            prices = (
                (min(map(self._word_price, phrase)) for phrase in self._phrases.of(part)) if least else ()
            )
            self._prices[part] = sum(prices) or _NEVER
        return self._prices[part]

    def _word_price(self, word: str) -> int:
        return _PRICES.get(word, _SELDOM) if word.isalpha() else _price_of(self._phrases.keys(word))

    def _answer(self, token: str) -> tuple[_Waiting, ...]:
        """What waits for a token."""
        if len(self._answers) > _KEPT:
            self._answers.clear()
        keys = (key for key in token_keys(token) if key in self._anchored)
        answer = self._answers[token] = tuple(self._waiting.get(key) or self._open(key) for key in keys)
        return answer

    def _beside(self, token: str) -> Sequence[str]:
        """The keys that a token answers to beside an anchor."""
        if len(self._neighbours) > _KEPT:
            self._neighbours.clear()
        return self._neighbours.get(token) or self._neighbours.setdefault(token, token_keys(token))

    def _open(self, key: str) -> _Waiting:
        """What waits for a key, by its neighbours."""
        waiting = self._waiting[key] = _Waiting()
        for anchored in self._anchored[key]:
            _, row, at = anchored.line
            before = self._nearest(anchored.left, row[:at][::-1], -1)
            after = self._nearest(anchored.right, row[at + 1 :], 0)
            waiting.put(anchored, before, after)
        return waiting

    def _nearest(self, phrase: Words, row: list[str], edge: int) -> Keys:
        """The keys one of which the next token must have, where a phrase and then a row of parts follow."""
        if phrase:
            return frozenset(self._phrases.keys(phrase[0]))
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

    def _met(self, tokens: Sequence[str]) -> Iterator[tuple[_Anchored, int]]:
        """What may stand in a row of tokens, and the place of its anchor."""
        known = self._answers
        for at, token in enumerate(tokens):
            answer = known.get(token)
            for waiting in self._answer(token) if answer is None else answer:
                for anchored in waiting.between(self._beside(tokens[at - 1]), self._beside(tokens[at + 1])):
                    yield anchored, at

    def _span(self, anchored: _Anchored, tokens: Sequence[str], at: int) -> Span | None:
        """What a line stands in whose anchor is at a place, if it does."""
        family, row, anchor = anchored.line
        if anchored.ready is None:
            anchored.ready = (
                self._phrases.meant(anchored.word),
                tuple(map(self._phrases.meant, anchored.left)),
                tuple(map(self._phrases.meant, anchored.right)),
                list(map(self._part, row[:anchor][::-1])),
                list(map(self._part, row[anchor + 1 :])),
            )
        word, left, right, before, after = anchored.ready
        end = _follow((word, *right), tokens, at, 1)
        start = _follow(left, tokens, at - 1, -1)
        if end is None or start is None:
            return None
        ends: Collection[int] = [end]
        starts: Collection[int] = [start]
        for part in after:
            if not (ends := part.reach(ends, tokens, 1)):
                return None
        for part in before:
            if not (starts := part.reach(starts, tokens, -1)):
                return None
        return Span(family, min(starts) + 1, max(ends))

    def _part(self, part: str) -> _Part:
        if part not in self._parts:
            body, least, most = repeated(part)
            phrases = [tuple(map(self._phrases.meant, words)) for words in self._phrases.of(body)]
            self._parts[part] = _Part(phrases, least, most)
        return self._parts[part]
