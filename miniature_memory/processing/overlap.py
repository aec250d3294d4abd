"""What a later document has of earlier ones, taken out paragraph by paragraph: a compilation loses the
chapters that are kept already, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.processing.segment import SCENE_BREAK, is_heading, structure
from miniature_memory.processing.words import Hashes, ngrams, word_hashes, words_of

SHINGLE: Final = 5  # words
HELD: Final = 0.5  # share of a paragraph's shingles that others have; at 10 % of edits .59 on average
TOUCHED: Final = 0.15  # beside such a one this is enough: another's paragraph, edited more
PASSAGE: Final = 50  # words in a row; what is shorter is a turn of phrase that two stories share
LEAST: Final = 100  # words worth keeping


def without(text: str, others: Sequence[str]) -> str:
    """A cleaned text without what stands in ``others``, cleaned texts too; '' when nothing worth keeping is
    left. Headings go with what they head. Idempotent."""
    if not others:
        return text
    known = np.unique(np.concatenate([ngrams(word_hashes(other), SHINGLE) for other in others]))
    spoken = {line for other in others for line in other.split("\n") if line != SCENE_BREAK}
    whole = text
    while (less := _once(text, known, spoken)) != text:
        text = less
    return text if text == whole or len(word_hashes(text)) >= LEAST else ""


def _once(text: str, known: Hashes, spoken: set[str]) -> str:
    lines = text.removesuffix("\n").split("\n")
    share, words = _shares(text, len(lines), known)
    gone = _passages(lines, share, words, spoken)
    if not gone.any():
        return text
    for i in range(len(lines) - 1, -1, -1):  # from below, since a part's heading heads a chapter's
        if not gone[i] and is_heading(lines[i]):
            following = next((j for j in range(i + 1, len(lines)) if lines[j] != SCENE_BREAK), None)
            gone[i] = following is not None and gone[following]
    left = structure([line for i, line in enumerate(lines) if not gone[i]])
    return "\n".join(left) + "\n" if left else ""


def _shares(text: str, lines: int, known: Hashes) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Of each line: which share of it the others have, and how many words it has."""
    written = words_of(text)
    of = written.line
    words = np.bincount(of, minlength=lines)
    if len(of) < SHINGLE or not len(known):
        return np.zeros(lines), words
    grams = ngrams(written.hashes, SHINGLE)
    inside = of[: len(grams)] == of[SHINGLE - 1 :]
    shared = inside & (known.take(np.searchsorted(known, grams), mode="clip") == grams)
    count = np.bincount(of[: len(grams)][shared], minlength=lines)
    total = np.bincount(of[: len(grams)][inside], minlength=lines)
    return count / np.maximum(total, 1), words


def _passages(
    lines: list[str], share: NDArray[np.float64], words: NDArray[np.intp], spoken: set[str]
) -> NDArray[np.bool_]:
    """Of each line whether it belongs to a passage that the others have. A line of a few words belongs with
    its neighbours: to a passage around it, or to one beside it when the others have the very line."""
    gone = np.zeros(len(lines), dtype=np.bool_)
    long = np.flatnonzero((words >= SHINGLE) & ~np.array([is_heading(line) for line in lines]))
    touched = share[long] >= TOUCHED
    for run in np.split(long, np.flatnonzero(touched[1:] != touched[:-1]) + 1) if len(long) else []:
        if words[run[share[run] >= HELD]].sum() < PASSAGE:
            continue
        first, last = int(run[0]), int(run[-1])
        while first > 0 and lines[first - 1] in spoken:
            first -= 1
        while last + 1 < len(lines) and lines[last + 1] in spoken:
            last += 1
        gone[first : last + 1] = True
    return gone
