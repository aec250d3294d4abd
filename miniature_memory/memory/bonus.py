"""A small bonus for characters that go on spelling a name of the summary (for the sampler)."""

from __future__ import annotations

from collections.abc import Sequence


class Spelling:
    """The names of one summary, ready to be spelled. Build it once a slide; ``after`` costs a look-up."""

    def __init__(self, summary: str) -> None:
        self.summary = summary

    def after(self, word: Sequence[int]) -> dict[int, float]:
        """For the ids of the word begun, the ids that go on spelling a name, with weights in (0, 1].

        The sampler adds ``strength * weight`` to those ids' logits. Empty where no name goes on.
        """
        raise NotImplementedError


def spelling_bonus(word: Sequence[int], summary: str) -> dict[int, float]:
    """``Spelling(summary).after(word)`` in one call."""
    return Spelling(summary).after(word)
