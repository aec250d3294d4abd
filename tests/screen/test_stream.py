"""Generated text: nothing of a refused sentence is ever shown."""

from __future__ import annotations

import pytest

from miniature_memory.errors import Refused
from miniature_memory.screen import StreamGuard
from miniature_memory.screen.stream import CONTEXT, LONGEST
from tests.screen.sets import lines

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
