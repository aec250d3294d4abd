"""Paragraphs that a site repeats from page to page: watermarks, promotion, a series' head and foot.

No list of phrases: what two earlier documents of the same site have, word for word, goes from the third on
(``dedup`` counts, ``clean`` takes out). Digits and signs don't matter, so a date or a chapter's number in it
does not hide it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.processing.words import Hashes, constants, distinct, mix, words_of

EDGE: Final = 6  # paragraphs from either end, where a site's own lines stand
LONG: Final = 40  # characters; shorter paragraphs recur in stories ("She shook her head.")
SHORT: Final = 15  # characters of a line at the edge that is no speech
#: where more of a text than this recurs, it is a text made of common parts, not a frame around a story
LARGEST_SHARE: Final = 0.4

_SPEECH: Final = np.zeros(1 << 16, dtype=np.bool_)
_SPEECH[[ord(sign) for sign in "\"'“‘«"]] = True
_WEIGHTS: Final = constants(6, 64)


def paragraph_keys(text: str, site: str) -> Hashes:
    """Keys of the paragraphs (lines) that could be boilerplate, without repeats."""
    _, keys, lengths, speech = _lines(text, site)
    at_edge = np.ones(len(keys), dtype=np.bool_)
    at_edge[EDGE : len(keys) - EDGE] = False
    return distinct(keys[(lengths >= LONG) | ((lengths >= SHORT) & at_edge & ~speech)])


def without(text: str, boilerplate: Collection[int], site: str) -> str:
    """The text without the lines that have one of these keys."""
    numbers, keys, lengths, _ = _lines(text, site)
    gone = np.isin(keys, np.array(sorted(boilerplate), dtype=np.uint64))
    if not gone.any() or lengths[gone].sum() > LARGEST_SHARE * lengths.sum():
        return text
    numbers_gone = set(numbers[gone].tolist())
    return "\n".join(line for i, line in enumerate(text.split("\n")) if i not in numbers_gone)


def _lines(text: str, site: str) -> tuple[NDArray[np.intp], Hashes, NDArray[np.intp], NDArray[np.bool_]]:
    """Of each line with words: its number, its key, its length, and whether it begins as speech does."""
    words = words_of(text)
    of, first, count = words.line, words.first, words.count
    if not len(first):
        return first, np.zeros(0, np.uint64), first, np.zeros(0, np.bool_)
    place = (np.arange(len(of)) - np.repeat(first, count)) & 63
    begins = words.codes[words.starts]
    spelt = np.where((begins >= 48) & (begins <= 57), np.uint64(0), words.hashes)  # 3, 3rd, 2024: any number
    keys = mix(np.add.reduceat(spelt * _WEIGHTS[place], first) ^ _salt(site))
    lengths = words.ends[first + count - 1] - words.starts[first]
    before = words.codes[np.maximum(words.starts[first] - 1, 0)]
    return of[first], keys, lengths, _SPEECH.take(before, mode="clip")


@lru_cache(maxsize=64)
def _salt(site: str) -> np.uint64:
    digest = hashlib.blake2b(site.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))
