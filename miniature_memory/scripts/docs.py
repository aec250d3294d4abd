"""Writes docs/commands.md and docs/settings.md from the program itself (`./dev docs`)."""

from __future__ import annotations

from pathlib import Path

import click

from miniature_memory.scripts.cli import Flow, mm

FOLDER = Path(__file__).resolve().parents[2] / "docs"


def commands() -> str:
    """Every command's help, in the order of the flow."""
    parts = ["# Commands", "", "Written by `./dev docs`; don't edit.", "", "## mm", "", _help(mm, "mm")]
    assert isinstance(mm, Flow)
    for _, group in mm.sections:
        for command in group:
            parts += ["", f"## mm {command.name}", "", _help(command, f"mm {command.name}")]
            if isinstance(command, click.Group):
                for name, child in command.commands.items():
                    parts += [
                        "",
                        f"### mm {command.name} {name}",
                        "",
                        _help(child, f"mm {command.name} {name}"),
                    ]
    return "\n".join(parts) + "\n"


def settings() -> str:
    """Every setting with its default and meaning."""
    from miniature_memory.config import describe

    rows = [
        "# Settings",
        "",
        "Written by `./dev docs`; don't edit.",
        "",
        "| key | default | meaning |",
        "|---|---|---|",
    ]
    for key, default, meaning in describe():
        rows.append(f"| `{key}` | `{default!r}` | {meaning.replace('|', '/')} |")
    return "\n".join(rows) + "\n"


def _help(command: click.Command, path: str) -> str:
    context = click.Context(command, info_name=path, terminal_width=100, help_option_names=["-h", "--help"])
    return f"```\n{command.get_help(context)}\n```"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "commands.md").write_text(commands(), encoding="utf-8")
    (FOLDER / "settings.md").write_text(settings(), encoding="utf-8")


if __name__ == "__main__":
    main()
