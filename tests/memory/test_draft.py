"""A summary that the model writes spells only what has been said, and fits."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from miniature_memory.memory.condense import SUMMARY_SLOTS, readable
from miniature_memory.memory.draft import Draft
from miniature_memory.vocabulary import decode, encode


def choices(draft: Draft) -> set[str]:
    return {decode([i]) for i in draft.allowed()}


def spelled(draft: Draft, text: str) -> Draft:
    for i in encode(text).tolist():
        assert i in draft.allowed()
        draft.add(i)
    return draft


def test_only_words_of_the_old_summary_and_names_of_the_text_go_on() -> None:
    draft = Draft("Ida Marlow,Holt", "The lamp went out. Then Brandt knew Holt and O'Brien. Th")
    assert choices(draft) == {"I", "M", "H", "B", "O"}
    assert choices(spelled(draft, "Ma")) == {"r"}
    assert choices(spelled(draft, "rlow")) == {",", " "}
    assert choices(spelled(draft, ",")) == {"I", "H", "B", "O"}  # once is enough
    assert choices(spelled(draft, "Ida,Holt,Brandt,O'Brien,")) == {" "}
    assert spelled(draft, " ").done


def test_nothing_said_is_nothing_to_write() -> None:
    assert Draft(" " * 60, "the rain fell, and the sea rose").done


@given(st.lists(st.text("abcdefghij", min_size=2, max_size=30), max_size=20), st.integers(0, 99))
def test_whatever_is_chosen_it_fits_and_was_said(words: list[str], seed: int) -> None:
    names, random = [word.title() for word in words], Random(seed)
    draft = Draft("", "they saw " + " ".join(names) + ".\n")
    while not draft.done:
        draft.add(random.choice(sorted(draft.allowed())))
    assert len(draft.ids) <= SUMMARY_SLOTS
    written = readable(draft.ids).replace(",", " ").split()
    assert set(written) <= set(names) and len(set(written)) == len(written)
