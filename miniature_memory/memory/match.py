"""Match features: what followed, the last time this was written? Integer code on the window's own ids.

For each position t there are three pairs (char, bucket); char is an id or -1 (none, with bucket 0). A pair
at t depends on ids[0..t] only, and says what id t+1 may be.

Definitions (the C kernel does the same, byte for byte)

letter    an id with ``vocabulary.IS_LETTER``; control tokens (ids 0 to 3) are no letters
m1        Over all earlier positions s < t, the match length at s is the largest n with
          ids[s-i] == ids[t-i] and ids[t-i] no control token, for i = 0 … n-1 (s-n+1 >= 0; the two stretches
          may overlap). Of the s with the greatest length >= 1 take the largest s (the most recent).
          char = ids[s+1], whatever it is (a control token, too); bucket by length:
          1, 2, 3, 4, 5, 6–7, 8–11, 12 and more -> 0 … 7. Lengths are not capped before they are compared.
word      a maximal run of letters. A word starts at u if ids[u] is a letter and u == 0 or ids[u-1] is none.
m2        If ids[t] is a letter: let u be the start of its word, p = ids[u..t], n = t-u+1. Over all word
          starts w < u with ids[w..w+n-1] == p take the largest w (the most recent). char = ids[w+n]: the
          next letter of that word, or the non-letter (or control token) that ended it.
          bucket = min(n, 4) - 1 + 4 * (ids[u] is a capital) + 8 * (w lies inside the summary slot)
m3        The same over the w with ids[w+n] != char of m2; its own w decides the summary bit.
summary   w lies inside the summary slot if ids[0] == SUMMARY and no TEXT id stands in ids[0..w]. A summary
          that begins later in the window (WRITE rows) is not in the slot.
none      char -1, bucket 0: no such s or w, or (m2, m3) ids[t] is no letter.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = (8, 16, 16)


def match_features(ids: NDArray[np.uint8]) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """ids uint8 (B, T) -> chars int16 (B, T, 3), -1 for none, and buckets uint8 (B, T, 3)."""
    raise NotImplementedError


class Matcher:
    """The incremental twin: feed one id, get its three pairs."""

    def __init__(self, capacity: int = 256) -> None:
        self.capacity = capacity

    def feed(self, token: int) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """((char, bucket) of m1, of m2, of m3) at the position of ``token``."""
        raise NotImplementedError

    def reset(self) -> None:
        """Begin a new window."""
        raise NotImplementedError
