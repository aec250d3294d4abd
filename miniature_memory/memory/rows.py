"""What the trainer's sampler asks for: one row as a pure function of (corpora, seed, step, row).

The layout of a data set (``processing.prepare`` writes it, one for the original text and one for each
renamed version; train and val apart)::

    ids        uint8 [total]     documents one after the other, each followed by its END_OF_TEXT id
    starts     int64 [docs + 1]  where document d begins in ids; the last is total
    summaries  uint8 [N, 60]     document d's rows are slots[d]:slots[d+1], one for each 96 ids begun
    slots      int64 [docs + 1]  running sum of ceil((starts[d+1] - starts[d]) / 96); computed here

Row ``j`` of a document is the summary when everything before its position ``96 * j`` has left the window:
``condense.grid_summaries(ids[starts[d]:starts[d + 1]])``. Renamed versions are ``rename.rename(text, seed=v)``
for v = 1, 2, …; their ids differ in length, so each version is a Corpus of its own.

    batch_ids, batch_loss = build_rows([original, renamed1, renamed2, …], Mix(), seed, step, rows=range(16))
    inputs, targets, mask = batch_ids[:, :-1], batch_ids[:, 1:], batch_loss[:, 1:]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from miniature_memory.memory.window import Loss
from miniature_memory.vocabulary import Ids


@dataclass(frozen=True)
class Corpus:
    """One version of a data set (see the module's docstring). Arrays may be memory maps."""

    ids: Ids
    starts: NDArray[np.int64]
    summaries: NDArray[np.uint8]

    @property
    def slots(self) -> NDArray[np.int64]:
        """int64 (docs + 1,): where each document's rows of ``summaries`` begin."""
        lengths = np.diff(self.starts)
        return np.concatenate([[0], np.cumsum(-(-lengths // 96))]).astype(np.int64)


@dataclass(frozen=True)
class Mix:
    """Shares of the kinds of row. ``copy`` and ``write`` are taken first; the rest is divided among
    ``read``, ``plain`` and ``stray`` (READ with an empty or another document's summary)."""

    read: float = 0.52
    plain: float = 0.33
    stray: float = 0.15
    copy: float = 0.25
    copy_late: float = 0.03
    copy_steps: int = 1000
    write: float = 0.0
    dropped: float = 0.15
    original: float = 0.25


def build_row(corpora: Sequence[Corpus], mix: Mix, seed: int, step: int, row: int) -> tuple[Ids, Loss]:
    """One row: ids uint8 (257,) and loss bool (257,). ``corpora[0]`` is the original text."""
    raise NotImplementedError


def build_rows(
    corpora: Sequence[Corpus], mix: Mix, seed: int, step: int, rows: Iterable[int]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A batch: ids uint8 (B, 257), loss bool (B, 257). Row r is the same in whatever batch it stands."""
    raise NotImplementedError
