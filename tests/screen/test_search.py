"""A line waits for its rarest part, and is compared from there outward: which must never cost a refusal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import re2

from miniature_memory.screen import book as rules
from miniature_memory.screen import gate
from miniature_memory.screen.book import Book, apart, book
from miniature_memory.screen.languages import CYRILLIC, LATIN
from miniature_memory.screen.numerals import mark_digits
from miniature_memory.screen.phrases import KEPT, MARKS, Phrases, parts, repeated, token_keys
from miniature_memory.screen.search import Search, Span
from miniature_memory.screen.views import views
from tests.screen.sets import lines, say

SENTENCES = [*lines("stages"), *lines("neutral"), *(say(frame, "fifteen") for frame in lines("frames"))]
LANGUAGES = ["en", *LATIN, *CYRILLIC, "zh", "ja"]
LISTS = {"list": "(?:one|two)", "mixed": "(?:one|t*|a_pair)"}


def row(text: str, language: str = "en") -> str:
    """A text as the rules of a language see it."""
    folded = mark_digits(gate.tokens(next(iter(views(text)))))
    return gate.english(folded) if language == "en" else book(language).numerals.mark(apart(folded))


def pattern(part: str, lists: dict[str, str]) -> str:
    """A part as a regular expression that ends with the space after it."""
    body, least, most = repeated(part)
    own = body.endswith(" )")
    body = re.sub(r"(?<=\w)\*", "[^ ]*", body.replace("_", " "))
    while named := re.search(r"\{([a-z]+)\}", body):
        mark = MARKS[named[1]][1] if named[1] in MARKS else lists[named[1]]
        text = mark.replace(r"[^\W\d_]", r"\pL").replace("[^.", "[^ .")
        body = body.replace(named[0], re.sub(r"(?<=\w)\*", "[^ ]*", text.replace("_", " ")))
    body = f"(?:{body})" if own else f"(?:(?:{body}) )"
    return body + ("*" if most is None else f"{{{least},{most}}}")


@pytest.mark.parametrize("language", ["en", "es", "de", "ru", "zh"])
def test_a_line_is_found_where_its_regular_expression_is(language: str) -> None:
    """The plain way, every pattern over every text, is the oracle."""
    rules: Book = book(language)
    sentences = SENTENCES[::3] if language == "en" else [*lines("foreign_refused"), *lines("foreign_neutral")]
    rows = [row(" ".join(sentences[i::60]), language) for i in range(60)]
    searched = rules.lines[:: 4 if language == "en" else 1]
    search = rules.search([(line, line) for _, line in searched])
    found = [{span.family for span in search.spans(text.split(" "))} for text in rows]
    for _, line in searched:
        plain = re2.compile(" " + "".join(pattern(part, rules.lists) for part in parts(rules.marked(line))))
        assert [line in lines for lines in found] == [plain.search(text) is not None for text in rows], line


def test_a_torn_line_is_an_error_and_no_rule_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "_FOLDER", tmp_path)
    (tmp_path / "en.txt").write_text("[idioms]\n(term|wait) was {number}\n    |weeks\n")
    assert rules.lines("en") == ["[idioms]", "(term|wait) was {number}|weeks"]
    (tmp_path / "en.txt").write_text("[idioms]\n(term|wait) was {number}\n    (years|weeks)\n")
    with pytest.raises(ValueError, match="four spaces"):
        rules.lines("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_the_rules_can_be_read(language: str) -> None:
    rules = book(language)
    phrases = Phrases(rules.lists)
    for line in map(rules.marked, [*(row for _, row in rules.lines), *rules.idiom_lines]):
        for part in parts(line):
            body, least, most = repeated(part)
            assert (phrases.of(body) or not least) and (most is None or least <= most), part
            assert all(phrases.meant(word) for words in phrases.of(body) for word in words)
        assert any(repeated(part)[1] for part in parts(line)), "nothing of it must be there"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a (b c|d) e", ["a", "(b c|d)", "e"]),
        ("({w} )?a", ["({w} )?", "a"]),
        ("({w} ){0,2}a b", ["({w} ){0,2}", "a", "b"]),
        ("a [ (] b", ["a", "[ (]", "b"]),
        ("a  b", ["a", "b"]),
        ("({a} (b )?c)? d", ["({a} (b )?c)?", "d"]),
    ],
)
def test_a_line_is_cut_at_its_spaces_but_not_inside_brackets(line: str, found: list[str]) -> None:
    assert parts(line) == found


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("school", ("school", 1, 1)),
        ("boys?", ("boys?", 1, 1)),
        ("(a|b)", ("(a|b)", 1, 1)),
        ("(a|b)?", ("(a|b)", 0, 1)),
        ("({w} )*", ("({w} )", 0, None)),
        ("({w} ){1,3}", ("({w} )", 1, 3)),
        ("({w} ){2}", ("({w} )", 2, 2)),
        ("(a)?b(c)?", ("(a)?b(c)?", 1, 1)),
        ("...", ("{any}", 0, 4)),
    ],
)
def test_how_often_a_part_may_be_there(part: str, said: tuple[str, int, int | None]) -> None:
    assert repeated(part) == said


@pytest.mark.parametrize(
    ("part", "phrases"),
    [
        ("school", ["school"]),
        ("schools?", ["schools", "school"]),
        ("(boy|girl)", ["boy", "girl"]),
        ("(at_the_school|in_class)", ["at the school", "in class"]),
        ("(in_(the|a)_)?school", ["in the school", "in a school", "school"]),
        ("school*", [r"school\S*"]),
        ("(b|(girl|lad)s)", ["b", "girls", "lads"]),
        ("(boy|[a-z]+er)", ["boy", "[a-z]+er"]),
        ("ks[1-3]", ["ks1", "ks2", "ks3"]),
        ("[.,]", [r"\.", ","]),
        ("[b-z]a", ["[b-z]a"]),
        ("[^ .!]+", ["[^.!]+"]),
        ("[a-z]*", ["[a-z]*"]),
        ("({w} )", ["{w}"]),
        ("({w} |a )", ["{w}", "a"]),
        ("{list}s", ["{list}s"]),
        ("{mixed}", ["one", r"t\S*", "a pair"]),
        ("(a|b){2}", ["aa", "ab", "ba", "bb"]),
        ("ab{0,2}", ["a", "ab", "abb"]),
        ("(?:a|b)", ["a", "b"]),
        ("(a_b?|a)", ["a b", "a"]),  # a space at the end is no word
    ],
)
def test_what_a_part_stands_for(part: str, phrases: list[str]) -> None:
    assert [" ".join(words) for words in Phrases(LISTS).of(part)] == phrases


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("school", {"school"}),
        (r"\.", {"."}),
        (r"\%15", {"%15"}),
        ("{minor}", {"%"}),
        ("{number}", {"%", "#", "="}),
        ("{w}", set()),
        ("{list}", {"one", "two"}),
        (r"school\S*", {"scho "}),
        (r"pre\S*", {"pre "}),
        ("[a-z]+er", {" er"}),
        ("[a-z]+ing", {" ng"}),
        ("[a-z]+s", set()),
        ("[b-z]a", set()),
    ],
)
def test_what_a_token_has_that_is_meant(word: str, keys: set[str]) -> None:
    assert set(Phrases(LISTS).keys(word)) == keys


def test_the_keys_that_a_token_answers_to() -> None:
    assert token_keys("school") == ["school", " ol", "s ", "sc ", "sch ", "scho "]
    assert token_keys("%15")[-1] == "%" and "%" not in token_keys("5%")
    assert token_keys("") == ["", " ", " ", " ", " ", " "]


@pytest.mark.parametrize(
    ("word", "meant", "others"),
    [
        ("school", ["school"], ["schools"]),
        ("{minor}", ["%15", "%1.5", "%?"], ["#18", "15", "%", "%15x"]),
        ("{young}", ["%17", "#18"], ["#19"]),
        ("{teen}", ["%13", "%17.5", "%?"], ["%12", "%12.5"]),
        ("{few}", ["%2", "%17", "%1.5"], ["%1", "%0"]),
        ("{hour}", ["%1", "%12"], ["%13", "%0"]),
        ("{any}", ["boat", "%15", "_"], [".", "a.b"]),
        ("{w}", ["boat", "o'clock", "'", "дом"], ["%15", "_", "a1"]),
        ("{list}", ["one"], ["three"]),
        ("{list}s", ["ones", "twos"], ["one"]),
        (r"pre\S*", ["pre", "preview"], ["pr", "spree"]),
        ("{year}", ["=1990"], ["=1790", "=19901"]),
    ],
)
def test_which_tokens_are_meant(word: str, meant: list[str], others: list[str]) -> None:
    test = Phrases(LISTS).meant(word)
    told = [token == test if isinstance(test, str) else bool(test(token)) for token in [*meant, *others]]
    assert told == [True] * len(meant) + [False] * len(others)


@pytest.mark.parametrize(
    ("line", "text", "span"),
    [
        ("boat", "the boat sank", (2, 3)),
        ("the boat", "the boat sank", (1, 3)),
        ("the ({w} ){0,2}boat", "see the old red boat", (2, 6)),
        ("the ({w} ){0,1}boat", "see the old red boat", None),
        ("the ({w} )*boat sank", "the a b c d e boat sank", (1, 9)),
        ("the ... boat", "the a b c d boat", (1, 7)),
        ("the ... boat", "the a b . boat", None),
        ("the ... boat", "the a b c d e boat", None),
        ("(in_the_boat|out)", "he sat in the boat", (3, 6)),
        ("sat (in_the)? boat", "he sat in the boat", (2, 6)),
        ("sat (in_the)? boat", "he sat boat", (2, 4)),
        ("sat (in_the)? boat", "he sat the boat", None),
        ("{minor} (years|days) at", "%15 years at sea", (1, 4)),
        ("{minor} (years|days) at", "#35 years at sea", None),
        ("{minor} {w}", "%15", None),
        ("{w} {minor}", "%15", None),
        ("{w} [a-z]+ed {w}", "it floated away", (1, 4)),
        ("boat* {any}", "boats %15", (1, 3)),
        ("(row|({w} )rowing) boat", "a rowing boat", (1, 4)),
        ("({w}_of|the) boat", "one of boat", (1, 4)),
        ("boat (of_{w}|{w}_sail)", "boat of oak", (1, 4)),
        ("boat (of_{w}|{w}_sail)", "boat in sail", (1, 4)),
        ("boat (of_{w}|{w}_sail)", "boat in port", None),
        ("the (old_red|blue){1,2} boat", "the old red boat", (1, 5)),
        ("the (old_red|blue){1,2} boat", "the blue old red boat", (1, 6)),
        ("the (old_red|blue){1,2} boat", "the blue blue blue boat", None),
        ("the (old_red|blue){1,2} boat", "the boat", None),
        ("the (old_red|blue){0,1} boat", "the blue blue boat", None),
        ("the ({w} ){2,3}boat", "the old red boat", (1, 5)),
        ("the ({w} ){2,3}boat", "the old boat", None),
        ("the ({w} ){2,3}boat", "the a b c d boat", None),
    ],
)
def test_where_a_line_stands(line: str, text: str, span: tuple[int, int] | None) -> None:
    found = Search([("it", line)], LISTS).spans(["", *text.split(" "), ""])
    assert set(found) == ({Span("it", *span)} if span else set())


def test_a_line_that_repeats_without_an_end_is_followed_for_a_while_only() -> None:
    search = Search([("it", "the ({w} )*boat")], {})
    assert search.spans(["", "the", *["old"] * 40, "boat", ""])
    assert not search.spans(["", "the", *["old"] * 41, "boat", ""])


def test_what_lines_stand_in_is_taken_out_once() -> None:
    search = Search([("it", "kid gloves"), ("it", "kid gloves box"), ("it", "gloves {w} of")], {})
    tokens = ["", *"a kid gloves box of kid gloves".split(), ""]
    assert search.without(tokens) == ["", "a", "_", "of", "_", ""]
    assert search.without(["", "a", ""]) == ["", "a", ""]


def test_what_is_remembered_of_tokens_is_bounded() -> None:
    search = Search([("it", "the [a-z]+ boat")], {})
    row = [f"a{n}" for n in range(100_000)]
    for n in range(3):
        search.spans(["", *row[n * 30_000 : n * 30_000 + 30_000], "the", f"b{n}", "boat", ""])
    assert len(search._answers) < 2 * KEPT and len(search._neighbours) < 2 * KEPT
