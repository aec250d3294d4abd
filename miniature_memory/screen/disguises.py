"""Words in disguise: look-alike letters, digits for letters, spaced, stretched and starred ones.

The views undo what is plain typography. Here a word is rewritten only when what comes out is
a word that the rules know, so that ordinary text stays as it is and costs one quick look: RE2
tells whether there is anything to undo, and then each different word is looked at once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from itertools import chain

import re2

from miniature_memory.screen.later import later
from miniature_memory.screen.numerals import ADULT
from miniature_memory.screen.views import ASIAN, LOOKALIKES

# What passes for a letter; in a word's skeleton all letters that one sign passes for are the same.
_LEET = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "il", "+": "t", "€": "e", "£": "l",
}  # fmt: skip
_SKELETON = str.maketrans("0123456789@$!+€£lb", "oizeasgtggasiteiig")
_SIGN = "[0-9@$!+€£]"
_LEET_RUN = later(r"[a-z0-9@$!+€£]+")
_COUNTED = later(r"[0-9]+(?:st|nd|rd|th|s)")
_SEPARATED = r"\b(?:[a-z0-9][ .,*'/+:;~-]{1,3}){2,60}[a-z0-9]\b"
_IS_SEPARATED, _SEPARATED_RUN = re2.compile(_SEPARATED), later(f"(?a){_SEPARATED}")
_BETWEEN = later(r"[^a-z0-9]+")
_WORD = re.compile(r"[a-z]+")
_STRETCHED = later(r"(.)\1(?:\1|(.)\2)")
_STARRED = later(r"(?a)\b[a-z]+[*?_]+[a-z]+\b")
_PAIR = later(r"(?a)\b[0-9][,/'*-][0-9]\b")
_ROMANS = {
    word: str(value)
    for value, word in enumerate("- - ii iii iv - vi vii viii ix - xi xii xiii xiv xv xvi xvii".split())
    if word != "-"
}
_ROMAN_NUMBER = later(r"(?a)\b[ivx]{2,5}\b")
_GLUED = later(r"([a-z]{3,}?)(years?|yrs?|yo|months|weeks?)(olds?)?")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_TWICE = [c + c for c in _ALPHABET]
# Any reason to look closer at a token: digits in a word, letters three times or twice two times, a
# star in a word, two digits with a sign between them, a Roman number, a number grown onto its unit.
_ODD = re2.compile(
    rf"[^ ]*(?:[a-z]{_SIGN}|{_SIGN}[a-z]|{'|'.join(c * 3 for c in _ALPHABET)}"
    rf"|(?:{'|'.join(_TWICE)})(?:{'|'.join(_TWICE)})|[a-z][*?_]+[a-z]|[0-9][,/'*-][0-9]"
    rf"|\b[ivx]{{2,5}}\b|[a-z]{{3}}(?:years?|yrs?|yo|months|weeks?)(?:olds?)?\b)[^ ]*"
)
_FOREIGN_WORD = later(r"[^\W\d_]+")
_LAST_WORD = later(r"[a-z]+ $")
_LETTER = later(r"[a-z]")
# Two words that happen to make one when read together.
_TRUE_PAIRS = frozenset(["for teen", "pre school", "off spring", "under age", "god child", "god son"])


def _squeeze(word: str) -> str:
    """A word with every run of one letter cut to a single one."""
    return re.sub(r"(.)\1+", r"\1", word)


def _is_roman(word: str) -> bool:
    return not word.strip("ivxlcdm")


class Disguises:
    """What the known words may hide behind. ``words`` are those of the English rules and ``others()``
    those of other languages; ``strong`` are the ones that refuse a text by themselves or tell a small
    number; ``cardinals`` the number words; ``plain`` words that hide nothing."""

    def __init__(
        self,
        words: Sequence[Collection[str]],
        strong: Iterable[str],
        cardinals: dict[str, int],
        others: Callable[[], Iterable[str]],
        plain: Collection[str],
    ) -> None:
        self._english, self._others, self._plain_words = words, others, plain
        self._cardinals = cardinals
        self._strong = sorted(w for w in strong if w.isascii() and w.isalpha())
        self._small = frozenset(w for w in self._strong if w in cardinals)

    @cached_property
    def _words(self) -> frozenset[str]:
        words = chain(*self._english, self._others())
        return frozenset(w for w in words if len(w) > 1 and " " not in w and not _is_roman(w))

    def _is_english(self, word: str) -> bool:
        known = any(word in words for words in self._english)
        return known and len(word) > 1 and not _is_roman(word)

    @cached_property
    def _begins(self) -> dict[str, list[int]]:
        """The lengths of the known words that begin with three letters, the longest first."""
        lengths: dict[str, set[int]] = defaultdict(set)
        for word in self._words:
            lengths[word[:3]].add(len(word))
        return {begin: sorted(found - {1, 2}, reverse=True) for begin, found in lengths.items()}

    @cached_property
    def _skeletons(self) -> dict[str, str]:
        """The known words (a space between them) of one skeleton."""
        found: dict[str, str] = {}
        for word in sorted(self._words):
            skeleton = word.translate(_SKELETON)
            found[skeleton] = f"{found[skeleton]} {word}" if skeleton in found else word
        return found

    @cached_property
    def _squeezed(self) -> dict[str, str]:
        return {_squeeze(w): w for w in sorted(self._words) if len(w) > 2}

    @cached_property
    def _starred(self) -> dict[tuple[str, str, int], list[str]]:
        """The strong words by first letter, last letter and length."""
        found: dict[tuple[str, str, int], list[str]] = defaultdict(list)
        for word in self._strong:
            found[word[0], word[-1], len(word)].append(word)
        return found

    @cached_property
    def _heads(self) -> dict[str, list[str]]:
        """What may stand before the end of a strong word that was cut in two ("teen": "fif", "six")."""
        found: dict[str, list[str]] = defaultdict(list)
        for word in self._strong:
            for i in range(1, len(word)) if len(word) > 4 or word in self._small else ():
                head, tail = word[:i], word[i:]
                both_known = self._is_english(head) and self._is_english(tail)
                if not both_known and f"{head} {tail}" not in _TRUE_PAIRS:
                    found[tail].append(head)
        return found

    def unmask(self, view: str) -> str:
        """The view with every disguised word plain; the same text when there is none."""
        if _IS_SEPARATED.search(view):
            view = _SEPARATED_RUN.sub(lambda m: self._close(m[0]), view)
        tokens = view.replace("\n", " \n ").split(" ")
        distinct = set(tokens)
        plain = {odd: self._undone(odd) for odd in _ODD.findall(" ".join(distinct))}
        plain = {odd: word for odd, word in plain.items() if odd != word}
        if plain:
            view = " ".join([plain.get(token, token) for token in tokens])
            distinct.update(plain.values())
        words = set(filter(str.isalpha, filter(str.isascii, distinct)))
        words.update(_WORD.findall(" ".join(distinct - words)))
        if broken := self._broken(words, view):
            view = re.sub(rf"\b(?:{broken})\b", lambda m: m[0].replace(" ", ""), view, flags=re.ASCII)
        return view

    def _undone(self, token: str) -> str:
        """A token with what its words hide behind undone."""
        token = _LEET_RUN.sub(lambda m: self._unleet(m[0]), token)
        token = _WORD.sub(lambda m: self._unglued(self._relaxed(m[0])), token)
        token = _STARRED.sub(lambda m: self._unstarred(m[0]), token)
        token = _PAIR.sub(lambda m: m[0][0] + m[0][2], token)
        return str(_ROMAN_NUMBER.sub(lambda m: _ROMANS.get(m[0], m[0]), token))

    def _close(self, spaced: str) -> str:
        """ "f.i.f.t.e.e.n" to "fifteen": letters set apart, read as known words."""
        between = _BETWEEN.findall(spaced)
        usual = max(sorted(set(between)), key=lambda sign: (between.count(sign), not sign.isspace()))
        if any(sign != usual for sign in between):  # "a f.i.v.e": the other signs part words
            words = re.split(
                "|".join(re.escape(s) for s in sorted(set(between) - {usual}, key=len)[::-1]), spaced
            )
            return " ".join(self._close(w) if len(w) > 2 else w for w in words)
        run = _BETWEEN.sub("", spaced)
        if len(_LETTER.findall(run)) < 3:
            return spaced
        if run[0] in "ai" and run[1:] in self._words:
            return f"{run[0]} {run[1:]}"
        found: list[str] = []
        known = i = 0
        while i < len(run):
            for size in self._begins.get(run[i : i + 3], ()):
                if run[i : i + size] in self._words and i + size <= len(run):
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

    def _unleet(self, run: str) -> str:
        """ "s1xt33n!" to "sixteen!"."""
        if run.isalpha() or run.isdigit() or _COUNTED.fullmatch(run):
            return run
        word = run.rstrip("!")
        plain = self._plain(word)
        return plain + run[len(word) :] if plain != word else self._plain(run)

    def _plain(self, word: str) -> str:
        """ "s1xt33n" to "sixteen", if that is a known word in any reading of its digits."""

        def reading(known: str) -> list[int]:
            return [_LEET.get(c, c).find(k) for c, k in zip(word, known, strict=True)]

        alike = self._skeletons.get(word.translate(_SKELETON), "").split()
        return min((known for known in alike if min(reading(known)) >= 0), key=reading, default=word)

    def _relaxed(self, word: str) -> str:
        """ "fiiifteeen" to "fifteen"."""
        if word in self._plain_words or not _STRETCHED.search(word) or word in self._words:
            return word
        return self._squeezed.get(_squeeze(word), word)

    def _unstarred(self, word: str) -> str:
        """ "f*fteen" to "fifteen": a strong word with some letters starred out."""
        alike = self._starred.get((word[0], word[-1], len(word)), ())

        def fits(strong: str) -> bool:
            return all(c in ("*", "?", "_", s) for c, s in zip(word, strong, strict=True))

        return next(filter(fits, alike), word)

    def _broken(self, words: set[str], view: str) -> str:
        """The strong words that the view shows cut in two ("fif teen"), as a pattern."""
        tails = words & self._heads.keys()
        pairs = (f"{head} {tail}" for tail in sorted(tails) for head in self._heads[tail] if head in words)
        return "|".join(pair for pair in pairs if pair in view)

    def _unglued(self, word: str) -> str:
        """ "fifteenyearsold" to "fifteen years old"."""
        match = _GLUED.fullmatch(word)
        return f"{match[1]} {match[2]} {match[3] or ''}" if match and match[1] in self._small else word

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
            if word.isascii() or not _LETTER.search(word) or re.search(ASIAN, word):
                continue
            plain = word.translate(LOOKALIKES)
            out.append(view[end : match.start()])
            tens = _LAST_WORD.search("".join(out[-3:])[-12:])
            phrases = (plain, (tens[0] if tens else "") + plain)
            mixed |= all(self._cardinals.get(phrase, 0) < ADULT for phrase in phrases)
            out.append(plain)
            end = match.end()
        return "".join(out) + view[end:], mixed
