"""Every rule fires on what it is for, and neutral stories pass them all."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from miniature_memory.processing import language, narrative, quality_filter
from miniature_memory.processing.quality_filter import RULES, Limits, judge_raw
from miniature_memory.processing.train_narrative import document, samples
from miniature_memory.processing.words import words_of
from tests.processing.conftest import story

LIMITS = Limits(("en",), 1000, 200_000)


def verdict(text: str) -> quality_filter.Verdict:
    return judge_raw(text, LIMITS)


GERMAN = (
    "Der alte Mann ging jeden Morgen an den Hafen und sah den Schiffen nach, die in die Welt hinausfuhren. "
    "Er hatte nie den Mut gehabt, selbst an Bord zu gehen, und nun war es zu spät. Da kam ein Kapitän. "
)


@pytest.mark.parametrize("number", range(0, 400, 5))
def test_stories_pass(number: int) -> None:
    found = verdict(story(number))
    assert found.reason == "", (found.rule, found.figures)


def test_length() -> None:
    assert verdict(story(1)[:900]).reason == "too_short"
    assert verdict(story(1) * 100).reason == "too_long"


def test_language_is_voted_by_paragraphs() -> None:
    foreign = (GERMAN * 3 + "\n\n") * 6
    assert verdict(foreign).reason == "language"
    assert verdict(story(1) + "\n\n" + GERMAN).reason == ""  # a foreign paragraph in an English story
    assert verdict(story(1)[:800] + "\n\n" + foreign).reason == "language"
    assert language.vote(words_of(foreign)) == [{"de": 1.0}]
    assert judge_raw(foreign, Limits(("de",), 1000, 200_000)).reason != "language"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("letters", story(2)[:600] + "\n" + "1 2 + 3 = 4 / 5 % (6) [7] {8} <9> ... --- ;;; :: !! " * 20),
        ("symbols", story(2) + "\n" + "x#y@z " * 150 + "<<>>{}\\|~ ok " * 30),
        ("longest_word", story(2) + " " + "a" * 2000),
        ("top_2", "so it " * 250 + story(2)[:1500]),
        ("same_line_characters", (story(2)[:700] + "\n\n") * 4),
        ("again_10", story(2)[:1200] + " " + story(2)[:1200].replace("\n", " ")),
        ("listed_lines", "\n".join(f"- {line}" for line in story(2).replace("\n\n", "\n").split(". "))),
        ("links", story(2) + " see https://example.test/a" * 40),
        ("open_paragraphs", "\n".join(story(2).replace("\n", " ").replace(".", "").split(","))),
    ],
)
def test_each_rule_fires(name: str, text: str) -> None:
    figures = verdict(text).figures
    rule = next(rule for rule in RULES if rule.name == name)
    assert rule.fires(figures), figures
    assert verdict(text).reason != ""


def test_every_rule_says_where_it_comes_from() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.source and rule.figure for rule in RULES)


@pytest.mark.parametrize("kind", sorted(set(samples()) - {"story"}))
def test_made_up_pages_of_other_kinds_are_no_stories(kind: str) -> None:
    rng = random.Random(99)  # other documents than those of the training
    caught = [
        narrative.probabilities(words_of(document(kind, samples(), rng)))[0]["story"] < narrative.THRESHOLD
        for _ in range(25)
    ]
    assert sum(caught) >= 24


def pages() -> dict[str, str]:
    parts = Path(__file__).with_name("pages.txt").read_text(encoding="utf-8").split("\n# ")[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}


@pytest.mark.parametrize("name", sorted(pages()))
def test_pages_that_no_template_made_are_no_stories(name: str) -> None:
    likely = narrative.probabilities(words_of(pages()[name]))[0]
    assert likely["story"] < narrative.THRESHOLD, likely


def test_a_verdict_does_not_depend_on_what_it_is_given_with() -> None:
    texts = [story(1), GERMAN * 9, "", "* * *", story(2).replace('"', "'"), "one", "“Yes.”\n" * 90, story(3)]
    together = quality_filter.judge(words_of(*texts), LIMITS)
    assert together == [quality_filter.judge(words_of(text), LIMITS)[0] for text in texts]
    assert language.vote(words_of(*texts)) == [language.vote(words_of(text))[0] for text in texts]


def test_figures_of_a_rejected_text_are_complete() -> None:
    found = verdict((GERMAN * 3 + "\n\n") * 6)
    assert {rule.figure for rule in RULES} <= set(found.figures)
