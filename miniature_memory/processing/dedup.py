"""Sketches of documents and what they are compared by: exact, near and contained duplicates, boilerplate.

* exact: hash of what is written, white space left out.
* near: MinHash over word bigrams (Broder 1997), 25 bands of 5 rows (Leskovec et al., "Mining of Massive
  Datasets", ch. 3), candidates verified by stored 8-bit signatures (b-bit minwise hashing, Li & König 2010).
  A document that shares a few long shingles is a candidate too: bands alone miss 2 % at 10 % of edits.
* contained: every 16th eight-word shingle by hash value (modulo sampling, Manber 1994). A later excerpt of an
  earlier document shares nearly all of its samples, whatever the documents' lengths. A later document with a
  passage of its own is kept, and it is noted which earlier ones it holds: ``prepare`` takes their text out.
* boilerplate: a paragraph that two earlier documents of the same site have. ``clean`` takes it out.

The first in the order of arrival wins. A decision depends on earlier kept documents only, never on how the
work was divided.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.processing.boilerplate import paragraph_keys
from miniature_memory.processing.near_index import KINDS, Kind, NearIndex
from miniature_memory.processing.words import Hashes, Words, constants, mix, ngrams, word_hashes, words_of

VERSION: Final = 2
BANDS: Final = 25
ROWS: Final = 5
SHINGLE: Final = 8  # words of an excerpt's shingle
SAMPLE: Final = 16  # one shingle in so many is remembered; a power of two
#: share of a document's sampled shingles that lie in one earlier document: an excerpt of it.
#: Unedited excerpts measure 1.0; independent stories below 0.1 (`mm benchmark processing`).
CONTAINED: Final = 0.5
#: a document that shares less than that with an earlier one, and doesn't hold it, is left alone
SHARED: Final = 0.3
#: an earlier document that is there so nearly unchanged is a chapter, not a version
CHAPTER: Final = 0.8
#: so many samples in a row that the other hasn't got (about 130 words): a passage of its own
OWN: Final = 8
#: fewer matches than this say nothing about a document
MATCHES: Final = 4
#: a shingle that so many earlier documents have is a site's boilerplate, no excerpt
COMMON: Final = 64
NEIGHBOURS: Final = 16  # so many of the documents that share a passage are noted
#: so many earlier documents of a site have a paragraph: the third occurrence is boilerplate
OCCURRENCES: Final = 2

_FACTOR: Final = constants(3, BANDS * ROWS).astype(np.uint32)
_BAND: Final = constants(4, BANDS)
_ROW: Final = constants(5, ROWS)
_SLICE: Final = 2048  # bigrams hashed at once: 125 rows of a long text's would take a gigabyte

Found = dict[int, list[int]]  # key -> numbers of the earlier documents that have it


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the index keeps of a document: about 1 kB for 3.6 kB of text."""

    exact: int
    bands: Hashes  # [BANDS]
    signature: NDArray[np.uint8]  # [BANDS * ROWS]
    samples: int  # how many shingles were sampled
    excerpts: Hashes  # those, in the order of the text, no repeats
    paragraphs: Hashes  # keys of paragraphs that could be boilerplate, no repeats

    def keys(self, kind: Kind) -> Hashes:
        return np.array([self.exact], dtype=np.uint64) if kind == "exact" else getattr(self, kind)


@dataclass(frozen=True, slots=True)
class Twin:
    """Why a document goes: the rule, the earlier document's number, and how similar they are."""

    rule: str
    number: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a kept document has in common with earlier ones."""

    shares: tuple[int, ...] = ()  # numbers of documents that it shares a passage with, ascending
    contains: tuple[int, ...] = ()  # those of them that it holds, or shares much with
    boilerplate: tuple[int, ...] = ()  # keys of paragraphs


def sketch(text: str, site: str = "") -> Sketch:
    """The sketch of a text; boilerplate is compared within a ``site``."""
    return sketches(words_of(text), [site])[0]


def sketches(words: Words, sites: Sequence[str]) -> list[Sketch]:
    """The sketch of each text."""
    grams = {n: ngrams(words.hashes, n) for n in (2, SHINGLE)}
    excerpts: list[Hashes] = []
    minima = np.empty((len(sites), BANDS * ROWS), dtype=np.uint32)
    for number, (since, until) in enumerate(pairwise(words.since.tolist())):
        bigrams, shingles = (
            grams[n][since : until - n + 1] if until - since >= n else ngrams(words.hashes[since:until], n)
            for n in grams
        )
        excerpts.append(_distinct(shingles[shingles & np.uint64(SAMPLE - 1) == 0]))
        minima[number] = _minima((bigrams >> np.uint64(32)).astype(np.uint32))
    ink = (words.codes > 32) & (words.codes != 0xA0)
    written = (words.codes[a:b][ink[a:b]].tobytes() for a, b in pairwise(words.begin.tolist()))
    bands = mix((minima.reshape(-1, BANDS, ROWS) * _ROW).sum(axis=2, dtype=np.uint64) ^ _BAND)
    columns = written, bands, minima.astype(np.uint8), excerpts, paragraph_keys(words, sites)
    return [
        Sketch(
            exact=int.from_bytes(hashlib.sha256(ink).digest()[:8], "little"),
            bands=band,
            signature=signature,
            samples=len(excerpt),
            excerpts=excerpt,
            paragraphs=paragraphs,
        )
        for ink, band, signature, excerpt, paragraphs in zip(*columns, strict=True)
    ]


def _minima(bigrams: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The least of the bigrams under each of the permutations x -> a x mod 2^32, a odd."""
    minima = np.full(BANDS * ROWS, 0xFFFFFFFF, dtype=np.uint32)
    for at in range(0, len(bigrams), _SLICE):
        hashed = np.multiply.outer(_FACTOR, bigrams[at : at + _SLICE])
        np.minimum(minima, np.minimum.reduce(hashed, axis=1), out=minima)
    return minima


