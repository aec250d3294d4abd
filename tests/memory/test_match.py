"""The match features: the fast code says what the plain definition says, in batches and one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.memory import BUCKETS
from miniature_memory.memory.layout import encode_summary
from miniature_memory.memory.match import Matcher, match_features
from miniature_memory.vocabulary import IS_CAPITAL, IS_LETTER, SIZE, SUMMARY, TEXT, decode, encode

Pair = tuple[int, int]


def oracle(ids: list[int], t: int) -> list[Pair]:
    """The definition, word for word, without a thought for speed."""
    none = (-1, 0)
    best, at = 0, -1
    for s in range(t):
        n = 0
        while s - n >= 0 and ids[s - n] == ids[t - n] and ids[t - n] > 3:
            n += 1
        if n >= max(best, 1):
            best, at = n, s
    lengths = [1, 2, 3, 4, 5, 6, 8, 12]
    pairs = [none if at < 0 else (ids[at + 1], max(i for i, low in enumerate(lengths) if best >= low))]
    if not IS_LETTER[ids[t]]:
        return [*pairs, none, none]
    u = t
    while u > 0 and IS_LETTER[ids[u - 1]]:
        u -= 1
    n = t - u + 1
    for k in range(2):
        found = none
        for w in range(u - 1, -1, -1):
            begins = IS_LETTER[ids[w]] and (w == 0 or not IS_LETTER[ids[w - 1]])
            if begins and ids[w : w + n] == ids[u : t + 1] and (k == 0 or ids[w + n] != pairs[1][0]):
                in_slot = ids[0] == SUMMARY and TEXT not in ids[: w + 1]
                found = (ids[w + n], min(n, 4) - 1 + 4 * int(IS_CAPITAL[ids[u]]) + 8 * int(in_slot))
                break
        pairs.append(found)
    return pairs


# few different symbols, so that matches are long and ties are many
symbols = st.sampled_from([*encode("abAB .").tolist(), 0, 1, 2, 3])
windows = st.lists(symbols, min_size=1, max_size=60)
anything = st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(st.one_of(windows, anything), st.booleans())
def test_batch_and_incremental_equal_the_definition(ids: list[int], headed: bool) -> None:
    if headed:
        ids = [SUMMARY, *ids]
    chars, buckets = match_features(np.array([ids], dtype=np.uint8))
    matcher = Matcher(len(ids))
    for t in range(len(ids)):
        expected = oracle(ids, t)
        assert list(zip(chars[0, t].tolist(), buckets[0, t].tolist(), strict=True)) == expected
        assert list(matcher.feed(ids[t])) == expected


def test_rows_of_a_batch_do_not_see_each_other() -> None:
    ids = np.random.default_rng(1).integers(0, 12, (5, 256)).astype(np.uint8)
    chars, buckets = match_features(ids)
    for row in range(5):
        alone = match_features(ids[row : row + 1])
        assert np.array_equal(alone[0][0], chars[row]) and np.array_equal(alone[1][0], buckets[row])


def test_a_whole_window_equals_the_definition() -> None:
    text = "Ida Marlow met Captain Vale. Ida laughed; Marlow, said Vale, was a fine name. " * 3
    ids = [SUMMARY, *encode_summary("Holt, Ida Marlow, Vale").tolist(), TEXT, *encode(text).tolist()][:256]
    chars, buckets = match_features(np.array([ids], dtype=np.uint8))
    for t in range(0, 256, 3):
        assert list(zip(chars[0, t].tolist(), buckets[0, t].tolist(), strict=True)) == oracle(ids, t)


def test_a_name_of_the_summary_is_pointed_at() -> None:
    ids = [SUMMARY, *encode_summary("Holt, Ida Marlow").tolist(), TEXT, *encode("then Mar").tolist()]
    _, m2, _ = [*map(Matcher().feed, ids)][-1]
    assert decode([m2[0]]) == "l" and m2[1] == 2 + 4 + 8  # three letters, a capital, in the summary


def test_features_stay_in_their_tables_and_look_only_back() -> None:
    ids = np.random.default_rng(2).integers(0, SIZE, (3, 256)).astype(np.uint8)
    chars, buckets = match_features(ids)
    assert chars.min() >= -1 and chars.max() < SIZE
    assert all(buckets[..., k].max() < BUCKETS[k] for k in range(3))
    assert np.array_equal(match_features(ids[:, :100])[0], chars[:, :100])


def test_a_full_matcher_says_so() -> None:
    matcher = Matcher(1)
    matcher.feed(5)
    with pytest.raises(MiniatureMemoryError):
        matcher.feed(5)
    matcher.reset()
    assert matcher.feed(5)[0] == (-1, 0)
