"""The sides of the memory benchmark: small models, trained from nothing.

Every side has the same body, learns from the same books (renamed versions too) and reads the same number of
ids, so the longer windows get fewer rows of more. Windows of 512 and 1,024 can be built here only; the
configuration ends at 256. What a killed process has saved is gone on from.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from miniature_memory.benchmarks.memory_books import open_books
from miniature_memory.memory.rows import Corpus, Mix, build_rows
from miniature_memory.training.batches import Batch, to_batch
from miniature_memory.training.model import Model, Shape
from miniature_memory.training.optimizer import Optimizer, Rates, rate_factor

#: ids that a step reads
IDS_A_STEP: Final = 2048
WARMUP: Final = 20
#: the share of steps at a falling rate
DECAY: Final = 0.5
SAVE_SECONDS: Final = 120.0
RATES: Final = Rates(matrix=0.02, embedding=0.03, head=0.006, ngram=0.3)


@dataclass(frozen=True)
class Side:
    """What a model sees at once, and of what rows it learns (None: windows of plain text)."""

    window: int = 256
    mix: Mix | None = None


SIDES: Final = {
    "summary": Side(mix=Mix()),
    "written": Side(mix=Mix(write=0.15, hindsight=0.5)),
    "plain 256": Side(256),
    "plain 512": Side(512),
    "plain 1024": Side(1024),
}


def shape_of(side: Side) -> Shape:
    return Shape(
        layers=3,
        width=128,
        heads=4,
        kv_heads=4,
        mlp=352,
        ngram_rows=16384,
        block_size=side.window,
        qk_gain=1.5,
    )


def batches(side: Side, corpora: list[Corpus], seed: int, steps: int) -> Callable[[int], Batch]:
    """step → its batch, a pure function. Copy rows are many in the first sixth of the steps."""
    rows = IDS_A_STEP // side.window
    mix = side.mix and replace(side.mix, copy_steps=steps // 6)

    def memory(step: int) -> Batch:
        assert mix is not None
        return to_batch(*build_rows(corpora, mix, seed, step, range(rows)))

    def plain(step: int) -> Batch:
        random = np.random.default_rng((seed, step))
        pieces = []
        for _ in range(rows):
            renamed = random.random() >= Mix().original
            ids = corpora[int(random.integers(1, len(corpora))) if renamed else 0].ids
            begin = int(random.integers(len(ids) - side.window))
            pieces.append(ids[begin : begin + side.window + 1])
        ids = np.stack(pieces)
        return to_batch(ids, np.ones(ids.shape, dtype=np.bool_))

    return plain if mix is None else memory


def learn(model: Model, batch_of: Callable[[int], Batch], steps: int, out: Path) -> None:
    """Trains ``model`` and saves it to ``out``; goes on from what stands beside it."""
    optimizer = Optimizer(model, RATES)
    unfinished = out.with_suffix(".unfinished")
    step, saved = _load(unfinished, model, optimizer), time.monotonic()
    while step < steps:
        batch = batch_of(step)
        loss = model.loss(batch.ids, batch.pairs, batch.targets)
        loss.backward()  # type: ignore[no-untyped-call]
        falling = round(steps * DECAY)
        optimizer.step(rate_factor(step, WARMUP, steps - falling, falling), 1 / batch.asked)
        model.zero_grad()
        step += 1
        if time.monotonic() - saved > SAVE_SECONDS:
            _save(unfinished, dict(model.named_parameters()) | optimizer.state(), step)
            saved = time.monotonic()
    _save(out, dict(model.named_parameters()), step)
    unfinished.unlink(missing_ok=True)


def trained(work: Path, side: str, seed: int, characters: int) -> Model:
    """The model of a side and seed, ready to be asked; trained now if ``work`` doesn't hold it yet."""
    path = model_path(work, side, seed)
    torch.manual_seed(seed)
    model = Model(shape_of(SIDES[side]), seed)
    if not path.exists():
        steps = max(1, characters // IDS_A_STEP)
        corpora, _ = open_books(work)
        learn(model, batches(SIDES[side], corpora, seed, steps), steps, path)
    with safe_open(path, "pt") as file:
        model.load_state_dict({name: file.get_tensor(name) for name in file.keys()}, strict=False)  # noqa: SIM118
    return model.eval()


def _save(path: Path, tensors: dict[str, torch.Tensor], step: int) -> None:
    whole = path.with_suffix(".writing")
    save_file({name: t.detach().contiguous() for name, t in tensors.items()}, whole, {"step": str(step)})
    os.replace(whole, path)


def _load(path: Path, model: Model, optimizer: Optimizer) -> int:
    if not path.exists():
        return 0
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        step = int(file.metadata()["step"])
    model.load_state_dict(tensors, strict=False)
    optimizer.load(tensors, step)
    return step


def model_path(work: Path, side: str, seed: int) -> Path:
    return work / f"{side.replace(' ', '-')}-{seed}.safetensors"
