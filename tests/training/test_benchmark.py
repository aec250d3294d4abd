from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from miniature_memory.benchmarks import fast, training
from tests.training.prepared import story


def test_our_side_learns_a_text_and_is_scored_on_its_last_tenth(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("".join(story(seed) for seed in range(8)))
    text = fast.Text(path)
    assert len(text.val) == pytest.approx(len(text.train) / 9, abs=1)
    recipe = replace(fast.RECIPES["quick"], layers=1, width=32, heads=2, mlp=48, window=64, steps=40)
    before = fast.score(text, fast.model_of(recipe), True)
    after = fast.score(text, fast.train(text, recipe), True)
    assert before == pytest.approx(5.14, abs=0.01)  # the head is zero at first: log of the 170 symbols
    assert after < before - 0.5


def test_the_quick_recipe_stays_under_its_limit_of_parameters() -> None:
    model = fast.model_of(fast.RECIPES["quick"])
    assert sum(w.numel() for w in model.parameters()) <= 810_000


def test_windows_stand_side_by_side_until_the_text_is_through() -> None:
    steps = fast.epochs(length=1000, window=50, rows=3, seed=1)
    first = np.concatenate([next(steps) for _ in range(6)])
    assert len(np.unique(first // 50)) == len(first) == 18
    assert len(np.unique(first % 50)) == 1 and first.max() + 50 < 1000


def test_the_table_shows_all_sides() -> None:
    side = {"loss": 1.9, "cpu_seconds": 10.0, "parameters": 800_000}
    step = {
        "parameters": 1,
        "peak_mb": 300,
        "share_of_peak": 0.3,
        "precision": "fp32",
        "tokens_a_step": 2048,
    }
    figures = {
        "nanogpt": side,
        "ours": side,
        "ours_same_time": side,
        "ours_far": side,
        "cpu_time_ratio": 12.5,
        "steps": {"nano": step},
    }
    shown = training.table(figures)
    assert all(word in shown for word in ("nanogpt", "ours_same_time", "12.5", "not reached", "30%"))
