"""Options that several commands share, and how they become a workspace, settings and a progress bar."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from miniature_memory.config import Config
    from miniature_memory.pipeline import Stage
    from miniature_memory.progress import Progress
    from miniature_memory.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


def workspace_option(command: F) -> F:
    return click.option(
        "--workspace",
        "root",
        type=click.Path(file_okay=False, path_type=Path),
        default=".",
        metavar="DIR",
        help="Where dataset/ and runs/ lie (default: this directory).",
    )(command)


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print figures as JSON on stdout.")(command)


@dataclass
class Settings:
    """What the setting options of a command say; nothing heavy is loaded until it is used."""

    root: Path
    preset: str | None
    file: Path | None
    sets: tuple[str, ...]
    quiet: bool
    remembered_as: str = ""

    @functools.cached_property
    def config(self) -> Config:
        """The resolved settings; without ``--preset`` of the preset that the workspace was begun with."""
        from miniature_memory.config import load

        remembered = self.workspace.ledger.meta("preset") if self.workspace.exists else None
        preset = self.preset
        if preset is None and self.file is None:
            preset = remembered or self.remembered_as or "demo"
        return load(preset, self.file, self.sets)

    def remember_preset(self) -> None:
        """The workspace keeps the preset that it was begun with, so that later commands need not name it."""
        ledger = self.workspace.ledger
        if self.preset or ledger.meta("preset") is None:
            ledger.set_meta("preset", self.preset or self.remembered_as or ("" if self.file else "demo"))

    @functools.cached_property
    def workspace(self) -> Workspace:
        from miniature_memory.workspace import Workspace

        return Workspace(self.root)

    @functools.cached_property
    def progress(self) -> Progress:
        from miniature_memory.progress import Progress

        return Progress(self.quiet)

    def run(self, stages: Sequence[Stage]) -> dict[str, Any]:
        """Runs stages of the pipeline in this workspace; their figures by name."""
        from miniature_memory import pipeline

        config = self.config  # wrong settings are told before anything is touched
        self.remember_preset()
        return pipeline.run(self.workspace, config, stages, self.progress)

    @contextmanager
    def locked(self) -> Iterator[Workspace]:
        """The workspace, held for this command; Ctrl-C finishes the step first."""
        _ = self.config  # wrong settings are told before anything is touched
        with self.workspace.lock(), self.progress.finishing_the_step():
            self.remember_preset()
            yield self.workspace


def settings_options(remembered_as: str = "") -> Callable[[F], F]:
    """``--preset --config --set --workspace --quiet``; the command gets them as one ``Settings``.

    ``remembered_as`` is the preset of a workspace that is begun with this command.
    """

    def decorate(command: F) -> F:
        @click.option(
            "--preset",
            metavar="NAME",
            help="Settings to start from: demo, web, books (default: the workspace's own, else demo).",
        )
        @click.option(
            "--config",
            "file",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="A YAML file with settings.",
        )
        @click.option(
            "--set",
            "sets",
            multiple=True,
            metavar="KEY=VALUE",
            help="One setting, e.g. --set train.minutes=5; `mm config show` lists them.",
        )
        @click.option("--quiet", "-q", is_flag=True, help="No progress.")
        @workspace_option
        @functools.wraps(command)
        def with_settings(
            *arguments: Any,
            preset: str | None,
            file: Path | None,
            sets: tuple[str, ...],
            quiet: bool,
            root: Path,
            **rest: Any,
        ) -> Any:
            settings = Settings(root, preset, file, sets, quiet, remembered_as)
            return command(settings, *arguments, **rest)

        return with_settings  # type: ignore[return-value]

    return decorate


def print_json(data: Any) -> None:
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2, sort_keys=False)
    sys.stdout.write("\n")


def read_input(file: str) -> bytes:
    """The bytes of FILE, or of stdin for ``-``. Raises ``MissingInput`` when it can't be read."""
    from miniature_memory.errors import MissingInput

    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise MissingInput(
            f"{file} can't be read: {error.strerror}.", "Name a file that is there, or - for standard input."
        ) from None
