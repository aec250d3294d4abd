"""What INT8 costs: one trained model, asked about the same characters in fp32 and by the runtime.

The model is small and trained here, on the demo's stories, for about a CPU minute: random weights would say
nothing, as their predictions are hardly more than noise.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from miniature_memory.benchmarks.fast import BLOCK, Recipe, Text, batch_of, train
from miniature_memory.benchmarks.memory_books import find_books
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.quantize import quantize
from miniature_memory.training.model import Model

RECIPE: Final = Recipe(
    layers=4, width=128, heads=4, mlp=352, ngram_rows=2048, window=BLOCK, rows=4, steps=250
)
WINDOWS: Final = 100


def int8_loss(recipe: Recipe = RECIPE, windows: int = WINDOWS, small: bool = False) -> dict[str, float]:
    """Bits a character of held-out text: ``int8_bits_fp32``, what fp32 needs; ``int8_loss``, what INT8 adds;
    ``int8_loss_error``, the standard error of that over windows (paired). ``small``: of fewer stories."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        learnt, asked = find_books(None, None, small)
        path = Path(folder) / "stories.txt"
        path.write_text("\n".join([*learnt, *asked]) + "\n", encoding="utf-8")
        text = Text(path)
    model = train(text, recipe).eval()
    starts = np.linspace(0, len(text.val) - BLOCK - 1, windows).astype(np.int64)
    exact = _bits_of_model(model, text.val, starts)
    fast = _bits_of_engine(model, text.val, starts)
    added = fast - exact
    return {
        "int8_bits_fp32": float(exact.mean()),
        "int8_loss": float(added.mean()),
        "int8_loss_error": float(added.std(ddof=1) / windows**0.5),
    }


@torch.no_grad()
def _bits_of_model(model: Model, ids: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Bits a character of each window [W]."""
    found = []
    for start in starts:
        batch = batch_of(ids, np.array([start]), BLOCK, match=True)
        found.append(model.loss(batch.ids, batch.pairs, batch.targets).item() / BLOCK / np.log(2))
    return np.array(found)


def _bits_of_engine(model: Model, ids: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    config: dict[str, Any] = model.shape.to_json("trained for a benchmark")
    weights = {name: tensor.numpy() for name, tensor in model.released().items()}
    engine = Engine(config, quantize(weights, config))
    found = []
    for start in starts:
        window = ids[start : start + BLOCK + 1]
        engine.reset()
        logits = engine.logits(window[:-1]).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        chosen = logits[np.arange(BLOCK), window[1:]]
        found.append(float((np.log(np.exp(logits).sum(axis=1)) - chosen).mean() / np.log(2)))
    return np.array(found)
