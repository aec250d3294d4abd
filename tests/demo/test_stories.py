"""The stories: the same for everybody, long and rich enough to be learnt from, and about grown-ups."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import pytest

from miniature_memory import screen
from miniature_memory.demo.pages import Entry, entries, page
from miniature_memory.demo.stories import Story, plan, story
from miniature_memory.demo.verbs import conjugate, past

DEFAULT = 640


@pytest.fixture(scope="module")
def corpus() -> list[Story]:
    return [story(1, number) for number in range(DEFAULT)]


def test_a_story_is_a_function_of_seed_and_number_alone() -> None:
    first = story(1, 37)
    story(1, 12), story(2, 37)
    assert story(1, 37) == first
    assert story(2, 37).text != first.text


def test_a_larger_web_begins_with_the_smaller_one() -> None:
    small, large = list(entries(1, 70)), list(entries(1, 90))
    assert large[: len(small)] == small
    assert [page(1, row) for row in large[: len(small)]] == [page(1, row) for row in small]


def test_the_default_corpus_is_worth_learning(corpus: list[Story]) -> None:
    sizes = [len(one.text) for one in corpus]
    words = {word for one in corpus for word in re.findall(r"[a-z]+", one.text.lower())}
    openings = {one.text[:60] for one in corpus}
    assert sum(sizes) >= 3_000_000
    assert min(sizes) >= 2_000 and max(sizes) <= 12_000
    assert len(words) >= 3_000
    assert len(openings) >= 0.8 * len(corpus)


def test_no_grammar_is_left_in_a_story(corpus: list[Story]) -> None:
    for one in corpus:
        assert not re.search(r"[{}<>\[\]|¶~\x01]", one.text), one.plan.number
        assert not re.search(
            r"\b(a a|the the|a [aeio]\w+|I (is|was it|says)|I has)\b|\?\.|\.\.| ,",
            one.text.replace("a one", ""),
        )


def test_every_speech_is_opened_and_closed(corpus: list[Story]) -> None:
    for one in corpus:
        assert all(part.count('"') % 2 == 0 for part in one.text.split("\n\n")), one.plan.number


def test_a_story_shows_scene_breaks_only_between_scenes(corpus: list[Story]) -> None:
    for one in corpus:
        parts = one.text.split("\n\n")
        assert all(parts) and parts[0] != "* * *" and parts[-1] != "* * *"
        assert all(not (a == b == "* * *") for a, b in pairwise(parts))


def test_people_and_things_come_back_late(corpus: list[Story]) -> None:
    """A memory has something to remember: names from the first quarter are met again in the last one."""
    kept = 0
    for one in corpus:
        quarter = len(one.text) // 4
        early = set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}", one.text[:quarter]))
        late = set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}", one.text[-quarter:]))
        kept += bool(early & late)
    assert kept >= 0.95 * len(corpus)


def test_no_two_stories_are_near_duplicates(corpus: list[Story]) -> None:
    def bigrams(text: str) -> set[tuple[str, str]]:
        words = re.findall(r"\w+", text.lower())
        return set(pairwise(words))

    shingles = [bigrams(one.text) for one in corpus[:160]]
    assert max(len(a & b) / len(a | b) for a, b in combinations(shingles, 2)) < 0.42


def test_a_serial_keeps_its_cast_and_pays_what_it_promised() -> None:
    chapters = [number for number in range(16) if plan(1, number).chapter]
    assert [plan(1, number).chapter for number in chapters] == list(range(1, len(chapters) + 1))
    assert 3 <= len(chapters) <= 5
    hero = plan(1, chapters[0]).title
    assert len({plan(1, number).work for number in chapters}) == 1, hero


@pytest.mark.slow
def test_the_screen_passes_every_story(corpus: list[Story]) -> None:
    refused = {one.plan.number: verdict.rule for one in corpus if (verdict := screen.check(one.text)).reject}
    assert not refused


def test_the_screen_passes_some_stories_and_their_titles(corpus: list[Story]) -> None:
    for one in corpus[::80]:
        assert not screen.check(one.text).reject
        assert not screen.check(f"{one.plan.title}\n{one.plan.blurb}\n{one.plan.author}").reject


def test_verbs_are_told_in_person_and_tense() -> None:
    assert [past(base) for base in ("carry", "stop", "go", "listen", "play")] == [
        "carried", "stopped", "went", "listened", "played",
    ]  # fmt: skip
    assert conjugate("be", "they", "past") == "were"
    assert conjugate("be", "I", "present") == "am"
    assert conjugate("carry", "it", "present") == "carries"


def test_every_address_is_used_once() -> None:
    rows: list[Entry] = list(entries(1, DEFAULT))
    assert len({row.url for row in rows}) == len(rows)
    others = [row for row in rows if row.kind != "story"]
    assert 0.12 <= len(others) / len(rows) <= 0.16
    assert 60 <= sum(row.site == "app" for row in rows) <= 90
