"""Reads ``rules/*.txt``: what a language's rules say, and the patterns made of them.

A rule's line is a row of tokens, as the gate sees a text: folded, numbers marked, one space
between words and signs. In a line

- ``word`` is that word, ``school*`` a beginning, ``(a|b_c)`` one of "a" and "b c";
- ``word?`` and ``(a|b)?`` may be there or not; ``...`` is up to four tokens of the same sentence;
- ``{minor}``, ``{adult}``, ``{number}``, ``{ordinal}``, ``{any}`` are marks (see ``numerals``);
- ``{name}`` is a list that the file (or ``common.txt``) gives in a line ``name = word word_word ...``.

A section ``[family]`` names the rule that its lines belong to. ``[idioms]`` are taken out of the
text before the rules see it, ``[markers]`` are the words that tell that a language is spoken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import re2

from miniature_memory.screen.numerals import Numerals
from miniature_memory.screen.views import fold

_FOLDER = Path(__file__).parent / "rules"
_MARKS = {
    "minor": r"%[0-9.?]+",
    "adult": r"#[0-9.]+",
    "number": r"[%#=][0-9.,:?s]+",
    "young": r"(?:%[0-9.?]+|#18)",  # what "nearly" and "not yet" make a minor's age
    "teen": r"%(?:1[3-7](?:\.5)?|\?)",
    "hour": r"%(?:[1-9]|1[0-2])",
    "ordinal": r"\^[0-9]+",
    "late": r"~[0-9]+",
    "any": r"[^ .!?;]+",
    "w": r"[a-z']+",
    "year": r"=(?:1[89]|20)[0-9][0-9]",
}
_CJK = re.compile(r"(?<=[\u3005-\u30ff\u3400-\u9fff])(?=[\u3005-\u30ff\u3400-\u9fff])")
_OPTIONAL = re.compile(r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\?")
_MEMORY = 64 << 20  # for one pattern's automaton; it grows only as far as a text drives it


@dataclass
class Book:
    """One language's rules, compiled."""

    idioms: list[re2._Regexp] = field(default_factory=list)
    families: dict[str, re2._Regexp] = field(default_factory=dict)
    markers: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    numerals: Numerals | None = None


def lines(name: str) -> list[str]:
    """The lines that say something of a language's files (``en_ages.txt``, ``es.txt`` ...)."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob(f"{name}*.txt"))]
    rows = [line.strip() for text in texts for line in text.splitlines()]
    return [row for row in rows if row and not row.startswith("# ") and row != "#"]


def _split(row: str) -> list[str]:
    """A line's tokens: what stands between its spaces, but for those inside brackets."""
    tokens, start, depth, in_class = [], 0, 0, False
    for i, c in enumerate(row + " "):
        if in_class or c == "[":
            in_class = c != "]"
        elif c in "({":
            depth += 1
        elif c in ")}":
            depth -= 1
        elif c == " " and depth == 0:
            tokens.append(row[start:i])
            start = i + 1
    return [token for token in tokens if token]


def _token(token: str, lists: dict[str, str]) -> str:
    """One token of a rule's line as a pattern that ends with the space after it."""
    if token == "...":
        return "(?:[^ .!?;]+ ){0,4}"
    if token.endswith((" )?", " )*")):
        body = token
    elif _OPTIONAL.fullmatch(token):
        body = f"(?:{token[:-1]} )?"
    else:
        body = f"(?:{token}) "
    while "{" in body and (found := re.search(r"\{([a-z]+)\}", body)):
        body = body.replace(found[0], _MARKS.get(found[1]) or lists[found[1]])
    return re.sub(r"(?<=\w)\*", "[^ ]*", _CJK.sub(" ", body.replace("_", " ")))


def _pattern(rows: list[str], lists: dict[str, str]) -> re2._Regexp:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    body = "|".join("".join(_token(t, lists) for t in _split(row)) for row in rows)
    return re2.compile(f" (?:{body})", options)


def _sections(rows: list[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    sections: dict[str, list[str]] = {}
    lists: dict[str, str] = {}
    current: list[str] = []
    name = ""
    for row in rows:
        if re.fullmatch(r"\[[a-z-]+\]", row):
            current = sections.setdefault(row.strip("[]"), [])
        elif re.match(r"\w+ = ", row):
            name, _, words = row.partition(" = ")
            lists[name] = f"(?:{'|'.join(words.split())})" if words else ""
        elif re.match(r"\w+ \+= ", row):
            name, _, words = row.partition(" += ")
            lists[name] = f"{lists[name][:-1]}|{'|'.join(words.split())})"
        else:
            current.append(row)
    return sections, lists


@cache
def book(name: str) -> Book:
    """The rules of one language (``en``, ``es`` ...), read and compiled at first use."""
    sections, lists = _sections([fold_rule(row) for row in lines(name)])
    made = Book()
    for section, rows in sections.items():
        if section == "idioms":
            # A few hundred idioms of which the long ones must come first: one pattern a block.
            made.idioms.append(_pattern(rows, lists))
        elif section == "numbers":
            made.numerals = Numerals(rows)
        elif section == "markers":
            made.markers = frozenset(" ".join(rows).split())
        else:
            alone = [word for row in rows if row.startswith("* ") for word in row[2:].split()]
            made.stages |= frozenset(alone)
            rows = alone + [row for row in rows if not row.startswith("* ")]
            made.families[section] = _pattern(rows, lists)
    every = " ".join(" ".join(rows) for s, rows in sections.items() if s not in ("idioms", "markers"))
    made.words = frozenset(w for w in re.findall(r"[^\W\d_]+", every) if len(w) > 2)
    return made


def fold_rule(row: str) -> str:
    """A rule's line in the same folding as the text; its own signs stay."""
    if row.isascii():
        return row
    return "".join(c if c.isascii() else fold(c) for c in row)
