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

from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.vocabulary import IS_CAPITAL, IS_LETTER, SUMMARY, TEXT

_CONTROLS: Final = 4
_LENGTH_BUCKET: Final = np.array([0, 0, 1, 2, 3, 4, 5, 5, 6, 6, 6, 6, 7], dtype=np.uint8)
_LETTER: Final = np.frombuffer(IS_LETTER, dtype=np.bool_)
_CAPITAL: Final = np.frombuffer(IS_CAPITAL, dtype=np.bool_)
# control tokens never match: on the two sides of a comparison they are turned into different symbols
_ASKING: Final = np.where(np.arange(256) < _CONTROLS, 254, np.arange(256)).astype(np.uint8)
_ASKED: Final = np.where(np.arange(256) < _CONTROLS, 255, np.arange(256)).astype(np.uint8)

Pair = tuple[int, int]


def match_features(ids: NDArray[np.uint8]) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """ids uint8 (B, T) -> chars int16 (B, T, 3), -1 for none, and buckets uint8 (B, T, 3).

    Works on the equal pairs (t, t - d) alone, some six in a hundred: listed diagonal by diagonal, they make
    each match a run of consecutive entries, and each question below one pass over the list.
    """
    rows, T = ids.shape
    ids = np.ascontiguousarray(ids)
    flat = ids.ravel()
    chars = np.full((rows, T, 3), -1, dtype=np.int16)
    buckets = np.zeros((rows, T, 3), dtype=np.uint8)

    # equal[b, d, t] = ids[b, t] == ids[b, t - d]; what stands before the window equals nothing
    padded = np.full((rows, 2 * T), 255, dtype=np.uint8)
    padded[:, T:] = _ASKED[ids]
    step = padded.strides
    shifted = np.lib.stride_tricks.as_strided(padded[:, T:], (rows, T, T), (step[0], -step[1], step[1]))
    equal = shifted == _ASKING[ids][:, None, :]
    equal[:, 0] = False
    pair = np.flatnonzero(equal)
    if not len(pair):
        return chars, buckets
    line, t = np.divmod(pair, T)
    b, d = np.divmod(line, T)
    at = b * T + t  # the position in ``flat``
    order = np.arange(len(pair))
    begins_run = np.diff(pair, prepend=-2) != 1
    run = order - np.maximum.accumulate(np.where(begins_run, order, 0)) + 1

    # m1: the longest, then the nearest
    best = np.zeros(rows * T, dtype=np.int64)
    np.maximum.at(best, at, run * T + (T - d))
    where = np.flatnonzero(best)
    length, rest = np.divmod(best[where] - 1, T)  # T - d is in 1 … T - 1, so taking one off keeps the length
    chars.reshape(-1, 3)[where, 0] = flat[where - (T - 1 - rest) + 1]
    buckets.reshape(-1, 3)[where, 0] = _LENGTH_BUCKET[np.minimum(length, 12)]

    # n: how many letters of its word stand up to here
    letter = _LETTER[ids]
    position = np.arange(T)
    n = (position - np.maximum.accumulate(np.where(letter, -1, position), axis=1)).ravel()
    starts = letter.ravel() & (n == 1)
    text_seen = np.logical_or.accumulate(ids == TEXT, axis=1)
    in_slot = ((ids[:, :1] == SUMMARY) & ~text_seen).ravel()

    # m2, m3: the pairs whose match goes back to the beginning of both words
    keep = np.flatnonzero((run >= n[at]) & letter.ravel()[at])
    at, d = at[keep], d[keep]
    from_start = starts[at - d - n[at] + 1]
    at, d = at[from_start], d[from_start]
    for k in (1, 2):
        nearest = np.zeros(rows * T, dtype=np.int64)
        nearest[at[::-1]] = d[::-1]  # of several the last assignment stays: the smallest distance
        where = np.flatnonzero(nearest)
        back = nearest[where]
        follower = flat[where - back + 1]
        chars.reshape(-1, 3)[where, k] = follower
        begin = where - n[where] + 1
        bucket = np.minimum(n[where], 4) - 1 + 4 * _CAPITAL[flat[begin]] + 8 * in_slot[begin - back]
        buckets.reshape(-1, 3)[where, k] = bucket
        other = flat[at - d + 1] != chars.reshape(-1, 3)[at, k]
        at, d = at[other], d[other]
    return chars, buckets


class Matcher:
    """The incremental twin: feed one id, get its three pairs. Holds ``capacity`` positions.

    Everything is kept by distance d = t - s back from the position t, where it needs no shifting from one
    step to the next: ``run[d - 1]`` is the length of the match that ends d back, ``prefix[d - 1]`` whether
    the word d back goes like the current one up to here. The ids stand in reverse, so that "d back, for
    every d" is one slice, and ``argmax`` (the first of equals) finds the nearest.
    """

    def __init__(self, capacity: int = 256) -> None:
        self.capacity = capacity
        self.reset()

    def reset(self) -> None:
        """Begin a new window."""
        self._ids = np.zeros(self.capacity, dtype=np.uint8)
        self._asked = np.zeros(self.capacity, dtype=np.uint8)
        self._starts = np.zeros(self.capacity, dtype=np.bool_)
        self._run = np.zeros(self.capacity, dtype=np.int64)
        self._prefix = np.zeros(self.capacity, dtype=np.bool_)
        self._t = 0
        self._n = 0
        self._first = -1
        self._slot_end = self.capacity

    def feed(self, token: int) -> tuple[Pair, Pair, Pair]:
        """((char, bucket) of m1, of m2, of m3) at the position of ``token``."""
        t = self._t
        if t >= self.capacity:
            raise MiniatureMemoryError("The matcher's window is full.", "Call reset(), feed the new window.")
        here = self.capacity - 1 - t
        letter = bool(_LETTER[token])
        self._n = self._n + 1 if letter else 0
        self._ids[here] = token
        self._asked[here] = _ASKED[token]
        self._starts[here] = self._n == 1
        if t == 0:
            self._first = token
        if token == TEXT:
            self._slot_end = min(self._slot_end, t)
        self._t = t + 1

        same = self._asked[here + 1 :] == _ASKING[token]
        run = self._run[:t]
        run += 1
        run *= same
        one = (-1, 0)
        if t:
            d = int(run.argmax())
            if length := int(run[d]):
                one = (int(self._ids[here + d]), int(_LENGTH_BUCKET[min(length, 12)]))
        if not letter:
            return one, (-1, 0), (-1, 0)

        prefix = self._prefix[:t]
        if self._n == 1:
            prefix[:] = self._starts[here + 1 :]
        prefix &= same
        two = self._word(prefix)
        three = (-1, 0) if two[0] < 0 else self._word(prefix & (self._ids[here : here + t] != two[0]))
        return one, two, three

    def _word(self, words: NDArray[np.bool_]) -> Pair:
        if not len(words):
            return -1, 0
        d = int(words.argmax())
        if not words[d]:
            return -1, 0
        t, n = self._t - 1, self._n
        begin = t - n + 1
        capital = bool(_CAPITAL[self._ids[self.capacity - 1 - begin]])
        in_slot = self._first == SUMMARY and begin - (d + 1) < self._slot_end
        follower = int(self._ids[self.capacity - 1 - t + d])
        return follower, min(n, 4) - 1 + 4 * capital + 8 * in_slot
