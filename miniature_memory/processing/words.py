"""Words as 64-bit numbers: what duplicates, repetition, languages and kinds of text are found by.

Everything is numpy over code points, so a text of 3.6 kB takes a fraction of a millisecond,
and nothing depends on PYTHONHASHSEED, locale or platform.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Indices = NDArray[np.intp]

_TABLE_END: Final = 0x3000  # beyond: CJK and rarer scripts, taken as letters
_NEWLINE: Final = 10
_LONGEST: Final = 64  # letters of a word that tell it from others; a power of two


@dataclass(frozen=True, slots=True)
class Words:
    """The words (runs of letters and digits) of some texts that are looked at together, and where they stand.

    Texts are taken together since numpy's work on a thousand words is hardly more than on a hundred.
    """

    texts: tuple[str, ...]  # in NFC
    codes: NDArray[np.uint32]  # [characters] code points of all texts, a line feed behind each
    begin: Indices  # [texts + 1] where each text begins, and where the last has ended
    starts: Indices  # [words] where each begins
    ends: Indices  # [words] where each has ended
    hashes: Hashes  # [words] equal for words that differ in case alone
    since: Indices  # [texts + 1] the first word of each text
    text: Indices  # [words] number of the text that each stands in
    line: Indices  # [words] number of the line that each stands in, from 0
    first: Indices  # [lines with words] the first word of each
    count: Indices  # [lines with words] how many words each has

    def tally(self, chosen: NDArray[np.bool_]) -> Indices:
        """How many of the chosen words [words] each text has: [texts]."""
        return np.bincount(self.text[chosen], minlength=len(self.texts))


def mix(x: Hashes) -> Hashes:
    """Spreads every input bit over all output bits (the finaliser of SplitMix64, Steele et al. 2014)."""
    x = x ^ (x >> np.uint64(30))
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


@cache
def constants(seed: int, count: int) -> Hashes:
    """``count`` fixed pseudo-random odd numbers."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mix(steps + np.uint64(seed)) | np.uint64(1)


@cache
def _folded() -> NDArray[np.uint32]:
    """Of each code point below the table's end the lower-case letter's; 0 where it is no part of a word."""
    letters = [ord(chr(i).lower()[0]) if chr(i).isalnum() else 0 for i in range(_TABLE_END)]
    return np.array(letters, dtype=np.uint32)


_WEIGHTS: Final = constants(1, _LONGEST)


def words_of(*texts: str) -> Words:
    texts = tuple(text if text.isascii() else unicodedata.normalize("NFC", text) for text in texts)
    begin = np.cumsum([0, *(len(text) + 1 for text in texts)])
    joined = "\n".join((*texts, ""))
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    folded = _folded().take(codes, mode="clip")
    if not joined.isascii() and codes.max() >= _TABLE_END:
        folded = np.where(codes >= _TABLE_END, codes, folded)
    inside = np.zeros(len(codes) + 1, dtype=np.bool_)
    np.not_equal(folded, 0, out=inside[1:])
    edges = np.flatnonzero(inside[1:] != inside[:-1])  # even in number: a line feed ends the last word
    starts, ends = edges[::2].copy(), edges[1::2].copy()
    hashes = _hashes(folded, starts, ends)
    since = np.searchsorted(starts, begin)
    text = np.repeat(np.arange(len(texts)), np.diff(since))
    # words up to the end of each line, then those in it
    until = np.searchsorted(starts, np.flatnonzero(codes == _NEWLINE))
    count = np.diff(until, prepend=0)
    line = np.repeat(np.arange(len(count)), count)
    spoken = count > 0
    first = (until - count)[spoken]
    return Words(texts, codes, begin, starts, ends, hashes, since, text, line, first, count[spoken])


def _hashes(folded: NDArray[np.uint32], starts: Indices, ends: Indices) -> Hashes:
    if not len(starts):
        return np.zeros(0, np.uint64)
    # each character's place behind its word's beginning; what is no letter weighs nothing
    begin = starts - starts[0]
    place = np.arange(len(folded) - starts[0])
    place -= np.repeat(begin, np.diff(begin, append=len(place)))
    place &= _LONGEST - 1
    hashes = np.add.reduceat(folded[starts[0] :] * _WEIGHTS.take(place), begin)
    hashes += (ends - starts).astype(np.uint64)
    return mix(hashes)


def changes(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Of each value whether it differs from the one before; the first does."""
    found = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def distinct(values: Hashes) -> Hashes:
    """Each value once, in ascending order."""
    ordered = np.sort(values)
    return ordered[changes(ordered)]


def word_hashes(text: str) -> Hashes:
    """One number a word (a run of letters and digits, case folded), in order: uint64 [words]."""
    return words_of(text).hashes


def ngrams(words: Hashes, n: int) -> Hashes:
    """One number for every ``n`` words in a row: uint64 [words - n + 1] (the whole when it is shorter)."""
    n = min(n, len(words))
    if n == 0:
        return words
    weights = constants(1000 + n, n)
    total = words[: len(words) - n + 1] * weights[0]
    for i in range(1, n):
        total += words[i : len(words) - n + 1 + i] * weights[i]
    return mix(total)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that are looked up together, each in some groups."""

    keys: Hashes  # one a word; the last is no word's
    member: NDArray[np.float64]  # [keys, groups] 1 or 0
    factor: np.uint64
    slots: NDArray[np.uint16]  # which key a hash could be: a perfect hash, so one look is enough
    shift: np.uint64

    @classmethod
    def of(cls, groups: Iterable[Iterable[str]]) -> Lexicon:
        listed = [set(group) for group in groups]
        words = sorted(set().union(*listed))
        keys = np.append(word_hashes("\n".join(words)), np.uint64(0))
        member = np.array([[word in group for group in listed] for word in [*words, ""]], dtype=np.float64)
        bits = 2 * len(words).bit_length() - 3  # so many slots that one factor in a few sets none twice
        shift = np.uint64(64 - bits)
        tried = ((factor, (keys[:-1] * factor) >> shift) for factor in constants(8, 1000))
        factor, places = next(found for found in tried if len(np.unique(found[1])) == len(words))
        slots = np.full(1 << bits, len(words), dtype=np.uint16)
        slots[places] = np.arange(len(words))
        return cls(keys, member, factor, slots, shift)

    def rows(self, words: Hashes) -> Indices:
        """Of each word its row in ``keys`` and ``member``; the last for a word of no group."""
        rows = self.slots.take((words * self.factor) >> self.shift).astype(np.intp)
        rows[self.keys.take(rows) != words] = len(self.keys) - 1
        return rows

    def count(self, rows: Indices, of: Indices, texts: int) -> NDArray[np.float64]:
        """How many of some words (their ``rows``), each ``of`` a text, are in each group: [texts, groups]."""
        known = rows < len(self.keys) - 1
        at = of[known] * len(self.keys) + rows[known]
        heard = np.bincount(at, minlength=texts * len(self.keys)).reshape(texts, len(self.keys))
        counts: NDArray[np.float64] = heard @ self.member
        return counts
