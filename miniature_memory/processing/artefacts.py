"""What sites put around a story, paragraph by paragraph: notes, votes, subscriptions, watermarks, buttons.

The patterns are data, ``artefacts.txt``. Lines that can be nothing else go wherever they stand; lines that a
story could hold go only at its edges.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from miniature_memory.processing.segment import lines_with

if TYPE_CHECKING:
    import re2

EDGE: Final = 6  # paragraphs from either end
LONGEST: Final = 600  # a longer paragraph is text, whatever it begins with
SHORT: Final = 250  # a button or a request is not longer


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(r"[^\w\"'«]*(?:" + "|".join(patterns) + ")", re.I)
        for name, patterns in _groups().items()
    }


@cache
def _groups() -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    text = resources.files(__package__).joinpath("artefacts.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("# "):
            groups[line[2:]] = []
        elif line and not line.startswith("//"):
            groups[next(reversed(groups))].append(line.replace(" ?", r"\s*").replace(" ", r"\s+"))
    return groups


@cache
def _signs() -> re2._Regexp:
    """What any of them holds, searched for in a whole text in one pass of linear time."""
    import re2

    groups = _groups()
    begins = "|".join(groups["signs_first"])
    return re2.compile(rf"(?im)^[^\w\"'«\n]*(?:{begins})|{'|'.join(groups['signs'])}")


def without(paragraphs: list[str]) -> tuple[list[str], int]:
    """The paragraphs that are story, and how many were not."""
    last = len(paragraphs) - EDGE
    suspect = lines_with(_signs(), "\n".join(paragraphs))
    gone = {i for i in suspect if _is_artefact(paragraphs[i], i < EDGE or i >= last)}
    return [p for i, p in enumerate(paragraphs) if i not in gone] if gone else paragraphs, len(gone)


def _is_artefact(paragraph: str, edge: bool) -> bool:
    if len(paragraph) > LONGEST or not _signs().search(paragraph):
        return False
    patterns = _patterns()
    return bool(
        (edge and patterns["at_edge"].match(paragraph))
        or (len(paragraph) <= SHORT and patterns["anywhere"].match(paragraph))
        or patterns["inside"].match(paragraph)
    )
