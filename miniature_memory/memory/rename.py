"""The same story under other names: training text in which a name can only be copied, not remembered."""

from __future__ import annotations


def rename(text: str, seed: int) -> str:
    """``text`` with its names replaced consistently by others, changed every 8,000 to 16,000 characters.

    A pure function of (text, seed). Half of the new names are real, half made up.
    """
    raise NotImplementedError
