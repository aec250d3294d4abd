"""The benchmark's own arithmetic, on stories whose names are known, and a small run of all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from miniature_memory.benchmarks import Options, draw
from miniature_memory.benchmarks import memory as benchmark
from miniature_memory.benchmarks.memory_books import (
    BLOCK_OF_PASSAGES,
    CONTEXT,
    band,
    blocks,
    find_books,
    open_books,
    write_books,
)
from miniature_memory.benchmarks.memory_models import SIDES, Side, batches, learn
from miniature_memory.benchmarks.memory_names import name_mentions, names_kept
from miniature_memory.demo import story
from miniature_memory.errors import MissingInput, UsageError
from miniature_memory.memory.condense import SLIDE, readable
from miniature_memory.training.model import Model, Shape

FILLER = "It rained, and the clerk went on counting spoons until the lamps were lit again. " * 5
BOOK = f"They saw Holt and Brannock there. {FILLER}" * 9


def test_two_names_that_fit_are_all_kept() -> None:
    figures = names_kept([BOOK])
    assert figures["activation"] == {
        "kept": 1.0, "mentions": 16, "kept_256": 1.0, "kept_1024": 0.0, "kept_4096": 0.0,
    }  # fmt: skip
    assert figures["oracle"]["kept"] == figures["window 1024"]["kept"] == 1.0


def test_more_names_than_fit_are_kept_in_part() -> None:
    names = [f"{a}{b}nnock" for a in ("Bra", "Cre", "Dro", "Fli") for b in ("", "de", "mi", "so", "tu")]
    lines = [f"They saw {name} there, and it rained until the lamps were lit again. " for name in names]
    figures = names_kept(["".join(lines * 6)])
    assert 0 <= figures["recency"]["kept"] <= figures["oracle"]["kept"] < 1


def test_the_people_of_the_demo_stories_are_found_and_kept() -> None:
    stories = [story(1, number).text for number in range(40)]
    assert names_kept(stories)["activation"]["kept_256"] > 0.95


def test_without_books_it_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="--data"):
        benchmark.run(Options(data=tmp_path))
    (tmp_path / "one.txt").write_text(BOOK)
    with pytest.raises(MissingInput, match="held"):
        find_books(tmp_path, None, small=False)
    assert find_books(tmp_path, tmp_path, small=False)[0] == find_books(tmp_path, tmp_path, small=False)[1]


def test_only_a_benchmark_with_a_plot_draws(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        draw("run", {}, tmp_path / "run.svg")


@pytest.fixture
def books(tmp_path: Path) -> Path:
    write_books(tmp_path, [BOOK * 2, BOOK], [BOOK * 3, BOOK * 2])
    return tmp_path


def test_a_passage_knows_its_summary_and_how_long_ago_its_names_were_mentioned(books: Path) -> None:
    _, corpus = open_books(books)
    asked = blocks(corpus, 40)
    assert all(0 < len(block) <= BLOCK_OF_PASSAGES for block in asked)
    found = set()
    for passage in (p for block in asked for p in block):
        assert passage.start >= CONTEXT
        text = readable(passage.book)
        for at, size, ago in passage.names:
            name = text[passage.start + at :][:size]
            found.add(name)
            before = text[: passage.start + at].rfind(name)
            assert ago == passage.start + at - before if before >= 0 else ago == -1
            if ago >= 256 and f"{name}," not in text[passage.start - SLIDE : passage.start]:
                assert name in readable(corpus.summaries[passage.slot])
    assert found == {"Holt", "Brannock"} == {name for name, _ in name_mentions(BOOK)}


@pytest.mark.parametrize(("ago", "name"), [(-1, "first"), (5, "near"), (256, "256"), (5000, "4k")])
def test_distances_have_bands(ago: int, name: str) -> None:
    assert band(ago) == name


def test_every_side_reads_as_many_ids(books: Path) -> None:
    corpora, _ = open_books(books)
    for side in SIDES.values():
        first = batches(side, corpora, 1, 10)(3)
        assert first.ids.shape[1] == side.window
        assert first.ids.numel() == 2048
        assert torch.equal(first.ids, batches(side, corpora, 1, 10)(3).ids)


def test_training_that_was_killed_goes_on_to_the_same_weights(
    books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpora, _ = open_books(books)
    batch_of = batches(Side(256), corpora, 1, 4)

    def model() -> Model:
        return Model(Shape(1, 16, 2, 2, 32, True, 64), seed=1)

    learn(model(), batch_of, 4, books / "whole.safetensors")
    monkeypatch.setattr("miniature_memory.benchmarks.memory_models.SAVE_SECONDS", 0.0)

    def dies(step: int) -> object:
        if step == 2:
            raise InterruptedError
        return batch_of(step)

    with pytest.raises(InterruptedError):
        learn(model(), dies, 4, books / "killed.safetensors")  # type: ignore[arg-type]
    learn(model(), batch_of, 4, books / "killed.safetensors")
    assert (books / "killed.safetensors").read_bytes() == (books / "whole.safetensors").read_bytes()


def test_gains_are_paired_and_shares_are_of_what_the_longer_window_gains(books: Path) -> None:
    _, corpus = open_books(books)
    asked = blocks(corpus, 60)
    count = sum(map(len, asked))
    noise = np.random.default_rng(1).normal(size=(2, count, SLIDE))
    level = {"none": 2.0, "summary": 1.95, "plain 256": 2.1, "plain 1024": 2.06}
    figures = benchmark.compare({name: noise + value for name, value in level.items()}, asked)
    assert figures["gains"]["summary"] == [0.05, 0.05, 0.05]
    assert figures["recovered_share_1024"] == 1.25
    assert figures["recovered_share_1024_by_seed"] == [1.25, 1.25]
    assert figures["share_of_1024_against_a_plain_model"] == 3.75
    assert sum(each["mentions"] for each in figures["names"].values()) > 0


@pytest.mark.slow
def test_a_small_run_on_the_demo_stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = benchmark.Size(30_000, 1, 60, 1, 600, 0)
    figures = benchmark.measure(tmp_path, None, None, size)
    assert set(figures["gains"]) >= {"summary", "window 1024", "written", "oracle"}
    assert figures["kept"]["activation"]["kept"] > 0.9
    assert 0 <= figures["written"]["invented"] <= 1
    assert figures["stories"]["summary"]["opening_names_in_summary"] > 0.5
    assert "recovered_share_1024" in json.dumps(figures)
    told = benchmark.table(figures)
    assert re.search(r"window 256 and the summary +\d\.\d{4}", told)
    ElementTree.fromstring(benchmark.plot(figures))
    # what is finished is not done again, and tells the same
    monkeypatch.setattr(benchmark, "_child", lambda work, module, *rest: figures["stories"])
    assert benchmark.measure(tmp_path, None, None, size) == figures
