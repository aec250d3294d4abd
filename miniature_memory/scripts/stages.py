"""``mm run`` and the stages as commands of their own."""

from __future__ import annotations

from typing import Any

import click

from miniature_memory.errors import Refused
from miniature_memory.scripts.options import Settings, json_option, print_json, settings_options

SKIPS = (
    ("discovery", "Don't search for new addresses."),
    ("fetching", "Don't fetch pages."),
    ("validation", "Don't look for duplicates and bad texts."),
    ("cleaning", "Don't normalise."),
    ("preparation", "Don't build the training data. With the two above: only train."),
    ("training", "Don't train."),
    ("generation", "Don't write a sample story."),
    ("evaluation", "Don't measure the model."),
    ("report", "Don't write the report page."),
)
NAMES = ("discover", "fetch", "validate", "clean", "prepare", "train", "generate", "evaluate", "report")


def _skip_options(command: Any) -> Any:
    for word, meaning in reversed(SKIPS):
        command = click.option(f"--skip-{word}", is_flag=True, help=meaning)(command)
    return command


@click.command(short_help="Discover, fetch, validate, clean, prepare, train, generate, evaluate, report.")
@settings_options()
@click.option(
    "--only", type=click.Choice(NAMES), metavar="STAGE", help="One stage alone: " + ", ".join(NAMES)
)
@_skip_options
@click.option(
    "--executor", type=click.Choice(["serial", "processes", "dask"]), help="Who does the processing."
)
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes for it.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler; without one a local cluster starts.")
@json_option
def run(
    settings: Settings,
    only: str | None,
    executor: str | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    **skip: bool,
) -> None:
    """The whole pipeline, from search queries to a written story.

    Every stage goes on where it stopped; one with nothing new to do ends in a moment.

    \b
    Examples:
      mm run                                  the demo: a story web of our own, no key, no network
      mm run --preset web                     the real web (needs a search key: see `mm doctor`)
      mm run --only clean
      mm run --skip-validation --skip-cleaning --skip-preparation        only train
    """
    from miniature_memory import pipeline
    from miniature_memory.report import terminal

    given = {"executor": executor, "workers": workers, "scheduler": scheduler}
    settings.sets += tuple(f"{key}={value}" for key, value in given.items() if value is not None)
    skipped = [name.removeprefix("skip_") for name, chosen in skip.items() if chosen]
    if only and skipped:
        raise click.UsageError("--only and --skip-… can't go together.")
    stages = pipeline.plan(skipped, only)
    figures = settings.run(stages)
    if as_json:
        print_json({**figures, "funnel": settings.workspace.ledger.funnel()})
    else:
        click.echo(terminal.summary(settings.workspace, figures))
    settings.workspace.close()
    if rule := figures.get("generate", {}).get("refused"):
        raise Refused(rule, f"sample story (tried {settings.config.generate.tries} seeds)")


def _stage_command(name: str, short_help: str, text: str) -> click.Command:
    @click.command(name, short_help=short_help, help=text)
    @settings_options()
    @json_option
    def command(settings: Settings, as_json: bool) -> None:
        from miniature_memory import pipeline

        figures = settings.run([pipeline.named(name)])
        if as_json:
            print_json(figures[name])

    return command


discover = _stage_command(
    "discover",
    "Search for candidate addresses.",
    "Asks the search provider the configured queries and records new addresses (status: new).\n\n"
    "Keys come from the environment: BRAVE_API_KEY, or GOOGLE_API_KEY and GOOGLE_CSE_ID, or SERPER_API_KEY; "
    "SearXNG needs none. `mm doctor` says what is missing.",
)
fetch = _stage_command(
    "fetch",
    "Fetch new addresses; extract and screen their stories.",
    "Fetches new addresses politely (robots.txt, opt-outs and rate limits are obeyed; logins and "
    "paywalls are never passed), extracts the story, screens it in memory, "
    "and keeps it in dataset/raw/text/.",
)
validate = _stage_command(
    "validate",
    "Turn away duplicates, other languages, and what is no story.",
    "Judges every new raw text: integrity, exact and near duplicates, language, quality, narrative or not. "
    "What is rejected stays auditable in dataset/rejected/.",
)
clean = _stage_command(
    "clean",
    "Normalise and segment the kept texts.",
    "Repairs encodings, unifies characters, removes artefacts and contacts, marks scene breaks; "
    "writes dataset/cleaned/.",
)
prepare = _stage_command(
    "prepare",
    "Build train.txt, val.txt and the token shards.",
    "Splits by work, writes dataset/processed/ and the summaries that training needs.",
)


@click.command(short_help="Train the model, or go on training it.")
@settings_options()
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Train about so long.")
@json_option
def train(settings: Settings, minutes: float | None, as_json: bool) -> None:
    """Trains on dataset/processed/ and writes runs/ID/model.

    Goes on from the last checkpoint: after an interruption exactly where it stopped; with a grown dataset
    from the undecayed trunk.
    """
    from miniature_memory import pipeline

    if minutes is not None:
        settings.sets += (f"train.minutes={minutes}",)
    figures = settings.run([pipeline.named("train")])
    if as_json:
        print_json(figures["train"])
