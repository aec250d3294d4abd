"""One model of the memory benchmark asked: bits of the same held-out characters under every condition.

python -m miniature_memory.benchmarks.memory_score WORK SIDE SEED PASSAGES

none      the 160 characters before the passage, no summary (a plain model: as many as its window takes)
summary   the algorithm's summary of all that came before, and the last 96 characters
empty · other   nothing in the slot · what another book's slot holds
oracle    a summary that knows what will recur
written   the model's own, written slide by slide from 40 slides before a block's first passage on
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from miniature_memory.benchmarks.memory_books import RUN_UP, Passage, blocks, open_books
from miniature_memory.benchmarks.memory_models import SIDES, model_path, shape_of, trained
from miniature_memory.benchmarks.memory_names import name_mentions, oracle
from miniature_memory.inference.engine import Engine, Runtime
from miniature_memory.inference.model_directory import write_model_directory
from miniature_memory.inference.write import written_summary
from miniature_memory.memory.condense import SEPARATOR, SLIDE, readable
from miniature_memory.memory.layout import EMPTY, encode_summary, read_row
from miniature_memory.memory.rows import Corpus
from miniature_memory.memory.window import HEAD, Window
from miniature_memory.training.batches import to_batch
from miniature_memory.training.model import Model
from miniature_memory.vocabulary import Ids

Bits = NDArray[np.float32]
#: what stands in config.json where a released model names its screen
UNSCREENED = "none: given books, for this benchmark alone"
_AT_ONCE = 32_768  # ids
_WORD = re.compile(r"[^\W\d_]+")


@torch.no_grad()
def cost(model: Model, rows: Sequence[Ids]) -> Bits:
    """Bits (N, 96) of the last 96 ids of each row; rows of one length."""
    ids = np.stack(rows)
    parts = []
    step = max(1, _AT_ONCE // ids.shape[1])
    for at in range(0, len(ids), step):
        batch = to_batch(ids[at : at + step], np.ones_like(ids[at : at + step], dtype=np.bool_))
        logits = model(batch.ids, batch.pairs)[:, -SLIDE:]
        asked = batch.targets[:, -SLIDE:]
        parts.append(F.cross_entropy(logits.mT, asked, reduction="none") / np.log(2))
    return torch.cat(parts).numpy()


def plain_rows(passages: Sequence[Passage], window: int) -> list[Ids]:
    """Each passage behind as much of its book as fits into the window."""
    return [p.book[p.start + SLIDE - window : p.start + SLIDE] for p in passages]


def memory_rows(passages: Sequence[Passage], summaries: Sequence[Ids]) -> list[Ids]:
    """Each passage behind its summary and the 96 characters before it."""
    text = [p.book[p.start - SLIDE : p.start + SLIDE] for p in passages]
    rows = [read_row(summary, ids)[0] for summary, ids in zip(summaries, text, strict=True)]
    return [row[: HEAD + 2 * SLIDE] for row in rows]


def oracle_summaries(passages: Sequence[Passage]) -> list[Ids]:
    known: dict[int, list[list[str]]] = {}
    for p in passages:
        if p.document not in known:
            text = readable(p.book)
            known[p.document] = oracle(text, name_mentions(text))
    return [encode_summary(SEPARATOR.join(known[p.document][p.start // SLIDE - 1])) for p in passages]


def other_summaries(corpus: Corpus, passages: Sequence[Passage]) -> list[Ids]:
    """The same slot of the next book (the only one has none: half a book on)."""
    documents, chosen = len(corpus.starts) - 1, []
    for p in passages:
        other = (p.document + 1) % documents
        slots = int(corpus.slots[other + 1] - corpus.slots[other])
        shift = 0 if other != p.document else slots // 2
        chosen.append(corpus.summaries[corpus.slots[other] + (p.start // SLIDE - 1 + shift) % slots])
    return chosen


def write_summaries(
    engine: Runtime, corpus: Corpus, asked: Sequence[Sequence[Passage]]
) -> tuple[list[Ids], dict[str, float]]:
    """The model's own summary for each passage; ``invented``, the share of their words that stood nowhere in
    what had been read; ``as_the_algorithm``, the share that stand in the algorithm's summary too."""
    summaries: list[Ids] = []
    words = invented = shared = 0
    for block in asked:
        first, last = (block[i].start // SLIDE - 1 for i in (0, -1))
        book, begin = block[0].book, max(first - RUN_UP, 0)
        offset = int(corpus.slots[block[0].document])
        summary = readable(corpus.summaries[offset + begin])
        for slot in range(begin, last):
            text = book[slot * SLIDE : (slot + 2) * SLIDE]
            said = f"{summary} {readable(text[:SLIDE])}"
            summary = readable(encode_summary(written_summary(engine, Window(summary, text.tolist()))))
            written = _WORD.findall(summary)
            words += len(written)
            invented += sum(word not in said for word in written)
            shared += sum(word in readable(corpus.summaries[offset + slot + 1]) for word in written)
            if slot + 1 >= first:
                summaries.append(encode_summary(summary))
    return summaries, {
        "invented": round(invented / max(words, 1), 4),
        "as_the_algorithm": round(shared / max(words, 1), 4),
    }


def release(model: Model, side: str, directory: Path) -> Path:
    """The model directory that our own runtime reads."""
    weights: Any = {name: tensor.numpy() for name, tensor in model.released().items()}
    return write_model_directory(directory, weights, shape_of(SIDES[side]).to_json(UNSCREENED))


def main() -> None:
    work, side = Path(sys.argv[1]), sys.argv[2]
    seed, characters, count = map(int, sys.argv[3:])
    torch.set_num_threads(1)
    path = model_path(work, side, seed)
    model = trained(work, side, seed, characters)
    _, corpus = open_books(work)
    asked = blocks(corpus, count)
    passages = [p for block in asked for p in block]
    bits = {"none": cost(model, plain_rows(passages, SIDES[side].window))}
    told: dict[str, float] = {}
    if SIDES[side].mix is not None:
        rows = {
            "summary": [corpus.summaries[p.slot] for p in passages],
            "empty": [EMPTY] * len(passages),
            "other": other_summaries(corpus, passages),
            "oracle": oracle_summaries(passages),
        }
        if side == "written":
            engine = Engine.load(release(model, side, path.with_suffix("")))
            rows["written"], told = write_summaries(engine, corpus, asked)
        bits |= {name: cost(model, memory_rows(passages, each)) for name, each in rows.items()}
    np.savez(path.with_suffix(".npz"), **bits)  # type: ignore[arg-type]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
