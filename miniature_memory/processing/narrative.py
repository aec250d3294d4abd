"""Is a text a narrative? A small classifier that can be read: style features, one weight each a class.

Multinomial logistic regression over about forty rates (pronouns, past tense, speech verbs, quotes, digits,
line shapes, words of kinds of pages). Its weights stand in ``narrative_weights.json`` and are trained by
``python -m miniature_memory.processing.train_narrative`` from sentences that are this project's own.
Features of the kind follow Biber, "Variation across Speech and Writing" (1988).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.processing.words import Lexicon, Words, words_of

Vector = NDArray[np.float64]

#: below this probability of class ``story`` a text is turned away: of 1,611 pieces of nine novels
#: (2,000 to 20,000 characters) 9 stand below .4, of 32 pages of other kinds that no training saw 31
THRESHOLD: Final = 0.4

LEAST_TOLD: Final = 0.25  # share of the words outside of quotation marks

_LISTED: Final = re.compile(r"(?:[-*•·▪–]\s|\(?\d{1,2}[.)]\s|[a-z]\)\s)")
_LABEL: Final = re.compile(r"[A-Z][\w '/()&-]{0,30}:(?=\s|$)")
_ADDRESSES: Final = ("://", "www.", "@", ".com", ".org", "[link]", "[email]", "[handle]")
_MONEY: Final = "$€£%"
_ENDS: Final = frozenset(".!?…:;—\"”’')]*>")
_OPENS: Final = frozenset("\"“'‘«")

LINE_FEATURES: Final = (
    "ed_words", "quoted", "digits", "years", "addresses", "money", "listed", "labels", "capital_lines",
    "open_lines", "short_lines", "speech_lines", "line_length", "sentence_length", "questions", "brackets",
    "names", "word_length",
)  # fmt: skip


@cache
def _lexicon() -> tuple[tuple[str, ...], Lexicon]:
    """Names of the counted groups (the last: verbs that begin an instruction), and their words."""
    import yaml

    text = resources.files(__package__).joinpath("narrative_words.yaml").read_text(encoding="utf-8")
    groups: dict[str, str] = yaml.safe_load(text)
    groups["imperative"] = groups.pop("imperative")
    return tuple(groups), Lexicon.of(words.split() for words in groups.values())


def names() -> tuple[str, ...]:
    """The features' names, in the order of ``features``."""
    return (*_lexicon()[0], *LINE_FEATURES)


def features(text: str) -> Vector:
    """The style of a text, a paragraph a line: float64 [len(names())], square roots of rates per 100 words of
    narration, or of shares in per cent."""
    words = words_of(text)
    _, lexicon = _lexicon()
    told = ~_in_speech(words)
    if told.sum() < LEAST_TOLD * len(told):  # a tale told by one of its people: speech is the narration
        told[:] = True
    starts = _sentence_starts(words)
    begins = starts & told
    member = lexicon.member[lexicon.rows(words.hashes)]
    counts = member[told].sum(axis=0)
    narration = max(int(told.sum()), 1)
    per_hundred = 100 / max(narration, 30)
    sentences = max(int(begins.sum()), 1)
    counted = counts * per_hundred
    counted[-1] = 100 * member[begins, -1].sum() / sentences  # an imperative counts where a sentence begins

    length = words.ends - words.starts
    initial = words.codes[words.starts]
    second = words.codes[np.minimum(words.starts + 1, words.ends - 1)]
    last, before_last = words.codes[words.ends - 1], words.codes[np.maximum(words.ends - 2, 0)]
    digits = (initial >= 48) & (initial <= 57)
    century = ((initial == 49) & (second == 57)) | ((initial == 50) & (second == 48))
    capital = (initial >= 65) & (initial <= 90) & ~starts
    lines = [line for line in text.split("\n") if line.strip()] or [""]
    per_line = 100 / len(lines)
    shape = [
        ((length > 4) & (last == 100) & (before_last == 101) & told).sum() * per_hundred,
        100 * (1 - narration / max(len(words), 1)),
        digits.sum() * per_hundred,
        (century & (length == 4) & digits).sum() * per_hundred,
        sum(map(text.count, _ADDRESSES)) * per_hundred,
        sum(map(text.count, _MONEY)) * per_hundred,
        sum(_LISTED.match(line) is not None for line in lines) * per_line,
        sum(":" in line[:33] and _LABEL.match(line) is not None for line in lines) * per_line,
        sum(line.isupper() for line in lines) * per_line,
        sum(line[-1:] not in _ENDS for line in lines) * per_line,
        sum(len(line) < 60 for line in lines) * per_line,
        sum(line[:1] in _OPENS for line in lines) * per_line,
        min(len(text) / len(lines), 1000) / 10,
        min(narration / sentences, 60),
        text.count("?") * per_hundred,
        text.count("(") * per_hundred,
        (capital & told & (length > 1)).sum() * per_hundred,
        10 * length[told].sum() / narration,
    ]
    style: Vector = np.sqrt(np.maximum(np.append(counted, np.array(shape, dtype=np.float64)), 0))
    return style


