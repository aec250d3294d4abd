"""A text that lacks what a rule's line needs is not searched: which must never cost a refusal."""

from __future__ import annotations

import pytest

from miniature_memory.screen import book as books
from miniature_memory.screen import gate
from miniature_memory.screen.book import apart, book
from miniature_memory.screen.needs import Reader, keys_of, parts
from miniature_memory.screen.numerals import mark_digits
from miniature_memory.screen.views import views
from tests.screen.sets import lines, say

SENTENCES = [*lines("stages"), *lines("neutral"), *(say(frame, "fifteen") for frame in lines("frames"))]


def rows(language: str, sentences: list[str]) -> list[str]:
    """The sentences as the rules of a language see them."""
    folded = [mark_digits(gate.tokens(view)) for sentence in sentences for view in views(sentence)]
    if language == "en":
        return [gate.english(row) for row in folded]
    return [book(language).numerals.mark(apart(row)) for row in folded]


@pytest.mark.parametrize("language", ["en", "es", "de", "fr", "ru", "zh"])
def test_a_search_is_left_out_only_where_it_would_find_nothing(language: str) -> None:
    """The plain way, every pattern over every text, is the oracle; and a line alone finds what all together do."""
    sentences = (
        SENTENCES[::10] if language == "en" else [*lines("foreign_refused"), *lines("foreign_neutral")]
    )
    searches = [*book(language).rules, *book(language).idioms]
    for row in rows(language, sentences):
        keys = keys_of(row)
        for search in searches:
            assert search.hits(row, keys) == (search.pattern.search(row) is not None), (search.family, row)


def test_a_long_text_is_searched_by_all_lines_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = rows("en", ["The boy sang."])
    search = next(s for s in book("en").rules if s.hits(row, keys_of(row)))
    monkeypatch.setattr(books, "_SHORT", 0)
    monkeypatch.setattr(books, "_line", lambda _: pytest.fail("searched line by line"))
    assert search.hits(row, keys_of(row))


@pytest.mark.parametrize(
    ("tokens", "needs"),
    [
        ("school", [{"scho"}]),
        ("schools?", [{"scho"}]),
        ("boys?", [{"boy", "boys"}]),
        ("a? boy", [set(), {"boy"}]),
        ("school*", [{"scho"}]),
        ("pre*", [set()]),
        ("(boy|girl)", [{"boy", "girl"}]),
        ("(boy|girl)?", [set()]),
        ("({w} )* boy", [set(), {"boy"}]),
        ("({w} ){0,2}", [set()]),
        ("... boy", [set(), {"boy"}]),
        ("(at_the_school|in_class)", [{"scho", "clas"}]),
        ("(boy|[a-z]+)", [set()]),
        ("(boy|(girl|lad)s)", [set()]),
        ("(boy|(girl|lad))", [{"boy", "girl", "lad"}]),
        ("(boy)?(girl)", [set()]),
        ("{minor}", [{"%"}]),
        ("{number}", [{"%", "#", "="}]),
        ("{w}", [set()]),
        ("{list}", [{"one", "two"}]),
        ("\\%15", [{"%"}]),
        ("#18", [{"#"}]),
        ("%?", [set()]),
        ("ks1", [{"ks1"}]),
        ("jahrige?[rn]?", [set()]),
        ("[.,;]", [set()]),
        ("x{2}", [set()]),
    ],
)
def test_what_a_line_needs(tokens: str, needs: list[set[str]]) -> None:
    found = Reader({"list": "(?:one|two)"}).needs(parts(tokens, " "))
    assert [set(keys) for keys in found] == [keys for keys in needs if keys]


def test_the_keys_of_a_row_are_beginnings_and_marks() -> None:
    assert keys_of(" . the schoolhouse had %15 or =1990 , . ") == {
        ".", "the", "scho", "had", "%", "or", "=", ",",
    }  # fmt: skip


def test_a_line_too_long_for_a_small_pattern_gets_a_large_one() -> None:
    long = book("en").rules[0]
    search = type(long)("age", [f"(?:{'|'.join(f'(?:a{{{n},40}} ){{0,9}}' for n in range(9))})b "], [()])
    assert search.hits(" a b ", frozenset())
