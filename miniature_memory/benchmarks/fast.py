"""One side of the training benchmark: our model on one plain text, as fast as we know how.

    python -m miniature_memory.benchmarks.fast train DATA RECIPE OUT [--seed N] [--seconds N]
    python -m miniature_memory.benchmarks.fast score DATA RECIPE OUT
    python -m miniature_memory.benchmarks.fast step PRESET

Training and scoring are processes of their own, so that the CPU time of the first is that of learning alone.
The text is split as nanoGPT's `prepare.py` splits it: the last tenth is for validation.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from miniature_memory import vocabulary
from miniature_memory.config import TrainConfig
from miniature_memory.memory.match import match_features
from miniature_memory.meter import own_peak_megabytes
from miniature_memory.training.model import Model, Shape
from miniature_memory.training.optimizer import Optimizer, Rates, rate_factor


@dataclass(frozen=True)
class Recipe:
    """Sizes and rates. ``rows`` of ``window`` characters a step; ``decay`` is the share of steps at a falling
    rate. With ``--seconds`` the steps are chosen from a measured speed."""

    layers: int
    width: int
    heads: int
    mlp: int
    window: int
    rows: int
    steps: int
    matrix: float = 0.02
    embedding: float = 0.01
    head: float = 0.004
    weight_decay: float = 0.05
    qk_gain: float = 1.5
    warmup: int = 10
    decay: float = 0.6
    match: bool = True


RECIPES = {
    # at most 0.81M parameters, to nanoGPT's CPU-recipe loss
    "quick": Recipe(layers=4, width=128, heads=4, mlp=320, window=256, rows=2, steps=360),
    # what nanoGPT's CPU time buys at any size
    "long": Recipe(layers=5, width=192, heads=6, mlp=512, window=256, rows=4, steps=700),
    # nanoGPT's GPU-recipe loss on one core
    "far": Recipe(layers=6, width=256, heads=8, mlp=704, window=256, rows=16, steps=1500, weight_decay=0.3),
}


class Text:
    """A text as ids 0 … symbols-1 (``small``), beside the fixed vocabulary's ids that match features read."""

    def __init__(self, path: Path) -> None:
        self.ids = vocabulary.encode(path.read_text(encoding="utf-8"))
        used = np.unique(self.ids)
        self.symbols = len(used)
        self.small = np.zeros(256, np.int64)
        self.small[used] = np.arange(self.symbols)
        border = int(len(self.ids) * 0.9)
        self.train, self.val = self.ids[:border], self.ids[border:]

    def batch(self, rows: NDArray[np.uint8], match: bool) -> tuple[Tensor, Tensor | None, Tensor]:
        """rows [B, T + 1] → inputs, match pairs, targets."""
        inputs = np.ascontiguousarray(rows[:, :-1])
        pairs = None
        if match:
            chars, buckets = match_features(inputs)
            known = buckets.astype(np.int32) * self.symbols + self.small[chars] + 1
            pairs = torch.from_numpy(np.where(chars < 0, 0, known).astype(np.int32))
        return torch.from_numpy(self.small[inputs]), pairs, torch.from_numpy(self.small[rows[:, 1:]])


def model_of(recipe: Recipe, symbols: int, seed: int = 0) -> Model:
    shape = Shape(
        layers=recipe.layers,
        width=recipe.width,
        heads=recipe.heads,
        kv_heads=recipe.heads,
        mlp=recipe.mlp,
        match_features=recipe.match,
        block_size=recipe.window,
        vocabulary=symbols,
        qk_gain=recipe.qk_gain,
    )
    return Model(shape, seed)


def train(text: Text, recipe: Recipe, seed: int = 0, seconds: float | None = None) -> Model:
    """Trains from nothing. ``seconds`` of CPU time, measured over the first steps, override the steps."""
    model = model_of(recipe, text.symbols, seed)
    rates = Rates("muon", recipe.matrix, recipe.embedding, recipe.head, recipe.weight_decay)
    optimizer = Optimizer(model, rates)
    pick = np.random.default_rng(seed)
    offsets = np.arange(recipe.window + 1)
    steps, step, begun = recipe.steps, 0, time.process_time()
    while step < steps:
        starts = pick.integers(0, len(text.train) - recipe.window - 1, recipe.rows)
        inputs, pairs, targets = text.batch(text.train[starts[:, None] + offsets], recipe.match)
        model.loss(inputs, pairs, targets).backward()  # type: ignore[no-untyped-call]
        decay_from = round(steps * (1 - recipe.decay))
        if step < decay_from:
            factor = rate_factor(step, recipe.warmup, 0, 0)
        else:
            factor = rate_factor(step - decay_from, 0, 0, steps - decay_from)
        optimizer.step(factor, 1 / targets.numel())
        model.zero_grad()
        step += 1
        if seconds is not None and step == 20:
            steps = max(21, int(seconds / (time.process_time() - begun) * step))
    return model


@torch.no_grad()
def score(text: Text, model: Model, match: bool) -> float:
    """Nats a character over the whole validation text, in windows that stand side by side."""
    window = model.shape.block_size
    starts = np.arange(0, len(text.val) - window - 1, window)
    offsets = np.arange(window + 1)
    total = count = 0.0
    for at in range(0, len(starts), 32):
        rows = text.val[starts[at : at + 32, None] + offsets]
        inputs, pairs, targets = text.batch(rows, match)
        total += model.loss(inputs, pairs, targets).item()
        count += targets.numel()
    return total / count


def step_figures(preset: str, tokens: int = 1024) -> dict[str, Any]:
    """Peak memory and the share of the core's matmul peak of steps of ``tokens`` tokens."""
    config = TrainConfig(preset=preset)
    model = Model(Shape.of(config))
    optimizer = Optimizer(model, Rates())
    ids = torch.randint(4, 100, (tokens // 256, 256))
    pairs = torch.randint(0, 1000, (*ids.shape, 3), dtype=torch.int32)
    times = []
    for _ in range(6):
        start = time.process_time()
        model.loss(ids, pairs, ids).backward()  # type: ignore[no-untyped-call]
        optimizer.step(1.0, 1.0)
        model.zero_grad()
        times.append(time.process_time() - start)
    matrices = sum(w.numel() for n, w in model.named_parameters() if ".layers." in n or "lm_head" in n)
    attention = config.layers * config.width * config.block_size  # half of what a full square would take
    work = 6 * tokens * (matrices + attention)
    a = torch.randn(1024, 1024)
    peak = 0.0
    for _ in range(10):
        start = time.process_time()
        a @ a
        peak = max(peak, 2 * 1024**3 / (time.process_time() - start))
    return {
        "parameters": config.parameters,
        "peak_mb": round(own_peak_megabytes()),
        "share_of_peak": round(work / min(times[2:]) / peak, 3),
        "seconds_a_step": round(min(times[2:]), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="fast")
    parser.add_argument("act", choices=("train", "score", "step"))
    parser.add_argument("rest", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float)
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
        model = train(text, recipe, options.seed, options.seconds)
        save_model(model, out)
    else:
        model = model_of(recipe, text.symbols)
        load_model(model, out)
        loss = score(text, model, recipe.match)
        print(json.dumps({"loss": loss, "parameters": sum(w.numel() for w in model.parameters())}))


if __name__ == "__main__":
    main()
