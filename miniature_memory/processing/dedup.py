"""Sketches of documents and the index that remembers them: exact, near and contained duplicates.

* exact: hash of the text with whitespace folded.
* near: MinHash over word bigrams (Broder 1997), 25 bands of 5 rows (Leskovec et al., "Mining of Massive
  Datasets", ch. 3), candidates verified by stored 8-bit signatures (b-bit minwise hashing, Li & König 2010).
* contained: every 16th eight-word shingle by hash value (modulo sampling, Manber 1994): a later excerpt of an
  earlier document shares nearly all of its sampled shingles, whatever the documents' lengths.

The first in the order of arrival wins. A decision depends on earlier kept documents only, never on how the
index is cut into runs, so growing in steps decides as one run over everything does.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.processing.near_index import NearIndex
from miniature_memory.processing.words import Hashes, constants, mix, ngrams, word_hashes

VERSION: Final = 1
BANDS: Final = 25
ROWS: Final = 5
SHINGLE: Final = 8  # words of an excerpt's shingle
SAMPLE: Final = 16  # one shingle in so many is remembered
#: share of a document's sampled shingles that lie in one earlier document: an excerpt of it.
#: Unedited excerpts measure 1.0; independent stories below 0.1 (`mm benchmark processing`).
CONTAINED: Final = 0.6
#: fewer matches than this say nothing about a document
MATCHES: Final = 4
#: a shingle that so many earlier documents have is a site's boilerplate, no excerpt
COMMON: Final = 64

_XOR: Final = constants(2, BANDS * ROWS)[:, None]
_FACTOR: Final = constants(3, BANDS * ROWS)[:, None]
_BAND: Final = constants(4, BANDS)
_ROW: Final = constants(5, ROWS)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the index keeps of a document: about 900 bytes for 3.6 kB of text."""

    exact: int
    bands: Hashes  # [BANDS]
    signature: NDArray[np.uint8]  # [BANDS * ROWS]
    excerpts: Hashes  # sampled shingles, sorted, no repeats


@dataclass(frozen=True, slots=True)
class Twin:
    rule: str
    number: int
    similarity: float


def sketch(text: str, words: Hashes | None = None) -> Sketch:
    """The sketch of a text; ``words`` when its ``word_hashes`` are known already."""
    if words is None:
        words = word_hashes(text)
    fold = hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).digest()
    # a long text in slices: 125 rows of all its bigrams at once would take a gigabyte
    minima = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, dtype=np.uint64)
    bigrams = ngrams(words, 2)
    for at in range(0, len(bigrams), 2048):
        part = bigrams[None, at : at + 2048]
        np.minimum(minima, ((part ^ _XOR) * _FACTOR).min(axis=1), out=minima)
    minima >>= np.uint64(32)
    shingles = ngrams(words, SHINGLE)
    return Sketch(
        exact=int.from_bytes(fold[:8], "little"),
        bands=mix((minima.reshape(BANDS, ROWS) * _ROW).sum(axis=1, dtype=np.uint64) ^ _BAND),
        signature=(minima & np.uint64(0xFF)).astype(np.uint8),
        excerpts=np.unique(shingles[shingles % np.uint64(SAMPLE) == 0]),
    )


def jaccard_of_signatures(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Estimated Jaccard similarity of 8-bit signatures [..., BANDS * ROWS]; chance agreement taken out."""
    agree = (a == b).mean(axis=-1)
    similarity: NDArray[np.float64] = np.clip((agree - 1 / 256) / (1 - 1 / 256), 0, 1)
    return similarity


def jaccard(a: str, b: str) -> float:
    """The slow twin: exact Jaccard similarity of two texts' word bigrams."""
    x, y = (set(ngrams(word_hashes(text), 2).tolist()) for text in (a, b))
    return len(x & y) / len(x | y) if x | y else 1.0


class Duplicates:
    """Judges sketches in the order of arrival; what it keeps is pending until ``NearIndex`` has stored it."""

    def __init__(self, index: NearIndex, threshold: float) -> None:
        self.index = index
        self.threshold = threshold
        self.pending: dict[int, Sketch] = {}
        self._exact: dict[int, int] = {}
        self._bands: dict[int, list[int]] = {}
        self._excerpts: dict[int, list[int]] = {}

    def judge(self, batch: Sequence[tuple[int, Sketch]]) -> list[Twin | None]:
        """The twin of each (number, sketch), or None when it is kept; numbers ascend."""
        exact = self.index.find("exact", [[s.exact] for _, s in batch])
        bands = self.index.find("bands", [s.bands for _, s in batch])
        excerpts = self.index.find("excerpts", [s.excerpts for _, s in batch])
        verdicts: list[Twin | None] = []
        for row, (number, one) in enumerate(batch):
            twin = (
                self._same(exact[row].values(), one)
                or self._near(bands[row].values(), one)
                or self._contained(excerpts[row], one)
            )
            if twin is None:
                self._keep(number, one)
            verdicts.append(twin)
        return verdicts

    def settle(self) -> dict[int, Sketch]:
        """Hands over what is pending; the caller stores it."""
        kept, self.pending = self.pending, {}
        self._exact, self._bands, self._excerpts = {}, {}, {}
        return kept

    def _keep(self, number: int, one: Sketch) -> None:
        self.pending[number] = one
        self._exact.setdefault(one.exact, number)
        for key in one.bands.tolist():
            self._bands.setdefault(key, []).append(number)
        for key in one.excerpts.tolist():
            self._excerpts.setdefault(key, []).append(number)

    def _same(self, stored: Iterable[list[int]], one: Sketch) -> Twin | None:
        numbers = [n for found in stored for n in found]
        if one.exact in self._exact:
            numbers.append(self._exact[one.exact])
        return Twin("exact_duplicate", min(numbers), 1.0) if numbers else None

    def _near(self, stored: Iterable[list[int]], one: Sketch) -> Twin | None:
        numbers = {n for found in stored for n in found}
        for key in one.bands.tolist():
            numbers.update(self._bands.get(key, ()))
        if not numbers:
            return None
        candidates = sorted(numbers)  # the most similar wins, then the earliest
        signatures = np.stack([self._signature(n) for n in candidates])
        similarity = jaccard_of_signatures(signatures, one.signature)
        best = int(similarity.argmax())
        if similarity[best] < self.threshold:
            return None
        return Twin("near_duplicate", candidates[best], round(float(similarity[best]), 3))

    def _signature(self, number: int) -> NDArray[np.uint8]:
        if number in self.pending:
            return self.pending[number].signature
        return self.index.signature(number)

    def _contained(self, stored: dict[int, list[int]], one: Sketch) -> Twin | None:
        shared: Counter[int] = Counter()
        for key in one.excerpts.tolist():
            numbers = stored.get(key, []) + self._excerpts.get(key, [])
            if len(numbers) <= COMMON:
                shared.update(numbers)
        if not shared:
            return None
        number, matches = min(shared.items(), key=lambda item: (-item[1], item[0]))
        share = matches / len(one.excerpts)
        if matches < MATCHES or share < CONTAINED:
            return None
        return Twin("contained", number, round(share, 3))
