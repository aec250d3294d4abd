"""One side of the training benchmark: our model on one plain text, as fast as we know how.

    python -m miniature_memory.benchmarks.fast train DATA RECIPE OUT [--seed N] [--seconds N] [--curve N]
    python -m miniature_memory.benchmarks.fast score DATA RECIPE OUT
    python -m miniature_memory.benchmarks.fast step PRESET

Training and scoring are processes of their own, so that the CPU time of the first is that of learning alone.
The text is split as nanoGPT's `prepare.py` splits it: the last tenth is for validation.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from miniature_memory import vocabulary
from miniature_memory.meter import own_peak_megabytes
from miniature_memory.training.batches import Batch, to_batch
from miniature_memory.training.model import Model, Shape
from miniature_memory.training.optimizer import Optimizer, Rates, rate_factor

#: what a model sees at once when it is scored; recipes may learn on shorter windows
BLOCK = 256


@dataclass(frozen=True)
class Recipe:
    """Sizes and rates. ``rows`` of ``window`` characters a step; ``decay`` is the share of steps at a falling
    rate. With ``--seconds`` the steps are chosen from a measured speed. ``average`` is the share of each step
    that the running average of the weights keeps in the last half (0: none)."""

    layers: int
    width: int
    heads: int
    mlp: int
    ngram_rows: int
    window: int
    rows: int
    steps: int
    optimizer: str = "muon"
    matrix: float = 0.02
    embedding: float = 0.03
    head: float = 0.006
    ngram: float = 0.3
    weight_decay: float = 0.05
    dropout: float = 0.0
    qk_gain: float = 1.5
    warmup: int = 10
    decay: float = 0.6
    average: float = 0.0
    match: bool = True


RECIPES = {
    # at most 0.81M parameters, to nanoGPT's CPU-recipe loss
    "quick": Recipe(
        layers=1, width=96, heads=3, mlp=128, ngram_rows=7000, window=128, rows=4, steps=135,
        embedding=0.1, head=0.01,
    ),
    # what nanoGPT's CPU time buys at any size
    "long": Recipe(layers=3, width=128, heads=4, mlp=352, ngram_rows=65536, window=256, rows=4, steps=900),
    # nanoGPT's GPU-recipe loss on one core
    "far": Recipe(
        layers=3, width=128, heads=4, mlp=352, ngram_rows=65536, window=256, rows=8, steps=800, average=0.99,
    ),
}  # fmt: skip


class Text:
    """A text in the fixed vocabulary, split as nanoGPT's ``prepare.py`` splits it."""

    def __init__(self, path: Path) -> None:
        ids = vocabulary.encode(path.read_text(encoding="utf-8"))
        border = int(len(ids) * 0.9)
        self.train, self.val = ids[:border], ids[border:]


def batch_of(ids: NDArray[np.uint8], starts: NDArray[np.int64], window: int, match: bool) -> Batch:
    """The windows that begin at ``starts``, every character asked."""
    rows = ids[starts[:, None] + np.arange(window + 1)]
    return to_batch(rows, np.ones(rows.shape, dtype=np.bool_), match)


