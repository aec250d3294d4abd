"""Comparisons that print all their sides from one run: `mm benchmark NAME`.

A benchmark is a module here with ``run(options) -> figures`` and ``table(figures) -> str``; one that is
better looked at also has ``plot(figures) -> str``, a whole SVG.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from miniature_memory.errors import UsageError

NAMES = ("run", "training", "inference", "memory", "processing", "screen", "extraction")


@dataclass(frozen=True)
class Options:
    """What the command line says. ``full`` asks for the long form; ``work`` keeps finished parts."""

    data: Path | None = None
    held_out: Path | None = None
    nanogpt: Path | None = None
    datatrove: Path | None = None
    llama_cpp: Path | None = None
    work: Path | None = None
    full: bool = False


def run(name: str, options: Options) -> tuple[dict[str, Any], str]:
    """Figures of one benchmark, and the same as a table to read."""
    module = import_module(f"miniature_memory.benchmarks.{name}")
    figures: dict[str, Any] = module.run(options)
    return figures, str(module.table(figures))


def draw(name: str, figures: dict[str, Any], out: Path) -> None:
    """Writes the plot of a benchmark's figures to ``out``. Raises ``UsageError`` where it has none."""
    from miniature_memory.workspace import atomic_write  # here, as some modules are held to their memory

    module = import_module(f"miniature_memory.benchmarks.{name}")
    if not hasattr(module, "plot"):
        raise UsageError(f"The benchmark {name} has no plot.", "Leave --plot out.")
    atomic_write(out, module.plot(figures))


def columns(rows: list[tuple[str, ...]]) -> str:
    """Rows as aligned columns, the first row as their head; numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])] + [
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
        if number == 0:
            lines.append("─" * (sum(widths) + 2 * (len(widths) - 1)))
    return "\n".join(lines)
