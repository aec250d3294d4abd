"""Commands about the model: write, evaluate, report, serve, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from miniature_memory.scripts.options import (
    Settings,
    json_option,
    print_json,
    settings_options,
    workspace_option,
)


def model_option(command: Any) -> Any:
    return click.option(
        "--model",
        "model",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="A model directory (default: the workspace's last run).",
    )(command)


def find_model(model: Path | None, root: Path) -> Path:
    """The model directory that is meant. Raises ``MissingInput`` when there is none."""
    from miniature_memory.errors import MissingInput

    if model is None:
        try:
            model = root / "runs" / (root / "runs" / "latest").read_text(encoding="utf-8").strip() / "model"
        except OSError:
            raise MissingInput(
                f"There is no trained model in {root.resolve()}.",
                "Train one with `mm run`, or name one by --model DIR.",
            ) from None
    if not (model / "config.json").is_file():
        raise MissingInput(
            f"{model} is no model directory (it has no config.json).",
            "Name the `model` folder of a run: runs/ID/model.",
        )
    return model


@click.command(short_help="Write a story, streamed as it comes.")
@model_option
@click.argument("file", required=False, metavar="[PROMPT_FILE|-]")
@click.option("--prompt", metavar="T", help="How the story begins (also from a file or stdin).")
@click.option("--length", type=click.IntRange(0, 100_000_000), metavar="N", default=2000, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), metavar="N", default=1, show_default=True)
@click.option("--memory", type=click.Choice(["summary", "written", "none"]), help="The rolling summary.")
@click.option(
    "--temperature", type=click.FloatRange(0), metavar="X", help="0 always takes the likeliest character."
)
@click.option("--top-k", type=click.IntRange(0), metavar="N")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), metavar="X")
@click.option("--min-p", type=click.FloatRange(0, 1), metavar="X")
@click.option("--repetition-penalty", type=click.FloatRange(1), metavar="X")
@click.option(
    "--tries",
    type=click.IntRange(1, 1000),
    metavar="N",
    default=1,
    show_default=True,
    help="Where the screen stops the story, begin anew with the next seed, so many times in all.",
)
@click.option(
    "--story",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the story stands: goes on from there if the file is there, and is kept there.",
)
@click.option("--endless", is_flag=True, help="Until Ctrl-C.")
@click.option("--verbose", is_flag=True, help="Show the summary at each slide, speed and memory (on stderr).")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Save as it goes."
)
@workspace_option
def write(model: Path | None, root: Path, file: str | None, prompt: str | None, **options: Any) -> None:
    """Writes a story with the rolling summary. The same seed gives the same story on any machine.

    \b
    Examples:
      mm write --prompt "Marta locked the boathouse and" --length 5000
      mm write --endless --verbose
      cat opening.txt | mm write -
    """
    from miniature_memory.scripts.options import read_input
    from miniature_memory.scripts.writing import write_story

    if file is not None:
        if prompt is not None:
            raise click.UsageError("Give the prompt either by --prompt or by a file, not by both.")
        data = read_input(file)
        try:
            prompt = data.decode("utf-8")
        except UnicodeDecodeError:
            raise click.UsageError(f"{file} is no UTF-8 text.") from None
    sys.exit(write_story(find_model(model, root), prompt or "", **options))


@click.command(short_help="Measure the model: bits a character, memory, repetition.")
@settings_options()
@model_option
@json_option
def evaluate(settings: Settings, model: Path | None, as_json: bool) -> None:
    """Scores validation text with and without the rolling summary, and judges stories it writes."""
    from miniature_memory import pipeline
    from miniature_memory.evaluation.evaluate import evaluate_model
    from miniature_memory.report import terminal

    if model is None:
        find_model(None, settings.root)
        figures = settings.run([pipeline.named("evaluate")])["evaluate"]
    else:
        figures = evaluate_model(
            find_model(model, settings.root), settings.workspace, settings.config, settings.progress
        )
    if as_json:
        print_json(figures)
    else:
        click.echo(terminal.evaluated(figures))


@click.command(short_help="One HTML page with the funnel, curves, figures and samples.")
@settings_options()
@json_option
def report(settings: Settings, as_json: bool) -> None:
    """Writes the report page from the recorded figures and prints where it lies."""
    from miniature_memory import pipeline
    from miniature_memory.errors import MissingInput

    if not settings.workspace.exists:
        raise MissingInput(
            f"There is nothing to report in {settings.workspace.root}.", "Start with `mm run`."
        )
    figures = settings.run([pipeline.named("report")])["report"]
    if as_json:
        print_json(figures)
    else:
        click.echo(figures["page"])


@click.command(short_help="The writing page in your browser, on loopback only.")
@settings_options()
@model_option
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="0 takes a free one.")
def serve(settings: Settings, model: Path | None, port: int | None) -> None:
    """Serves a page on 127.0.0.1 that writes along with you and shows the rolling summary as it changes."""
    from miniature_memory.serve import serve as serve_page

    serve_page(find_model(model, settings.root), settings.config.serve.port if port is None else port)


@click.command(short_help="Safetensors, Hugging Face, INT8 or GGUF files of the model.")
@model_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", required=True)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(["plain", "hf", "hf-bf16", "int8", "gguf-f16", "gguf-q8_0"]),
    default=["plain"],
    show_default=True,
    help="May be given several times.",
)
@workspace_option
@json_option
def export(model: Path | None, out: Path, formats: tuple[str, ...], root: Path, as_json: bool) -> None:
    """Writes the model in formats that other programs read; says plainly which of them can carry it."""
    from miniature_memory.export import export_model

    written = export_model(find_model(model, root), out, list(formats))
    if as_json:
        print_json([str(path) for path in written])
    else:
        click.echo("\n".join(str(path) for path in written))