def _in_speech(words: Words) -> NDArray[np.bool_]:
    """Of each word whether it stands between quotation marks; an open quotation ends with its paragraph."""
    codes = words.codes
    marks = np.flatnonzero((codes == 34) | (codes == 0x201C) | (codes == 0x201D))
    if len(marks) < 2:
        marks = _single_quotes(codes)
    before = np.searchsorted(marks, words.starts)
    of, first = words.lines()
    if not len(first):
        return np.zeros(0, dtype=np.bool_)
    line_starts = np.append(0, np.flatnonzero(codes == 10))[of]
    speech: NDArray[np.bool_] = (before - np.searchsorted(marks, line_starts)) % 2 == 1
    return speech


def _single_quotes(codes: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Where speech begins and ends in texts that put it in single quotes: before a word, or behind a stop."""
    signs = np.flatnonzero((codes == 39) | (codes == 0x2018) | (codes == 0x2019))
    before = codes[np.maximum(signs - 1, 0)]
    after = codes[np.minimum(signs + 1, len(codes) - 1)]
    opens = (before <= 32) & (after > 64)
    closes = np.isin(before, [ord(stop) for stop in ".,!?…—"]) & (after < 65)
    return signs[opens | closes] if closes.sum() > 1 else signs[:0]


def _sentence_starts(words: Words) -> NDArray[np.bool_]:
    """Of each word whether it begins a sentence or a line."""
    codes = words.codes
    ends = np.flatnonzero((codes == 46) | (codes == 33) | (codes == 63) | (codes == 0x2026) | (codes == 10))
    starts: NDArray[np.bool_] = np.diff(np.searchsorted(ends, words.starts), prepend=-1) > 0
    return starts


@cache
def _weights() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("narrative_weights.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def _matrix() -> tuple[tuple[str, ...], Vector, Vector, Vector, Vector]:
    weights = _weights()
    order = names()
    classes = tuple(weights["classes"])
    mean = np.array([weights["features"][name]["mean"] for name in order])
    scale = np.array([weights["features"][name]["scale"] for name in order])
    matrix = np.array([[weights["features"][name]["weights"][c] for c in classes] for name in order])
    bias = np.array([weights["bias"][c] for c in classes])
    return classes, mean, scale, matrix, bias


def standardise(x: Vector, mean: Vector, scale: Vector) -> Vector:
    """Deviations from the mean, bounded, so that one odd feature can't decide alone."""
    bounded: Vector = np.clip((x - mean) / scale, -3, 3)
    return bounded


def probabilities(text: str) -> dict[str, float]:
    """How likely each class is, rounded to three places."""
    classes, mean, scale, matrix, bias = _matrix()
    logits = standardise(features(text), mean, scale) @ matrix + bias
    likely = np.exp(logits - logits.max())
    likely /= likely.sum()
    return {name: round(float(p), 3) for name, p in zip(classes, likely, strict=True)}
