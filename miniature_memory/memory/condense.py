"""What a summary says: a bounded ledger of mentions, condensed to 60 characters at every slide."""

from __future__ import annotations

from typing import Any, Final, Literal

from numpy.typing import NDArray

SUMMARY_SLOTS: Final = 60
SLIDE: Final = 96

Policy = Literal["activation", "recency", "mix", "tfidf"]


class Memory:
    """What is remembered of the text that has left the window. Its size and the cost of a step are bounded."""

    def __init__(self, policy: Policy = "activation") -> None:
        self.policy = policy

    def observe(self, text: str) -> None:
        """Read ``text`` that leaves the window (or that is read for the first time), in any pieces."""
        raise NotImplementedError

    def summary(self, visible: str = "") -> str:
        """Exactly 60 characters: names separated by ", ", ordered by last mention, padded with spaces.

        ``visible`` is the text that stays in the window: its names need no place in the summary.
        """
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """All of it, as JSON-able values."""
        raise NotImplementedError

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Memory:
        """The memory that ``state()`` described. Raises ``Damaged`` when it describes none."""
        raise NotImplementedError


def condense(memory: Memory, evicted: str, visible: str = "") -> str:
    """One slide: read what left the window, and say what is worth keeping."""
    memory.observe(evicted)
    return memory.summary(visible)


def grid_summaries(ids: NDArray[Any], policy: Policy = "activation") -> NDArray[Any]:
    """The summaries for training of one document: uint8 ``(ceil(len(ids) / 96), 60)``.

    Row ``j`` is the summary when everything before position ``96 * j`` has left the window (row 0 is empty).
    ``ids``: the document's ids, its END_OF_TEXT at the end included or not.
    """
    raise NotImplementedError
