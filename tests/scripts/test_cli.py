from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from miniature_memory.pipeline import STAGES, plan
from miniature_memory.scripts import stages
from miniature_memory.scripts.cli import mm as group
from tests.scripts.conftest import MM

ALL = [str(command.name) for _, commands in group.sections for command in commands]  # type: ignore[attr-defined]


def test_help_reads_like_one_product(mm: MM) -> None:
    code, out, _ = mm("--help")
    assert code == 0
    places = [out.index(f"\n  {command} ") for command in ALL]
    assert places == sorted(places)
    assert ALL.index("discover") < ALL.index("fetch") < ALL.index("prepare") < ALL.index("write")


@pytest.mark.parametrize("command", ALL)
def test_every_command_teaches(mm: MM, command: str) -> None:
    code, out, _ = mm(command, "--help")
    assert code == 0 and len(out) > 150


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from miniature_memory.scripts import cli\n"
        "print([m for m in ('torch', 'numpy', 'pydantic', 'rich', 'lxml', 'playwright') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["runn"], 2, "No such command"),
        (["run", "--skip-nothing"], 2, "No such option"),
        (["run", "--only", "clean", "--skip-training"], 2, "can't go together"),
        (["run", "--only", "nothing"], 2, "nothing"),
        (["run", "--preset", "nothing"], 2, "there are: books, demo, web"),
        (["run", "--set", "demo.storys=3"], 2, "did you mean demo.stories"),
        (["run", "--config", "none.yaml"], 2, "none.yaml can't be read"),
        (["write"], 3, "no trained model"),
        (["write", "--model", "nowhere"], 3, "no model directory"),
        (["write", "--length", "-1"], 2, "-1"),
        (["evaluate"], 3, "no trained model"),
        (["report"], 3, "Start with `mm run`"),
        (["serve"], 3, "no trained model"),
        (["export", "--out", "x"], 3, "no trained model"),
        (["status"], 3, "no dataset"),
        (["forget", "somebody", "--yes"], 3, "Nothing here comes from"),
        (["screen", "nowhere.txt"], 3, "can't be read"),
        (["extract", "nowhere.html"], 3, "can't be read"),
        (["import", "nowhere"], 2, "does not exist"),
        (["prepare"], 3, "no cleaned document"),
        (["train", "--set", "train.preset=tiny"], 3, "mm prepare"),
    ],
)
def test_bad_input_is_one_clear_message_with_its_code(
    mm: MM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    got, out, err = mm(*arguments)
    assert (got, out) == (code, "")
    assert told in err


def test_screen_prints_verdicts_and_exits_0(mm: MM, tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_bytes(b"The clerk is 41 years old.\nThe boy is 9 years old.\nbad \xff byte\n")
    code, out, _ = mm("screen", file, "--lines")
    verdicts = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [v["reject"] for v in verdicts] == [False, True, True]
    assert [set(v) for v in verdicts] == [{"reject", "rule"}] * 3


def test_config_show_is_a_config_file(mm: MM, tmp_path: Path) -> None:
    code, out, _ = mm(
        "config", "show", "--preset", "demo", "--set", "demo.stories=12", "--workspace", tmp_path
    )
    assert code == 0 and "stories: 12" in out
    file = tmp_path / "own.yaml"
    file.write_text(out, encoding="utf-8")
    assert mm("config", "show", "--config", file, "--workspace", tmp_path)[1] == out


def test_extract_gives_the_story(mm: MM, tmp_path: Path) -> None:
    paragraphs = [
        f"Marta carried crate {n} along the quay, and the harbour lay quiet and grey." for n in range(12)
    ]
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    page = tmp_path / "page.html"
    page.write_text(
        f"<html><head><title>The Quay</title></head><body><nav>Home About</nav><article>{body}</article>"
        "<footer>All rights</footer></body></html>"
    )
    code, out, _ = mm("extract", page)
    assert code == 0
    assert out.split("\n\n") == [*paragraphs[:-1], paragraphs[-1] + "\n"]
    told = json.loads(mm("extract", page, "--json")[1])
    assert told["title"] == "The Quay"


def test_extract_refuses_what_the_screen_refuses(mm: MM, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>It was the first day of school for the boy, who was nine years old.</p>" * 9)
    code, out, err = mm("extract", page)
    assert (code, out) == (4, "")
    assert "boy" not in err


def test_a_workspace_remembers_its_preset(mm: MM, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("The clerk counted the coins, and the evening came. " * 60, encoding="utf-8")
    space = tmp_path / "space"
    assert mm("import", book, "--workspace", space)[0] == 0
    assert "enabled: false" in mm("config", "show", "--workspace", space)[1]
    assert "enabled: true" in mm("config", "show", "--workspace", tmp_path / "fresh")[1]


def test_the_skip_flags_are_those_of_the_stages() -> None:
    assert [word for word, _ in stages.SKIPS] == [stage.skip for stage in STAGES]
    assert list(stages.NAMES) == [stage.name for stage in STAGES]


def test_skipping_processing_means_only_train() -> None:
    def names(*skipped: str) -> list[str]:
        return [stage.name for stage in plan(skipped)]

    assert names("validation", "cleaning", "preparation") == ["train"]
    assert names("validation", "cleaning", "preparation", "training") == []
    assert names("cleaning") == [
        "discover",
        "fetch",
        "validate",
        "prepare",
        "train",
        "generate",
        "evaluate",
        "report",
    ]
    assert [stage.name for stage in plan((), "clean")] == ["clean"]


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "miniature_memory", "--version"], capture_output=True, text=True, check=True
    )
    assert "miniature-memory" in done.stdout
