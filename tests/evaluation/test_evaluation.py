from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from miniature_memory.evaluation import score, stories
from miniature_memory.memory.condense import grid_summaries
from miniature_memory.memory.rows import Corpus
from miniature_memory.memory.window import HEAD, SLIDE
from miniature_memory.vocabulary import END_OF_TEXT, SIZE, SUMMARY, Ids, decode, encode

STORY = (
    "That evening Brannock carried the lamp down to the quay. "
    + "It rained, and the water was grey and slow. " * 12
) * 6


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    documents = [
        np.concatenate([encode(text), np.array([END_OF_TEXT], np.uint8)])
        for text in (STORY, STORY.replace("Brannock", "Marlow"))
    ]
    starts = np.cumsum([0, *(len(d) for d in documents)]).astype(np.int64)
    return Corpus(np.concatenate(documents), starts, np.concatenate([grid_summaries(d) for d in documents]))


class Copier:
    """An engine that knows the names of the summary that it is shown, and nothing else: one bit or eight."""

    def __init__(self) -> None:
        self.rows: list[Ids] = []

    def reset(self) -> None: ...

    def logits(self, ids: Ids) -> NDArray[np.float32]:
        self.rows.append(ids)
        flat = np.zeros((len(ids), SIZE), np.float32)
        names = decode(ids[1:61]).strip().split(",") if ids[0] == SUMMARY else []
        for name in filter(None, names):
            flat[:, encode(name)] += 3
        return flat


def test_every_condition_scores_the_same_characters(corpus: Corpus) -> None:
    [passage] = score.passages(corpus, 1)
    engine = Copier()
    costs = {condition: score.bits(engine, passage, condition) for condition in score.CONDITIONS}
    assert {len(cost) for cost in costs.values()} == {SLIDE}
    for row in engine.rows:
        assert np.array_equal(row[-(SLIDE - 1) :], passage.ids[:-1])
        assert len(row) <= 256
    # an engine that gives all symbols the same chance pays log2 of their number
    assert costs["plain"] == pytest.approx(np.log2(SIZE))


def test_the_summary_is_that_of_what_the_window_has_lost(corpus: Corpus) -> None:
    engine = Copier()
    for passage in score.passages(corpus, 10):
        engine.rows.clear()
        score.bits(engine, passage, "summary")
        [row] = engine.rows
        lost = decode(passage.document[: passage.start - SLIDE])
        shown = decode(row[HEAD : HEAD + SLIDE])
        assert decode(passage.document[: passage.start]) == lost + shown
        for name in filter(None, decode(passage.summary).strip().split(",")):
            assert name in lost


def test_far_names_are_found_and_gain_by_the_right_summary_alone(corpus: Corpus) -> None:
    scored = score.passages(corpus, 1000)
    assert sum(len(p.far_names) for p in scored) >= 6
    for passage in scored:
        for at, size in passage.far_names:
            assert decode(passage.ids[at : at + size]) in ("Brannock", "Marlow")
    engine = Copier()
    costs = {c: [score.bits(engine, p, c) for p in scored] for c in score.CONDITIONS}
    figures = score.summarise(costs, scored)
    assert figures["name_bits_summary"] < figures["name_bits_other"]
    assert figures["name_bits_summary"] < figures["name_bits_plain"] == figures["name_bits_empty"]
    low, high = figures["gain_interval"]
    assert low <= figures["gain"] <= high


def test_passages_are_always_the_same_and_spread(corpus: Corpus) -> None:
    first, again = score.passages(corpus, 7), score.passages(corpus, 7)
    assert [p.start for p in first] == [p.start for p in again]
    assert len({p.start for p in first}) > 3


def test_repetition_is_a_share_of_four_grams() -> None:
    assert stories.repetition("one two three four five six") == 0
    assert stories.repetition("one two three four " * 5) == 1
    assert stories.repetition("too short") == 0


def test_real_words_are_those_of_the_training_text() -> None:
    known = frozenset(stories.words("The lamp was out."))
    assert stories.real_words("the LAMP was blorf", known) == 0.75


def test_names_recalled_counts_late_names_only() -> None:
    opening = "Ida Marlow met Holt by the quay."
    filler = "It rained and rained on the grey water of the harbour. " * 30
    remembering = "Brannock came. " + filler + "Then Marlow saw Holt, and Marlow laughed with Holt."
    forgetting = "Holt came. " + filler + "Then Brannock saw Vale, and Brannock laughed with Vale."
    assert stories.names_recalled(opening, remembering) == 1.0
    assert stories.names_recalled(opening, forgetting) == 0.0
    assert stories.names_recalled(opening, "Nobody came.") is None
