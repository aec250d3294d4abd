"""Which languages a text speaks, sentence by sentence, and whether the screen can vouch for them.

A word of one language may be a word of another (the Swedish for "child" is an English farm
building), so a language's rules are asked only about sentences that speak it. Its function
words and its own unmistakable words tell that; words that English shares never do.
What no rules exist for is refused: the gate can't vouch for what it can't read.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise

from miniature_memory.screen.book import book, lines
from miniature_memory.screen.later import later
from miniature_memory.screen.phrases import KEPT
from miniature_memory.screen.views import ASIAN

LATIN = ("es", "pt", "it", "fr", "de", "nl", "sv", "tr", "id", "ms", "pl")
CYRILLIC = ("ru",)

# Compiled when a text has other than plain letters: ``re`` keeps them.
_CYRILLIC = r"[\u0400-\u04ff]"
_NOT_RUSSIAN = r"[\u0402-\u040f\u0452-\u045f\u0460-\u04ff]"
_KANA = r"[\u3041-\u30ff]"
_BRIEF = 12  # Han letters of a text that may be Japanese without kana
_JAPANESE = 0.2  # share of kana from which on a sentence of Han letters is Japanese and not Chinese
# Letters of every script but Latin, Cyrillic, Han and kana; single ones (a formula's) may stand.
_OTHER_SCRIPT = r"[\u0370-\u03ff\u0530-\u1cff\u1f00-\u1fff\u2c00-\u2dff\u3100-\u31bf\ua000-\uabff\uac00-\ud7ff\U00010000-\U0001efff]{2}"
_UNVOUCHED_ENDING = later(r"[a-z]+(?:vuotia[a-z]*|vuotta|arainn|evesen|godisnj[a-z]+|tilet[yae]|metis)")
_UNITS = {"lat": "pl", "lata": "pl", "ar": "sv"}  # years of age, where a number stands before them
_VERBS = {
    "ist": "de",
    "wird": "de",
    "war": "de",
    "ar": "sv",
    "var": "sv",
    "tem": "pt",
    "ha": "it",
    "ma": "pl",
}  # ... after them
_FEW = 3  # words of a sentence that is too short to tell it from names
_NEARLY = 0.87  # how much of what the language of a sentence knows another must know to be read, too
_NEVER_ENGLISH = frozenset({"ist", "tem"})  # whatever the list of English words says
_ENOUGH = 6  # words from which on a sentence must hold some that are known
_KNOWN_SHARE = 0.15


def _words(name: str) -> frozenset[str]:
    return frozenset(" ".join(lines(name)).lower().split())


@cache
def english_words() -> frozenset[str]:
    """Words that tell English: common ones, and those of the English rules that are whole."""
    return _words("english").union(book("en").words - book("en").begun)


@cache
def _shared() -> frozenset[str]:
    """Words of other languages that English has, too."""
    return _words("collisions")


@cache
def _telling(language: str) -> frozenset[str]:
    """The words that tell a language by themselves, if English and the others that have rules don't share them."""
    rules = book(language)
    names = ("years", "plain", "about", "clause", "det", "month")
    plain = (word for name in names for word in rules.listed(name) if len(word) > 2 and word.isalpha())
    return rules.markers.union(rules.stages, plain)


@lru_cache(maxsize=KEPT)
def telling(word: str) -> dict[str, int]:
    """The languages that a word is of, and how well it tells them.

    2: by itself; 1, its numbers: in a sentence that isn't English; 0: only with others.
    """
    found: dict[str, int] = {}
    shared = word in _shared() or word in english_words()
    own = len(word) > 1 and not shared
    for language in LATIN:
        rules = book(language)
        if word in _telling(language):
            found[language] = 2 * own
        elif word in rules.words or rules.numerals.holds(word):
            found[language] = int(own)
        # a number and what it counts may be one word ("fünfzehnjährig")
        if word.endswith(rules.numerals.suffixes) and rules.numerals.is_inflected(word):
            found[language] = max(found.get(language, 0), 2 * (not shared))
    return found


@cache
def _unvouched_words() -> frozenset[str]:
    """Words of languages that have no rules."""
    return frozenset(word for word in _words("unvouched") if len(word) > 2 and "_" not in word)


def _is_unvouched(word: str) -> bool:
    """Whether a word is of such a language, and of none that is known."""
    known = word in english_words() or word in _shared()
    return word in _unvouched_words() and not known and not telling(word)


def sentences(row: str) -> list[str]:
    """A row of tokens cut at its full stops, questions and exclamations."""
    return [part for part in _cut(row) if part.strip(" .")]


def _cut(row: str) -> list[str]:
    """The same with nothing left out: three characters are between two parts."""
    return row.replace(" ! ", " . ").replace(" ? ", " . ").split(" . ")


def _is_japanese(sentence: str) -> bool:
    return len(re.findall(_KANA, sentence)) > _JAPANESE * len(re.findall(ASIAN, sentence))


