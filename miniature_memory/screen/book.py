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
from functools import cache, cached_property, lru_cache
from pathlib import Path

import re2

from miniature_memory.screen.needs import Needs, Reader
from miniature_memory.screen.numerals import Numerals
from miniature_memory.screen.views import fold

_FOLDER = Path(__file__).parent / "rules"
_MARKS = {
    "minor": r"%[0-9.?]+",
    "adult": r"#[0-9.]+",
    "number": r"[%#=][0-9.,:?s]+",
    "young": r"(?:%[0-9.?]+|#18)",  # what "nearly" and "not yet" make a minor's age
    "teen": r"%(?:1[3-7](?:\.5)?|\?)",
    "few": r"%(?:[2-9]|1[0-7]|[0-9]+\.5|\?)",
    "hour": r"%(?:[1-9]|1[0-2])",
    "ordinal": r"\^[0-9]+",
    "late": r"~[0-9]+",
    "any": r"[^ .!?;]+",
    "w": r"[\pL']+",
    "year": r"=(?:1[89]|20)[0-9][0-9]",
}
_BETWEEN_ASIAN = re.compile(r"(?<=[\u3005-\u30ff\u3400-\u9fff])(?=[\u3005-\u30ff\u3400-\u9fff])")
_OWN_SPACE = re.compile(r" \)(?:[?*]|\{[0-9],[0-9]\})")  # a repeated group that brings its own space
_ANY_ENDING = re.compile(r"(?<=\w)\*")
_NAME = re.compile(r"\{([a-z]+)\}")
_WORD = re.compile(r"(?<![\w\\])[^\W\d]+(?![\w*?])")
_OPTIONAL = re.compile(r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\?")
_MEMORY = 8 << 20  # for one pattern's automaton; it grows only as far as a text drives it
_BORROWED = {"ms": ("id_counts",)}  # Malay counts as Indonesian does
_LITTLE, _LITTLE_MORE = 64 << 10, 80  # the same for one line: so much, and more for each character of it
_KEPT = 550  # lines
_CHUNK = 6_000  # characters of one alternation
_SHORT = 3_000  # characters of a text that is searched line by line


class Search:
    """Some lines of one family, searched together in a long text, and each by itself in a short one:
    of a sentence few lines get all they need, and a small pattern costs little to make and to keep."""

    def __init__(self, family: str, bodies: list[str], needs: list[Needs]) -> None:
        self.family = family
        self._bodies, self._needs = bodies, needs

    def hits(self, row: str, keys: frozenset[str]) -> bool:
        """Whether one of the lines stands in a row of tokens that has these keys."""
        met = [i for i, needs in enumerate(self._needs) if not any(map(keys.isdisjoint, needs))]
        if not met:
            return False
        if len(row) > _SHORT:
            return self.pattern.search(row) is not None
        return any(_line(self._bodies[i]).search(row) for i in met)

    @cached_property
    def pattern(self) -> re2._Regexp:
        """All lines as one."""
        return _compile(self._bodies)


class Book:
    """One language's rules. Its patterns are compiled when they are first asked for."""

    def __init__(self, rows: list[str]) -> None:
        self._sections, self._shared = _sections(rows)
        self._reader = Reader(self._shared)
        self.numerals = Numerals(self._sections.pop("numbers", []))
        #: numbers that stand for this language's own only where no other is spoken
        self.guises = Numerals(self._sections.pop("guises", []))
        #: words that tell that the language is spoken
        self.markers = frozenset(" ".join(self._sections.pop("markers", [])).split())
        self._idioms = self._sections.pop("idioms", [])
        #: words that refuse by themselves, by family
        self.alone = {
            family: [word for row in rows if row.startswith("* ") for word in row[2:].split()]
            for family, rows in self._sections.items()
        }
        self.stages = frozenset(word for words in self.alone.values() for word in words)
        self.people = frozenset(self.alone.get("life-stage", []))
        every = " ".join([*self._shared.values(), *(row for rows in self._sections.values() for row in rows)])
        self.words = frozenset(w for w in re.findall(r"[^\W\d_]+", every) if len(w) > 2)

    @cached_property
    def idioms(self) -> list[Search]:
        """What is taken out of a text before the rules see it."""
        return self._searches("idioms", self._idioms)

    @cached_property
    def rules(self) -> list[Search]:
        """Every rule, a few lines to a search."""
        found: list[Search] = []
        for family, rows in self._sections.items():
            phrases = [row for row in rows if not row.startswith("* ")]
            alone = ["|".join(self.alone[family])] if self.alone[family] else []
            found += self._searches(family, alone + phrases)
        return found

    def listed(self, name: str) -> frozenset[str]:
        """The words of one of the book's lists; none when it has no such list."""
        words = self._shared.get(name, "").removeprefix("(?:").removesuffix(")")
        return frozenset(words.split("|")) - {""}

    def _searches(self, family: str, rows: list[str]) -> list[Search]:
        """The rows as a few alternations: one would outgrow the memory of its automaton, one a row be slow."""
        found: list[Search] = []
        bodies: list[str] = []
        needs: list[Needs] = []
        for row in self._marked(rows):
            tokens = _split(_BETWEEN_ASIAN.sub("_", row))
            body = "".join(_token(token, self._shared) for token in tokens)
            if bodies and sum(map(len, bodies)) + len(body) > _CHUNK:
                found.append(Search(family, bodies, needs))
                bodies, needs = [], []
            bodies.append(body)
            needs.append(self._reader.needs(tokens))
        return [*found, Search(family, bodies, needs)] if bodies else found

    def _marked(self, rows: list[str]) -> list[str]:
        """Lines in which number words are marks, as they are in the texts that they will meet."""
        numerals = self.numerals

        def mark_word(match: re.Match[str]) -> str:
            phrase = match[0].replace("_", " ")
            marked = numerals.mark(phrase)
            if marked == phrase:
                return match[0]
            return "_".join(w if w.isalpha() else str(re2.escape(w)) for w in marked.split(" "))

        return [_WORD.sub(mark_word, row) for row in rows]


def lines(name: str) -> list[str]:
    """The lines that say something of a language's files (``en_ages.txt``, ``es.txt`` ...)."""
    paths = sorted([*_FOLDER.glob(f"{name}.txt"), *_FOLDER.glob(f"{name}_*.txt")])
    if not paths:  # no rules, no verdict
        raise FileNotFoundError(f"The rules of {name!r} are missing.")
    texts = [path.read_text(encoding="utf-8") for path in paths]
    text = fold_rule("\n".join(texts).replace("\n    |", "|"))
    rows = [line.strip() for line in text.splitlines()]
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
            if depth == 0 and (own := _OWN_SPACE.match(row, i - 1)):
                tokens.append(row[start : own.end()])
                start = own.end()
        elif c == " " and depth == 0:
            tokens.append(row[start:i])
            start = i + 1
    return [token for token in tokens if token]


def _token(token: str, shared: dict[str, str]) -> str:
    """One token of a rule's line as a pattern that ends with the space after it."""
    if token == "...":
        return "(?:[^ .!?;]+ ){0,4}"
    if _OWN_SPACE.search(token):
        body = token
    elif _OPTIONAL.fullmatch(token):
        body = f"(?:{token[:-1]} )?"
    else:
        body = f"(?:{token}) "
    while "{" in body and (found := _NAME.search(body)):
        body = body.replace(found[0], _MARKS.get(found[1]) or shared[found[1]])
    return _ANY_ENDING.sub("[^ ]*", body.replace("_", " "))


@lru_cache(maxsize=_KEPT)
def _line(body: str) -> re2._Regexp:
    """One line's pattern; those that were not asked for long are made anew, as all would fill the memory."""
    try:
        return _compile([body], _LITTLE + _LITTLE_MORE * len(body))
    except re2.error:  # counted repetitions make a long program of a short line
        return _compile([body])


def _compile(bodies: list[str], memory: int = _MEMORY) -> re2._Regexp:
    options = re2.Options()
    options.max_mem = memory
    options.log_errors = False
    options.never_capture = True
    return re2.compile(f" (?:{'|'.join(bodies)})", options)


def _sections(rows: list[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    sections: dict[str, list[str]] = {}
    shared: dict[str, str] = {}
    current: list[str] = []
    name = ""
    for row in rows:
        if re.fullmatch(r"\[[a-z-]+\]", row):
            current = sections.setdefault(row.strip("[]"), [])
        elif re.match(r"\w+ = ", row):
            name, _, words = row.partition(" = ")
            shared[name] = f"(?:{'|'.join(words.split())})"
        elif re.match(r"\w+ \+= ", row):
            name, _, words = row.partition(" += ")
            shared[name] = f"{shared[name][:-1]}|{'|'.join(words.split())})"
        else:
            current.append(row)
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
    """The words of one of the English lists."""
    _, found = _sections(lines("en"))
    return frozenset(found[name].removeprefix("(?:").removesuffix(")").split("|"))


def apart(row: str) -> str:
    """Apostrophes as words of their own ("l'an", "15'inde"), as languages other than English need."""
    return re.sub(r" *' *", " ' ", row)


def fold_rule(text: str) -> str:
    """Lines of rules in the same folding as the texts; their own signs stay."""
    return text.translate({ord(c): fold(c) for c in set(text) if not c.isascii()})
