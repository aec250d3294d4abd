"""Which language a text is in: its blocks of paragraphs vote, weighed by their length.

English is recognised by the share of its function words, which costs a fraction of a millisecond;
a block where that isn't clear is asked of py3langid (Lui & Baldwin's langid.py, 2012).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Final

import numpy as np

from miniature_memory.processing.words import Indices, Lexicon, Words, changes

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


def vote(words: Words) -> list[dict[str, float]]:
    """Of each text its languages (ISO 639-1) and the share of its words for each, largest first."""
    # a paragraph's words vote together, those of a very long one (a whole book in a line) where they stand
    from_line = words.starts[words.first]
    length = words.ends[words.first + words.count - 1] - from_line
    place = np.repeat(from_line, words.count)
    if length.max(initial=0) > 4 * BLOCK:
        place = np.where(np.repeat(length, words.count) > 4 * BLOCK, words.starts, place)
    place -= words.begin[words.text]
    begins = np.flatnonzero(changes(place // BLOCK) | changes(words.text))  # [blocks] the first word of each
    heard = np.diff(begins, append=len(words.starts))
    english = _english()
    known = np.add.reduceat(english.rows(words.hashes) < len(english.keys) - 1, begins, dtype=np.intp)
    clear = known >= CLEAR * heard
    of = words.text[begins]
    in_english = np.bincount(of, weights=heard * clear, minlength=len(words.texts)).tolist()
    votes: list[dict[str, float]] = []
    for number, count in enumerate(np.diff(words.since).tolist()):
        one = Counter({"en": int(in_english[number])})
        if not count:
            one["none"] = 1
        elif one["en"] >= PLAIN * count:
            one["other"] = count - one["en"]
        else:
            own = of == number
            enough = (heard >= FEW) | (np.count_nonzero(own) == 1)
            _ask(words, begins, heard, np.flatnonzero(own & ~clear & enough), one)
        votes.append(_shares(one))
    return votes


def _ask(words: Words, begins: Indices, heard: Indices, unclear: Indices, votes: Counter[str]) -> None:
    """Has the ``unclear`` blocks vote, as py3langid guesses them."""
    if not len(unclear):
        return
    asked = unclear[np.linspace(0, len(unclear) - 1, min(ASKED, len(unclear))).astype(int)]
    weight = heard[unclear].sum() / heard[asked].sum()
    for first, count in zip(begins[asked].tolist(), heard[asked].tolist(), strict=True):
        spelt = words.codes[words.starts[first] : words.ends[first + count - 1]]
        votes[_guess(spelt.tobytes().decode("utf-32-le"))] += int(count * weight)


def _shares(votes: Counter[str]) -> dict[str, float]:
    total = votes.total() or 1
    return {code: round(n / total, 3) for code, n in sorted(votes.items(), key=lambda v: (-v[1], v[0])) if n}


def _guess(block: str) -> str:
    import py3langid  # a second to load, so only for texts that are not plainly English

    return str(py3langid.classify(block)[0])
