"""How fast the screen reads, on ordinary prose and on text made to be slow for it.

Each side is measured at one size and at four times that size: a linear screen needs the same time
for a megabyte at both. With ``--data DIR`` of plain texts, those are read as well.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from miniature_memory.benchmarks import Options, columns
from miniature_memory.screen import VERSION, check, check_html

SIZE = 250_000  # characters of the smaller run
_PROSE = (
    "The ferryman, a widower of fifty-eight, counted nine lamps on the far bank and three on his own. "
    "“You are late,” said the baker. It was ten past six, and the bread, two days old, cost four shillings. "
    "Her house had stood above the river for sixteen years; nobody but the postman knew the way. "
    "In 1974 the mill was sold, and the new owner, thirty-one, newly married, let the wheel turn again.\n\n"
)
_SIDES = {
    "neutral prose": _PROSE,
    "prose as a page": "<div class='line'><p>" + _PROSE.strip() + "</p></div>\n",
    "bare numbers": "1 ",
    "spaced letters": "f i ",
    "digits for letters": "s1x ",
    "open tags": "<a '",
    "ampersands": "&",
    "one long word": "a",
    "years": "1990 ",
    "accented": "é ñ ",
}


def _seconds(name: str, text: str) -> float:
    start = time.process_time()
    (check_html if "page" in name else check)(text)
    return (time.process_time() - start) / len(text.encode()) * 1e6


def run(options: Options) -> dict[str, Any]:
    """CPU seconds a megabyte for each side, small and four times as long."""
    check(_PROSE * 20)  # compiles the rules
    sides: dict[str, dict[str, float]] = {}
    for name, unit in _SIDES.items():
        times = SIZE // len(unit)
        sides[name] = {"small": _seconds(name, unit * times), "large": _seconds(name, unit * times * 4)}
    texts: dict[str, dict[str, Any]] = {}
    for path in sorted(Path(options.data).glob("*.txt")) if options.data else []:
        text = path.read_text(encoding="utf-8", errors="replace")
        texts[path.stem] = {"seconds": _seconds(path.stem, text), "rule": check(text).rule}
    return {"version": VERSION, "seconds_per_megabyte": sides, "texts": texts}


def table(figures: dict[str, Any]) -> str:
    """The figures to read."""
    rows: list[tuple[str, ...]] = [("text", "MB/s", "MB/s, 4 x as long", "slower by")]
    for name, side in figures["seconds_per_megabyte"].items():
        small, large = side["small"], side["large"]
        rows.append((name, f"{1 / small:.2f}", f"{1 / large:.2f}", f"{large / small:.2f}"))
    for name, text in figures["texts"].items():
        rows.append((name, f"{1 / text['seconds']:.2f}", "", str(text["rule"])))
    return columns(rows)
