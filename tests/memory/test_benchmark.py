"""The benchmark's own arithmetic, on stories whose names are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniature_memory.benchmarks import Options
from miniature_memory.benchmarks.memory import run, table
from miniature_memory.errors import MissingInput


def test_two_names_that_fit_are_all_kept(tmp_path: Path) -> None:
    filler = "It rained, and the clerk went on counting spoons until the lamps were lit again. " * 5
    (tmp_path / "story.txt").write_text(f"They saw Holt and Brannock there. {filler}" * 9, encoding="utf-8")
    figures = run(Options(data=tmp_path))
    assert figures["activation"] == {
        "kept": 1.0, "mentions": 16, "kept_256": 1.0, "kept_1024": 0.0, "kept_4096": 0.0,
    }  # fmt: skip
    assert figures["oracle"]["kept"] == figures["window 1024"]["kept"] == 1.0
    assert "activation" in table(figures)


def test_more_names_than_fit_are_kept_in_part(tmp_path: Path) -> None:
    names = [f"{a}{b}nnock" for a in ("Bra", "Cre", "Dro", "Fli") for b in ("", "de", "mi", "so", "tu")]
    lines = [f"They saw {name} there, and it rained until the lamps were lit again. " for name in names]
    (tmp_path / "story.txt").write_text("".join(lines * 6), encoding="utf-8")
    figures = run(Options(data=tmp_path))
    assert 0 <= figures["recency"]["kept"] <= figures["oracle"]["kept"] < 1


def test_no_books_are_missing_input(tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        run(Options(data=tmp_path))
