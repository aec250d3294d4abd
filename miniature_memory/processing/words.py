"""Words as 64-bit numbers: what duplicates, repetition and excerpts are found by.

Everything is numpy over code points, so a text of 3.6 kB takes a fraction of a millisecond,
and nothing depends on PYTHONHASHSEED, locale or platform.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_TABLE_END: Final = 0x3000  # beyond: CJK and rarer scripts, taken as letters
_LONGEST: Final = 64  # letters of a word that tell it from others


def mix(x: Hashes) -> Hashes:
    """Spreads every input bit over all output bits (the finaliser of SplitMix64, Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def constants(seed: int, count: int) -> Hashes:
    """``count`` fixed pseudo-random odd numbers."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mix(steps + np.uint64(seed)) | np.uint64(1)


@cache
def _tables() -> tuple[NDArray[np.bool_], Hashes]:
    return np.array([chr(i).isalnum() for i in range(_TABLE_END)]), constants(1, _LONGEST)


def word_hashes(text: str) -> Hashes:
    """One number a word (a run of letters and digits, case folded), in order: uint64 [words]."""
    is_word, weights = _tables()
    folded = unicodedata.normalize("NFC", text).lower()
    codes = np.frombuffer(folded.encode("utf-32-le", "replace"), dtype="<u4")
    inside = is_word[np.minimum(codes, _TABLE_END - 1)] | (codes >= _TABLE_END)
    edges = np.flatnonzero(np.diff(inside.view(np.int8), prepend=np.int8(0), append=np.int8(0)))
    if not len(edges):
        return np.zeros(0, np.uint64)
    lengths = edges[1::2] - edges[::2]
    starts = np.cumsum(lengths) - lengths  # where each word begins among the letters alone
    letters = codes[inside].astype(np.uint64)
    place = np.arange(len(letters)) - np.repeat(starts, lengths)
    return mix(np.add.reduceat(letters * weights[place % _LONGEST], starts) + lengths.astype(np.uint64))


def ngrams(words: Hashes, n: int) -> Hashes:
    """One number for every ``n`` words in a row: uint64 [words - n + 1] (the whole when it is shorter)."""
    n = min(n, len(words))
    if n == 0:
        return words
    weights = constants(1000 + n, n)
    total = words[: len(words) - n + 1] * weights[0]
    for i in range(1, n):
        total = total + words[i : len(words) - n + 1 + i] * weights[i]
    return mix(total)
