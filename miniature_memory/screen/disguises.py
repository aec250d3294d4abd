"""Words in disguise: look-alike letters, digits for letters, spaced, stretched and starred ones.

The views undo what is plain typography. Here a word is rewritten only when what comes out is
a word that the rules know, so that ordinary text stays as it is and costs one quick look.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product

import re2

from miniature_memory.screen.numerals import ADULT
from miniature_memory.screen.views import LOOKALIKES

_LEET = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "il", "+": "t", "€": "e", "£": "l",
}  # fmt: skip
_MOST_READINGS = 64
_LEET_WORD = re2.compile(r"[a-z0-9@$!+€£]*(?:[a-z][0-9@$!+€£]|[0-9@$!+€£][a-z])[a-z0-9@$+€£]*")
_ROMAN = re.compile(r"[ivxlcdm]+")
_COUNTED = re.compile(r"[0-9]+(?:st|nd|rd|th|s)")
_SEPARATED = re2.compile(r"\b(?:[a-z0-9][ .,*'/+:;~-]{1,3}){2,60}[a-z0-9]\b")
_BETWEEN = re.compile(r"[^a-z0-9]+")
_DOUBLED = "(?:" + "|".join(c + c for c in string.ascii_lowercase) + ")"
_STRETCHED = re2.compile(
    rf"[a-z]*(?:{'|'.join(c * 3 for c in string.ascii_lowercase)}|{_DOUBLED}{_DOUBLED})[a-z]*"
)
_STARRED = re2.compile(r"\b[a-z]+[*?_]+[a-z]+\b")
_FOREIGN_WORD = re.compile(r"[^\W\d_]*[^\x00-\x7f\W\d_][^\W\d_]*")
_ASIAN = re.compile(r"[\u3005-\u30ff\u3400-\u9fff]")
_DIGIT_PAIR = re2.compile(r"\b[0-9][,/'*-][0-9]\b")
_ROMANS = "- - ii iii iv - vi vii viii ix - xi xii xiii xiv xv xvi xvii".split()
_ROMAN_NUMBER = re2.compile(r"\b(?:" + "|".join(r for r in _ROMANS if r != "-") + r")\b")
_LAST_WORD = re.compile(r"[a-z]+ $")
_LETTER = re.compile(r"[a-z]")


class Disguises:
    """What the known words may hide behind. ``words`` are those of the rules; ``strong`` those of
    them that refuse a text by themselves or tell a small number; ``cardinals`` the number words."""

    def __init__(self, words: frozenset[str], strong: Iterable[str], cardinals: dict[str, int]) -> None:
        self._words = words = frozenset(w for w in words if not _ROMAN.fullmatch(w))
        self._cardinals = cardinals
        self._longest = max(map(len, words))
        self._strong = sorted(w for w in strong if w.isascii() and w.isalpha())
        self._squeezed = {_squeeze(w): w for w in sorted(words) if len(w) > 2}
        pairs = {
            f"{word[:i]} {word[i:]}": word
            for word in self._strong
            if len(word) > 4 or word in cardinals
            for i in range(1, len(word))
            if not (word[:i] in words and word[i:] in words)
        }
        self._pairs = {pair: word for pair, word in pairs.items() if pair not in _TRUE_PAIRS}
        self._broken = re2.compile(r"\b(?:" + "|".join(sorted(self._pairs)) + r")\b")
        glued = "|".join(w for w in self._strong if w in cardinals)
        self._glued = re2.compile(rf"\b({glued})(years?|yrs?|yo|months|weeks?)(olds?)?\b")

    def unmask(self, view: str) -> str:
        """The view with every disguised word plain; the same text when there is none."""
        steps: list[tuple[re2._Regexp, Callable[[str], str]]] = [
            (_SEPARATED, self._close),
            (_LEET_WORD, self._plain),
            (_STRETCHED, self._relaxed),
            (_STARRED, self._unstarred),
            (self._broken, self._pairs.__getitem__),
            (_DIGIT_PAIR, lambda pair: pair[0] + pair[2]),
            (_ROMAN_NUMBER, lambda roman: str(_ROMANS.index(roman))),
        ]
        for pattern, undo in steps:
            if pattern.search(view):
                view = pattern.sub(lambda m, undo=undo: undo(m[0]), view)
        return str(self._glued.sub(r"\1 \2 \3", view))

    def _close(self, spaced: str) -> str:
        """ "f.i.f.t.e.e.n" to "fifteen": letters set apart, read as known words."""
        between = _BETWEEN.findall(spaced)
        usual = max(sorted(set(between)), key=lambda sign: (between.count(sign), not sign.isspace()))
        if any(sign != usual for sign in between):  # "a f.i.v.e": the other signs part words
            words = re.split(
                "|".join(re.escape(s) for s in sorted(set(between) - {usual}, key=len)[::-1]), spaced
            )
            return " ".join(self._close(w) if len(w) > 2 else w for w in words)
        run = re.sub(r"[^a-z0-9]", "", spaced)
        if len(_LETTER.findall(run)) < 3:
            return spaced
        if run[0] in "ai" and run[1:] in self._words:
            return f"{run[0]} {run[1:]}"
        found: list[str] = []
        known = i = 0
        while i < len(run):
            for size in range(min(self._longest, len(run) - i), 2, -1):
                if run[i : i + size] in self._words:
                    found.append(run[i : i + size])
                    known += size
                    break
            else:
                found.append(run[i])
            i += len(found[-1])
        if known == 0:  # perhaps digits stand for some of the letters
            plain = self._plain(run)
            return plain if plain != run else spaced
        return " ".join(found)

    def _plain(self, word: str) -> str:
        """ "s1xt33n" to "sixteen", if that is a known word in any reading of its digits."""
        if _COUNTED.fullmatch(word):
            return word
        choices = [_LEET.get(c, c) for c in word]
        for i, reading in enumerate(product(*choices)):
            if i >= _MOST_READINGS:
                break
            if (plain := "".join(reading)) in self._words:
                return plain
        return word

    def _relaxed(self, word: str) -> str:
        """ "fiiifteeen" to "fifteen"."""
        return word if word in self._words else self._squeezed.get(_squeeze(word), word)

    def _unstarred(self, word: str) -> str:
        """ "f*fteen" to "fifteen": a strong word with some letters starred out."""
        pattern = re.compile(re.sub(r"[*?_]", ".", word))
        return next((strong for strong in self._strong if pattern.fullmatch(strong)), word)

    def mixed_script(self, view: str) -> tuple[str, bool]:
        """The view with look-alikes resolved, and whether a word that mixes scripts is left.

        Such a word is a reason to refuse, with one exception: a number that is plainly a
        grown-up's was understood, so nothing is hidden by it.
        """
        if view.isascii():
            return view, False
        out: list[str] = []
        end, mixed = 0, False
        for match in _FOREIGN_WORD.finditer(view):
            word = match[0]
            if not _LETTER.search(word) or _ASIAN.search(word):
                continue
            plain = word.translate(LOOKALIKES)
            out.append(view[end : match.start()])
            tens = _LAST_WORD.search("".join(out[-3:])[-12:])
            phrases = (plain, (tens[0] if tens else "") + plain)
            mixed |= all(self._cardinals.get(phrase, 0) < ADULT for phrase in phrases)
            out.append(plain)
            end = match.end()
        return "".join(out) + view[end:], mixed


# Two words that happen to make one when read together.
_TRUE_PAIRS = frozenset(["for teen", "pre school", "off spring", "under age", "god child", "god son"])


@cache
def _squeeze(word: str) -> str:
    """A word with every run of one letter cut to a single one."""
    return re.sub(r"(.)\1+", r"\1", word)
