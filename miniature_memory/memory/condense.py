"""What a summary says: a bounded ledger of mentions, condensed to 60 characters at every slide.

The ledger stands outside the window. It holds up to 64 names with the positions of their last 30 mentions,
and what their capitals have shown so far; its size and the cost of a slide do not grow with the story. A
name's activation is the sum of age^-3/4 over those mentions (ages in characters): the base-level learning of
Anderson and Schooler's rational analysis of memory, in which what was needed often and lately is what will
be needed next. (Their exponent is -1/2; where names that are still in the window need no place, -3/4 keeps
more, and as much as a fitted combination of nine such figures: docs/memory.md.) The sums are taken over
integers, so that the same text gives the same summary on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import log, sqrt
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from miniature_memory.errors import ConfigError, Damaged
from miniature_memory.memory.names import CAPS, CASELESS, INSIDE, LOWER, NEVER, START, Scanner
from miniature_memory.memory.words import COMMON, SPEECH, TITLES
from miniature_memory.vocabulary import SPACE, SYMBOLS, encode

if TYPE_CHECKING:  # writing does without numpy: it would be a quarter of the memory that a story takes
    import numpy as np
    from numpy.typing import NDArray

SUMMARY_SLOTS: Final = 60
SLIDE: Final = 96
MENTIONS: Final = 30
NAMES: Final = 64
SEPARATOR: Final = ","

Policy = Literal["activation", "recency", "mix", "tfidf"]

_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LOWER_WORDS: Final = 4096  # lower-case words counted before the counts are halved
_SURE: Final = 4  # how much more a name with evidence weighs than a word that may be one
_UNIT: Final = float(1 << 30)
_CASE_WORDS: Final = 1024  # how many words the judgement on capital letters looks back

_READABLE: Final = "".join(s if len(s) == 1 else "\n" for s in SYMBOLS)
_VOCABULARY: Final = frozenset(_READABLE)


def readable(ids: NDArray[np.integer[Any]] | list[int]) -> str:
    """The text of ``ids`` with exactly one character an id: a control token reads as a newline."""
    return "".join([_READABLE[i] for i in (ids if isinstance(ids, list) else ids.tolist())])


class Memory:
    """What is remembered of the text that has left the window. Its size and the cost of a step are bounded.

    memory = Memory()
    memory.observe(evicted)                 # pieces of any size; the same text gives the same state
    memory.summary(visible=what_stays)      # -> 60 characters
    Memory.from_state(memory.state())       # goes on tomorrow
    """

    def __init__(self, policy: Policy = "activation") -> None:
        if policy not in get_args(Policy):
            raise ConfigError(
                f"There is no memory policy {policy!r}.", f"Choose one of: {', '.join(get_args(Policy))}."
            )
        self.policy = policy
        scores: dict[str, Callable[[int], list[int]]] = {
            "activation": self._activation,
            "recency": self._recency,
            "mix": self._mixed,
            "tfidf": self._tfidf,
        }
        self._score = scores[policy]
        self._scanner = Scanner()
        self._lower: dict[str, int] = {}
        self._row: dict[str, int] = {}  # name -> its place in the lists below
        self._names: list[str] = []
        self._evidence: list[int] = []  # capitals where only names have one
        self._count: list[int] = []  # all mentions
        self._last: list[int] = []
        self._at: list[list[int]] = []  # the last mentions, a ring
        self._case = [0, 0, 0, 0]  # words, of them with a capital, all in capitals, without case; fading
        self._previous = ""

    @property
    def position(self) -> int:
        """How many characters have been read."""
        return self._scanner.position + len(self._scanner.pending)

    # -- reading ---------------------------------------------------------------------------------------

    def observe(self, text: str) -> None:
        """Read ``text`` that leaves the window (or that is read for the first time), in any pieces."""
        lower, previous = self._lower, self._previous
        words, capitals, upper, caseless = self._case
        for word, at, kind in self._scanner.read(text):
            words += 1
            if kind == LOWER:
                lower[word] = lower.get(word, 0) + 1
                if len(lower) > _LOWER_WORDS:
                    lower = self._lower = {w: n >> 1 for w, n in lower.items() if n > 1}
            elif kind == CASELESS:
                caseless += 1
            else:
                capitals += 1
                upper += kind == CAPS
                self._capital(word, at, kind)
            if words >= 40 and (capitals * 100 <= words or upper * 2 > words or caseless):
                self._without_case(word, at, kind, previous)
            previous = word
            if words >= _CASE_WORDS:
                words, capitals, upper, caseless = words >> 1, capitals >> 1, upper >> 1, caseless >> 1
        self._case = [words, capitals, upper, caseless]
        self._previous = previous

    def _capital(self, word: str, at: int, kind: int) -> None:
        """A word with a capital: is it a mention?"""
        row = self._row.get(word)
        if kind == CAPS and row is None:
            word = word.title()
            row = self._row.get(word)
            if row is None:
                return  # a heading or a shout; a story all in capitals is read by _without_case
        low = word.lower()
        if len(word) < 2 or low in NEVER:
            return
        if kind == INSIDE:
            self._mention(word, at, True)
        elif low in COMMON or low in self._lower:
            if row is not None and self._evidence[row] > self._lower.get(low, 0):
                self._mention(word, at, False)
        else:
            self._mention(word, at, False)

    def _without_case(self, word: str, at: int, kind: int, previous: str) -> None:
        """Where capitals tell nothing (none at all, nothing else, a script without them): who speaks or has
        a title is a name; of the rest, long and uncommon words may be."""
        if kind in (INSIDE, START):
            return
        low, before = word.lower(), previous.lower()
        if low in SPEECH and before not in COMMON and before not in TITLES and before.isalpha():
            self._mention(previous, at - len(before) - 1, True)
        elif low in COMMON or low in NEVER or (len(word) < 3 and kind != CASELESS):
            return
        elif before in TITLES or before in SPEECH:
            self._mention(word, at, True)
        elif len(word) > 4 or kind == CASELESS:
            self._mention(word, at, False)

    def _mention(self, word: str, at: int, evidence: bool) -> None:
        row = self._row.get(word)
        if row is None:
            row = self._place(word)
        if self._last[row] == at:
            return
        if self._count[row] < MENTIONS:
            self._at[row].append(at)
        else:
            self._at[row][self._count[row] % MENTIONS] = at
        self._count[row] += 1
        self._last[row] = at
        self._evidence[row] += evidence

    def _place(self, word: str) -> int:
        """A place for a new name: a free one, or that of the least active."""
        if len(self._names) < NAMES:
            row = len(self._names)
            self._names.append(word)
            self._at.append([])
            for figures in (self._evidence, self._count, self._last):
                figures.append(0)
        else:
            activation = self._activation(self.position)
            row = activation.index(min(activation))
            del self._row[self._names[row]]
        self._names[row] = word
        self._row[word] = row
        self._evidence[row] = self._count[row] = 0
        self._last[row] = -1
        self._at[row] = []
        return row

    # -- condensing ------------------------------------------------------------------------------------

    def _activation(self, now: int) -> list[int]:
        return [
            _strength(now, mentions) * (_SURE if evidence else 1)
            for mentions, evidence in zip(self._at, self._evidence, strict=True)
        ]

    def _recency(self, now: int) -> list[int]:
        return self._last

    def _mixed(self, now: int) -> list[int]:
        """Activation, and as much again for what was just named."""
        activation = zip(self._activation(now), self._last, strict=True)
        return [score + _strength(now, [last]) for score, last in activation]

    def _tfidf(self, now: int) -> list[int]:
        """Frequency among the last mentions times rarity in the story; for comparison."""
        slots = now / SLIDE + 1
        rarity = [log(max(slots / min(count, slots), 1)) for count in self._count]
        recent = [sum(at > now - 1024 for at in mentions) for mentions in self._at]
        return [int(n * rare * _UNIT) for n, rare in zip(recent, rarity, strict=True)]

    def summary(self, visible: str = "") -> str:
        """Exactly 60 characters: names with commas between, ordered by last mention (the latest last), padded
        with spaces. Two names that stood together when they were last named stay together ("Ida Marlow").

        ``visible`` is the text that stays in the window: its names need no place in the summary.
        """
        if not self._names:
            return " " * SUMMARY_SLOTS
        seen = set(_LETTERS.findall(visible))
        room = SUMMARY_SLOTS + len(SEPARATOR)
        chosen: list[int] = []
        score = self._score(self.position)
        for row in sorted(range(len(score)), key=score.__getitem__, reverse=True):
            word = self._names[row]
            cost = len(word) + len(SEPARATOR)
            if cost <= room and word not in seen and self._is_name(row):
                if not word.isalpha() and word in visible:
                    continue  # "O'Brien", which letters alone don't find
                chosen.append(row)
                room -= cost
                if room < 3 + len(SEPARATOR):
                    break
        chosen.sort(key=self._last.__getitem__)
        parts: list[str] = []
        after = -1
        for row in chosen:
            word, at = self._names[row], self._last[row]
            if at == after:
                parts[-1] += " " + word
            else:
                parts.append(word)
            after = at + len(word) + 1
        return SEPARATOR.join(parts).ljust(SUMMARY_SLOTS)

    def _is_name(self, row: int) -> bool:
        word, evidence = self._names[row], self._evidence[row]
        if not _VOCABULARY.issuperset(word):
            return False
        low = self._lower.get(word.lower(), 0)
        return low == 0 or evidence >= 3 or low < 4 * evidence or word.islower()

    # -- keeping ---------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All of it, as JSON-able values."""
        names = []
        for row, word in enumerate(self._names):
            figures = self._evidence[row], self._count[row], self._last[row]
            names.append([word, *figures, list(self._at[row])])
        return {
            "version": 1,
            "policy": self.policy,
            "scanner": self._scanner.state(),
            "names": names,
            "lower": dict(self._lower),
            "case": list(self._case),
            "previous": self._previous,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Memory:
        """The memory that ``state()`` described. Raises ``Damaged`` when it describes none."""
        try:
            memory = cls(state["policy"])
            memory._scanner = Scanner.from_state(state["scanner"])
            memory._lower = {str(word): int(count) for word, count in state["lower"].items()}
            words, capitals, upper, caseless = map(int, state["case"])
            memory._case = [words, capitals, upper, caseless]
            memory._previous = str(state["previous"])
            for word, evidence, count, last, at in state["names"][:NAMES]:
                row = memory._place(str(word))
                memory._evidence[row], memory._count[row], memory._last[row] = map(
                    int, (evidence, count, last)
                )
                memory._at[row] = [int(place) for place in at]
                if len(at) != min(memory._count[row], MENTIONS):
                    raise ValueError("mentions")
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as problem:
            raise Damaged("This is not a saved memory.", "Start the story anew, or without it.") from problem
        return memory


def condense(memory: Memory, evicted: str, visible: str = "") -> str:
    """One slide: read what left the window, and say what is worth keeping."""
    memory.observe(evicted)
    return memory.summary(visible)


def _strength(now: int, mentions: list[int]) -> int:
    """What mentions at these positions weigh: the sum of (age + 1)^-3/4, in units of 2^-30."""
    ages = [now + 1 - at for at in mentions]
    return sum([int(_UNIT / sqrt(age * sqrt(age))) for age in ages])


def grid_summaries(ids: NDArray[np.uint8], policy: Policy = "activation") -> NDArray[np.uint8]:
    """The summaries for training of one document: uint8 ``(ceil(len(ids) / 96), 60)``.

    Row ``j`` is the summary when everything before position ``96 * j`` has left the window and the next 96
    ids stay in it (row 0 is empty): exactly what generation has at that place.
    ``ids``: the document's ids, its END_OF_TEXT at the end included or not.
    """
    import numpy as np

    text = readable(ids)
    rows = np.full((-(-len(text) // SLIDE), SUMMARY_SLOTS), SPACE, dtype=np.uint8)
    memory = Memory(policy)
    for j in range(1, len(rows)):
        here = j * SLIDE
        rows[j] = encode(condense(memory, text[here - SLIDE : here], text[here : here + SLIDE]))
    return rows
