"""The gate as a whole: a pure function, closed when in doubt, that keeps nothing."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import miniature_memory.screen as screen
from miniature_memory.errors import Refused
from miniature_memory.screen import gate, markup
from tests.screen.sets import lines


def test_the_verdict_takes_the_text_and_nothing_else() -> None:
    assert list(inspect.signature(screen.check).parameters) == ["text"]
    assert list(inspect.signature(screen.check_bytes).parameters) == ["data"]
    assert list(inspect.signature(screen.check_html).parameters) == ["html"]
    assert list(inspect.signature(screen.allows).parameters) == ["text"]


def test_no_part_of_the_screen_reads_the_environment_or_settings() -> None:
    folder = Path(screen.__file__).parent
    for path in folder.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        for word in ("os.environ", "getenv", "import os", "config", "argv", "pickle"):
            assert word not in source.replace("configuration", ""), (path.name, word)


def test_the_environment_changes_no_verdict() -> None:
    code = "from miniature_memory import screen; print(screen.check('The boy sang.'), screen.check('He is forty.'))"
    names = [
        "SCREEN",
        "MM_SCREEN",
        "MM_SCREEN__ENABLED",
        "SKIP_SCREEN",
        "DEBUG",
        "PYTHONOPTIMIZE",
        "MM_SAFE",
        "CI",
    ]
    for value in ("0", "1", "false", "off"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **dict.fromkeys(names, value)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.count("reject=True") == 1
        assert run.stdout.startswith("Verdict(reject=True, rule='life-stage')")


def test_the_verdict_is_the_same_in_every_process() -> None:
    code = (
        "from miniature_memory.screen import gate; "
        "print(gate.disguises().unmask('a t.e.n y s1xt33n fiiive f*ve'), list(gate.all_hits('A t.e.n year old.')))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1 and "age" in outputs.pop()


def test_an_error_inside_is_a_refusal_that_carries_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(gate, "first_hit", broken)
    assert screen.check("The miller sang.") == screen.Verdict(True, "error")
    monkeypatch.setattr(markup, "readings", broken)
    assert screen.check_html("<p>The miller sang.</p>") == screen.Verdict(True, "error")


PARTS = [
    "views",
    "tokens",
    "mark_digits",
    "english",
    "hits",
    "taken_for_an_age",
    "reckoned",
    "read",
]


@pytest.mark.parametrize("part", [*PARTS, "disguises", "book"])
@pytest.mark.parametrize(
    "error", [RuntimeError, MemoryError, RecursionError, KeyError, OSError, OverflowError]
)
def test_whatever_breaks_inside_the_gate_stays_closed(
    part: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise error("The miller sang.")

    monkeypatch.setattr(gate, part, broken)
    assert screen.check("The miller sang.") == screen.Verdict(True, "error")
    assert screen.check_bytes(b"The miller sang.") == screen.Verdict(True, "error")
    assert screen.check_html("<p>The miller sang.</p>") == screen.Verdict(True, "error")
    assert not screen.allows("The miller sang.")
    with pytest.raises(Refused) as refusal:
        screen.require("The miller sang.", "prompt")
    assert "miller" not in str(refusal.value) and refusal.value.__context__ is None
    with pytest.raises(Refused):
        screen.StreamGuard().feed("The miller sang. T")


def test_rules_that_cannot_be_read_close_the_gate(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from miniature_memory.screen import book, check; "
        f"book._FOLDER = Path({str(tmp_path)!r}); print(check('The miller sang.'))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("Verdict(reject=True, rule='error')")


@pytest.mark.parametrize(
    "text",
    [
        "½" * 20_000,
        "ﷺ" * 20_000,
        "1 " * 20_000,
        "born in 1900 " * 8_000,
    ],
)
def test_more_work_than_a_limit_in_characters_is_a_refusal(text: str) -> None:
    assert screen.check(text).rule in ("oversize", "error")


def test_prose_full_of_numbers_is_no_table() -> None:
    prose = "On 12 May 1974 he paid 3½ crowns, 5% more than in 1973, for 21 yards of rope. "
    assert not screen.check(prose * 1_000).reject


def test_what_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "LONGEST", 10)
    assert screen.check("He is forty").rule == "oversize"
    assert screen.check("He is 40..").rule is None
    monkeypatch.setattr(markup, "LONGEST", 10)
    assert screen.check_html("<p>He is forty</p>").rule == "error"


def test_invalid_utf8_is_refused_under_its_own_rule() -> None:
    assert screen.check_bytes(b"He is \xff forty.") == screen.Verdict(True, "invalid-utf8")
    assert screen.check_bytes(b"He is forty.") == screen.Verdict(False, None)
    assert screen.check_bytes(b"The boy sang.").reject


def test_lone_surrogates_close_the_gate_or_pass_but_never_escape() -> None:
    assert screen.check("The boy \ud800 sang.").reject


def test_a_refusal_names_the_rule_and_the_place_but_not_the_text() -> None:
    with pytest.raises(Refused) as refusal:
        screen.require("The boy sang of Zanzibarium.", "prompt")
    assert refusal.value.rule == "life-stage" and refusal.value.exit_code == 4
    assert "prompt" in str(refusal.value) and "Zanzibarium" not in str(refusal.value)
    screen.require("The miller sang.", "prompt")
    assert screen.allows("The miller sang.") and not screen.allows("The boy sang.")


def test_the_version_follows_the_rules_and_the_code(tmp_path: Path) -> None:
    assert screen.VERSION.startswith("1-") and screen._version() == screen.VERSION
    folder = Path(screen.__file__).parent
    for path in [*folder.glob("*.py"), *folder.glob("rules/*.txt")]:
        copy = tmp_path / path.relative_to(folder)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    assert screen._version(tmp_path) == screen.VERSION
    rules = tmp_path / "rules" / "en_ages.txt"
    rules.write_bytes(rules.read_bytes() + b"a new rule\n")
    changed = screen._version(tmp_path)
    assert changed != screen.VERSION
    code = tmp_path / "gate.py"
    code.write_bytes(code.read_bytes().replace(b"\n", b"\r\n"))
    assert screen._version(tmp_path) == changed, "a checkout's line ends are no change"
    code.write_bytes(code.read_bytes() + b"# x")
    assert screen._version(tmp_path) != changed


def test_importing_the_screen_is_light() -> None:
    code = "import sys; import miniature_memory.screen; print([m for m in ('re2', 'anyascii', 'torch', 'pydantic', 'rich') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_long_neutral_documents_pass() -> None:
    """Full of numbers, ages of things and idioms: one careless rule would cost many documents."""
    import random

    sentences = [s for s in lines("neutral") if s.endswith((".", '"'))]
    chance = random.Random(7)
    refused = 0
    for _ in range(10):
        words, paragraphs = 0, []
        while words < 2_000:
            paragraphs.append(" ".join(chance.sample(sentences, 5)))
            words += paragraphs[-1].count(" ") + 1
        refused += screen.check("\n\n".join(paragraphs)).reject
    assert refused <= 1


def test_one_hit_anywhere_refuses_a_whole_document() -> None:
    document = ["The miller ground corn by the river, and the river ran on."] * 500
    for place in (0, 250, 500):
        planted = [*document[:place], "Ida is twelve.", *document[place:]]
        assert screen.check("\n\n".join(planted)).reject
    assert not screen.check("\n\n".join(document)).reject
