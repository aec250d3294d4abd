"""The extraction benchmark measures as its authors do, all sides from one run."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from miniature_memory.benchmarks import Options
from miniature_memory.benchmarks.extraction import run, shingle_score, table
from miniature_memory.errors import MissingInput
from tests.scraper.extract.pages import GOLD, PAGES


def test_the_measure_counts_shingles_of_four_words() -> None:
    assert shingle_score("a b c d e", "a b c d e") == (1.0, 1.0)
    assert shingle_score("a b c d e", "a b c d x") == (0.5, 0.5)
    assert shingle_score("a b c d e", "") == (None, 0.0)
    assert shingle_score("a b c d", "a b c d e f") == (1 / 3, 1.0)


def test_all_sides_come_from_one_run(tmp_path: Path) -> None:
    (tmp_path / "html").mkdir()
    truth = {}
    for number, (page, url) in enumerate(PAGES.values()):
        truth[str(number)] = {"articleBody": GOLD.replace("* * *\n\n", ""), "url": url}
        (tmp_path / "html" / f"{number}.html.gz").write_bytes(gzip.compress(page().encode()))
    (tmp_path / "ground-truth.json").write_text(json.dumps(truth))
    figures = run(Options(data=tmp_path))
    assert figures["ours"]["f1"] > 0.99
    assert all(figures["ours"]["f1"] > side["f1"] for name, side in figures.items() if name != "ours")
    assert "readability-lxml" in table(figures)


def test_missing_data_says_what_to_do(tmp_path: Path) -> None:
    for options in (Options(), Options(data=tmp_path)):
        with pytest.raises(MissingInput, match="--data"):
            run(options)
