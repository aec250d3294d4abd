"""What the trainer's sampler asks for: one row as a pure function of (corpora, seed, step, row).

The layout of a data set (``processing.prepare`` writes it, one for the original text and one for each
renamed version; train and val apart)::

    ids        uint8 [total]     documents one after the other, each followed by its END_OF_TEXT id
    starts     int64 [docs + 1]  where document d begins in ids; the last is total
    summaries  uint8 [N, 60]     document d's rows are slots[d]:slots[d+1], one for each 96 ids begun
    slots      int64 [docs + 1]  sum of ceil((starts[d+1] - starts[d]) / 96) up to d, by slot_offsets

Row ``j`` of a document is the summary when all before its position ``96 * j`` has left the window:
    slots      int64 [docs + 1]  running sum of ceil(length / 96), by slot_offsets
for v = 1, 2, …; their ids differ in length, so each version is a Corpus of its own.

    batch_ids, batch_loss = build_rows([original, renamed1, renamed2, …], Mix(), seed, step, rows=range(16))
    inputs, targets, mask = batch_ids[:, :-1], batch_ids[:, 1:], batch_loss[:, 1:]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.errors import Damaged, MissingInput
from miniature_memory.memory.condense import SEPARATOR, SLIDE, SUMMARY_SLOTS, readable
from miniature_memory.memory.hindsight import AHEAD, hindsight
from miniature_memory.memory.layout import EMPTY, ROW, Loss, encode_summary, plain_row, read_row, write_row
from miniature_memory.memory.name_lists import made_up
from miniature_memory.memory.window import LOOK, TEXT_SLOTS
from miniature_memory.vocabulary import END_OF_TEXT, IS_LETTER, Ids, encode

_LETTER: Final = np.frombuffer(IS_LETTER, dtype=np.bool_)
_LONG_WORD: Final = 6  # letters; shorter words hold a sentence together
_START: Final = np.array([END_OF_TEXT], dtype=np.uint8)


def slot_offsets(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 (docs + 1,): where each document's rows of ``summaries`` begin."""
    lengths = np.diff(starts)
    return np.concatenate([[0], np.cumsum(-(-lengths // SLIDE))]).astype(np.int64)


@dataclass(frozen=True)
class Corpus:
    """One version of a data set (see the module's docstring). Arrays may be memory maps.

    Raises ``Damaged`` when the parts don't fit each other, ``MissingInput`` when there is no text at all.
    """

    ids: Ids
    starts: NDArray[np.int64]
    summaries: NDArray[np.uint8]
    slots: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        if len(self.starts) < 2 or len(self.ids) == 0:
            raise MissingInput("There is no text to train on.", "Run the preparation first.")
        object.__setattr__(self, "slots", slot_offsets(np.asarray(self.starts)))
        grid = (int(self.slots[-1]), SUMMARY_SLOTS)
        if int(self.starts[-1]) != len(self.ids) or self.summaries.shape != grid:
            raise Damaged("The summaries do not belong to this text.", "Run the preparation again.")

    @classmethod
    def plain(cls, ids: Ids) -> Corpus:
        """Text without summaries, as one document: enough for PLAIN rows (``Mix.plain_only()``)."""
        starts = np.array([0, len(ids)], dtype=np.int64)
        empty = np.broadcast_to(EMPTY, (-(-len(ids) // SLIDE), SUMMARY_SLOTS))
        return cls(ids, starts, empty)

    def at(self, slot: int) -> tuple[int, Ids, Ids]:
        """The document of a row of ``summaries``, that summary, and all of the document's text from there on,
        which begins with the END_OF_TEXT of a story's start where it is the first."""
        document = int(np.searchsorted(self.slots, slot, side="right")) - 1
        begin = int(self.starts[document]) + (slot - int(self.slots[document])) * SLIDE
        text = self.ids[begin : min(begin + ROW * 3, int(self.starts[document + 1]))]
        if slot == int(self.slots[document]):
            text = np.concatenate([_START, text])
        return document, self.summaries[slot], text


@dataclass(frozen=True)
class Mix:
    """Shares of the kinds of row. ``copy`` and ``write`` are taken off first; what remains is divided among
    ``read``, ``plain`` and ``stray`` in their proportion.

    Where the figures come from: 52 : 33 : 15 with a quarter of copy rows at first is what made a model of
    3M parameters copy within 1.5M characters (docs/memory.md).
    """

    read: float = 0.52  # READ with the algorithm's summary
    plain: float = 0.33  # text only, so that the model stays good without a memory
    stray: float = 0.15  # READ with an empty summary or another document's: a summary may be wrong
    dropped: float = 0.15  # of the READ rows: one name left out, so that none is ruled out by its absence
    copy: float = 0.25  # rows with made-up names, at first …
    copy_late: float = 0.03  # … and once copying is learnt
    copy_steps: int = 1000  # how long "at first" is; the share falls in a straight line over as many again
    write: float = 0.0  # WRITE rows: the model's own next summary
    hindsight: float = 0.0  # of the WRITE rows: target known from what follows, instead of the algorithm's
    original: float = 0.25  # of the rows from text: original names; the rest from the renamed versions

    @classmethod
    def plain_only(cls) -> Mix:
        """Windows of plain text, as for a stock model."""
        return cls(read=0, plain=1, stray=0, copy=0, copy_late=0)

    @classmethod
    def of(cls, kind: str) -> Mix:
        """Every row READ ("read"), PLAIN ("plain") or WRITE ("write") with the original text and the very
        summaries: for evaluation."""
        none = cls(read=0, plain=0, stray=0, dropped=0, copy=0, copy_late=0, write=0, original=1)
        share = {kind: 1.0}
        return cls(**{**none.__dict__, **share})

    def copies(self, step: int) -> float:
        """The share of copy rows at ``step``."""
        late = min(max((step - self.copy_steps) / max(self.copy_steps, 1), 0.0), 1.0)
        return self.copy + (self.copy_late - self.copy) * late


def build_row(corpora: Sequence[Corpus], mix: Mix, seed: int, step: int, row: int) -> tuple[Ids, Loss]:
    """One row: ids uint8 (257,) and loss bool (257,). ``corpora[0]`` is the original text.

    A pure function of its arguments: a run that goes on needs no sampler state, and rows may be built
    anywhere and in any order.
    """
    rng = Random(f"{seed}/{step}/{row}")
    renamed = len(corpora) > 1 and rng.random() >= mix.original
    corpus = corpora[rng.randrange(1, len(corpora))] if renamed else corpora[0]
    kind = rng.random()
    copies = mix.copies(step)
    if kind < copies:
        return _copy(corpus, rng)
    if kind < copies + mix.write:
        return _write(corpus, rng, rng.random() < mix.hindsight)
    kind = rng.random() * (mix.read + mix.plain + mix.stray)
    if kind < mix.plain:
        return _plain(corpus, rng)
    document, summary, text = corpus.at(_slot(corpus, rng))
    if kind < mix.plain + mix.stray:
        summary = _stray(corpus, document, rng)
    elif rng.random() < mix.dropped:
        summary = drop_name(summary, rng)
    return read_row(summary, text)


def build_rows(
    corpora: Sequence[Corpus], mix: Mix, seed: int, step: int, rows: Iterable[int]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A batch: ids uint8 (B, 257), loss bool (B, 257). Row r is the same in whatever batch it stands."""
    built = [build_row(corpora, mix, seed, step, row) for row in rows]
    return np.stack([ids for ids, _ in built]), np.stack([loss for _, loss in built])


def _slot(corpus: Corpus, rng: Random) -> int:
    """Any slot, but a document's last only where it is the only one: little text is left there."""
    slot = rng.randrange(len(corpus.summaries))
    document = int(np.searchsorted(corpus.slots, slot, side="right")) - 1
    first, end = int(corpus.slots[document]), int(corpus.slots[document + 1])
    return max(slot - 1, first) if slot == end - 1 else slot


def _plain(corpus: Corpus, rng: Random) -> tuple[Ids, Loss]:
    """Anywhere in the stream, across documents (END_OF_TEXT stands between them)."""
    begin = rng.randrange(max(len(corpus.ids) - ROW, 0) + 1)
    return plain_row(corpus.ids[begin : begin + ROW])


def _stray(corpus: Corpus, document: int, rng: Random) -> NDArray[np.uint8]:
    """No summary, or one of another document's."""
    others = len(corpus.summaries) - int(corpus.slots[document + 1] - corpus.slots[document])
    if others == 0 or rng.random() < 0.5:
        return EMPTY
    other = rng.randrange(others)
    first = int(corpus.slots[document])
    other += int(corpus.slots[document + 1]) - first if other >= first else 0
    summary: Ids = corpus.summaries[other]
    return summary


def drop_name(summary: NDArray[np.uint8], rng: Random) -> Ids:
    """The summary without one of its names."""
    names = readable(summary).rstrip().split(SEPARATOR)
    names.pop(rng.randrange(len(names)))
    return encode_summary(SEPARATOR.join(names))


def _write(corpus: Corpus, rng: Random, known: bool) -> tuple[Ids, Loss]:
    """S, the text that leaves, a look at what stays, and the next summary: the algorithm's, or if ``known``
    the one that will have been right."""
    slot = _slot(corpus, rng)
    document, summary, text = corpus.at(slot)
    if slot == int(corpus.slots[document]):
        text = text[1:]  # the grid counts from the story's first character
    if len(text) < SLIDE + LOOK:
        return read_row(summary, text)
    target: Ids = corpus.summaries[slot + 1]
    if known:
        begin = int(corpus.starts[document]) + (slot - int(corpus.slots[document])) * SLIDE + SLIDE + LOOK
        following = corpus.ids[begin : min(begin + AHEAD, int(corpus.starts[document + 1]))]
        parts = (summary, text[:SLIDE], text[SLIDE : SLIDE + LOOK], following, target)
        target = encode_summary(hindsight(*(readable(part) for part in parts)))
    return write_row(summary, text[:SLIDE], text[SLIDE : SLIDE + LOOK], target)


def _copy(corpus: Corpus, rng: Random) -> tuple[Ids, Loss]:
    """Text in which a share of the long words is replaced by four to eight made-up names; in three rows of
    four the summary holds them. What is not worth remembering here can't be learnt by heart."""
    _, _, text = corpus.at(_slot(corpus, rng))
    names = [made_up(rng) for _ in range(rng.randint(4, 8))]
    spelled = [encode(name) for name in names]
    share = rng.uniform(0.3, 0.8)
    letter = _LETTER[text]
    edges = np.flatnonzero(np.diff(letter, prepend=False, append=False)).tolist()
    parts: list[Ids] = []
    done = size = 0
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin >= _LONG_WORD and rng.random() < share:
            name = rng.choice(spelled)
            parts += [text[done:begin], name]
            size += begin - done + len(name)
            done = end
        if size > TEXT_SLOTS:
            break
    parts.append(text[done:])
    summary = encode_summary(SEPARATOR.join(names)) if rng.random() < 0.75 else EMPTY
    return read_row(summary, np.concatenate(parts))
