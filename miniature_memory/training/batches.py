"""Batches: a pure function of the seed and the step, so there is no sampler state to save.

Row ``r`` of step ``s`` is the same whether one process makes the whole batch or several make parts of it,
and whether the run was interrupted or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from miniature_memory import vocabulary
from miniature_memory.memory.condense import SLIDE
from miniature_memory.memory.layout import ROW, plain_row, read_row
from miniature_memory.memory.match import match_features
from miniature_memory.memory.rows import Corpus, Mix, build_rows
from miniature_memory.memory.window import HEAD, TEXT_SLOTS
from miniature_memory.training.data import Dataset, part

if TYPE_CHECKING:
    from miniature_memory.config import TrainConfig

IGNORED = -100
#: rows whose match features are computed together; more of them take memory, not less time
AT_ONCE = 32


@dataclass(frozen=True)
class Batch:
    """ids int64 [B, T]; pairs int32 [B, T, 3] or None; targets int64 [B, T], -100 where nothing is asked."""

    ids: Tensor
    pairs: Tensor | None
    targets: Tensor
    asked: int

    def to(self, device: torch.device) -> Batch:
        if device.type == "cpu":
            return self
        pairs = None if self.pairs is None else self.pairs.to(device, non_blocking=True)
        return Batch(
            self.ids.to(device, non_blocking=True),
            pairs,
            self.targets.to(device, non_blocking=True),
            self.asked,
        )

    def split(self, rows: int) -> list[Batch]:
        """The same rows in pieces of ``rows``, for gradient accumulation."""
        pieces = []
        for at in range(0, len(self.ids), rows):
            cut = slice(at, at + rows)
            targets = self.targets[cut]
            pairs = None if self.pairs is None else self.pairs[cut]
            pieces.append(Batch(self.ids[cut], pairs, targets, int((targets != IGNORED).sum())))
        return pieces


def to_batch(
    rows: NDArray[np.uint8],
    loss: NDArray[np.bool_],
    match: bool = True,
    symbols: int = vocabulary.SIZE,
) -> Batch:
    """rows uint8 [B, T + 1] and their loss mask → inputs, match pairs and targets."""
    inputs = np.ascontiguousarray(rows[:, :-1])
    targets = np.where(loss[:, 1:], rows[:, 1:].astype(np.int64), IGNORED)
    pairs = None
    if match:
        pieces = [_match_pairs(inputs[at : at + AT_ONCE], symbols) for at in range(0, len(inputs), AT_ONCE)]
        pairs = torch.from_numpy(np.concatenate(pieces))
    return Batch(
        torch.from_numpy(inputs.astype(np.int64)), pairs, torch.from_numpy(targets), int(loss[:, 1:].sum())
    )


def _match_pairs(inputs: NDArray[np.uint8], symbols: int) -> NDArray[np.int32]:
    chars, buckets = match_features(inputs)
    return np.where(chars < 0, 0, buckets.astype(np.int32) * symbols + chars + 1).astype(np.int32)


def mix_of(config: TrainConfig) -> Mix:
    return Mix(
        read=config.read,
        plain=config.plain,
        stray=config.stray,
        copy=config.copy_rows,
        copy_late=config.copy_rows_late,
        copy_steps=config.copy_steps,
        dropped=config.dropped,
        write=config.written,
        hindsight=config.hindsight,
        original=config.original,
    )


class Sampler:
    """The rows of every step. ``old`` documents come back as replay: the first rows of each step."""

    def __init__(
        self, dataset: Dataset, config: TrainConfig, old_documents: int = 0, documents: int | None = None
    ) -> None:
        self.config, self.mix = config, mix_of(config)
        last = dataset.documents if documents is None else documents
        self.new = [part(corpus, old_documents, last) for corpus in dataset.train]
        self.old: list[Corpus] = []
        self.replayed = 0
        if old_documents:
            self.old = [part(corpus, 0, old_documents) for corpus in dataset.train]
            self.replayed = round(config.rows * config.replay)

    def batch(self, step: int, rows: range) -> Batch:
        """Rows ``rows`` (of the step's ``config.rows``) of step ``step``."""
        parts = []
        for corpora, chosen in (
            (self.old, [r for r in rows if r < self.replayed]),
            (self.new, [r for r in rows if r >= self.replayed]),
        ):
            if chosen:
                parts.append(build_rows(corpora, self.mix, self.config.seed, step, chosen))
        ids = np.concatenate([ids for ids, _ in parts])
        loss = np.concatenate([loss for _, loss in parts])
        return to_batch(ids, loss, self.config.match_features)


def validation(corpus: Corpus | None, count: int, match: bool) -> dict[str, Batch]:
    """Fixed rows of the validation text, evenly spread: ``plain`` whole windows, and ``memory`` windows
    with their summary, where only the last 96 characters are asked (as in writing)."""
    if corpus is None or len(corpus.ids) < 2 * ROW:
        return {}
    rows: dict[str, list[tuple[NDArray[np.uint8], NDArray[np.bool_]]]] = {"plain": [], "memory": []}
    total = int(corpus.starts[-1])
    for at in np.unique(np.linspace(0, total - ROW, min(count, total // ROW)).astype(int)):
        rows["plain"].append(plain_row(corpus.ids[int(at) : int(at) + ROW]))
    slots = corpus.slots
    places = [
        (document, slot)
        for document in range(len(corpus.starts) - 1)
        for slot in range(1, int(slots[document + 1] - slots[document]) - 1)
    ]
    for place in np.unique(np.linspace(0, len(places) - 1, min(count, len(places))).astype(int)):
        document, slot = places[place]
        start = int(corpus.starts[document]) + slot * SLIDE
        text = corpus.ids[start : min(start + TEXT_SLOTS, int(corpus.starts[document + 1]))]
        ids, loss = read_row(corpus.summaries[slots[document] + slot], text)
        loss[: HEAD + SLIDE] = False
        rows["memory"].append((ids, loss))
    return {
        kind: to_batch(np.stack([i for i, _ in pairs]), np.stack([m for _, m in pairs]), match)
        for kind, pairs in rows.items()
        if pairs
    }
