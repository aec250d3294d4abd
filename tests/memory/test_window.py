"""The window never exceeds its slots, whatever is put into it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.memory.condense import SLIDE, SUMMARY_SLOTS, Memory
from miniature_memory.memory.layout import EMPTY, ROW, encode_summary, plain_row, read_row, write_row
from miniature_memory.memory.window import BLOCK, HEAD, LOOK, TEXT_SLOTS, Window, fit_summary, roll
from miniature_memory.vocabulary import END_OF_TEXT, SUMMARY, TEXT, decode, encode

from .stories import LONG


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_an_edited_summary_of_any_length_fits(text: str) -> None:
    ids = encode_summary(text)
    assert ids.shape == (SUMMARY_SLOTS,) and ids.min() > TEXT
    assert "\n" not in fit_summary(text) and fit_summary(fit_summary(text)) == fit_summary(text)


def test_a_long_summary_is_cut_between_names() -> None:
    names = "Ida Marlow, Captain Vale, Holt, Will Grace, Saltburn, Ostrava, Brannock"
    assert fit_summary(names).rstrip() == "Ida Marlow,Captain Vale,Holt,Will Grace,Saltburn,Ostrava"
    assert fit_summary("Ida\n, Zoë, Łukasz, Анна, Ž").rstrip() == "Ida,Zoë,ukasz,Z"
    assert len(fit_summary("x" * 1000)) == SUMMARY_SLOTS


def test_a_story_longer_than_the_window_rolls_through_it() -> None:
    window, memory, evicted = Window(), Memory(), ""
    for token in [END_OF_TEXT, *encode(LONG).tolist()]:
        if window.full:
            evicted += roll(window, memory)
            assert len(window.text) == TEXT_SLOTS - SLIDE and len(window.ids()) == HEAD + SLIDE
        window.append(token)
        assert len(window.ids()) <= HEAD + TEXT_SLOTS <= BLOCK
    assert evicted + decode(window.text) == "\n" + LONG
    assert "Marlow" in window.summary + decode(window.text)


def test_the_windows_layout() -> None:
    window = Window("Ida, Vale", encode("Hello"))
    assert decode(window.ids()) == "<|summary|>" + "Ida,Vale".ljust(60) + "<|text|>Hello"
    with pytest.raises(MiniatureMemoryError):
        for _ in range(TEXT_SLOTS):
            window.append(9)


def test_the_model_is_asked_for_a_summary_as_write_rows_taught_it() -> None:
    text = encode(LONG[:TEXT_SLOTS])
    window = Window("Ida", text)
    row, _ = write_row(encode_summary("Ida"), text[:SLIDE], text[SLIDE : SLIDE + LOOK], EMPTY)
    asked = window.write_ids()
    assert np.array_equal(asked, row[: len(asked)]) and asked[-1] == SUMMARY


def test_read_rows_have_loss_on_their_text_alone() -> None:
    row, loss = read_row(encode_summary("Ida"), encode(LONG[:500]))
    assert row.shape == loss.shape == (ROW,)
    assert decode(row[loss]) == LONG[:TEXT_SLOTS]
    short, loss = read_row(EMPTY, np.append(np.uint8(END_OF_TEXT), encode("The end.")))
    assert decode(short[loss]) == "The end." and not loss[HEAD]


def test_write_rows_have_loss_on_text_and_the_next_summary() -> None:
    text, target = encode(LONG), encode_summary("Ida, Vale")
    row, loss = write_row(EMPTY, text[:SLIDE], text[SLIDE : SLIDE + LOOK], target)
    assert decode(row[loss]) == LONG[: SLIDE + LOOK] + "Ida,Vale".ljust(60)
    assert row.tolist().count(SUMMARY) == row.tolist().count(TEXT) == 2
    with pytest.raises(MiniatureMemoryError):
        write_row(EMPTY, text[:5], text[:LOOK], target)


def test_plain_rows_predict_a_whole_block() -> None:
    row, loss = plain_row(encode(LONG))
    assert len(row) == ROW and loss[1:].all() and not loss[0]
