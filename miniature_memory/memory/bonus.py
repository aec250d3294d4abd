"""A small bonus for characters that go on spelling a name of the summary (for the sampler).

A small model knows who is in the summary, and still prefers the names that its training text was full of.
A little push where a capitalised word has begun like a name of the summary is enough to show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from miniature_memory.vocabulary import IS_CAPITAL, IS_LETTER, spell, unknown

#: the weight after 1, 2, 3 and more letters: a first letter alone may begin many other words
WEIGHTS: Final = (0.4, 0.7, 1.0)


class Spelling:
    """The names of one summary, ready to be spelled. Build it once a slide; ``after`` costs a look-up."""

    def __init__(self, summary: str) -> None:
        self._next: dict[tuple[int, ...], dict[int, float]] = {}
        missing = unknown(summary)
        ids = spell("".join(c for c in summary if c not in missing))
        word: list[int] = []
        for i in [*ids, 0]:
            if IS_LETTER[i]:
                word.append(i)
                continue
            if len(word) > 2 and IS_CAPITAL[word[0]]:
                for n in range(1, len(word)):
                    weight = WEIGHTS[min(n, len(WEIGHTS)) - 1]
                    self._next.setdefault(tuple(word[:n]), {})[word[n]] = weight
            word = []

    def after(self, word: Sequence[int]) -> dict[int, float]:
        """For the ids of the word begun (its letters so far), the ids that go on spelling a name, with
        weights in (0, 1]. The sampler adds ``strength * weight`` to those ids' logits.

        Empty at a word's beginning and where no name goes on. A shared mapping: don't change it.
        """
        return self._next.get(tuple(word), _NONE)


_NONE: Final[dict[int, float]] = {}


def spelling_bonus(word: Sequence[int], summary: str) -> dict[int, float]:
    """``Spelling(summary).after(word)`` in one call."""
    return Spelling(summary).after(word)
