"""Renaming: the same story, other names, consistently; and always the same for the same seed."""

from __future__ import annotations

import re
from random import Random

import pytest

from miniature_memory.memory.name_lists import REAL, made_up
from miniature_memory.memory.names import document_names
from miniature_memory.memory.rename import rename
from miniature_memory.vocabulary import unknown

from .stories import LONG

WORDS = re.compile(r"[A-Za-z]+")


def test_names_change_and_nothing_else() -> None:
    renamed, names = rename(LONG, 1), document_names(LONG)
    assert rename(LONG, 1) == renamed != rename(LONG, 2)
    old, new = WORDS.findall(LONG), WORDS.findall(renamed)
    assert len(old) == len(new)
    changed = {a for a, b in zip(old, new, strict=True) if a != b}
    assert changed and changed <= names
    assert "Marlow" not in renamed and "Ostrava" not in renamed
    assert not unknown(renamed)


def test_a_name_has_one_new_name_until_the_names_change() -> None:
    story = LONG * 8
    renamed = rename(story, 3)
    old, new = WORDS.findall(story), WORDS.findall(renamed)
    at, places = 0, []
    for word, other in zip(old, new, strict=True):
        at = story.index(word, at)
        if word == "Marlow":
            places.append((at, other))
        at += len(word)
    spans: dict[str, list[int]] = {}
    for at, other in places:
        spans.setdefault(other, []).append(at)
    assert len(spans) >= 2
    assert all(max(s) - min(s) <= 16_000 for s in spans.values())
    inner = sorted(spans.values())[:-1]
    assert all(max(s) - min(s) >= 6_000 for s in inner)


def test_different_names_stay_different() -> None:
    renamed = rename(LONG, 5)
    pairs = set(zip(WORDS.findall(LONG), WORDS.findall(renamed), strict=True))
    names = {a: b for a, b in pairs if a in document_names(LONG)}
    assert len(set(names.values())) == len(names)
    assert not set(names.values()) & set(WORDS.findall(LONG))


def test_capitals_and_plurals_follow() -> None:
    text = "I saw Holt and the Holts. I met Holt, and all the Holts came. HOLT SHOUTED. Holt's hat. "
    pairs = dict(zip(WORDS.findall(text), WORDS.findall(rename(text, 1)), strict=True))
    assert pairs["Holts"] == pairs["Holt"] + "s" and pairs["HOLT"] == pairs["Holt"].upper() != "HOLT"


def test_ambiguous_words_are_left_alone_where_they_may_be_words() -> None:
    text = "I saw Will there. I met Will again. We asked Will. Will you come? He will, said Will. "
    assert "Will you come? He will," in rename(text, 1)


@pytest.mark.parametrize("text", ["", "no names here at all.", "ALL CAPS HERE. NOTHING ELSE.", "Ж" * 50])
def test_a_text_without_names_stays_as_it_is(text: str) -> None:
    assert rename(text, 1) == text


def test_made_up_names_look_like_names_and_are_many() -> None:
    names = [made_up(Random(n)) for n in range(500)]
    assert all(re.fullmatch(r"[A-Z][a-z]{3,8}", name) for name in names)
    assert len(set(names)) > 450 and len(set(REAL)) > 400
    assert not unknown("".join(REAL))
