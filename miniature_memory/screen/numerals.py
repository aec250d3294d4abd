"""Numbers said in words and digits, rewritten to marks that the rules can read.

After ``Numerals.mark`` a number stands in the text as a sign and its value:

====== =========================================== =========================
mark   what it is                                  example
====== =========================================== =========================
``%``  a number below 18, or one not understood    ``%15``, ``%1.5``, ``%?``
``#``  a number that can be a grown-up's age        ``#18`` to ``#120``
``=``  any other number: years, prices, times       ``=1990``, ``=3:30``
``^``  an ordinal up to the eighteenth              ``^15``
``~``  an ordinal above it                          ``~40``
====== =========================================== =========================

So "the fifteen-year-old" and "the 15-year-old" are the same text to a rule, and what can't
be understood is taken for a small number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import chain, product

from miniature_memory.screen.later import later
from miniature_memory.screen.views import spaced

ADULT = 18
OLDEST = 120


def mark(value: float) -> str:
    """The mark of a cardinal number."""
    number = f"{value:g}" if value < 1e6 else "1e6"
    if value < ADULT:
        return "%" + number
    return ("#" if value <= OLDEST else "=") + number


def mark_ordinal(value: int) -> str:
    """The mark of an ordinal; the eighteenth year of a life is lived at seventeen."""
    return ("^" if value <= ADULT else "~") + str(value)


def _spell(word: str) -> str:
    """A table's word as it stands in a row of tokens."""
    return " ".join(spaced(word.replace("_", " ")).split())


class Numerals:
    """The number words of one language, made from its table (see ``rules/*.txt``)."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.suffixes: tuple[str, ...] = ()
        self._table: dict[int, list[str]] = {}
        self._ordinals: dict[int, list[str]] = {}
        self._joins: list[str] = []
        for line in lines:
            head, *words = line.split()
            spelled = [_spell(word) for word in words]
            if head == "join":
                self._joins += spelled
            elif head == "suffix":
                self.suffixes += tuple(sorted(words, key=len, reverse=True))
            elif head.startswith("^"):
                self._ordinals.setdefault(int(head[1:]), []).extend(spelled)
            else:
                self._table.setdefault(int(head), []).extend(spelled)
        tens = [word for value in range(20, 100, 10) for word in self._table.get(value, ())]
        joined = any(len(token) > 1 for token in " ".join(self._joins).split())
        #: what is in every word that is made of two
        self._stem = later("|".join(map(re.escape, tens)) if joined and tens else "(?!)")

    @cached_property
    def cardinals(self) -> dict[str, int]:
        """The phrases of cardinal numbers, and what they are."""
        return self._composed(self._table)

    @cached_property
    def ordinals(self) -> dict[str, int]:
        """The same of ordinal numbers."""
        return self._composed(self._ordinals)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of all these phrases."""
        return frozenset(w for phrase in chain(self.cardinals, self.ordinals) for w in phrase.split())

    @cached_property
    def _first(self) -> frozenset[str]:
        return frozenset(phrase.split(" ", 1)[0] for phrase in chain(self.cardinals, self.ordinals))

    @cached_property
    def _longest(self) -> int:
        return max((phrase.count(" ") + 1 for phrase in chain(self.cardinals, self.ordinals)), default=0)

    @cached_property
    def _written(self) -> frozenset[str]:
        """The words of the table itself, and of what joins them."""
        rows = [*self._table.values(), *self._ordinals.values(), self._joins]
        return frozenset(" ".join(phrase for phrases in rows for phrase in phrases).split())

    def _composed(self, ones: dict[int, list[str]]) -> dict[str, int]:
        found = {word: value for value, words in ones.items() for word in words}
        for tens in range(20, 100, 10):
            for one in range(1, 10):
                for join, a, b in product(self._joins, self._table.get(tens, ()), ones.get(one, ())):
                    phrase = join.replace("T", a).replace("U", b)
                    found.setdefault(phrase if phrase.isascii() else _spell(phrase), tens + one)
        return found

    def holds(self, word: str) -> bool:
        """Whether a word is one of a number; most are told without composing them all."""
        return (word in self._written or bool(self._stem.search(word))) and word in self.words

    def mark(self, row: str) -> str:
        """A row of tokens with every spelled number of this language as a mark, the longest first."""
        return " ".join(self.mark_tokens(row.split(" ")))

    def mark_tokens(self, tokens: list[str]) -> list[str]:
        """The same for a row that is cut already."""
        if self.suffixes:
            tokens = [self._with_suffix(t) if t.endswith(self.suffixes) else t for t in tokens]
        end = 0
        out: list[str] = []
        for i in [i for i, token in enumerate(tokens) if token in self._first]:
            if i < end:
                continue
            size, marked = self._phrase(tokens, i)
            out += tokens[end:i]
            out.append(marked)
            end = i + size
        return out + tokens[end:]

    def _phrase(self, tokens: list[str], i: int) -> tuple[int, str]:
        """How many tokens from the i-th on make a number, and its mark."""
        most = 1
        while most < self._longest and i + most < len(tokens) and tokens[i + most] in self.words:
            most += 1
        for size in range(most, 0, -1):
            phrase = " ".join(tokens[i : i + size]) if size > 1 else tokens[i]
            if phrase in self.cardinals:
                return size, mark(self.cardinals[phrase])
            if phrase in self.ordinals:
                return size, mark_ordinal(self.ordinals[phrase])
        return 1, tokens[i]

    def may_change(self, word: str) -> bool:
        """Whether a word is one of a number, or may be a number and an ending."""
        return word in self.words or word.endswith(self.suffixes)

    def is_inflected(self, token: str) -> bool:
        """Whether a token is a number and one of the endings."""
        return any(token.endswith(s) and token.removesuffix(s) in self.cardinals for s in self.suffixes)

    def _with_suffix(self, token: str) -> str:
        """ "fünfzehnjährig" to its number's mark and the ending."""
        for suffix in self.suffixes:
            if token.endswith(suffix) and (word := token.removesuffix(suffix)) in self.cardinals:
                return f"{mark(self.cardinals[word])} {suffix}"
        return token


