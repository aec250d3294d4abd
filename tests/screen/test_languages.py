"""Other languages: their own rules where they are spoken, and nothing that nobody can vouch for."""

from __future__ import annotations

import pytest

from miniature_memory.screen import check
from tests.screen.sets import lines


@pytest.mark.parametrize("sentence", lines("foreign_refused"))
def test_minors_in_other_languages_and_unknown_languages_are_refused(sentence: str) -> None:
    assert check(sentence).reject


@pytest.mark.parametrize("sentence", lines("foreign_neutral"))
def test_grown_ups_in_other_languages_pass(sentence: str) -> None:
    assert not check(sentence).reject


def _frames() -> list[tuple[str, str, str, str]]:
    found: list[tuple[str, str, str, str]] = []
    language = minor = grown = ""
    for line in lines("foreign_frames"):
        if line.startswith("["):
            language = line.strip("[]")
        elif line.startswith("minor = "):
            minor = line.removeprefix("minor = ")
        elif line.startswith("grown = "):
            grown = line.removeprefix("grown = ")
        else:
            found.append((language, line, minor, grown))
    return found


@pytest.mark.parametrize(("language", "frame", "minor", "grown"), _frames())
def test_ages_are_told_apart_in_every_frame(language: str, frame: str, minor: str, grown: str) -> None:
    assert not [age for age in minor.split("|") if not check(frame.format(a=age)).reject], language
    assert not [age for age in grown.split("|") if check(frame.format(a=age)).reject], language


def test_a_word_of_one_language_counts_only_where_it_is_spoken() -> None:
    """The Swedish for child is an English building; it once cost a quarter of all documents."""
    assert not check(
        "The old barn stood behind the kind widow's house, and the elf on its roof was tin."
    ).reject
    assert check("Och barn var i huset.").reject


def test_a_script_without_rules_is_refused() -> None:
    for text in ("Ο μάγειρας τραγουδούσε.", "요리사가 노래했다.", "שלום עולם", "Дівчина співала їм."):
        assert check(text).rule is not None


def test_a_word_that_mixes_scripts_is_a_reason() -> None:
    assert check("The gаrdener pruned the roses.").rule == "mixed-script"  # a Cyrillic "а"
