"""Commands about the machine and the settings: doctor, config, benchmark."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from miniature_memory.scripts.options import F, Settings, json_option, print_json, settings_options

BENCHMARKS = ("run", "training", "inference", "memory", "processing", "screen", "extraction")


@click.command(short_help="Is this machine fit, and what is missing.")
@settings_options()
@json_option
def doctor(settings: Settings, as_json: bool) -> None:
    """Checks Python, memory, disk, PyTorch, a real launch of the browser, the compiler, and search keys."""
    from dataclasses import asdict

    from miniature_memory.scripts.checks import examine

    checks = list(examine(settings.workspace, settings.config))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = {True: click.style("ok ", fg="green"), False: click.style("no ", fg="red")}[check.good]
            click.echo(f"{mark} {check.name:<12} {check.found}")
            if check.hint:
                click.echo(f"{'':<16} → {check.hint}")
    sys.exit(1 if any(not check.good and check.needed for check in checks) else 0)


@click.group(short_help="The resolved settings.")
def config() -> None:
    """Settings come from defaults < preset < --config FILE < MM_* < --set, each overriding the one before.

    In the environment `__` stands for the dot: MM_TRAIN__MINUTES=5 sets train.minutes.
    """


@config.command("show", short_help="Every setting with its value and meaning.")
@settings_options()
@json_option
def show(settings: Settings, as_json: bool) -> None:
    """Prints the resolved settings as YAML that can be used as a --config file."""
    from miniature_memory.config import as_yaml

    if as_json:
        print_json(settings.config.model_dump(by_alias=True))
    else:
        click.echo(as_yaml(settings.config), nl=False)


def _path(option: str, metavar: str, help: str, exists: bool = True) -> Callable[[F], F]:
    return click.option(option, type=click.Path(exists=exists, path_type=Path), metavar=metavar, help=help)


@click.command(short_help="Comparisons, each printing all sides from one run.")
@click.argument("name", type=click.Choice(BENCHMARKS), metavar="NAME")
@_path("--data", "PATH", "Text to use.")
@_path("--held-out", "PATH", "Text to score.")
@_path("--nanogpt", "DIR", "A nanoGPT checkout.")
@_path("--datatrove", "PYTHON", "A Python with it.")
@_path("--llama-cpp", "PYTHON", "A Python with it.")
@_path("--work", "DIR", "Keeps finished parts here: a run that was stopped goes on.", exists=False)
@_path("--plot", "FILE", "Also draws the figures, as SVG.", exists=False)
@click.option("--full", is_flag=True, help="The long form.")
@json_option
def benchmark(name: str, plot: Path | None, full: bool, as_json: bool, **paths: Path | None) -> None:
    """Runs one comparison and prints all its sides.

    \b
    run         the demo run: seconds and peak memory of each stage, install size
    training    time to a loss, against a nanoGPT checkout (--nanogpt DIR --data FILE)
    inference   characters a second and memory, against PyTorch, llama.cpp (--llama-cpp PYTHON), nanoGPT
    memory      what the rolling summary keeps and gains (--data DIR of books)
    processing  duplicates found, documents a second, memory; datatrove beside it (--datatrove PYTHON)
    screen      the adults-only screen's speed, and that it is linear
    extraction  against other extractors (--data DIR of a labelled set)
    """
    from miniature_memory import benchmarks

    figures, table = benchmarks.run(name, benchmarks.Options(full=full, **paths))
    if plot is not None:
        benchmarks.draw(name, figures, plot)
    if as_json:
        print_json(figures)
    else:
        click.echo(table)
