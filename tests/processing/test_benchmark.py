"""The processing benchmark: documents that can be told again, and counts that can be checked by hand."""

from __future__ import annotations

from itertools import islice

import pytest

from miniature_memory import screen
from miniature_memory.benchmarks import Options, documents, processing, processing_sides
from miniature_memory.benchmarks.documents import HARD_NEGATIVES, KINDS, Library


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Library:
    """Two blocks of forty, the second made of the first."""
    monkeypatch.setattr(documents, "BLOCKS", 1)
    monkeypatch.setattr(processing, "DOCUMENTS", 80)
    monkeypatch.setattr(processing, "_in_a_new_process", lambda function, *arguments: function(*arguments))
    return Library()


def test_a_document_is_the_same_whoever_asks_for_it(small: Library) -> None:
    told = list(islice(small, 50))
    assert [Library()[n] for n in (47, 3, 49)] == [told[47], told[3], told[49]]
    assert Library(seed=2)[3].text != told[3].text
    assert not any(screen.check(one.text).reject for one in told[:5])


def test_what_is_planted_is_what_it_says(small: Library) -> None:
    by_kind = {one.kind: one for one in islice(small, 40, 80)}
    assert by_kind.keys() == set(KINDS)
    for kind, one in by_kind.items():
        (of, *_) = one.family
        assert (of < 40) == (kind not in ("original", "compilation", *HARD_NEGATIVES))
    original, edited = (
        one.text.split() for one in (small[by_kind["10% edited"].family[0]], by_kind["10% edited"])
    )
    changed = sum(a != b for a, b in zip(original, edited, strict=True))
    assert 0.08 < changed / len(original) <= 0.11
    excerpt = by_kind["excerpt"]
    whole = small[excerpt.family[0]].text
    assert excerpt.text in whole and len(excerpt.text) > 0.3 * len(whole)
    assert by_kind["chapter"].text in small[by_kind["chapter"].family[0]].text


@pytest.mark.slow
def test_all_sides_are_counted_and_told(small: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing_sides, "find_spec", lambda name: None)
    figures = processing.run(Options())
    assert sum(figures["funnel"].values()) == figures["documents"] == 80
    assert figures["recall"]["2% edited"] == 1 and figures["precision"]["near"] == 1
    assert figures["documents_per_second"] > 0
    assert "pip install" in figures["datatrove"]["missing"]
    table = processing.table(figures)
    assert "excerpt" in table and "documents a second on one core" in table and "pip install" in table
