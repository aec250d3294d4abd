"""The inference benchmark runs every side that is there, and says which are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from miniature_memory.benchmarks import Options, inference


@pytest.mark.slow
def test_all_sides_in_one_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        inference, "MODELS", {"tiny": (2, 64, 2, 128, False), "tiny-match": (2, 64, 2, 128, True)}
    )
    monkeypatch.setattr(inference, "ONCE", ())
    figures = inference.run(Options(nanogpt=tmp_path))
    for name in inference.MODELS:
        assert figures[f"ours_chars_per_second_{name}"] > 0
        assert 10 < figures[f"peak_mb_{name}"] < 100
        assert figures[f"ours_first_character_s_{name}"] < 10
    assert "nanogpt" in figures["left_out"]  # an empty folder is no checkout
    text = inference.table(figures)
    assert "tiny-match" in text and "left out: nanogpt" in text


@pytest.mark.slow
def test_what_int8_costs_is_measured_on_a_model_that_has_learnt() -> None:
    pytest.importorskip("torch")
    from miniature_memory.benchmarks.inference_loss import RECIPE, int8_loss

    figures = int8_loss(replace(RECIPE, layers=1, steps=15), windows=4, small=True)
    assert 1 < figures["int8_bits_fp32"] < 5
    assert abs(figures["int8_loss"]) < 0.02
