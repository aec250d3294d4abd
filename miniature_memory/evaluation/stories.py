"""Judging stories that a model wrote: does it remember, does it repeat itself, does it write real words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from miniature_memory.memory.names import mentions

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
#: a mention so far into the story can't be copied from the opening, which has long left the window
LATE = 1000


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def repetition(text: str) -> float:
    """Share of word 4-grams that occur more than once in the text (0 for a text of under four words)."""
    each = words(text)
    grams = Counter(zip(each, each[1:], each[2:], each[3:], strict=False))
    total = sum(grams.values())
    return sum(n for n in grams.values() if n > 1) / total if total else 0.0


def real_words(text: str, known: frozenset[str]) -> float:
    """Share of the words that ``known`` (the training text's) holds."""
    each = words(text)
    return sum(word in known for word in each) / len(each) if each else 0.0


def names_recalled(opening: str, story: str) -> float | None:
    """Of the name mentions later than ``LATE`` characters, the share that names someone of the opening. A
    mention is a capital within a sentence: at its beginning any word has one."""
    first = set(mentions(opening + "\n"))
    late = mentions(story + "\n", LATE)
    return sum(word in first for word in late) / len(late) if late else None


def judge(stories: Iterable[tuple[str, str]], known: frozenset[str]) -> dict[str, Any]:
    """Means over (opening, story) pairs."""
    pairs = list(stories)
    recalled = [share for opening, story in pairs if (share := names_recalled(opening, story)) is not None]
    return {
        "repetition": round(float(np.mean([repetition(story) for _, story in pairs])), 4),
        "real_words": round(float(np.mean([real_words(story, known) for _, story in pairs])), 4),
        "names_recalled": round(float(np.mean(recalled)), 3) if recalled else None,
        "distinct_words": int(np.mean([len(set(words(story))) for _, story in pairs])),
    }
