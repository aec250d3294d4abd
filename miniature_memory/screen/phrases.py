"""Takes the lines of the rules to pieces: a line is a row of parts, and a part stands for some phrases.

"(boys?|young_men)" stands for "boy", "boys" and "young men". A phrase is a row of *words* as the rules
write them: most are a word of the text, the others say which words are meant ("{minor}", "[a-z]+", "school\\S*").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from itertools import product

Test = Callable[[str], object]  # whether a token is one that is meant
Words = tuple[str, ...]

SIGNS = "%#=^~"  # what marks begin with
#: the signs that a mark may begin with, and all of it
MARKS = {
    "minor": ("%", r"%[0-9.?]+"),
    "adult": ("#", r"#[0-9.]+"),
    "number": ("%#=", r"[%#=][0-9.,:?s]+"),
    "young": ("%#", r"(?:%[0-9.?]+|#18)"),  # what "nearly" and "not yet" make a minor's age
    "teen": ("%", r"%(?:1[3-7](?:\.5)?|\?)"),
    "few": ("%", r"%(?:[2-9]|1[0-7]|[0-9]+\.5|\?)"),
    "hour": ("%", r"%(?:[1-9]|1[0-2])"),
    "ordinal": ("^", r"\^[0-9]+"),
    "late": ("~", r"~[0-9]+"),
    "year": ("=", r"=(?:1[89]|20)[0-9][0-9]"),
    "any": ("", r"[^.!?;]+"),
    "w": ("", r"(?:[^\W\d_]|')+"),
}
_OFTEN = r"[?*]|\{[0-9](?:,[0-9])?\}"
_CLASS = r"\[\]?[^\]]*\]"  # of letters; it may hold brackets and spaces
_INSIDE = ""
for _ in range(5):  # brackets inside brackets
    _INSIDE = rf"(?:[^][()]++|{_CLASS}|\({_INSIDE}\))*+"
_OWN_SPACE = rf"(?<= \))(?:{_OFTEN})"  # after a repeated group that brings its own space
_PART = re.compile(
    rf"(?=[^ ])(?:[^][() ]++|{_CLASS}|\({_INSIDE}\)(?!{_OWN_SPACE}))*+(?:\({_INSIDE}\){_OWN_SPACE})?"
)
_PLAIN = re.compile(r"[\w' -]+(?:\|[\w' -]+)*")  # words and choices, and nothing else
_ANY_ENDING = re.compile(r"(?<=\w)\*")
NAME = re.compile(r"\{([a-z]+)\}")
_PIECE = re.compile(
    rf"(?P<opens>\((?:\?:)?)|(?P<or>\|)|(?:(?P<closes>\))"
    rf"|(?P<text>[\w' -]{{2,}}(?![?*+{{])|\{{[a-z]+\}}|\[\]?[^\]]*\]|\\.|[^][(){{}}|?*+]))(?P<often>{_OFTEN}|\+)?"
)
_LITERAL = re.compile(r"(?:[^\\\[\]{}.*+?]|\\\W)+")
_ESCAPED = re.compile(r"\\(\W)")
_BEGINNING = re.compile(r"(?:[^][\\(){}|?*+.]|\\\W)+(?![?*{])")
_ENDING = re.compile(r"[]+*](?<!\S\*)[\w']{2,}$")
MOST = 40  # repetitions of what may repeat without an end
KEPT = 16_000  # tokens of which it is remembered what they are
BEGIN, _END = 4, 2  # letters of a beginning and of an ending that are looked up
_LISTED = 14  # letters of a class that are told one by one


class _Told(dict[str, bool]):
    """What a test tells of tokens, some of which it remembers; of an empty one always False."""

    def __init__(self, test: Test) -> None:
        self._test = test

    def __missing__(self, token: str) -> bool:
        if len(self) >= KEPT:
            self.clear()
        told = self[token] = token != "" and bool(self._test(token))
        return told


def parts(row: str) -> list[str]:
    """A line's parts: what stands between its spaces, but for those inside brackets."""
    return _PART.findall(row)


def repeated(part: str) -> tuple[str, int, int | None]:
    """What a part repeats, how often at least, and at most (None: without an end)."""
    if part == "...":  # up to four words of the same sentence
        return "{any}", 0, 4
    body = re.sub(rf"(?<=\))(?:{_OFTEN})$", "", part)
    if body == part or not _is_group(body):
        return part, 1, 1
    often = part[len(body) :]
    if often in "?*":
        return body, 0, 1 if often == "?" else None
    return body, int(often[1]), int(often[-2])


