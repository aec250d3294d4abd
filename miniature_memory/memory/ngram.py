"""N-gram features: which row of a learnt table the last few characters point to.

A model this small spends its first minutes on what the last two to six characters say alone. A table of
vectors that is looked up by a hash of them learns that within seconds, costs next to nothing, and leaves the
layers the rest. Nothing in it is counted: it starts at zero and is trained like every other weight.

Definition (the C kernel does the same)

key       the last n ids, the newest in the lowest byte; 255 stands before the window's beginning
row       the upper half of (key + n · 2^56) · MULTIPLIER mod 2^64, scaled from 2^32 down to the table's rows
input     the sum of the rows of all n in ORDERS is added to the embedding of the last id

Idea from: hashed n-gram embeddings (fastText), at a transformer's input (Scone; modded-nanogpt's bigrams).
"""

from __future__ import annotations

from typing import Any, Final

ORDERS: Final = (2, 3, 4, 5, 6)
LONGEST: Final = ORDERS[-1]
#: stands for what is before the window
BEFORE: Final = 255
#: 2^64 divided by the golden ratio, as a signed number: Knuth's multiplicative hash
MULTIPLIER: Final = 0x9E3779B97F4A7C15 - (1 << 64)


def ngram_rows(ids: Any, rows: int) -> list[Any]:
    """ids int64 [..., LONGEST - 1 + T], an array of numpy or a tensor of PyTorch, the first ``LONGEST - 1``
    being what stands before → for each of ORDERS an int64 [..., T] of rows below ``rows``."""
    T = ids.shape[-1] - (LONGEST - 1)
    found, key = [], 0
    for back in range(LONGEST):
        begin = LONGEST - 1 - back
        key = key + (ids[..., begin : begin + T] << (8 * back))
        n = back + 1
        if n in ORDERS:
            mixed = (key + (n << 56)) * MULTIPLIER  # wraps, in both libraries
            found.append((((mixed >> 32) & 0xFFFFFFFF) * rows) >> 32)
    return found