def _distinct(keys: Hashes) -> Hashes:
    return np.array(list(dict.fromkeys(keys.tolist())), dtype=np.uint64)


def jaccard_of_signatures(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Estimated Jaccard similarity of 8-bit signatures [..., BANDS * ROWS]; chance agreement taken out."""
    agree = (a == b).mean(axis=-1)
    similarity: NDArray[np.float64] = np.clip((agree - 1 / 256) / (1 - 1 / 256), 0, 1)
    return similarity


def jaccard(a: str, b: str) -> float:
    """The slow twin: exact Jaccard similarity of two texts' word bigrams."""
    x, y = (set(ngrams(word_hashes(text), 2).tolist()) for text in (a, b))
    return len(x & y) / len(x | y) if x | y else 1.0


@dataclass(frozen=True, slots=True)
class _Common:
    """The sampled shingles that a document has in common with earlier ones."""

    order: list[int]  # the document's samples, in the order of its text
    matches: dict[int, set[int]]  # number of an earlier document -> its samples among them

    @classmethod
    def of(cls, samples: Hashes, found: Found) -> _Common:
        matches: dict[int, set[int]] = {}
        for sample, numbers in found.items():
            if len(numbers) <= COMMON:
                for number in numbers:
                    matches.setdefault(number, set()).add(sample)
        return cls(samples.tolist(), {n: found for n, found in matches.items() if len(found) >= MATCHES})

    def share(self, number: int) -> float:
        """Of the document's samples the share that the earlier one has."""
        return len(self.matches.get(number, ())) / max(len(self.order), 1)

    def has_own_passage(self, number: int) -> bool:
        found = self.matches.get(number, set())
        runs = groupby(self.order, key=found.__contains__)
        return any(not shared and sum(1 for _ in run) >= OWN for shared, run in runs)


class Duplicates:
    """Judges sketches in the order of arrival; what it keeps is pending until ``NearIndex`` has stored it."""

    def __init__(self, index: NearIndex, threshold: float) -> None:
        self.index = index
        self.threshold = threshold
        self.pending: dict[int, Sketch] = {}
        self.overlaps: dict[int, Overlap] = {}  # of the pending that have any

    def judge(self, batch: Sequence[tuple[int, Sketch]]) -> list[Twin | None]:
        """The twin of each (number, sketch), or None when it is kept; numbers ascend. What the batch before
        kept must be settled."""
        keys = {kind: [one.keys(kind) for _, one in batch] for kind in KINDS}
        stored = {kind: self.index.find(kind, keys[kind]) for kind in KINDS}
        shared = {kind: _shared(keys[kind]) for kind in KINDS}
        postings: dict[Kind, dict[int, list[int]]] = {kind: {} for kind in KINDS}
        verdicts: list[Twin | None] = []
        for row, (number, one) in enumerate(batch):
            found = {kind: stored[kind][row] for kind in KINDS}
            for kind in KINDS:
                for key in shared[kind][row]:
                    if pending := postings[kind].get(key):
                        found[kind][key] = found[kind].get(key, []) + pending
            common = _Common.of(one.excerpts, found["excerpts"])
            twin = self._twin(one, found, common)
            if twin is None:
                forgotten = self._keep(number, one, found, common)
                for kind in KINDS:
                    for key in shared[kind][row]:
                        if key not in forgotten:
                            postings[kind].setdefault(key, []).append(number)
            verdicts.append(twin)
        return verdicts

    def resembling(self, batch: Sequence[tuple[int, Sketch]]) -> list[int]:
        """The numbers of those that are, hold, or are a part of what the index has."""
        if not batch or not len(self.index):
            return []
        stored = {kind: self.index.find(kind, [one.keys(kind) for _, one in batch]) for kind in KINDS}
        numbers: list[int] = []
        for row, (number, one) in enumerate(batch):
            found = {kind: stored[kind][row] for kind in KINDS}
            common = _Common.of(one.excerpts, found["excerpts"])
            if self._twin(one, found, common) or any(self._holds(n, common) for n in common.matches):
                numbers.append(number)
        return numbers

    def settle(self) -> dict[int, Sketch]:
        """Hands over what is pending; the caller stores it."""
        kept, self.pending, self.overlaps = self.pending, {}, {}
        return kept

    def _keep(self, number: int, one: Sketch, found: dict[Kind, Found], common: _Common) -> Collection[int]:
        """Returns the keys that are not remembered: what is known to be common need not be once more."""
        boilerplate = [key for key, having in found["paragraphs"].items() if len(having) >= OCCURRENCES]
        if boilerplate or common.matches:
            contains = [n for n in common.matches if self._holds(n, common)]
            most = sorted(common.matches, key=lambda n: (-len(common.matches[n]), n))[:NEIGHBOURS]
            shares = sorted({*contains, *most})
            self.overlaps[number] = Overlap(
                tuple(shares), tuple(sorted(contains)), tuple(sorted(boilerplate))
            )
        too_common = [key for key, having in found["excerpts"].items() if len(having) > COMMON]
        if too_common:
            one = replace(one, excerpts=_less(one.excerpts, too_common))
        if boilerplate:
            one = replace(one, paragraphs=_less(one.paragraphs, boilerplate))
        self.pending[number] = one
        return {*too_common, *boilerplate}

    def _twin(self, one: Sketch, found: dict[Kind, Found], common: _Common) -> Twin | None:
        return _same(found["exact"]) or self._near(one, found["bands"], common) or _contained(common)

    def _near(self, one: Sketch, bands: Found, common: _Common) -> Twin | None:
        numbers = {n for having in bands.values() for n in having} | common.matches.keys()
        candidates = sorted(n for n in numbers if not self._is_chapter(n, common))
        if not candidates:
            return None
        signatures = np.stack([self._known(n)[0] for n in candidates])
        similarity = jaccard_of_signatures(signatures, one.signature)
        best = int(similarity.argmax())  # the most similar wins, then the earliest
        if similarity[best] < self.threshold:
            return None
        return Twin("near_duplicate", candidates[best], round(float(similarity[best]), 3))

    def _known(self, number: int) -> tuple[NDArray[np.uint8], int]:
        """An earlier document's signature, and how many samples it had."""
        if number in self.pending:
            return self.pending[number].signature, self.pending[number].samples
        return self.index.document(number)

    def _part(self, number: int, common: _Common) -> float:
        """Share of an earlier document's samples that the new one has."""
        return len(common.matches.get(number, ())) / max(self._known(number)[1], 1)

    def _is_chapter(self, number: int, common: _Common) -> bool:
        """Is an earlier document a part of the new one, which goes on where that ends?"""
        return (
            number in common.matches
            and len(common.order) >= self._known(number)[1] + OWN
            and self._part(number, common) >= CHAPTER
            and common.has_own_passage(number)
        )

    def _holds(self, number: int, common: _Common) -> bool:
        return common.share(number) >= SHARED or self._part(number, common) >= CONTAINED


def _shared(rows: Sequence[Hashes]) -> list[list[int]]:
    """Of each row of keys those that another row has too; within a row they differ."""
    flat = np.concatenate([*rows, np.zeros(0, np.uint64)])
    order = np.argsort(flat)
    same = np.flatnonzero(flat[order][1:] == flat[order][:-1])
    at = np.unique(order[np.append(same, same + 1)])
    found: list[list[int]] = [[] for _ in rows]
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    for row, key in zip(owner[at].tolist(), flat[at].tolist(), strict=True):
        found[row].append(key)
    return found


def _less(keys: Hashes, some: list[int]) -> Hashes:
    return np.setdiff1d(keys, np.array(some, dtype=np.uint64))


def _same(exact: Found) -> Twin | None:
    numbers = [n for having in exact.values() for n in having]
    return Twin("exact_duplicate", min(numbers), 1.0) if numbers else None


def _contained(common: _Common) -> Twin | None:
    """The earlier document that holds all of this one but some edits."""
    numbers = [n for n in common.matches if common.share(n) >= CONTAINED and not common.has_own_passage(n)]
    if not numbers:
        return None
    number = min(numbers, key=lambda n: (-len(common.matches[n]), n))
    return Twin("contained", number, round(common.share(number), 3))
