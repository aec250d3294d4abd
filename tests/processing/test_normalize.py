"""Cleaning: what a reader sees stays, what a site or machine left goes; cleaning twice changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_memory import vocabulary
from miniature_memory.processing.normalize import clean_text, normalize
from tests.processing.conftest import story

MARK = "<|scene_break|>"


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("“Hello,” he said.", '"Hello," he said.'),
        ("It’s ‘so’.", "It's 'so'."),
        ("He waited -- and waited – and went.", "He waited—and waited—and went."),
        ("She was away — far away - that year.", "She was away—far away—that year."),
        ("From 1914–1918 he was away.", "From 1914-1918 he was away."),
        ("Well . . . so it was...", "Well… so it was…"),
        ("CafÃ© and â€œquotesâ€\x9d", 'Café and "quotes"'),
        ("Fish &amp; chips", "Fish & chips"),
        ("e\u0301te\u0301 in Łódź", "été in Lódz"),
        ("soft\u00adhyphen, zero\u200bwidth", "softhyphen, zerowidth"),
        ("A smile \U0001f600 of hers", "A smile of hers"),
        ("She was _very_ sure, and *quite* calm.", "She was very sure, and quite calm."),
        ("half ½ of it", "half 1/2 of it"),
        ("tab\tand\u00a0space", "tab and space"),
        ("C'était \u201equoi\u201c ?", 'C\'était "quoi"?'),
    ],
)
def test_characters_come_to_one_spelling(raw: str, cleaned: str) -> None:
    assert normalize(raw) == cleaned + "\n"


def test_every_character_is_in_the_vocabulary() -> None:
    everything = "".join(chr(i) for i in range(0x20, 0x30000) if not 0xD800 <= i < 0xE000)
    cleaned = normalize(everything)
    assert not vocabulary.unknown(cleaned)
    vocabulary.encode_marked(cleaned)


def test_what_is_transliterated_and_dropped_is_counted() -> None:
    counts = clean_text("Пётр laughed. \U0001f600\U0001f600").counts
    assert counts["transliterated"] == 4
    assert counts["dropped"] == 2


@pytest.mark.parametrize(
    "line",
    [
        "* * *",
        "***",
        "~~~",
        "#",
        "-----",
        "———",
        "⁂",
        "• • •",
        "= = =",
        "[scene break]",
        "oOo",
        "♦ ♦ ♦",
        "◇",
        "═══",
        "%%%",
        "<hr>",
        "\u2728\u2728",
    ],
)
def test_scene_breaks_become_the_mark(line: str) -> None:
    assert normalize(f"He left.\n\n{line}\n\nShe stayed.") == f"He left.\n{MARK}\nShe stayed.\n"


def test_a_wide_gap_is_a_scene_break_where_it_is_rare() -> None:
    paragraphs = [f"This is sentence number {n} of it." for n in range(12)]
    text = "\n\n".join(paragraphs[:6]) + "\n\n\n\n" + "\n\n".join(paragraphs[6:])
    lines = normalize(text).splitlines()
    assert lines.count(MARK) == 1
    assert lines[6] == MARK
    assert MARK not in normalize("\n\n\n\n".join(paragraphs))


def test_marks_stand_between_scenes_only() -> None:
    assert normalize("* * *\n\nOne.\n\n* * *\n\n#\n\nTwo.\n\n***") == f"One.\n{MARK}\nTwo.\n"


@pytest.mark.parametrize(
    "heading", ["Chapter 2", "CHAPTER XII", "Chapter Twelve: The Door", "Part One", "Epilogue", "IV."]
)
def test_headings_stay_behind_a_mark(heading: str) -> None:
    assert normalize(f"It ended.\n\n{heading}\n\nIt began.") == f"It ended.\n{MARK}\n{heading}\nIt began.\n"


def test_a_sentence_about_chapters_is_no_heading() -> None:
    text = "Chapter and verse were all he knew.\nPart of it was true.\nI\n"
    assert normalize(text) == text


def test_hard_wrapped_lines_are_joined() -> None:
    wrapped = (
        "The old harbour had not seen a ship for thirty years, and nobody who\n"
        "lived there now remembered what the cranes had been for, or who had\n"
        "painted the numbers on the sheds, or why the clock above the gate was\n"
        "set to ten.\n\n"
        "He knew, of course; but then he had been the last man to lock it, and\n"
        "had kept the key."
    )
    first, second = normalize(wrapped).splitlines()
    assert first.endswith("set to ten.") and "who lived there" in first
    assert second == "He knew, of course; but then he had been the last man to lock it, and had kept the key."


def test_lines_that_are_meant_stay() -> None:
    text = '"Yes," she said.\n"No," he said.\n"Why not?" she asked.\n"Because," he said.\n'
    assert normalize(text) == text


def test_page_numbers_go_and_the_sentence_goes_on() -> None:
    assert normalize("He went and\n\n- 13 -\n\nsat down.") == "He went and sat down.\n"
    assert normalize("He went.\n\nPage 13 of 20\n\nHe sat.") == "He went.\nHe sat.\n"


def test_no_letters_from_outside_become_a_control_token() -> None:
    for token in vocabulary.CONTROL_TOKENS:
        for raw in (
            f"He typed {token} and waited.",
            f"One.\n\n{token}\n\nTwo.",
            f"{token[:2]}\u200b{token[2:]}",
        ):
            ids = vocabulary.encode_marked(clean_text(raw).text)
            assert ids.min(initial=99) > vocabulary.TEXT, (token, raw)


@pytest.mark.parametrize(
    "paragraph",
    [
        "Author's note: this took me a month.",
        "To be continued...",
        "Please vote and comment!",
        "Subscribe to my newsletter for more.",
        "Next Chapter",
        "Share this:",
        "Advertisement",
        "(c) 2020 A. Writer. All rights reserved.",
        "The narrative has been taken without the author's consent; if you see it on Amazon, report it.",
        "If you enjoyed this story, please leave a review.",
        "New chapters every Friday.",
        "12 Comments",
    ],
)
def test_what_sites_add_goes(paragraph: str) -> None:
    assert clean_text(f"It began.\n\nIt ended.\n\n{paragraph}").text == "It began.\nIt ended.\n"


@pytest.mark.parametrize(
    "paragraph",
    [
        '"Like this?" she asked.',
        "Like this, he thought, it might work.",
        "Posted on the door was a notice.",
        "He had taken the map without permission.",
        '"Follow me," he said, and she did.',
        "I hope you liked the tea, she wrote.",
        "The end of the street was dark.",
        "Share and share alike, she said.",
        "Chapter by chapter he burnt it.",
    ],
)
def test_what_a_story_says_stays(paragraph: str) -> None:
    assert normalize(f"It began.\n\n{paragraph}") == f"It began.\n{paragraph}\n"


@pytest.mark.parametrize("number", range(40))
def test_a_demo_story_loses_nothing_and_is_stable(number: int) -> None:
    once = normalize(story(number))
    assert normalize(once) == once
    letters = [c for c in story(number) if c.isalnum()]
    assert [c for c in once.replace(MARK, "") if c.isalnum()] == letters


NASTY = st.text(
    alphabet=st.sampled_from(list(" \n\n.…-—–_*#\"'“”’|<>[]()@:/0123456789abcIVXLé½\u00a0\u200bÃ©â€")),
    max_size=80,
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=80), NASTY, st.lists(NASTY, max_size=8).map("\n\n".join)))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
    assert not vocabulary.unknown(once.replace(MARK, ""))
    assert once == "" or (once.endswith("\n") and "\n\n" not in once)
