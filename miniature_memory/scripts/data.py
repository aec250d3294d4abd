"""Commands about texts: import, extract, screen, status, forget."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from miniature_memory.scripts.options import (
    Settings,
    json_option,
    print_json,
    read_input,
    settings_options,
    workspace_option,
)


@click.command("import", short_help="Take in local text, HTML, EPUB or WARC through the same screen.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@settings_options(remembered_as="books")
@json_option
def import_(settings: Settings, paths: tuple[Path, ...], as_json: bool) -> None:
    """Takes books and folders in; a book is split into chapters, each a document of one work.

    A chapter that the adults-only screen refuses is not kept. Go on with `mm run`.
    """
    from miniature_memory.scraper.importer import import_paths

    with settings.locked() as workspace:
        figures = import_paths(workspace, settings.config, list(paths), settings.progress)
    if as_json:
        print_json(figures)
    else:
        from miniature_memory.report import terminal

        click.echo(terminal.imported(figures))


@click.command(short_help="HTML in, story text out.")
@click.argument("file", metavar="FILE|-")
@click.option("--url", default="", metavar="U", help="The page's address, where it is known.")
@click.option("--json", "as_json", is_flag=True, help="The whole document as JSON.")
def extract(file: str, url: str, as_json: bool) -> None:
    """Finds the story in a page and prints its text; navigation, comments and notes are left out."""
    from dataclasses import asdict

    from miniature_memory import screen as gate
    from miniature_memory.errors import MiniatureMemoryError, Refused
    from miniature_memory.scraper.extract.isolate import extract_isolated

    html = read_input(file).decode("utf-8", "replace")
    verdict = gate.check_html(html)
    if verdict.reject:
        raise Refused(verdict.rule or "unknown", "page")
    story = extract_isolated(html, url)
    if not story.text:
        raise MiniatureMemoryError(
            "There is no story in this page.",
            "If the page builds its text by JavaScript, save it from a browser first.",
        )
    if as_json:
        print_json(asdict(story))
    else:
        click.echo(story.text)


@click.command(short_help="The adults-only verdict on a text, as JSON.")
@click.argument("file", metavar="FILE|-")
@click.option("--lines", is_flag=True, help="A verdict a line (lines end at \\n only).")
def screen(file: str, lines: bool) -> None:
    """Prints {"reject": …, "rule": …}; exits 0 whatever the verdict. Nothing changes what the screen says."""
    import json

    from miniature_memory import screen as gate

    data = read_input(file)
    texts = data.removesuffix(b"\n").split(b"\n") if lines and data else [data]
    for text in texts:
        verdict = gate.check_bytes(text)
        sys.stdout.write(json.dumps({"reject": verdict.reject, "rule": verdict.rule}) + "\n")


@click.command(short_help="Where things stand: the funnel, the data, the model.")
@workspace_option
@click.option(
    "--lineage", metavar="HASH", help="From a document's address to its bytes in the training data."
)
@json_option
def status(root: Path, lineage: str | None, as_json: bool) -> None:
    """Shows what was found, kept and rejected and why, what is prepared, and the last run."""
    from miniature_memory.errors import MissingInput
    from miniature_memory.report import terminal
    from miniature_memory.workspace import Workspace

    workspace = Workspace(root)
    if not workspace.exists:
        raise MissingInput(
            f"There is no dataset in {workspace.root} yet.", "Start with `mm run` or `mm import`."
        )
    if lineage:
        from miniature_memory.processing import lineage as trace

        print_json(trace(workspace, lineage))
    elif as_json:
        print_json(terminal.facts(workspace))
    else:
        click.echo(terminal.status(workspace))
    workspace.close()


@click.command(short_help="Remove a document everywhere, and keep it away.")
@click.argument("what", metavar="URL|HOST|AUTHOR|HASH")
@settings_options()
@click.option("--yes", is_flag=True, help="Don't ask.")
@json_option
def forget(settings: Settings, what: str, yes: bool, as_json: bool) -> None:
    """Removes every document of an address, a site, an author, or one by its hash.

    Gone from raw, evidence, cleaned and processed data and the index, with its near-duplicate twins;
    a tombstone keeps it from coming back, and checkpoints that saw it are marked.
    """
    from miniature_memory import forgetting

    with settings.locked() as workspace:
        found = forgetting.find(workspace, what)
        if not yes and not as_json:
            click.confirm(f"Forget {found.describe()}?", abort=True, err=True)
        figures = forgetting.forget(workspace, settings.config, found, settings.progress)
    if as_json:
        print_json(figures)
    else:
        click.echo(
            f"Forgotten: {figures['documents']} documents (with {figures['twins']} twins), "
            f"{figures['urls']} addresses. Marked: {figures['checkpoints']} checkpoints that saw them."
        )
