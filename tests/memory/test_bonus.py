"""The bonus points at the next letter of a name of the summary, and nowhere else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_memory.memory.bonus import Spelling, spelling_bonus
from miniature_memory.vocabulary import IS_LETTER, decode, encode


def after(word: str, summary: str) -> dict[str, float]:
    return {decode([i]): w for i, w in spelling_bonus(encode(word).tolist(), summary).items()}


def test_it_goes_on_spelling() -> None:
    summary = "Marlow, Martha, Holt".ljust(60)
    assert set(after("Mar", summary)) == {"l", "t"} and set(after("H", summary)) == {"o"}
    assert after("Ho", summary)["l"] > after("H", summary)["o"] > 0


def test_it_is_silent_elsewhere() -> None:
    for word in ("", "Holt", "holt", "Hx", "olt"):
        assert not after(word, "Marlow, Holt")
    assert not after("M", "") and not after("t", "the")


def test_names_of_two_words_and_with_apostrophes_are_spelled_by_words() -> None:
    assert set(after("Mar", "Ida Marlow")) == {"l"} and set(after("Br", "O'Brien")) == {"i"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(alphabet="ABab", max_size=3))
def test_any_summary_will_do(summary: str, word: str) -> None:
    bonus = Spelling(summary).after(encode(word).tolist())
    assert all(0 < w <= 1 and IS_LETTER[i] for i, w in bonus.items())
