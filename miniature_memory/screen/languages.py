"""Which languages a text speaks, sentence by sentence, and whether the screen can vouch for them.

A word of one language may be a word of another (the Swedish for "child" is an English farm
building), so a language's rules are asked only about sentences that speak it. Its function
words and its own unmistakable words tell that; words that English shares never do.
What no rules exist for is refused: the gate can't vouch for what it can't read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from itertools import pairwise

from miniature_memory.screen.book import book, fold_rule, lines

LATIN = ("es", "pt", "it", "fr", "de", "nl", "sv", "tr", "id", "ms", "pl")
CYRILLIC = ("ru",)
ASIAN = ("zh", "ja")

_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_NOT_RUSSIAN = re.compile(r"[\u0402-\u040f\u0452-\u045f\u0460-\u04ff]")
_ASIAN = re.compile(r"[\u3005-\u30ff\u3400-\u9fff]")
# Letters of every script but Latin, Cyrillic, Han and kana; single ones (a formula's) may stand.
_OTHER_SCRIPT = re.compile(
    r"[\u0370-\u03ff\u0530-\u1cff\u1f00-\u1fff\u2c00-\u2dff\u3100-\u31bf\ua000-\uabff\uac00-\ud7ff\U00010000-\U0001efff]{2}"
)
_UNVOUCHED_ENDINGS = re.compile(
    r" [a-z]+(?:vuotia[a-z]*|vuotta|arainn|evesen|godisnj[a-z]+|tilet[yae]|metis) "
)
_UNITS = {"lat": "pl", "lata": "pl", "ar": "sv"}  # years of age, where a number stands before them
_ENOUGH = 6  # words from which on a sentence must hold some that are known
_KNOWN_SHARE = 0.15


def _words(name: str) -> frozenset[str]:
    return frozenset(" ".join(fold_rule(line).lower() for line in lines(name)).split())


@cache
def english_words() -> frozenset[str]:
    """Words that tell English: common ones, and those of the English rules."""
    return _words("english") | book("en").words


@cache
def speech() -> dict[str, dict[str, int]]:
    """For each word of a language's rules: the languages it is of, and how well it tells them.

    2: by itself; 1, its numbers: in a sentence that isn't English; 0: only with others.
    """
    shared = _words("collisions") | english_words()
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for language in LATIN:
        rules = book(language)
        numbers = {w + s for w in rules.numerals.cardinals for s in rules.numerals.suffixes}
        for word in rules.markers | rules.stages | rules.numerals.words | numbers:
            if "_" not in word:
                tells = word in rules.markers or word in rules.stages or word in numbers
                own = len(word) > 1 and word not in shared
                found[word][language] = 2 * (tells and own) or int(own)
    return dict(found)


@cache
def unvouched_words() -> frozenset[str]:
    """Words of languages that have no rules (those of known languages left out)."""
    known = english_words() | frozenset(speech()) | _words("collisions")
    return frozenset(w for w in _words("unvouched") if len(w) > 2 and "_" not in w and w not in known)


def sentences(row: str) -> list[list[str]]:
    """A row of tokens cut at its full stops, questions and exclamations."""
    return [part.split() for part in re.split(r" [.!?] ", row) if part.strip(" .")]


def languages_of(sentence: list[str], words: list[str], known: int) -> dict[str, int]:
    """The languages a sentence is likely to be in, with how many of its words they know.

    One word that is a language's own is enough, or a good part of the sentence in words that it
    shares. Of two languages, the one that knows more of the sentence is spoken.
    """
    telling = speech()
    counts: dict[str, int] = defaultdict(int)
    foreign = 2 * known <= len(words)
    sure = {_UNITS[unit] for mark, unit in pairwise(sentence) if unit in _UNITS and mark[0] in "%#"}
    for word in words:
        for language, tells in telling.get(word, {}).items():
            counts[language] += 1
            if tells + foreign > 1:
                sure.add(language)
    likely = {
        language: count
        for language, count in (dict.fromkeys(sure, 1) | counts).items()
        if language in sure or (foreign and count > 1 and 2 * count >= len(words))
    }
    most = max(likely.values(), default=0)
    return {language: count for language, count in likely.items() if count >= 0.8 * most}


def read(row: str) -> tuple[dict[str, str], bool]:
    """The sentences of each language other than English, and whether one can't be vouched for."""
    spoken: dict[str, str] = {}
    lost = False
    if not row.isascii():
        if _ASIAN.search(row):
            spoken |= dict.fromkeys(ASIAN, row)
        if _CYRILLIC.search(row):
            spoken |= dict.fromkeys(CYRILLIC, row)
        lost = bool(_OTHER_SCRIPT.search(row) or _NOT_RUSSIAN.search(row))
    lost |= bool(_UNVOUCHED_ENDINGS.search(row))
    english, unvouched = english_words(), unvouched_words()
    parts = sentences(row)
    rows: dict[str, set[int]] = defaultdict(set)
    for i, sentence in enumerate(parts):
        words = [w for w in sentence if len(w) > 1 and w[0].isalpha() and w[0] < "\u0250"]
        known = sum(map(english.__contains__, words))
        if 4 * known > 3 * len(words):
            continue  # plainly English
        words = [part for word in words for part in word.split("'") if part]
        likely = languages_of(sentence, words, known)
        for language, count in likely.items():
            # a sentence that plainly speaks it vouches for its neighbours ("Quince.")
            rows[language].update((i - 1, i, i + 1) if count > 2 else (i,))
        best = max(likely.values(), default=0)
        strange = sum(map(unvouched.__contains__, words))
        if strange and strange >= best and 2 * known <= len(words):
            lost = True
        if len(words) >= _ENOUGH and not likely and known < _KNOWN_SHARE * len(words):
            lost = True
    for language, numbers in rows.items():
        chosen = [" ".join(parts[i]) for i in sorted(numbers) if 0 <= i < len(parts)]
        spoken[language] = " . " + " . ".join(chosen) + " . "
    return spoken, lost