def languages_of(sentence: list[str], words: list[str], known: int) -> dict[str, int]:
    """The languages a sentence is likely to be in, with how many of its words they know.

    One word that is a language's own is enough, or a good part of the sentence in words that it
    shares. Of two languages, the one that knows more of the sentence is spoken.
    """
    counts: dict[str, int] = defaultdict(int)
    foreign = 2 * known <= len(words)
    share = 3 if 4 * known <= len(words) else 2  # a third of the words tell a language if few are English
    sure = {_UNITS[unit]: 1 for mark, unit in pairwise(sentence) if unit in _UNITS and mark[0] in "%#"}
    sure |= {_VERBS[verb]: 1 for verb, mark in pairwise(sentence) if verb in _VERBS and mark[0] in "%#"}
    for word, times in Counter(words).items():
        for language, tells in telling(word).items():
            counts[language] += times
            if tells + foreign > 1:
                sure[language] = 1
    likely = {
        language: count
        for language, count in (sure | counts).items()
        if language in sure or (foreign and count > 1 and share * count >= len(words))
    }
    for one, other in (("id", "ms"), ("ms", "id")):  # too alike to tell which it is
        likely[other] = max(likely.get(one, 0), likely.get(other, 0))
    most = max(likely.values())
    return {language: count for language, count in likely.items() if 0 < most * _NEARLY <= count}


def read(row: str) -> tuple[dict[str, str], bool]:
    """The sentences of each language other than English, and whether one can't be vouched for."""
    spoken: dict[str, str] = {}
    lost = False
    if not row.isascii():
        if re.search(ASIAN, row):
            if re.search(_KANA, row) or len(re.findall(ASIAN, row)) < _BRIEF:
                spoken["ja"] = row
            spoken["zh"] = " . ".join(
                part for part in re.split(r" [.!?](?= )", row) if not _is_japanese(part)
            )
        if re.search(_CYRILLIC, row):
            spoken |= dict.fromkeys(CYRILLIC, row)
        lost = bool(re.search(_OTHER_SCRIPT, row) or re.search(_NOT_RUSSIAN, row))
    words = set(row.split())
    english = words & english_words()
    strange = {w for w in words - english if len(w) > 1 and w[0].isalpha() and w[0] < "\u0250"}
    words = strange | english
    strange |= words & _NEVER_ENGLISH
    if not strange:
        return spoken, lost
    lost |= any(map(_UNVOUCHED_ENDING.fullmatch, strange))
    parts = sentences(row)
    rows: dict[str, set[int]] = defaultdict(set)
    for i, part in enumerate(parts):
        sentence = part.split()
        if strange.isdisjoint(sentence):
            continue
        likely, unvouched = _judge(sentence, [w for w in sentence if w in words], strange)
        lost |= unvouched
        for language, count in likely.items():
            # a sentence that plainly speaks it vouches for its neighbours ("Quince.")
            plainly = count > 2 or count == sum(w in words for w in sentence) > 1
            rows[language].update((i - 1, i, i + 1) if plainly else (i,))
    for language, numbers in rows.items():
        chosen = [" ".join(parts[i].split()) for i in sorted(numbers) if 0 <= i < len(parts)]
        spoken[language] = " . " + " . ".join(chosen) + " . "
    return spoken, lost


def reword(row: str, foreign: bool, change: Callable[[str], str]) -> str:
    """The row with a change made to its sentences in other languages, or to the others."""
    out: list[str] = []
    at = 0
    for part in _cut(row):
        new = change(part)
        end = at + len(part)
        out += [new if new != part and _is_foreign(part) == foreign else part, row[end : end + 3]]
        at = end + 3
    return "".join(out)


def without_english(row: str) -> str:
    """The row without its sentences that are plainly English, whose numbers are no other language's."""
    return " . ".join(part for part in row.split(" . ") if not _is_plainly_english(part))


def _known(sentence: str) -> tuple[list[str], int]:
    """The words of a sentence, and how many of them are English."""
    words = [w for w in sentence.split() if len(w) > 1 and w.isalpha()]
    return words, sum(map(english_words().__contains__, words))


def _is_mostly(known: int, words: list[str]) -> bool:
    """Whether so many known words make a sentence plainly English."""
    return 4 * known > 3 * len(words)


def _is_plainly_english(sentence: str) -> bool:
    words, known = _known(sentence)
    return len(words) > _FEW and _is_mostly(known, words)


def _is_foreign(sentence: str) -> bool:
    """Whether another language is spoken, and knows more of the words than English does."""
    words, known = _known(sentence)
    if not sentence.isascii() and (re.search(_CYRILLIC, sentence) or re.search(ASIAN, sentence)):
        return not known
    if len(words) < _FEW or 2 * known > len(words):
        return False
    return max(languages_of(sentence.split(), words, known).values(), default=0) > known


def _judge(sentence: list[str], words: list[str], strange: set[str]) -> tuple[dict[str, int], bool]:
    """The languages that a sentence is likely in, and whether it is in one that nobody vouches for."""
    known = len(words) - sum(map(strange.__contains__, words))
    if _is_mostly(known, words):
        return {}, False
    words = [part for word in words for part in word.split("'") if part]
    likely = languages_of(sentence, words, known)
    unvouched = sum(map(_is_unvouched, words))
    if unvouched and unvouched >= max(likely.values(), default=0) and 2 * known <= len(words):
        return likely, True
    return likely, len(words) >= _ENOUGH and not likely and known < _KNOWN_SHARE * len(words)
