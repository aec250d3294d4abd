"""What sites put around a story, paragraph by paragraph: notes, votes, subscriptions, watermarks, buttons.

The patterns are data, ``artefacts.txt``. Lines that can be nothing else go wherever they stand; lines that a
story could hold go only at its edges.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

EDGE: Final = 6  # paragraphs from either end
LONGEST: Final = 600  # a longer paragraph is text, whatever it begins with
SHORT: Final = 250  # a button or a request is not longer

#: one of these stands in whatever a pattern of the group ``inside`` matches
_INSIDE_WORDS: Final = (
    "subscribe", "sign up", "royal road", "amazon", "author", "consent", "permission", "[link]", "http",
    "reserved",
)  # fmt: skip


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    groups: dict[str, list[str]] = {}
    text = resources.files(__package__).joinpath("artefacts.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("# "):
            groups[line[2:]] = []
        elif line and not line.startswith("//"):
            groups[next(reversed(groups))].append(line.replace(" ?", r"\s*").replace(" ", r"\s+"))
    return {
        name: re.compile(r"[^\w\"'«]*(?:" + "|".join(patterns) + ")", re.I)
        for name, patterns in groups.items()
    }


def without(paragraphs: list[str]) -> tuple[list[str], int]:
    """The paragraphs that are story, and how many were not."""
    last = len(paragraphs) - EDGE
    kept = [p for i, p in enumerate(paragraphs) if not _is_artefact(p, i < EDGE or i >= last)]
    return kept, len(paragraphs) - len(kept)


def _is_artefact(paragraph: str, edge: bool) -> bool:
    if len(paragraph) > LONGEST:
        return False
    patterns = _patterns()
    if edge and patterns["at_edge"].match(paragraph):
        return True
    if len(paragraph) <= SHORT and patterns["anywhere"].match(paragraph):
        return True
    low = paragraph.lower()
    return any(word in low for word in _INSIDE_WORDS) and bool(patterns["inside"].match(paragraph))
