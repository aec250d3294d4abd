"""Duplicates: found at the edit rates that the bars name, never where there are none, with their twin."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from miniature_memory.config import Config
from miniature_memory.processing.dedup import (
    Duplicates,
    Overlap,
    Sketch,
    Twin,
    jaccard,
    jaccard_of_signatures,
    sketch,
    sketches,
)
from miniature_memory.processing.near_index import NearIndex
from miniature_memory.processing.normalize import clean_text, normalize
from miniature_memory.processing.overlap import without
from miniature_memory.processing.validate import validate
from miniature_memory.processing.words import words_of
from miniature_memory.workspace import Workspace
from tests.processing.conftest import QUIET, add, edited, rule_of, story

MARK = "<|scene_break|>\n"


def judge(index: NearIndex, texts: list[str], first: int = 0, batch: int = 10_000) -> list[Twin | None]:
    """Verdicts on texts, committed in batches of a size."""
    duplicates = Duplicates(index, 0.5)
    verdicts: list[Twin | None] = []
    for at in range(0, len(texts), batch):
        part = [(first + at + i, sketch(text)) for i, text in enumerate(texts[at : at + batch])]
        verdicts += duplicates.judge(part)
        index.append(duplicates.settle())
        index.sweep()
    return verdicts


@pytest.fixture
def index(tmp_path: Path) -> NearIndex:
    return NearIndex(tmp_path / "near", [])


def test_a_sketch_does_not_depend_on_what_is_sketched_with_it() -> None:
    texts = [story(1), "", "one", "A short one, of nine words or so, it is.", story(2), "* * *", story(3)]
    sites = ["a.example", "b.example", "a.example", "", "c.example", "", "b.example"]
    for one, text, site in zip(sketches(words_of(*texts), sites), texts, sites, strict=True):
        alone = sketch(text, site)
        assert (one.exact, one.samples) == (alone.exact, alone.samples)
        for name in ("bands", "signature", "excerpts", "paragraphs"):
            assert np.array_equal(getattr(one, name), getattr(alone, name)), name


def test_the_estimate_agrees_with_the_slow_oracle() -> None:
    for number, share in enumerate((0, 0.02, 0.05, 0.1, 0.2, 0.4)):
        a, b = story(number), edited(story(number), share)
        estimate = float(jaccard_of_signatures(sketch(a).signature, sketch(b).signature))
        assert estimate == pytest.approx(jaccard(a, b), abs=0.14)  # three standard errors of 125 hashes


@pytest.mark.parametrize("share", [0, 0.02, 0.04, 0.06, 0.08])
def test_near_duplicates_are_found_with_their_twin(index: NearIndex, share: float) -> None:
    originals = [story(n) for n in range(40)]
    assert judge(index, originals) == [None] * 40
    for number, verdict in enumerate(judge(index, [edited(s, share, seed=7) for s in originals], first=100)):
        assert verdict is not None and verdict.number == number
        assert verdict.rule == ("near_duplicate" if share else "exact_duplicate")


def test_different_stories_are_no_duplicates(index: NearIndex) -> None:
    stories = [story(n) for n in range(80)]
    assert judge(index, stories) == [None] * 80
    assert max(jaccard(a, b) for a, b in combinations(stories[:20], 2)) < 0.3


def test_white_space_alone_makes_an_exact_duplicate(index: NearIndex) -> None:
    text = story(1)
    verdicts = judge(index, [text, "  " + text.replace("\n\n", "\n").replace(" ", "  ")])
    assert verdicts[1] == Twin("exact_duplicate", 0, 1.0)


def test_an_excerpt_is_contained(index: NearIndex) -> None:
    compilation = "\n\n".join(story(n) for n in range(5))
    verdicts = judge(index, [compilation, story(3), story(2)[600:1900], story(9)])
    assert [v.rule if v else "" for v in verdicts] == ["", "contained", "contained", ""]
    assert verdicts[1] is not None and verdicts[1].number == 0 and verdicts[1].similarity > 0.9


def test_batches_and_runs_change_no_verdict(tmp_path: Path) -> None:
    texts: list[str] = []
    for number in range(30):
        texts += [story(number), edited(story(number // 2), 0.06, seed=number)]
    once = judge(NearIndex(tmp_path / "once", []), texts)
    assert once == judge(NearIndex(tmp_path / "steps", []), texts, batch=7)
    assert sum(v is not None for v in once) > 20


def test_the_index_reopens_and_sweeps_what_nobody_committed(tmp_path: Path) -> None:
    index = NearIndex(tmp_path, [])
    judge(index, [story(n) for n in range(4)])
    committed = list(index.names)
    judge(index, [story(n) for n in range(4, 8)], first=4)
    again = NearIndex(tmp_path, committed)  # a kill before the second commit … and its merge
    assert again.whole is (set(committed) <= {p.name for p in tmp_path.iterdir()})
    index = NearIndex(tmp_path, index.names)
    assert not ({p.name for p in tmp_path.iterdir()} - set(index.names))


def test_a_damaged_run_is_noticed(tmp_path: Path) -> None:
    index = NearIndex(tmp_path, [])
    judge(index, [story(1)])
    run = tmp_path / index.names[0]
    data = (run / "signatures.npy").read_bytes()
    (run / "signatures.npy").write_bytes(data[:-40])
    assert not NearIndex(tmp_path, index.names).whole


def test_what_is_removed_is_no_twin_any_more(index: NearIndex) -> None:
    judge(index, [story(1), story(2)])
    index.remove({0})
    index.sweep()
    verdicts = judge(index, [edited(story(1), 0.02), edited(story(2), 0.02)], first=10)
    assert verdicts[0] is None and verdicts[1] is not None


def test_few_runs_remain_however_often_the_index_grows(index: NearIndex) -> None:
    rng = np.random.default_rng(1)

    def random_sketch() -> Sketch:
        return Sketch(
            int(rng.integers(1 << 60)),
            rng.integers(1 << 60, size=25).astype(np.uint64),
            rng.integers(256, size=125).astype(np.uint8),
            20,
            np.sort(rng.integers(1 << 60, size=20).astype(np.uint64)),
            rng.integers(1 << 60, size=9).astype(np.uint64),
        )

    for number in range(100):
        index.append({number: random_sketch()})
        index.sweep()
    assert len(index) == 100
    assert len(index.runs) <= 8


def verdicts_and_overlaps(
    texts: list[str], folder: Path, site: str = ""
) -> tuple[list[Twin | None], dict[int, Overlap]]:
    duplicates = Duplicates(NearIndex(folder, []), 0.5)
    verdicts = duplicates.judge([(n, sketch(text, site)) for n, text in enumerate(texts)])
    return verdicts, duplicates.overlaps


def test_a_later_compilation_is_kept_and_says_which_chapters_it_holds(tmp_path: Path) -> None:
    chapters = [normalize(story(n)) for n in (3, 30, 60)]
    verdicts, overlaps = verdicts_and_overlaps([*chapters[:2], "".join(chapters)], tmp_path)
    assert verdicts == [None, None, None]
    assert overlaps[2].contains == (0, 1)


def test_a_compilation_loses_the_chapters_that_are_kept_and_nothing_else() -> None:
    one, two, three = (normalize(f"Chapter {n}\n\n{story(n)}") for n in (3, 30, 60))
    assert without("".join((one, two, three)), [two]) == one + MARK + three
    assert without("".join((one, two, three)), [one, two, three]) == ""
    assert without(one, [three]) == one
    assert without(without(one + two, [one]), [one]) == without(one + two, [one])


def test_a_paragraph_is_boilerplate_from_its_third_occurrence_on_a_site(tmp_path: Path) -> None:
    watermark = "This tale was first told at Lantern House, where a new chapter appears every Friday."
    texts = [f"{normalize(story(n))}{watermark}\n{normalize(story(n + 40))}" for n in (3, 30, 60, 90)]
    texts = [text.replace(MARK, "") for text in texts]
    verdicts, overlaps = verdicts_and_overlaps(texts, tmp_path / "one", "a.test")
    assert verdicts == [None] * 4
    found = [bool(overlaps[n].boilerplate) if n in overlaps else False for n in range(4)]
    assert found == [False, False, True, True]
    cleaned = clean_text(texts[2], "a.test", overlaps[2].boilerplate).text
    assert watermark not in cleaned and cleaned.splitlines() == [
        line for line in texts[2].splitlines() if line != watermark
    ]
    assert watermark in clean_text(texts[2], "b.test", overlaps[2].boilerplate).text  # another site's


def test_near_duplicates_at_ten_percent_of_edits(index: NearIndex) -> None:
    originals = [story(n) for n in range(40)]
    judge(index, originals)
    found = judge(index, [edited(text, 0.1, seed=3) for text in originals], first=100)
    assert [twin.number if twin else None for twin in found] == list(range(40))


def test_an_index_of_another_version_is_built_again(
    new_workspace: Callable[[str], Workspace], config: Config
) -> None:
    workspace = new_workspace("w")
    add(workspace, [story(1), story(2)])
    validate(workspace, config, QUIET)
    (here,) = (workspace.metadata / "near").iterdir()
    here.rename(here.with_name("v0"))
    (twin,) = add(workspace, [edited(story(2), 0.03)], first=2)
    validate(workspace, config, QUIET)
    assert rule_of(workspace, twin) == "near_duplicate"
    assert list((workspace.metadata / "near").iterdir()) == [here]
