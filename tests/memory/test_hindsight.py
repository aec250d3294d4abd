"""Targets for written summaries: what returns soon, and only what the writer could know."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_memory.memory.condense import SUMMARY_SLOTS
from miniature_memory.memory.hindsight import hindsight
from miniature_memory.memory.rows import Mix, build_rows
from miniature_memory.memory.window import HEAD, LOOK, SLIDE
from miniature_memory.vocabulary import decode

from .test_rows import ORIGINAL


def test_what_returns_soonest_comes_first_when_room_is_short() -> None:
    old = "Abercrombie, Bartholomew, Constantine, Desdemona, Evangeline"
    target = hindsight(old, "It rained on Montgomery. ", "", "Montgomery and Constantine met Evangeline.")
    names = target.rstrip().split(",")
    assert {"Montgomery", "Constantine", "Evangeline"} < set(names) and len(names) == 5
    assert names[-1] == "Montgomery"  # the order is that of the last mention


def test_names_that_are_still_seen_need_no_place() -> None:
    assert hindsight("Ida, Holt", "It rained. ", "Ida came", "Ida and Holt").split() == ["Holt"]


def test_a_name_that_nobody_has_said_is_not_foretold() -> None:
    assert not hindsight("", "It rained. ", "", "Holt came. Holt went.").strip()


@settings(max_examples=60, deadline=None)
@given(*[st.text(max_size=90)] * 5)
def test_only_words_of_the_source_stand_in_it(old: str, out: str, look: str, then: str, said: str) -> None:
    target = hindsight(old, out, look, then, said)
    assert len(target) == SUMMARY_SLOTS
    assert all(name in old + out for name in target.rstrip().split(","))


def test_rows_carry_it_when_asked() -> None:
    mix = Mix(copy=0, copy_late=0, write=1, hindsight=1)
    ids, _ = build_rows([ORIGINAL], mix, 1, 0, range(40))
    plain, _ = build_rows([ORIGINAL], Mix(copy=0, copy_late=0, write=1), 1, 0, range(40))
    second = HEAD + SLIDE + LOOK
    assert not np.array_equal(ids, plain)
    assert np.array_equal(ids[:, :second], plain[:, :second])
    for row in ids:
        source = decode(row[:second])
        target = decode(row[second + 1 : second + 1 + SUMMARY_SLOTS])
        if row[second] == 2:
            assert all(word in source for word in target.replace(",", " ").split())
