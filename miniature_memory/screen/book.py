"""Reads ``rules/*.txt``: what a language's rules say, and the patterns made of them.

A rule's line is a row of tokens, as the gate sees a text: folded, numbers marked, one space
between words and signs. In a line

- ``word`` is that word, ``school*`` a beginning, ``(a|b_c)`` one of "a" and "b c";
- ``word?`` and ``(a|b)?`` may be there or not; ``...`` is up to four tokens of the same sentence;
- ``{minor}``, ``{adult}``, ``{number}``, ``{ordinal}``, ``{any}`` are marks (see ``numerals``);
- a line that goes on begins with four spaces and ``|``;
- ``{name}`` is a list that the file (or ``common.txt``) gives in a line ``name = word word_word ...``.

A section ``[family]`` names the rule that its lines belong to. ``[idioms]`` are taken out of the
text before the rules see it, ``[markers]`` are the words that tell that a language is spoken.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path

from miniature_memory.screen.numerals import Numerals
from miniature_memory.screen.search import Search
from miniature_memory.screen.views import ASIAN, fold

_FOLDER = Path(__file__).parent / "rules"
_BETWEEN_ASIAN = f"(?<={ASIAN})(?={ASIAN})"
_WORD = re.compile(r"(?<![\w\\])[^\W\d]+(?![\w*?])")
_ROW = re.compile(r"\[([a-z-]+)\]$|(\w+) (\+?)= ")  # the head of a section, or a list
_SIGNS = {code: " " for code in range(128) if not chr(code).isalpha() and chr(code) != "*"}
_BORROWED = {"ms": ("id_counts",)}  # Malay counts as Indonesian does


class Book:
    """One language's rules."""

    def __init__(self, rows: list[str]) -> None:
        self._sections, self.lists = _sections(rows)
        self.numerals = Numerals(self._sections.pop("numbers", []))
        #: numbers that stand for this language's own only where no other is spoken
        self.guises = Numerals(self._sections.pop("guises", []))
        #: words that tell that the language is spoken
        self.markers = frozenset(" ".join(self._sections.pop("markers", [])).split())
        self.idiom_lines = self._sections.pop("idioms", [])
        #: words that refuse by themselves, by family
        self.alone = {
            family: [word for row in rows if row.startswith("* ") for word in row[2:].split()]
            for family, rows in self._sections.items()
        }
        self.stages = frozenset(word for words in self.alone.values() for word in words)
        self.families = list(self._sections)
        self.people = frozenset(self.alone.get("life-stage", []))
        every = " ".join([*self.lists.values(), *(row for rows in self._sections.values() for row in rows)])
        rough = " ".join(set(every.translate(_SIGNS).split()))  # what is between two spaces, once
        found = re.findall(r"([^\W\d_]{3,}+)(\*?)", rough)
        self.words = frozenset(word for word, _ in found)
        #: those that the rules have only as beginnings ("los*")
        self.begun = self.words - {word for word, begun in found if not begun}

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Every line of the rules, with its family; words that refuse by themselves make one of all."""
        return [
            (family, row)
            for family, rows in self._sections.items()
            for row in (*_all_of(self.alone[family]), *(row for row in rows if not row.startswith("* ")))
        ]

    @cached_property
    def idioms(self) -> Search:
        """What is taken out of a text before the rules see it."""
        return self.search([("idiom", row) for row in self.idiom_lines])

    @cached_property
    def rules(self) -> Search:
        """The rules."""
        return self.search(self.lines)

    def search(self, rows: list[tuple[str, str]]) -> Search:
        """A search for lines of this language, each with its family."""
        if all(row.isascii() for _, row in rows):
            numerals = self.numerals
            is_number = numerals.may_change if numerals.suffixes else numerals.words.__contains__
            return Search(rows, self.lists, self.marked, is_number)
        return Search([(family, self.marked(row)) for family, row in rows], self.lists)

    def listed(self, name: str) -> frozenset[str]:
        """The words of one of the book's lists; none when it has no such list."""
        return _words(self.lists.get(name, ""))

    def marked(self, row: str) -> str:
        """A line in which number words are marks, as they are in the texts that it will meet."""
        row = _WORD.sub(self._mark, row)
        return row if row.isascii() else re.sub(_BETWEEN_ASIAN, "_", row)

    def _mark(self, phrase: re.Match[str]) -> str:
        words = phrase[0].split("_")
        if not any(map(self.numerals.may_change, words)):
            return phrase[0]
        marked = " ".join(self.numerals.mark_tokens(words)).split(" ")
        return "_".join(w if w.isalpha() or not w else re.escape(w) for w in marked)


def _all_of(words: list[str]) -> list[str]:
    """A line that holds each of some words, if there are any."""
    return [f"({'|'.join(words)})"] if words else []


def lines(name: str) -> list[str]:
    """The lines that say something of a language's files (``en_ages.txt``, ``es.txt`` ...)."""
    paths = sorted([*_FOLDER.glob(f"{name}.txt"), *_FOLDER.glob(f"{name}_*.txt")])
    if not paths:  # no rules, no verdict
        raise FileNotFoundError(f"The rules of {name!r} are missing.")
    texts = [path.read_text(encoding="utf-8") for path in paths]
    text = fold_rule("\n".join(texts).replace("\n    |", "|"))
    rows = [line.rstrip() for line in text.splitlines()]
    if torn := next((row for row in rows if row.startswith(" ")), None):
        raise ValueError(f"What goes on begins with four spaces and '|': {torn!r} ({name})")
    return [row for row in rows if row and not row.startswith("# ") and row != "#"]


def _sections(rows: list[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    sections: dict[str, list[str]] = {}
    shared: dict[str, str] = {}
    current: list[str] = []
    for row in rows:
        head = _ROW.match(row)
        if head is None:
            current.append(row)
        elif head[1]:
            current = sections.setdefault(head[1], [])
        else:
            words = "|".join(row[head.end() :].split())
            shared[head[2]] = f"{shared[head[2]][:-1]}|{words})" if head[3] else f"(?:{words})"
    return sections, shared


@cache
def book(name: str) -> Book:
    """The rules of one language (``en``, ``es`` ...), read at first use."""
    rows = [row for file in (name, *_BORROWED.get(name, ())) for row in lines(file)]
    if name != "en":  # their apostrophes join two words ("l'an"); English ones are tokens already
        rows = [apart(row) for row in rows + lines("all")]
    return Book(rows)


@cache
def lists(name: str) -> frozenset[str]:
    """The words of one of the English lists; that one is missing is an error, which closes the gate."""
    return _words(book("en").lists[name])


def _words(choices: str) -> frozenset[str]:
    return frozenset(choices.removeprefix("(?:").removesuffix(")").split("|")) - {""}


def apart(row: str) -> str:
    """Apostrophes as words of their own ("l'an", "15'inde"), as languages other than English need."""
    return re.sub(r" *' *", " ' ", row)


def fold_rule(text: str) -> str:
    """Lines of rules in the same folding as the texts; their own signs stay."""
    return text if text.isascii() else text.translate({ord(c): fold(c) for c in set(text) if not c.isascii()})