_CODE = r"[0-9]+(?:[:][0-9]+)+|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:/[0-9]+){2}"
_DIGITS = later(rf"([$£€¥₤]\0?)?(\b[a-z]*)({_CODE}|[0-9]+(?:\.[0-9]+)?)(st|nd|rd|th|s|[a-z]*)\b")
_WITH_DIGIT = re.compile("[0-9][^ ]*")
# Both begin with what is rare: looking back from there is what keeps them fast.
_SPACED_PAIR = re.compile(r"([0-9])(?<![0-9.,:].) ([0-9])((?:[^0-9.:/][0-9]?)|$)")
_MONEY = "$£€¥₤"
_PRICE = later(f"([{_MONEY}]) ")


def mark_digits(row: str) -> str:
    """A row of tokens with every number in digits as a mark (digits of all scripts are ASCII by now).

    Whatever a token says it says alone, so each is looked at once; a price's sign stays with it.
    """
    row = _SPACED_PAIR.sub(r"\1\2\3", row)
    if any(sign in row for sign in _MONEY):
        row = _PRICE.sub("\\1\0", row)
    marks: dict[str, str] = {}
    out: list[str] = []
    end = 0
    for match in _WITH_DIGIT.finditer(row):
        start = row.rfind(" ", end, match.start()) + 1 or end
        token = row[start : match.end()]
        if token not in marks:
            marks[token] = _DIGITS.sub(_replace_digits, token)
        out += (row[end:start], marks[token])
        end = match.end()
    return ("".join(out) + row[end:]).replace("\0", " ")


def _replace_digits(match: re.Match[str]) -> str:
    currency, before, number, after = match[1], match[2], match[3], match[4]
    if currency:
        return f"={number} {after}"
    if before in ("u", "under", "age", "aged"):  # under-fifteens: "U15"
        before = "under " if before == "u" else f"{before} "
    elif before:
        return match[0]  # a name: "b2", "mp3"
    if not number.replace(".", "", 1).isdigit() or number[-3:-2] == ".":  # "4.07": an hour, or a price
        return f"={number} {after}".rstrip()
    value = float(number)
    if after in ("st", "nd", "rd", "th"):
        return f"{before}{mark_ordinal(int(value))}"
    if after == "s" and value >= 20 and value % 10 == 0:  # "in her 20s", "the 1990s"
        return f"={number}s"
    return f"{before}{mark(value)} {after}".rstrip()
