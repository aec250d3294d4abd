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

from collections.abc import Iterable

import re2

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


class Numerals:
    """The number words of one language, made from its table (see ``rules/*.txt``)."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.cardinals: dict[str, int] = {}
        self.ordinals: dict[str, int] = {}
        self.suffixes: list[str] = []
        table: dict[int, list[str]] = {}
        ordinal: dict[int, list[str]] = {}
        joins: list[str] = []
        for line in lines:
            head, *words = line.split()
            spelled = [word.replace("_", " ") for word in words]
            if head == "join":
                joins += spelled
            elif head == "suffix":
                self.suffixes += words
            elif head.startswith("^"):
                ordinal.setdefault(int(head[1:]), []).extend(spelled)
            else:
                table.setdefault(int(head), []).extend(spelled)
        for value, words in table.items():
            for word in words:
                self.cardinals[word] = value
        for value, words in ordinal.items():
            for word in words:
                self.ordinals[word] = value
        for tens in range(20, 100, 10):
            for ones in range(1, 10):
                for join in joins:
                    self._compose(join, tens, ones, table, table, self.cardinals)
                    self._compose(join, tens, ones, table, ordinal, self.ordinals)
        every = sorted({**self.cardinals, **self.ordinals}, key=len, reverse=True)
        self.words = {part for phrase in every for part in phrase.split()}
        body = "|".join(re2.escape(word) for word in every)
        after = f"(?:{'|'.join(self.suffixes)})?" if self.suffixes else ""
        self._pattern = re2.compile(rf"(?:^|\b)({body})({after})(?:\b|$)") if every else None

    @staticmethod
    def _compose(
        join: str,
        tens: int,
        ones: int,
        first: dict[int, list[str]],
        second: dict[int, list[str]],
        into: dict[str, int],
    ) -> None:
        for a in first.get(tens, []):
            for b in second.get(ones, []):
                into.setdefault(join.replace("T", a).replace("U", b), tens + ones)

    def value(self, phrase: str) -> int | None:
        """The value of a spelled number, or None."""
        return self.cardinals.get(phrase)

    def mark(self, text: str) -> str:
        """The text with every spelled number of this language as a mark."""
        return text if self._pattern is None else self._pattern.sub(self._replace, text)

    def _replace(self, match: re2._Match) -> str:
        phrase, suffix = match[1], match[2]
        if phrase in self.cardinals:
            found = mark(self.cardinals[phrase])
        else:
            found = mark_ordinal(self.ordinals[phrase])
        return f"{found} {suffix}" if suffix else found


_CODE = r"[0-9]+(?:[:][0-9]+)+|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:/[0-9]+){2}"
_DIGITS = re2.compile(
    rf"([$£€¥₤] ?)?(\b[a-z]*)({_CODE}|[0-9]+(?:\.[0-9]+)?)(st|nd|rd|th|s|[a-z]*)\b"
)
_SPACED_PAIR = re2.compile(r"(^|[^0-9.,:] ?)([0-9])[ ]([0-9])([^0-9.:/]|$)")


def mark_digits(text: str) -> str:
    """The text with every number in digits as a mark (digits of all scripts are ASCII by now)."""
    return _DIGITS.sub(_replace_digits, _SPACED_PAIR.sub(r"\1\2\3\4", text))


def _replace_digits(match: re2._Match) -> str:
    currency, before, number, after = match[1], match[2], match[3], match[4]
    if currency:
        return f"={number} {after}"
    if before == "u":  # under-fifteens: "U15"
        before = "under "
    elif before:
        return str(match[0])  # a name: "b2", "mp3"
    if not number.replace(".", "", 1).isdigit():
        return f"={number} {after}".rstrip()
    value = float(number)
    if after in ("st", "nd", "rd", "th"):
        return before + mark_ordinal(int(value))
    if after == "s" and value >= 20 and value % 10 == 0:  # "in her 20s", "the 1990s"
        return f"={number}s"
    return f"{before}{mark(value)} {after}".rstrip()
