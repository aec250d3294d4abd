"""``mm write`` as a user meets it: streams, files, pipes, and a story that the screen stops."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from miniature_memory.inference.engine import Engine
from miniature_memory.inference.model_directory import write_model_directory
from tests.inference.oracle import config, weights
from tests.inference.test_write import BAD, GOOD, RAIN, Scripted

from .conftest import MM


@pytest.fixture
def model(tmp_path: Path) -> Path:
    c = config(True)
    return write_model_directory(tmp_path / "model", weights(c), c)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    engine = Scripted(GOOD)
    monkeypatch.setattr(Engine, "load", lambda model: engine)
    return engine


def test_a_prompt_by_option_file_and_stdin_is_the_same(
    mm: MM, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = "The “lamp” went out. "
    (tmp_path / "prompt.txt").write_text(prompt, encoding="utf-8")
    told = []
    for given in (["--prompt", prompt], [tmp_path / "prompt.txt"], ["-"]):
        monkeypatch.setattr(Engine, "load", lambda model: Scripted(GOOD))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(prompt.encode())))
        told.append(mm("write", *given, "--model", model, "--length", 120))
    assert told[0] == told[1] == told[2]
    code, out, err = told[0]
    assert code == 0 and out == prompt + (GOOD * 2)[:120] + "\n"
    assert err.count("transliterated") == 1


@pytest.mark.usefixtures("scripted")
def test_events_are_json_lines(mm: MM, model: Path) -> None:
    code, out, _ = mm("write", "--model", model, "--length", 300, "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and events[-1] == {"event": "done", "characters": 300, "reason": "length"}
    assert "".join(e["text"] for e in events if e["event"] == "token") == (GOOD * 3)[:300]
    assert {e["event"] for e in events} == {"token", "evicted", "summary", "done"}
    assert all(len(e["text"]) == 60 for e in events if e["event"] == "summary")


@pytest.mark.usefixtures("scripted")
def test_a_story_goes_on_tomorrow(mm: MM, model: Path, tmp_path: Path) -> None:
    story = tmp_path / "story.json"
    _, first, _ = mm("write", "--model", model, "--length", 300, "--story", story)
    _, second, _ = mm("write", "--model", model, "--length", 300, "--story", story)
    assert first[:-1] + second[:-1] == (GOOD * 6)[:600]
    story.write_text("{")
    code, out, err = mm("write", "--model", model, "--story", story)
    assert (code, out) == (1, "") and str(story) in err


@pytest.mark.usefixtures("scripted")
def test_nothing_is_asked_for_and_nothing_comes(mm: MM, model: Path) -> None:
    assert mm("write", "--model", model, "--length", 0) == (0, "\n", "")


def test_a_stopped_story_ends_with_4_and_keeps_what_was_cleared(
    mm: MM, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "load", lambda model: Scripted(RAIN + BAD))
    out = tmp_path / "story.txt"
    code, told, err = mm("write", "--model", model, "--length", 200, "--out", out)
    assert code == 4 and "stopped" in err
    assert out.read_text() == told.rstrip("\n") == RAIN
    assert "twelve" not in told + err


def test_another_try_takes_the_next_seed_and_leaves_nothing_of_the_stopped_one(
    mm: MM, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "load", lambda model: Scripted(RAIN + BAD + GOOD * 9))
    out = tmp_path / "story.txt"
    again = ["write", "--model", model, "--length", 200, "--tries", 3, "--seed", 7]
    code, told, err = mm(*again, "--out", out, "--prompt", "At sea. ")
    assert code == 0 and "Again, with seed 8" in err
    assert out.read_text().startswith("At sea. ") and RAIN not in out.read_text()
    assert told.count("At sea. ") == 2 and told.rstrip("\n").endswith(out.read_text())
    monkeypatch.setattr(Engine, "load", lambda model: Scripted(RAIN + BAD))
    code, told, _ = mm(*again, "--json")
    events = [json.loads(line) for line in told.splitlines()]
    assert code == 4 and [e["seed"] for e in events if e["event"] == "again"] == [8, 9]


@pytest.mark.usefixtures("scripted")
def test_a_place_that_cannot_be_written_is_said_before_anything_is_told(mm: MM, model: Path) -> None:
    code, told, err = mm("write", "--model", model, "--out", "/proc/story.txt")
    assert code == 1 and told == "" and "/proc/story.txt" in err


PROGRAM = """
import sys
from miniature_memory.benchmarks.recite import recite
from miniature_memory.scripts.cli import main
recite()
sys.argv = ["mm", "write", *sys.argv[1:]]
main()
"""


def command(*arguments: object, shell: str = "") -> list[str]:
    """`mm write` in a process of its own, reciting a text that the screen lets pass."""
    words = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return ["bash", "-c", f'"$@" {shell}', "mm", *words] if shell else words


def test_a_reader_that_has_enough_is_no_error(model: Path) -> None:
    for more in ((), ("--json",)):
        writing = subprocess.Popen(
            command("--model", model, "--length", 50_000, *more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert writing.stdout is not None and writing.stderr is not None
        assert len(writing.stdout.read(100)) == 100
        writing.stdout.close()
        assert (writing.wait(60), writing.stderr.read()) == (0, b"")


@pytest.mark.parametrize(("shell", "code"), [(">&-", 0), ("> /dev/full", 1)])
def test_a_closed_or_full_output(model: Path, shell: str, code: int) -> None:
    done = subprocess.run(
        command("--model", model, "--length", 300, shell=shell), stderr=subprocess.PIPE, text=True
    )
    assert done.returncode == code and "Traceback" not in done.stderr


def test_a_disk_that_fills_leaves_a_whole_beginning(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "story.txt"
    limited = ["bash", "-c", 'ulimit -f 1; "$@"', "mm"]  # one block of 1024 bytes a file
    program = PROGRAM.replace(
        "main()\n", "from miniature_memory.scripts import writing\nwriting._SAVE_EVERY = 0\nmain()\n"
    )
    words = [sys.executable, "-c", program, "--model", model, "--length", 4000, "--out", out]
    done = subprocess.run([*limited, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 1 and "can't be written any further" in done.stderr
    saved = out.read_text()
    assert (
        0 < len(saved) <= 1024 and done.stdout.startswith(saved) and saved.rstrip().endswith((".", "?", '"'))
    )
