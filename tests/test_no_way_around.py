"""Every option, environment variable and setting that there is, tried: none lets a refused text in or out."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel

from miniature_memory.config import Config, load
from miniature_memory.errors import ConfigError
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.model_directory import write_model_directory
from miniature_memory.progress import Progress
from miniature_memory.scraper.importer import import_paths
from miniature_memory.scripts.cli import mm as cli
from miniature_memory.workspace import Workspace
from tests.inference.oracle import config as model_config
from tests.inference.oracle import weights
from tests.inference.test_write import BAD, Scripted
from tests.scripts.conftest import MM, mm

__all__ = ["mm"]  # a fixture

STORY = "The keeper climbed the stairs and lit the lamp, and the ships went by all night. " * 30
WILD = ("0", "1", "-1", "1e9", "true", "false", "null", "off", "none", '""', "[]", "{}", "en", "web", "demo")


def settings(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[str]:
    """The name of every setting, as ``--set`` takes it."""
    for name, field in model.model_fields.items():
        name = field.alias or name.rstrip("_")
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def options(*names: str) -> list[list[str]]:
    """Every option of a command with every value that it might take, each as a list of arguments."""
    found: list[list[str]] = []
    for name in names:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for parameter in command.params:
            if not isinstance(parameter, click.Option) or parameter.name in ("prompt", "workspace", "model"):
                continue
            for flag in [*parameter.opts, *parameter.secondary_opts]:
                values = parameter.type.choices if isinstance(parameter.type, click.Choice) else WILD
                found += [[name, flag]] if parameter.is_flag else [[name, flag, str(v)] for v in values]
    return found


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given")
    (folder / "refused.txt").write_text(STORY + BAD + STORY)
    (folder / "refused.html").write_text(f"<article><p>{STORY}</p><p>{BAD}</p></article>")
    return folder


def test_there_are_settings_to_try() -> None:
    names = list(settings())
    assert {"extract.min_characters", "validate.languages", "train.preset"} <= set(names) and len(names) > 50


@pytest.mark.parametrize("way", ["set", "environment"])
def test_no_setting_lets_a_refused_file_in(tmp_path: Path, given: Path, way: str) -> None:
    tried, workspace = 0, Workspace(tmp_path / "space")
    for name in settings():
        for value in WILD:
            environment = {"MM_" + name.upper().replace(".", "__"): value} if way == "environment" else {}
            try:
                config = load(sets=[] if environment else [f"{name}={value}"], environment=environment)
            except ConfigError:
                continue
            tried += 1
            figures = import_paths(workspace, config, [given / "refused.txt"], Progress(quiet=True))
            assert figures["documents"] == 0 and not list(workspace.raw_text.glob("*")), (name, value)
    workspace.close()
    assert tried > 150


def test_no_switch_of_the_environment_changes_a_verdict(
    monkeypatch: pytest.MonkeyPatch, mm: MM, given: Path
) -> None:
    words = (
        "SCREEN",
        "SAFE",
        "SAFETY",
        "ADULTS_ONLY",
        "GATE",
        "FILTER",
        "DEBUG",
        "TEST",
        "TESTING",
        "CI",
        "UNSAFE",
    )
    for word in words:
        for prefix in ("", "MM_", "MINIATURE_MEMORY_", "NO_", "MM_NO_", "DISABLE_", "SKIP_", "MM_SKIP_"):
            for value in ("0", "1"):
                monkeypatch.setenv(prefix + word, value)
    code, out, _ = mm("screen", given / "refused.txt")
    assert code == 0 and '"reject": true' in out
    code, out, _ = mm("extract", given / "refused.html")
    assert code == 4 and "lamp" not in out


@pytest.mark.parametrize("arguments", options("screen", "extract"), ids=" ".join)
def test_no_option_changes_a_verdict(mm: MM, given: Path, arguments: list[str]) -> None:
    file = given / ("refused.txt" if arguments[0] == "screen" else "refused.html")
    code, out, _ = mm(*arguments, file)
    assert code in (2, 4) or '"reject": true' in out or "--help" in arguments or "-h" in arguments
    assert "lamp" not in out


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    one = model_config(True)
    return write_model_directory(tmp_path_factory.mktemp("made") / "model", weights(one), one)


@pytest.mark.parametrize("arguments", options("write"), ids=" ".join)
def test_no_option_lets_the_model_take_or_give_a_refused_sentence(
    mm: MM, model: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    monkeypatch.setattr(Engine, "load", lambda model: Scripted("The rain fell. " * 20 + BAD))

    def written(prompt: str) -> tuple[int, str]:
        length = () if "--length" in arguments else ("--length", "900")
        code, out, err = mm(*arguments, "--model", model, "--prompt", prompt, *length)
        files = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
        assert "twelve" not in out + err + files
        return code, out

    code, _ = written("She was twelve years old.")
    assert code in (2, 4) or "--help" in arguments or "-h" in arguments
    written("The lamp was lit.")


def test_the_screen_takes_nothing_but_a_text() -> None:
    from inspect import signature

    from miniature_memory import screen

    taken: dict[str, Any] = {
        name: list(signature(getattr(screen, name)).parameters) for name in ("check", "check_html")
    }
    assert taken == {"check": ["text"], "check_html": ["html"]}