def _is_group(text: str) -> bool:
    """Whether one pair of brackets holds all of a text."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return 0 < i == len(text) - 1
    return False


def _times(group: list[str], often: str | None) -> list[str]:
    """What a group may stand for that is there so often ("?", "{0,3}")."""
    if not often:
        return group
    if often == "?":
        return [*group, ""]
    return [
        "".join(row) for n in range(int(often[1]), int(often[-2]) + 1) for row in product(group, repeat=n)
    ]


@cache
def _letters(letters: str) -> list[str]:
    """The members of a small class of letters ("[.,;]", "[1-7]"); of others the class."""
    inside = re.sub("(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), letters[1:-1])
    return [letters] if inside[0] == "^" or len(inside) > _LISTED else [re.escape(c) for c in inside]


def _spelled(text: str) -> str:
    """A part's text with its spaces, and with no others; "school*" as a pattern."""
    text = text.replace("_", " ").replace("[^ ]", r"\S").replace("[^ ", "[^")
    return _ANY_ENDING.sub(r"\\S*", text)


class Phrases:
    """Reads what parts stand for; ``lists`` are the ``{name}`` of the rules."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        self._lists = lists
        self._tests: dict[str, Test] = {}
        self._plain: dict[str, frozenset[str]] = {}

    def of(self, part: str) -> list[Words]:
        """The phrases of a part."""
        text = _spelled(part)
        inner = text[1:-1] if text[0] == "(" and text[-1] == ")" else text
        options = inner.split("|") if _PLAIN.fullmatch(inner) else self._expand(text)
        if text.endswith(" )"):
            options = [option.removesuffix(" ") for option in options]
        return [tuple(words) for option in dict.fromkeys(options) if "" not in (words := option.split(" "))]

    def _expand(self, text: str) -> list[str]:
        """Everything that an expression can stand for; what may be any of many words is left as it is."""
        outer: list[tuple[list[str], list[str]]] = []
        choices: list[str] = []
        current = [""]
        for piece in _PIECE.finditer(text):
            often = piece["often"]
            if piece["opens"]:
                outer.append((choices, current))
                choices, current = [], [""]
                continue
            if piece["or"]:
                choices, current = choices + current, [""]
                continue
            if piece["closes"]:
                group = _times(choices + current, often)
                choices, current = outer.pop()
            elif often in ("*", "+"):
                group = [piece["text"] + often]
            else:
                group = _times(self._piece(piece["text"]), often)
            current = [begin + end for begin in current for end in group]
        return choices + current

    def _piece(self, text: str) -> list[str]:
        if text[0] == "[":
            return _letters(text)
        if text[0] == "{" and text[1:-1] not in MARKS and not self._words(text[1:-1]):
            return self._expand(_spelled(self._lists[text[1:-1]]))
        return [text]

    def _words(self, name: str) -> frozenset[str]:
        """The words of a list; none if not all of it are words."""
        if name not in self._plain:
            text = self._lists[name].removeprefix("(?:").removesuffix(")")
            self._plain[name] = frozenset(
                text.split("|") if _PLAIN.fullmatch(text) and "_" not in text else ()
            )
        return self._plain[name]

    def keys(self, word: str) -> Collection[str]:
        """What a token must have that is meant, one of them (see ``token_keys``); none: nobody can tell."""
        if word.isalpha():
            return (word,)
        if word[0] == "{" and word[-1] == "}":
            return MARKS[word[1:-1]][0] if word[1:-1] in MARKS else self._words(word[1:-1])
        if _LITERAL.fullmatch(word):
            return (_ESCAPED.sub(r"\1", word),)
        if begin := _BEGINNING.match(word):
            return (_ESCAPED.sub(r"\1", begin[0])[:BEGIN] + " ",)
        return (" " + word[-_END:],) if _ENDING.search(word) else ()

    def meant(self, word: str) -> str | Test:
        """The token that is meant, or a test of tokens."""
        if _LITERAL.fullmatch(word):
            return _ESCAPED.sub(r"\1", word)
        if word not in self._tests:
            self._tests[word] = self._test(word)
        return self._tests[word]

    def _test(self, word: str) -> Test:
        if (named := NAME.fullmatch(word)) and named[1] not in MARKS:
            return self._words(named[1]).__contains__
        if word.endswith(r"\S*") and _LITERAL.fullmatch(word[:-3]):
            begin = _ESCAPED.sub(r"\1", word[:-3])
            return lambda token: token.startswith(begin)
        return _Told(re.compile(NAME.sub(self._pattern, word)).fullmatch).__getitem__

    def _pattern(self, named: re.Match[str]) -> str:
        return MARKS[named[1]][1] if named[1] in MARKS else _spelled(self._lists[named[1]])


def token_keys(token: str) -> list[str]:
    """The keys that a token answers to: itself, a mark's sign, its first letters and a space, a space and its last."""
    keys = [
        token,
        " " + token[-_END:],
        token[:1] + " ",
        token[:2] + " ",
        token[:3] + " ",
        token[:BEGIN] + " ",
    ]
    return [*keys, token[0]] if token and token[0] in SIGNS else keys
