"""Paired scoring: passages of 96 held-out characters, each read under several conditions.

    plain     the 160 characters before it fill the window; no summary
    summary   the summary of all that came before, and the last 96 characters
    empty     an empty summary instead
    other     another story's summary instead

Differences are between the same characters, so they mean something long before the figures themselves do.
Names are scored apart, by how long ago they were last mentioned: that is where a summary can help.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from miniature_memory.memory.condense import SLIDE, readable
from miniature_memory.memory.layout import EMPTY, read_row
from miniature_memory.memory.names import Scanner, document_names
from miniature_memory.memory.rows import Corpus
from miniature_memory.memory.window import BLOCK, HEAD
from miniature_memory.vocabulary import Ids

CONDITIONS: Final = ("plain", "summary", "empty", "other")
#: a name last mentioned at least so many characters ago is outside every plain window
FAR: Final = BLOCK


class Scorer(Protocol):
    """An engine that gives logits after every id."""

    def reset(self) -> None: ...
    def logits(self, ids: Ids) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Passage:
    """96 ids at ``start`` of a document, its summary and another's, (position, length) of its far names."""

    document: Ids
    start: int
    summary: Ids
    other: Ids
    far_names: tuple[tuple[int, int], ...]

    @property
    def ids(self) -> Ids:
        return self.document[self.start : self.start + SLIDE]


def passages(corpus: Corpus, count: int) -> list[Passage]:
    """``count`` passages spread evenly over the corpus (fewer when it is small), always the same ones."""
    found = list(_all_passages(corpus))
    if len(found) <= count:
        return found
    chosen = np.linspace(0, len(found) - 1, count).round().astype(int)
    return [found[i] for i in chosen]


def _all_passages(corpus: Corpus) -> Iterator[Passage]:
    slots = corpus.slots
    documents = len(corpus.starts) - 1
    for d in range(documents):
        ids = np.asarray(corpus.ids[corpus.starts[d] : corpus.starts[d + 1]])
        names = _late_names(readable(ids))
        other = (d + 1) % documents
        for j in range(2, len(ids) // SLIDE):
            start = j * SLIDE
            their = slots[other] + min(j, int(slots[other + 1] - slots[other]) - 1)
            yield Passage(
                ids,
                start,
                # the summary of what left the window: all but the 96 characters that are still read
                np.asarray(corpus.summaries[slots[d] + j - 1]),
                np.asarray(corpus.summaries[their]) if other != d else EMPTY,
                tuple((at - start, size) for at, size in names if start <= at and at + size <= start + SLIDE),
            )


def _late_names(text: str) -> list[tuple[int, int]]:
    """(position, length) of every mention of a name whose last mention is ``FAR`` characters back or more."""
    names = document_names(text)
    last: dict[str, int] = {}
    late = []
    for word, at, _ in Scanner().read(text + "\n"):
        if word in names:
            if word in last and at - last[word] >= FAR:
                late.append((at, len(word)))
            last[word] = at
    return late


def bits(engine: Scorer, passage: Passage, condition: str) -> NDArray[np.float64]:
    """Bits (96,) that each character of the passage costs under ``condition``."""
    if condition == "plain":
        context = passage.document[max(0, passage.start - (BLOCK - SLIDE)) : passage.start]
        row = np.concatenate([context, passage.ids])
        begin = len(context)
    else:
        summary = {"summary": passage.summary, "empty": EMPTY, "other": passage.other}[condition]
        recent = passage.document[passage.start - SLIDE : passage.start]
        row = read_row(summary, np.concatenate([recent, passage.ids]))[0][: HEAD + 2 * SLIDE]
        begin = HEAD + SLIDE
    engine.reset()
    logits = engine.logits(row[:-1])[begin - 1 :].astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[np.arange(SLIDE), row[begin:]]
    cost: NDArray[np.float64] = (np.log(np.exp(logits).sum(axis=1)) - chosen) / np.log(2)
    return cost


def summarise(costs: dict[str, list[NDArray[np.float64]]], scored: list[Passage]) -> dict[str, Any]:
    """Figures of paired scores: bits a character and a far name by condition, and the summary's gain with its
    95 % interval (bootstrap over passages, fixed seed)."""
    figures: dict[str, Any] = {"passages": len(scored)}
    for condition, each in costs.items():
        figures[f"bits_{condition}"] = round(float(np.mean(each)), 4)
        far = [
            float(cost[at : at + size].sum())
            for cost, passage in zip(each, scored, strict=True)
            for at, size in passage.far_names
        ]
        if far:
            figures["far_names"] = len(far)
            figures[f"name_bits_{condition}"] = round(float(np.mean(far)), 2)
    gains = np.mean(costs["plain"], axis=1) - np.mean(costs["summary"], axis=1)
    draws = np.random.default_rng(0).integers(0, len(gains), (1000, len(gains)))
    low, high = np.quantile(gains[draws].mean(axis=1), [0.025, 0.975])
    figures["gain"] = round(float(gains.mean()), 4)
    figures["gain_interval"] = [round(float(low), 4), round(float(high), 4)]
    return figures
