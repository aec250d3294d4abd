"""Which words are taken for names."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_memory.memory.condense import Memory
from miniature_memory.memory.names import CASELESS, INSIDE, START, Scanner, document_names

from .stories import HARBOUR


def remembered(text: str) -> list[str]:
    memory = Memory()
    memory.observe(text + "\n")
    return memory.summary().replace(",", " ").split()


def test_the_characters_and_places_of_a_story_are_found() -> None:
    assert set(remembered(HARBOUR)) >= {"Ida", "Marlow", "Vale", "Grace", "Saltburn", "Holt"}


def test_sentence_beginnings_are_no_names() -> None:
    found = remembered("The door was shut. Suddenly it rained. Then Brannock came in. Outside, dogs.")
    assert found == ["Brannock"]


def test_a_word_once_seen_in_lower_case_is_no_name_at_a_sentences_beginning() -> None:
    found = remembered("They kept gerbils and they saw Orlan. Gerbils are shy. Gerbils eat seeds. ")
    assert found == ["Orlan"]


def test_a_name_first_seen_at_a_sentences_beginning_is_found() -> None:
    assert remembered("Brannock opened the door. It was dark. ") == ["Brannock"]


@pytest.mark.parametrize("title", ["Mr.", "Mrs.", "Dr.", "Captain", "Miss", "J."])
def test_a_title_ends_no_sentence_and_is_no_name(title: str) -> None:
    tokens = Scanner().read(f"They met {title} Holt again. ")
    assert ("Holt", 9 + len(title) + 1, INSIDE) in tokens
    assert remembered(f"They met {title} Holt again. ") == ["Holt"]


def test_names_that_are_words_are_names_where_they_have_a_capital() -> None:
    story = (
        "They asked Will and Grace. She hoped that Will would stay; he will, said Grace, with some grace. "
        "Will you wait? Hope is a fine thing. I met Will at the mill. "
    )
    assert set(remembered(story)) == {"Will", "Grace"}


def test_quotes_and_possessives() -> None:
    story = "He asked, \"Should it rain?\" It was Holt's coat and O'Brien's hat. ‘Always,’ said Anna-Lena. "
    assert set(remembered(story)) == {"Holt", "O'Brien", "Anna-Lena"}


def test_capitals_elsewhere() -> None:
    tokens = Scanner().read("Она увидела Марту. Und Ärger mit Zoë? 王先生来了。 ")
    assert [word for word, _, kind in tokens if kind == INSIDE] == ["Марту", "Ärger", "Zoë"]
    assert tokens[0][2] == START and tokens[-1][2] == CASELESS


def test_a_story_without_capitals_still_has_names() -> None:
    found = remembered(HARBOUR.lower() * 2)
    assert {"vale", "holt", "marlow"} <= set(found)


def test_a_story_all_in_capitals_still_has_names() -> None:
    found = remembered(HARBOUR.upper() * 2)
    assert {"VALE", "HOLT", "MARLOW"} <= set(found)


def test_positions_point_at_the_words() -> None:
    for word, at, _ in Scanner().read(HARBOUR):
        assert HARBOUR[at : at + len(word)] == word


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(HARBOUR)), max_size=12))
def test_pieces_of_any_size_give_the_same_words(cuts: list[int]) -> None:
    scanner, pieces = Scanner(), sorted([0, *cuts, len(HARBOUR)])
    tokens = [t for a, b in pairwise(pieces) for t in scanner.read(HARBOUR[a:b])]
    assert tokens == Scanner().read(HARBOUR)


def test_hindsight_finds_the_names_of_a_document() -> None:
    names = "Ida Marlow Vale Holt Ostrava Saltburn Will Grace Blue Anchor"
    assert document_names(HARBOUR * 2) == set(names.split())
