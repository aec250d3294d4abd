"""How fast the screen reads, on ordinary prose and on text made to be slow for it.

Each side is measured at a size and twice more, each time doubled: a linear screen needs the same time
for a megabyte at all three. With ``--data DIR`` of plain texts, those are read as well. Times are of the
processor, whatever else the machine does; the quickest of a few runs counts.
"""

from __future__ import annotations

import random
import string
import time
from pathlib import Path
from typing import Any

from miniature_memory.benchmarks import Options, columns
from miniature_memory.screen import VERSION, check, check_html

SIZES = (50_000, 100_000, 200_000)  # characters
RUNS = 2
_PROSE = (
    "The ferryman, a widower of fifty-eight, counted nine lamps on the far bank and three on his own. "
    "“You are late,” said the baker. It was ten past six, and the bread, two days old, cost four shillings. "
    "Her house had stood above the river for sixteen years; nobody but the postman knew the way. "
    "In 1974 the mill was sold, and the new owner, thirty-one, newly married, let the wheel turn again.\n\n"
)
_UNITS = {
    "neutral prose": _PROSE,
    "prose as a page": "<div class='line'><p>" + _PROSE.strip() + "</p></div>\n",
    "one digit": "1 ",
    "years": "1990 ",
    "one long number": "1",
    "numbers with signs": "1,",
    "times": "1:1 ",
    "born in a year": "born in 1900 ",
    "ages of things": "a house is 12 years old ",
    "years younger": "he is 40, 3 years younger ",
    "spaced letters": "f i ",
    "letters with stops": "a.b.c. ",
    "starred words": "a*b ",
    "digits for letters": "s1x",
    "stretched words": "aaabbb ",
    "Roman numbers": "xiv ",
    "hyphens": "a-",
    "apostrophes": "a'b'",
    "one long word": "a",
    "tiny sentences": "Go on! ",
    "paragraphs": "a\n\n",
    "idioms": "kid gloves ",
    "entities": "&#49;&amp;",
    "ampersands": "&",
    "addresses": "%41",
    "accented": "é ñ ",
    "marks on a letter": "e\u0301\u0323",
    "styled letters": "\U0001d41a\U0001d41b ",
    "invisible signs": "a\u200b",
    "turned writing": "\u202eab\u202c",
    "words of two scripts": "fоur ",
    "Cyrillic": "он греб ",
    "Han": "她在家",
    "fractions": "½",
    "nested tags (page)": "<b>",
    "nested blocks (page)": "<div><p>a</p>",
    "attributes (page)": "<a title='x' alt=\"y\">",
    "open tags (page)": "<a '",
    "comments (page)": "<!-- a -->",
    "embedded data (page)": '<script type="application/ld+json">{"a":"b"}</script>',
    "scripts (page)": "<script>f('a', \"b\")</script>",
}


def _made(size: int) -> dict[str, str]:
    """Texts that repeat nothing, so that no word is known already."""
    chance = random.Random(1)
    words = (
        "".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 9))) for _ in range(size // 4)
    )
    return {
        "words of no language": " ".join(words)[:size],
        "different numbers": " ".join(map(str, range(size // 4)))[:size],
        "a long Latin word and another script": "a" * (size - 2) + " ж",
    }


def sides(size: int) -> dict[str, str]:
    """Every text at a size in characters, by what is in it; ``(page)`` ones are markup."""
    return {name: (unit * (size // len(unit) + 1))[:size] for name, unit in _UNITS.items()} | _made(size)


def _seconds(name: str, text: str) -> float:
    """Processor seconds for a megabyte."""
    look = check_html if "page" in name else check
    best = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        look(text)
        best = min(best, time.process_time() - start)
    return best / len(text.encode()) * 1e6


def run(options: Options) -> dict[str, Any]:
    """Processor seconds a megabyte for each side, and twice as long, and twice as long again."""
    for text in sides(2_000).values():
        check(text)  # reads the rules and makes the patterns
    seconds: dict[str, list[float]] = {}
    for size in SIZES:
        for name, text in sides(size).items():
            seconds.setdefault(name, []).append(_seconds(name, text))
    texts: dict[str, dict[str, Any]] = {}
    for path in sorted(Path(options.data).glob("*.txt")) if options.data else []:
        text = path.read_text(encoding="utf-8", errors="replace")
        texts[path.stem] = {"seconds": _seconds(path.stem, text), "rule": check(text).rule}
    return {"version": VERSION, "sizes": SIZES, "seconds_per_megabyte": seconds, "texts": texts}


def table(figures: dict[str, Any]) -> str:
    """The figures to read."""
    sizes = [f"MB/s at {size // 1000} kB" for size in figures["sizes"]]
    rows: list[tuple[str, ...]] = [("text", *sizes, "slower by")]
    for name, seconds in figures["seconds_per_megabyte"].items():
        rows.append((name, *(f"{1 / s:.2f}" for s in seconds), f"{seconds[-1] / seconds[0]:.2f}"))
    for name, text in figures["texts"].items():
        rows.append((name, "", "", f"{1 / text['seconds']:.2f}", str(text["rule"])))
    return columns(rows)
