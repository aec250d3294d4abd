"""The summary: what it keeps, that it fits, that it costs the same however long the story is."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_memory.errors import ConfigError, Damaged
from miniature_memory.memory.condense import (
    NAMES,
    SLIDE,
    SUMMARY_SLOTS,
    Memory,
    Policy,
    condense,
    grid_summaries,
    readable,
)
from miniature_memory.memory.name_lists import made_up
from miniature_memory.vocabulary import SYMBOLS, decode, encode, encode_marked

from .stories import HARBOUR, LONG

POLICIES: list[Policy] = ["activation", "recency", "mix", "tfidf"]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_grid_is_what_generation_would_have_seen(policy: Policy) -> None:
    """Batch and incremental form agree, also across a save in the middle."""
    rows = grid_summaries(encode(LONG), policy)
    memory = Memory(policy)
    assert len(rows) == -(-len(LONG) // SLIDE) and not decode(rows[0]).strip()
    for j in range(1, len(rows)):
        at = j * SLIDE
        if j % 7 == 0:
            memory = Memory.from_state(json.loads(json.dumps(memory.state())))
        assert decode(rows[j]) == condense(memory, LONG[at - SLIDE : at], LONG[at : at + SLIDE])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, len(LONG)), max_size=20))
def test_pieces_of_any_size_leave_the_same_memory(cuts: list[int]) -> None:
    whole, pieced = Memory(), Memory()
    whole.observe(LONG)
    for a, b in pairwise(sorted([0, *cuts, len(LONG)])):
        pieced.observe(LONG[a:b])
    assert whole.state() == pieced.state()


def test_a_summary_looks_back_only() -> None:
    rows = grid_summaries(encode(LONG))
    other = grid_summaries(encode(LONG[: SLIDE * 12] + "Zebedee Quince came. " * 40))
    # row 11 is of what lies before 11 * 96, without what is visible up to 12 * 96
    assert np.array_equal(rows[:12], other[:12])


def test_main_characters_are_kept_and_passers_by_are_not() -> None:
    story = "".join(f"Ida Marlow spoke to {made_up(Random(n))}, and Ida went on. " for n in range(40))
    memory = Memory()
    memory.observe(story)
    assert {"Ida", "Marlow"} <= set(memory.summary().replace(",", " ").split())


def test_names_stand_in_the_order_of_their_last_mention_and_together_where_they_stood() -> None:
    memory = Memory()
    memory.observe("They saw Ida Marlow and then Holt. ")
    assert memory.summary() == "Ida Marlow,Holt".ljust(SUMMARY_SLOTS)
    memory.observe("Later they met Ida again. ")
    assert memory.summary() == "Marlow,Holt,Ida".ljust(SUMMARY_SLOTS)


def test_what_stays_in_the_window_needs_no_place() -> None:
    memory = Memory()
    memory.observe("They saw Ida Marlow and Annabel O'Brien. ")
    assert memory.summary("Anna saw that Ida and O'Brien left. ").strip() == "Marlow,Annabel"


def test_policies_differ_as_they_say() -> None:
    late = ("Abercrombie", "Bartholomews", "Constantine", "Desdemonas", "Evangeline")
    story = "They saw Ida. " * 30 + "It rained. " * 60 + "".join(f"They saw {name}. " for name in late)
    kept = {}
    for policy in POLICIES:
        memory = Memory(policy)
        memory.observe(story)
        kept[policy] = memory.summary().strip().split(",")
    assert "Ida" in kept["activation"] and "Ida" not in kept["recency"]
    assert kept["recency"][-1] == "Evangeline"
    with pytest.raises(ConfigError):
        Memory("luck")  # type: ignore[arg-type]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=120), max_size=8), st.sampled_from(POLICIES))
def test_any_text_gives_sixty_characters_of_the_vocabulary(pieces: list[str], policy: Policy) -> None:
    memory = Memory(policy)
    for piece in pieces:
        memory.observe(piece)
        assert len(encode(memory.summary(piece))) == SUMMARY_SLOTS
    assert Memory.from_state(json.loads(json.dumps(memory.state()))).summary() == memory.summary()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n ",
        "it rained. the gate was shut. nobody came. " * 30,
        "X" * 5000,
        "—" * 5000,
        "Ааа Ббб " * 400,
        "王先生来了。" * 400,
        "Pneumonoultramicroscopicsilicovolcanoconiosisandmorethanthat said so. " * 20,
        "A. B. C. I I I O O 'S 's -A- A-b-C d'E\x00\ufffd " * 50,
    ],
)
def test_odd_stories_break_nothing(text: str) -> None:
    memory = Memory()
    for at in range(0, len(text), SLIDE):
        summary = condense(memory, text[at : at + SLIDE], text[at + SLIDE :][:SLIDE])
        assert len(encode(summary)) == SUMMARY_SLOTS


def test_hundreds_of_names_keep_the_ledger_small() -> None:
    memory, rng = Memory(), Random(3)
    sizes = []
    for n in range(1, 9001):
        memory.observe(f"They met {made_up(rng)} the {''.join(rng.choices('abcdefgh', k=6))}. ")
        if n % 3000 == 0:
            state = memory.state()
            assert len(state["names"]) <= NAMES
            sizes.append(len(json.dumps(state)))
    assert max(sizes) < 150_000 and sizes[2] < sizes[1] * 1.3
    assert len(memory.summary()) == SUMMARY_SLOTS


def test_readable_keeps_one_character_an_id() -> None:
    ids = encode_marked("Yes.\n<|scene_break|>\nNo.<|end_of_text|>")
    assert readable(ids) == "Yes.\n\n\nNo.\n"
    assert len(readable(list(range(len(SYMBOLS))))) == len(SYMBOLS)


@pytest.mark.parametrize("damaged", ["policy", "scanner", "names", "lower", "case", "previous"])
def test_a_damaged_state_is_refused(damaged: str) -> None:
    memory = Memory()
    memory.observe(HARBOUR)
    state = memory.state()
    with pytest.raises(Damaged):
        Memory.from_state({key: value for key, value in state.items() if key != damaged})
    if damaged != "previous":
        with pytest.raises((Damaged, ConfigError)):
            Memory.from_state({**state, damaged: 7})
