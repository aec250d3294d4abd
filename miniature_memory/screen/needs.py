"""What a rule's line can't do without, so that a text without it needs no search.

"{minor} (years|months) old" never fires on a text that lacks a small number, or "old". Each token of
a line that must be there gives the *keys* one of which a text must have; only a line whose keys are all
met is worth a search. What can't be told here asks nothing: a doubt costs time, never a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Needs = tuple[frozenset[str], ...]

_SIZE = 4  # letters of a word that make its key
_MARK = "%#=^~"
_MARKS = {
    "minor": "%", "young": "%#", "teen": "%", "few": "%", "hour": "%", "adult": "#", "number": "%#=", "year": "=",
    "ordinal": "^", "late": "~",
}  # fmt: skip
_WORD = re.compile(r"([^\W\d_]+)(.*)")
_PLAIN = re.compile(r"\w[\w']*(?:[ |]\w[\w']*)*")  # words and choices, and nothing else
_MAY_BE_MISSING = re.compile(r".*\)(?:[?*]|\{[0-9],[0-9]\})|\.\.\.")


def keys_of(row: str) -> frozenset[str]:
    """The keys that a row of tokens has."""
    return frozenset({t[:1] if t[0] in _MARK else t[:_SIZE] for t in set(row.split())})


def parts(expression: str, sign: str) -> list[str]:
    """An expression cut at a sign, but not inside brackets."""
    if sign not in expression:
        return [expression]
    if "(" not in expression and "[" not in expression:
        return expression.split(sign)
    found, start, depth, in_class = [], 0, 0, False
    for i, c in enumerate(expression):
        if in_class or c == "[":
            in_class = c != "]"
        elif c in "({":
            depth += 1
        elif c in ")}":
            depth -= 1
        elif c == sign and depth == 0:
            found.append(expression[start:i])
            start = i + 1
    return [*found, expression[start:]]


def _is_group(word: str) -> bool:
    """Whether one pair of brackets holds all of a word."""
    depth = 0
    for i, c in enumerate(word):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return 0 < i == len(word) - 1
    return False


class Reader:
    """Reads what lines need; ``lists`` are the ``{name}`` of the rules."""

    def __init__(self, lists: dict[str, str]) -> None:
        self._lists = lists
        self._known: dict[str, frozenset[str]] = {}

    def needs(self, tokens: Iterable[str]) -> Needs:
        """For each token of a line that must be there: the keys one of which a text must have."""
        found = (self._keys(token) for token in tokens if not _MAY_BE_MISSING.fullmatch(token))
        return tuple(keys for keys in dict.fromkeys(found) if keys)

    def _keys(self, expression: str) -> frozenset[str]:
        """The keys one of which a text must have where the expression stands; none: nobody can tell."""
        keys = self._known.get(expression)
        if keys is None:
            plain = expression.replace("_", " ").removeprefix("(?:").removeprefix("(").removesuffix(")")
            if _PLAIN.fullmatch(plain):
                keys = frozenset({max(choice.split(), key=len)[:_SIZE] for choice in plain.split("|")})
            else:
                keys = self._any_of(parts(expression.replace("_", " "), "|"))
            self._known[expression] = keys
        return keys

    def _any_of(self, choices: list[str]) -> frozenset[str]:
        found: set[str] = set()
        for choice in choices:
            told = [keys for word in parts(choice, " ") if (keys := self._word(word))]
            if not told:
                return frozenset()
            found |= min(told, key=lambda keys: (len(keys), -min(map(len, keys))))
        return frozenset(found)

    def _word(self, word: str) -> frozenset[str]:
        if _is_group(word):
            return self._keys(word[1:-1].removeprefix("?:"))
        if word[:1] == "{" and word[-1:] == "}":
            name = word[1:-1]
            return (
                frozenset(_MARKS.get(name, "")) if name not in self._lists else self._keys(self._lists[name])
            )
        sign = word.removeprefix("\\")
        if sign[:1] and sign[0] in _MARK:
            return frozenset(sign[0] if sign[1:2].isdigit() else "")
        match = _WORD.fullmatch(word)
        if match is None:
            return frozenset({word[:_SIZE]} if _PLAIN.fullmatch(word) else ())
        begin, rest = match[1], match[2]
        if rest[:1] in ("?", "{"):  # its last letter may be missing
            shorter = begin[:-1]
            return frozenset({begin[:_SIZE], shorter[:_SIZE]} if shorter and rest == "?" else ())
        return frozenset({begin[:_SIZE]} if not rest or len(begin) >= _SIZE else ())
