"""What makes the screen quick changes no verdict: pieces of a text, patterns compiled late, what a line needs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from miniature_memory.screen import gate, reckoning
from miniature_memory.screen.book import Book
from miniature_memory.screen.languages import english_words
from miniature_memory.screen.later import later, later2
from miniature_memory.screen.needs import Needs
from miniature_memory.screen.windows import parted

LISTS = {"list": "(?:one|two_boats)", "mixed": "(?:one|t*|[a-z]+)"}
NEEDS = Needs(LISTS, {"nine", "a"}.__contains__)


@pytest.mark.parametrize(
    ("row", "reach", "near"),
    [
        ("a b # c d", 0, [" # "]),
        ("a b c # d e f", 3, [" b c # d e "]),
        ("# a # b", 1, ["# a # b"]),
        ("# aa bb cc dd # ee", 1, ["# aa ", " dd # ee"]),
        ("a b c", 5, []),
        ("", 5, []),
        ("abc#def", 1, ["abc#def"]),
        ("a # b #", 2, ["a # b #"]),
        ("a bb # c", 0, [" # "]),
        ("aa # bb # cc", 0, [" # ", " # "]),
    ],
)
def test_a_row_is_parted_into_what_is_near_and_the_rest(row: str, reach: int, near: list[str]) -> None:
    pieces = list(parted(row, re.compile("#"), reach))
    assert "".join(piece for piece, _ in pieces) == row
    assert [piece for piece, is_near in pieces if is_near and piece] == near


@pytest.mark.parametrize("make", [later, later2])
def test_a_pattern_is_compiled_late_and_once(make: object) -> None:
    pattern = make("a(b+)")  # type: ignore[operator]
    assert pattern.search("cabbc")[1] == "bb"
    assert pattern.sub("x", "ab") == "x"
    assert pattern.search is pattern.search


@pytest.mark.parametrize(
    ("part", "keys"),
    [
        ("boat", ["boat"]),
        ("nine", []),
        ("(boat|red_ship)", ["boat", "red"]),
        ("(boat|nine)", []),
        ("(boat|a_nine)", []),
        ("(boat|sail*)", ["boat", "sail "]),
        ("boats?", ["boat "]),
        ("oar?", ["oa "]),
        ("lift(s|ed)", ["lift "]),
        ("(in_(the|a)_boat|away)", ["boat", "away"]),
        ("(boat)?", []),
        ("(boat){0,2}", []),
        ("(boat){1,2}", ["boat"]),
        ("...", []),
        ("[a-z]+", []),
        ("{minor}", ["%"]),
        ("{number}", ["%", "#", "="]),
        ("{any}", []),
        ("{list}", ["one", "boats"]),
        ("{mixed}", []),
        (r"(\^1|#18)", ["^1", "#18"]),
        ("u{minor}", ["u "]),
    ],
)
def test_what_a_part_needs(part: str, keys: list[str]) -> None:
    assert NEEDS.of(part) == keys


@pytest.mark.parametrize(
    ("parts", "at"),
    [
        (["the", "harpoon", "of"], 1),
        (["the", "his"], 0),
        (["the", "(house|home)", "he"], 1),
        (["a", "(b)?"], None),
        (["(harpoon|oar|mast)", "his"], 0),
        (["(house|home|left)", "harpoon"], 1),
    ],
)
def test_a_line_waits_for_what_is_met_least_often(parts: list[str], at: int | None) -> None:
    assert NEEDS.rarest(parts) == at


@pytest.mark.parametrize(
    ("part", "most"),
    [("boat", 1), ("(a|b_c)", 2), ("({w} ){0,3}", 6), ("...", 4), ("{list}", 3), ("(a_(b|c)_d)?", 3)],
)
def test_how_long_a_part_can_be(part: str, most: int) -> None:
    assert most <= NEEDS.longest(part) <= 2 * most


def test_what_was_in_disguise_is_read_with_what_is_around_it() -> None:
    far = ["a mill stood there by the river, and all of it was old and grey. " * 4] * 12
    plain = [*far, "the b0at was red.", *far]
    kept = gate.changed("\n".join(plain), "\n".join([*far, "the boat was red.", *far])).split("\n")
    assert len(kept) == 25 and "the boat was red." in kept
    assert 900 < len("".join(kept[:12])) < 1_500 and 900 < len("".join(kept[13:])) < 1_500


def test_the_year_of_a_story_is_read_wherever_it_is_told() -> None:
    far = ["a mill stood there."] * 100
    text = "\n".join(["the year was 1990.", *far, "he was b0rn in 1980."])
    assert "the year was 1990." in gate.changed(text, text.replace("b0rn", "born"))
    assert "birth-year" in list(gate.all_hits(text.replace("\n", "\n\n").replace("he was", "He was")))


def test_where_no_number_stands_no_sum_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(reckoning, "_SUMS", [("sum", asked.append, True), ("sum", asked.append, False)])
    assert list(reckoning.reckoned(" . the lamp was lit by the river . ")) == [] == asked
    far = "the lamp was lit . " * 200
    assert list(reckoning.reckoned(f" . {far}she was #20 . {far}")) == []
    whole, near = asked
    assert len(whole) > 7_000 and 2_000 < len(near) < 3_000 and " she was #20 ." in near


def test_the_beginning_of_a_word_is_no_word_of_english() -> None:
    rules = Book(["[care]", "(los*|mislaid) the (imagin*|boats?)", "* youngsters", "imagin the"])
    assert {"los", "imagin", "mislaid", "youngsters"} <= rules.words and rules.begun == {"los"}
    assert "los" not in english_words()


_FROM_THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from miniature_memory.screen import check
sys.setswitchinterval(1e-5)
lines = [line for line in open(sys.argv[1], encoding="utf-8").read().splitlines() if line[:1] not in ("", "#")][::40]
with ThreadPoolExecutor(8) as pool:
    rules = [verdict.rule for verdict in pool.map(check, lines)]
print(len(rules), rules.count("error"), rules.count(None))
"""


def test_threads_that_begin_together_get_the_verdicts_of_one() -> None:
    stages = Path(__file__).parent / "stages.txt"
    command = [sys.executable, "-c", _FROM_THREADS, str(stages)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert int(told[0]) > 20 and told[1:] == ["0", "0"]
