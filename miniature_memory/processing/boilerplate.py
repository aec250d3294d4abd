"""Paragraphs that a site repeats from page to page: watermarks, promotion, a series' head and foot.

No list of phrases: what two earlier documents of the same site have, word for word, goes from the third on
(``dedup`` counts, ``clean`` takes out). Digits and signs don't matter, so a date or a chapter's number in it
does not hide it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.processing.words import Hashes, Words, constants, distinct, mix, words_of

EDGE: Final = 6  # paragraphs from either end, where a site's own lines stand
LONG: Final = 40  # characters; shorter paragraphs recur in stories ("She shook her head.")
SHORT: Final = 15  # characters of a line at the edge that is no speech
#: where more of a text than this recurs, it is a text made of common parts, not a frame around a story
LARGEST_SHARE: Final = 0.4

_SPEECH: Final = np.zeros(1 << 16, dtype=np.bool_)
_SPEECH[[ord(sign) for sign in "\"'“‘«"]] = True
_WEIGHTS: Final = constants(6, 64)


def paragraph_keys(words: Words, sites: Sequence[str]) -> list[Hashes]:
    """Keys of the paragraphs (lines) of each text that could be boilerplate, without repeats."""
    keys, length, speech = _lines(words, sites)
    since = np.searchsorted(words.first, words.since)
    count = np.diff(since)
    place = np.arange(len(keys)) - np.repeat(since[:-1], count)
    edge = (place < EDGE) | (place >= np.repeat(count, count) - EDGE)
    possible = (length >= LONG) | ((length >= SHORT) & edge & ~speech)
    return [distinct(keys[begin:end][possible[begin:end]]) for begin, end in pairwise(since.tolist())]


def without(text: str, boilerplate: Collection[int], site: str) -> str:
    """The text without the lines that have one of these keys."""
    words = words_of(text)
    keys, length, _ = _lines(words, [site])
    gone = np.isin(keys, np.array(sorted(boilerplate), dtype=np.uint64))
    if not gone.any() or length[gone].sum() > LARGEST_SHARE * length.sum():
        return text
    numbers_gone = set(words.line[words.first][gone].tolist())
    return "\n".join(line for i, line in enumerate(text.split("\n")) if i not in numbers_gone)


def _lines(words: Words, sites: Sequence[str]) -> tuple[Hashes, NDArray[np.intp], NDArray[np.bool_]]:
    """Of each line with words: its key, its length, and whether it begins as speech does."""
    first, count = words.first, words.count
    place = np.arange(len(words.starts)) - np.repeat(first, count)
    begins = words.codes[words.starts]
    any_number = (begins >= 48) & (begins <= 57)  # 3, 3rd, 2024
    spelt = np.where(any_number, np.uint64(0), words.hashes) * _WEIGHTS.take(place & 63)
    salts = np.array([_salt(site) for site in sites], dtype=np.uint64)
    keys = mix(np.add.reduceat(spelt, first) ^ salts[words.text[first]])
    before = words.codes[np.maximum(words.starts[first] - 1, 0)]
    length = words.ends[first + count - 1] - words.starts[first]
    return keys, length, _SPEECH.take(before, mode="clip")


@lru_cache(maxsize=64)
def _salt(site: str) -> np.uint64:
    digest = hashlib.blake2b(site.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))
