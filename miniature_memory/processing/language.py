"""Which language a text is in: its blocks of paragraphs vote, weighed by their length.

English is recognised by the share of its function words, which costs a fraction of a millisecond;
a block where that isn't clear is asked of py3langid (Lui & Baldwin's langid.py, 2012).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Final

import numpy as np

from miniature_memory.processing.words import Lexicon, changes, words_of

BLOCK: Final = 400  # characters from which a new paragraph begins a new block
FEW: Final = 20  # words that a vote needs, where others have more
PLAIN: Final = 0.8  # share of plainly English words from which nothing else is asked
ASKED: Final = 8  # unclear blocks put to py3langid, spread evenly; the others vote as these do
#: share of English function words that settles a block: of 10,909 blocks of nine novels the median has .45,
#: all but 16 have .25; French, German, Spanish, Dutch and Italian prose has up to .05.
CLEAR: Final = 0.25

_FUNCTION_WORDS: Final = """
    the and of to was that his he her she had with for it as you not at but him be on my have which they
    is from said this would were there been when who their if all so me what could them no we one into
    out up about an by your or our its did do are has will than then only very how because before after
"""


@cache
def _english() -> Lexicon:
    return Lexicon.of([_FUNCTION_WORDS.split()])


def vote(text: str) -> dict[str, float]:
    """Languages (ISO 639-1) and the share of the text's words that voted for each, largest first."""
    words = words_of(text)
    if not len(words):
        return {"none": 1.0}
    # a paragraph's words vote together, those of a very long one (a whole book in a line) where they stand
    from_line = words.starts[words.first]
    length = words.ends[words.first + words.count - 1] - from_line
    place = np.repeat(from_line, words.count)
    if length.max() > 4 * BLOCK:
        place = np.where(np.repeat(length, words.count) > 4 * BLOCK, words.starts, place)
    block = np.cumsum(changes(place // BLOCK)) - 1
    heard = np.bincount(block)
    english = _english()
    known = np.bincount(block, weights=english.rows(words.hashes) < len(english.keys) - 1)
    votes = Counter({"en": int(heard[known >= CLEAR * heard].sum())})
    if votes["en"] >= PLAIN * len(words):
        votes["other"] = len(words) - votes["en"]
        return _shares(votes)
    unclear = np.flatnonzero((known < CLEAR * heard) & ((heard >= FEW) | (len(heard) == 1)))
    if len(unclear):
        asked = unclear[np.linspace(0, len(unclear) - 1, min(ASKED, len(unclear))).astype(int)]
        weight = heard[unclear].sum() / heard[asked].sum()
        for number in asked.tolist():
            of_block = np.flatnonzero(block == number)
            spelt = words.codes[words.starts[of_block[0]] : words.ends[of_block[-1]]]
            votes[_guess(spelt.tobytes().decode("utf-32-le"))] += int(heard[number] * weight)
    return _shares(votes)


def _shares(votes: Counter[str]) -> dict[str, float]:
    total = votes.total() or 1
    return {code: round(n / total, 3) for code, n in sorted(votes.items(), key=lambda v: (-v[1], v[0])) if n}


def _guess(block: str) -> str:
    import py3langid  # a second to load, so only for texts that are not plainly English

    return str(py3langid.classify(block)[0])
