"""Generated text: nothing of a refused sentence is ever shown."""

from __future__ import annotations

import pytest

from miniature_memory import screen
from miniature_memory.errors import Refused
from miniature_memory.screen import StreamGuard, stream
from miniature_memory.screen.stream import CONTEXT, LONGEST
from tests.screen.sets import lines, say

BEFORE = "The mill stood still. All was quiet. "
REFUSED = [
    *lines("stages")[::4],
    "He waited there, aged fifteen.",
    "Dr. Brown met Ida, aged 12, at noon.",
    '"Go!" said the boy.',
    "Ida, of No. 4, is 12.",
    "They came from St. Ives, and the child\nsang.",
    "He paid 1.5 pounds to the kid.",
]


@pytest.mark.parametrize("sentence", REFUSED)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_refused_sentence_is_stopped_and_none_of_it_shown(sentence: str, size: int) -> None:
    if sentence == "She's in Reception.":
        pytest.skip("a hotel has one, too")
    guard = StreamGuard()
    text = f"{BEFORE}{sentence} Then it rained. "
    shown = ""
    with pytest.raises(Refused) as refusal:
        for i in range(0, len(text), size):
            shown += guard.feed(text[i : i + size])
        shown += guard.finish()
    assert BEFORE.startswith(shown)
    assert sentence[:12] not in str(refusal.value)
    assert vars(guard)["_held"] == "" and vars(guard)["_shown"] == ""


#: what stands before and after a sentence: a paragraph's end, speech, a scene, an abbreviation, no end at all
AROUND = [
    ("The mill stood still. All was quiet. ", " Then it rained. "),
    ("The mill stood still.\n\n", ""),
    ("“Come in,” said the baker. ", "\n\nThen it rained, and the wheel turned."),
    ("* * *\nMr. Hale paid 1.5 pounds. ", "\n* * *\n"),
    ("“Good,” said Dr. Hale of the U.S. Navy. ", " The r"),
]


def _sentences(every: int) -> list[str]:
    """Sentences without another inside, so that all before their end must stay unseen."""
    frames = [say(frame, age) for frame in lines("frames") for age in ("15", "twelve")]
    refused = [s for s in [*lines("stages"), *lines("foreign_refused"), *frames] if screen.check(s).reject]
    return [s for s in refused if not any(sign in s[:-1] for sign in ".!?。！？")][::every]


def _leaks(sentences: list[str]) -> list[tuple[str, str]]:
    """The sentences of which a character was shown, or that were not stopped although the whole is refused."""
    found = []
    for before, after in AROUND:
        for sentence in sentences:
            text = f"{before}{sentence}{after}"
            guard, shown, stopped = StreamGuard(), "", False
            try:
                for character in text:
                    shown += guard.feed(character)
                shown += guard.finish()
            except Refused:
                stopped = True
            if screen.check(text).reject and (not stopped or len(shown) > len(before)):
                found.append((sentence, shown))
    return found


def test_what_a_model_says_character_by_character_is_stopped_before_it_is_seen() -> None:
    assert not _leaks(_sentences(60))


@pytest.mark.slow
def test_many_refused_sentences_are_stopped_before_it_is_seen() -> None:
    assert not _leaks(_sentences(7))


def test_a_very_long_sentence_is_stopped_wherever_it_says_so() -> None:
    """Held back up to a bound; beyond it the beginning is let go, and what is refused still is not."""
    words = "and the wheel of the mill went round and round by the river "
    for length in (1, 10, 25, 60):
        guard, shown = StreamGuard(), ""
        with pytest.raises(Refused):
            for (
                character
            ) in f"The mill stood {words * length} where the boy sang {words * 3}. Then it rained.":
                shown += guard.feed(character)
            guard.finish()
        assert "boy" not in shown and "where" not in shown
        assert shown == "" or length * len(words) > LONGEST // 2


@pytest.mark.parametrize(
    "text",
    [
        "The mill of Hale Inc. Riverside and its boy sang. Then",
        "Dr. Brown of the U.S. Navy met the boy. Then",
        "She came on Tues. Evening with a boy. Then",
        "(See Fig. A) the boy sang. Then",
        "He wrote to Geo. Hale, whose boy sang. Then",
        "“Sgt. Hale,” said the boy. Then",
    ],
)
def test_an_abbreviation_ends_no_sentence(text: str) -> None:
    guard, shown = StreamGuard(), ""
    with pytest.raises(Refused):
        for character in text:
            shown += guard.feed(character)
    assert shown == ""


def test_what_is_read_again_begins_with_a_sentence() -> None:
    """Half a sentence may say something else: "forty- / two years old"."""
    number = "Her uncle, who ground corn by the river, was fifty-two years old that winter. "
    filler = "The mill ran on. "
    for cut in range(CONTEXT - 60, CONTEXT + 40, 3):
        before = filler * 20 + number
        shown = before + filler * 40
        guard = StreamGuard(shown=shown[: len(before) + cut])
        assert guard.feed("It rained. T") == "It rained. "


def test_a_guard_that_has_refused_never_opens() -> None:
    guard = StreamGuard()
    with pytest.raises(Refused):
        guard.feed("The boy sang. Then")
    for call in (lambda: guard.feed("It rained. And"), guard.finish):
        with pytest.raises(Refused):
            call()


def test_all_that_is_allowed_comes_out_unchanged() -> None:
    text = (
        'The mill stood. Mr. Hale, of No. 4, paid 1.5 pounds. "Go!" he said. And\nthen it rained; it was 5 p.m. on '
        "Friday.\n\n* * *\n\nThe end"
    )
    for size in (1, 3, len(text)):
        guard = StreamGuard()
        assert (
            "".join(guard.feed(text[i : i + size]) for i in range(0, len(text), size)) + guard.finish()
            == text
        )


def test_a_sentence_is_cleared_as_soon_as_the_next_begins() -> None:
    guard = StreamGuard()
    assert guard.feed("The mill stood still. ") == ""
    assert guard.feed("T") == "The mill stood still. "
    assert guard.finish() == "T"


def test_a_sentence_without_an_end_is_let_go_in_pieces_once_looked_at() -> None:
    guard = StreamGuard()
    text = "the mill and the river went on and on " * (3 * LONGEST // 38)
    shown = guard.feed(text)
    assert 0 < len(shown) < len(text)
    assert shown + guard.finish() == text
    with pytest.raises(Refused):
        StreamGuard().feed("the mill and the boy went on and on " * LONGEST)


def test_a_sentence_is_read_together_with_what_was_shown() -> None:
    guard = StreamGuard()
    assert guard.feed("How old are you? F") == "How old are you? "
    with pytest.raises(Refused):
        guard.feed("ifteen. Then")
    told = StreamGuard(shown="x " * CONTEXT + "How old are you? ")
    with pytest.raises(Refused):
        told.feed("Fifteen. Then")


def test_what_is_read_again_has_its_bounds() -> None:
    assert (CONTEXT, LONGEST) == (500, 2_000)
    rain = "It rained. "
    assert stream._last(rain * 45) == rain * 45
    assert stream._last(rain * 200) == rain * 46, "whole sentences, and as few as have 500 characters"
    assert stream._last("x" * 5_000) == "x" * 1_000, "a sentence without end is cut"
