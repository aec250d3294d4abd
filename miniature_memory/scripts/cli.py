"""The ``mm`` command: one group, commands in the order of the flow, and one place where errors end."""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from keyword import iskeyword
from typing import Any, Final

import click

from miniature_memory import __version__
from miniature_memory.errors import MiniatureMemoryError

#: heading, the module whose commands stand under it, and their names
_FLOW: Final = (
    ("The whole way", "stages", ("run",)),
    ("Stage by stage", "stages", ("discover", "fetch", "validate", "clean", "prepare", "train")),
    ("The model", "model", ("write", "evaluate", "report", "serve", "export")),
    ("Texts", "data", ("import", "extract", "screen", "status", "forget")),
    ("The machine", "machine", ("doctor", "config", "benchmark")),
)


class Flow(click.Group):
    """Lists commands in the order of the flow, under headings; loads the module of the one that is called."""

    @property
    def sections(self) -> list[tuple[str, list[click.Command]]]:
        """Headings and what stands under them."""
        return [(title, [_command(module, name) for name in names]) for title, module, names in _FLOW]

    def list_commands(self, context: click.Context) -> list[str]:
        return [name for _, _, names in _FLOW for name in names]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return next((_command(module, name) for _, module, names in _FLOW if name in names), None)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:
            # whoever read our output has enough; nothing is wrong
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(0) from None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in self.sections:
            with formatter.section(title):
                formatter.write_dl([(f"{each.name:<9}", each.get_short_help_str(80)) for each in commands])


def _command(module: str, name: str) -> click.Command:
    commands = import_module(f"miniature_memory.scripts.{module}")
    found: click.Command = getattr(commands, f"{name}_" if iskeyword(name) else name)
    return found


@click.command(cls=Flow, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="miniature-memory")
def mm() -> None:
    """Grows a story dataset from the web and trains a very small GPT on it that remembers.

    \b
    First steps:
      mm run                      the whole way on a story web of our own, in ten minutes
      mm write --length 2000      a story by the model that it trained
      mm serve                    the writing page in your browser

    For fiction about grown-ups, strictly adults-only: the screen at every entrance and exit has no switch.
    """


def main() -> None:
    """Runs ``mm``: errors as one message on stderr, and the exit codes 0, 1, 2, 3, 4, 130."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w"))
    try:
        mm.main(prog_name="mm", standalone_mode=False)
    except MiniatureMemoryError as error:
        _fail(error.message, error.hint, error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nStopped; what was done is saved. The same command goes on from here.", err=True)
        sys.exit(130)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _fail("There is no room left on the disk.", "Free some space and run the same command again.", 1)


def _fail(message: str, hint: str, code: int) -> None:
    click.echo(click.style("Error: ", fg="red", bold=True) + message, err=True)
    if hint:
        click.echo(hint, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