def epochs(length: int, window: int, rows: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Starts of ``rows`` windows a step: side by side, in any order, so that no character comes twice before
    all have come; cut at other places each time."""
    pick = np.random.default_rng(seed)
    waiting = np.empty(0, dtype=np.int64)
    while True:
        while len(waiting) < rows:
            cut = np.arange(pick.integers(window), length - window, window)
            waiting = np.concatenate([waiting, pick.permutation(cut)])
        yield waiting[:rows]
        waiting = waiting[rows:]


def model_of(recipe: Recipe, seed: int = 0) -> Model:
    shape = Shape(
        layers=recipe.layers,
        width=recipe.width,
        heads=recipe.heads,
        kv_heads=recipe.heads,
        mlp=recipe.mlp,
        match_features=recipe.match,
        ngram_rows=recipe.ngram_rows,
        dropout=recipe.dropout,
        block_size=BLOCK,
        qk_gain=recipe.qk_gain,
    )
    return Model(shape, seed)


def train(
    text: Text, recipe: Recipe, seed: int = 0, seconds: float | None = None, curve: float = 0.0
) -> Model:
    """Trains from nothing. ``seconds`` of CPU time, measured over the first steps, override the steps.
    ``curve``: every so many CPU seconds a line with the score so far, whose time isn't counted."""
    torch.manual_seed(seed)
    model = model_of(recipe, seed)
    rates = Rates(
        recipe.optimizer, recipe.matrix, recipe.embedding, recipe.head, recipe.ngram, recipe.weight_decay
    )
    optimizer = Optimizer(model, rates)
    averages: list[Tensor] = []
    steps, begun, shown = recipe.steps, time.process_time(), curve
    for step, starts in enumerate(epochs(len(text.train), recipe.window, recipe.rows, seed)):
        if step == steps:
            break
        batch = batch_of(text.train, starts, recipe.window, recipe.match)
        model.loss(batch.ids, batch.pairs, batch.targets).backward()  # type: ignore[no-untyped-call]
        decay_from = round(steps * (1 - recipe.decay))
        if step < decay_from:
            factor = rate_factor(step, recipe.warmup, 0, 0)
        else:
            factor = rate_factor(step - decay_from, 0, 0, steps - decay_from)
        optimizer.step(factor, 1 / batch.asked)
        model.zero_grad()
        weights = [w.detach() for w in model.parameters()]
        if recipe.average and step >= steps // 2:
            averages = averages or [w.clone() for w in weights]
            torch._foreach_lerp_(averages, weights, 1 - recipe.average)
        spent = time.process_time() - begun
        if seconds is not None and step % 20 == 19:
            steps = max(step + 1, int(seconds / spent * (step + 1)))
        if curve and spent >= shown:
            loss = score(text, model, recipe.match)
            print(f"{spent:.0f} CPU s, step {step + 1} of {steps}: {loss:.4f}", file=sys.stderr, flush=True)
            begun, shown = time.process_time() - spent, shown + curve
    for weight, average in zip(model.parameters(), averages, strict=False):
        weight.detach().copy_(average)
    return model


@torch.no_grad()
def score(text: Text, model: Model, match: bool) -> float:
    """Nats a character over the whole validation text, in windows that stand side by side."""
    model.eval()
    starts = np.arange(0, len(text.val) - BLOCK - 1, BLOCK)
    total, count = 0.0, 0
    for at in range(0, len(starts), 32):
        batch = batch_of(text.val, starts[at : at + 32], BLOCK, match)
        total += model.loss(batch.ids, batch.pairs, batch.targets).item()
        count += batch.asked
    model.train()
    return total / count


def step_figures(preset: str) -> dict[str, Any]:
    """On one thread, in the precision that training takes here: the peak memory of steps of 1,024 tokens, and
    the share of the core's matmul peak of the preset's own steps, in pieces of as many. What the optimizer
    multiplies is time, not work."""
    from miniature_memory.config import TrainConfig
    from miniature_memory.training.device import find

    config = TrainConfig(preset=preset, device="cpu", threads=1)
    machine = find(config)
    model = Model(Shape.of(config))
    optimizer = Optimizer(model, Rates(), machine.muon_dtype)
    tokens = config.rows * config.block_size
    ids = torch.randint(4, 100, (config.rows, config.block_size))
    pairs = torch.randint(0, 1000, (*ids.shape, 3), dtype=torch.int32)
    pieces = Batch(ids, pairs, ids, tokens).split(4)

    def step(pieces: list[Batch]) -> None:
        for piece in pieces:
            with machine.autocast():
                loss = model.loss(piece.ids, piece.pairs, piece.targets)
            loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step(1.0, 1 / tokens)
        model.zero_grad()

    _quickest(lambda: step(pieces[:1]), 3)
    peak_mb = own_peak_megabytes()
    seconds = _quickest(lambda: step(pieces), 6)
    matrices = sum(w.numel() for n, w in model.named_parameters() if ".layers." in n or "lm_head" in n)
    attention = config.layers * config.width * config.block_size  # half of what a full square would take
    work = 6 * tokens * (matrices + attention)
    a = torch.randn(1024, 1024)
    if machine.precision == "bf16":
        a = a.bfloat16()
    peak = 2 * 1024**3 / _quickest(lambda: a @ a, 10)
    return {
        "parameters": config.parameters,
        "peak_mb": round(peak_mb),
        "tokens_a_step": tokens,
        "precision": machine.precision,
        "share_of_peak": round(work / seconds / peak, 3),
        "seconds_a_step": round(seconds, 4),
    }


def _quickest(act: Callable[[], object], times: int) -> float:
    """CPU seconds of the quickest of ``times``: on a shared core the others are the neighbours'."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        act()
        found.append(time.process_time() - begun)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="fast")
    parser.add_argument("act", choices=("train", "score", "step"))
    parser.add_argument("rest", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--curve", type=float, default=0.0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.act == "step":
        print(json.dumps(step_figures(options.rest[0])))
        return
    from safetensors.torch import load_model, save_model

    data, name, out = options.rest
    changes = {key: json.loads(value) for key, _, value in (one.partition("=") for one in options.set)}
    recipe = replace(RECIPES[name], **changes)
    text = Text(Path(data))
    if options.act == "train":
        model = train(text, recipe, options.seed, options.seconds, options.curve)
        save_model(model, out)
    else:
        model = model_of(recipe)
        load_model(model, out)
        loss = score(text, model, recipe.match)
        print(json.dumps({"loss": loss, "parameters": sum(w.numel() for w in model.parameters())}))


if __name__ == "__main__":
    main()
