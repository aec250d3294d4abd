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

from miniature_memory.processing.words import Lexicon, Words, changes

Vector = NDArray[np.float64]

#: below this probability of class ``story`` a text is turned away: of 1,611 pieces of nine novels
#: (2,000 to 20,000 characters) 9 stand below .4, of 32 pages of other kinds 31. Those pages never were
#: training text, but the threshold was set with them in view; a memoir told in scenes is the one kept.
THRESHOLD: Final = 0.4

LEAST_TOLD: Final = 0.25  # share of the words outside of quotation marks

_LISTED: Final = re.compile(r"(?:[-*•·▪–]\s|\(?\d{1,2}[.)]\s|[a-z]\)\s)")
_LABEL: Final = re.compile(r"[A-Z][\w '/()&-]{0,30}:(?=\s|$)")
_ADDRESSES: Final = ("://", "www.", "@", ".com", ".org", "[link]", "[email]", "[handle]")
_MONEY: Final = "$€£%"
_ENDS: Final = frozenset(".!?…:;—\"”’')]*>")
_LIST_SIGNS: Final = frozenset("-*•·▪–(0123456789abcdefghi")
_OPENS: Final = frozenset("\"“'‘«")

SHAPES: Final = (
    "ed_words", "digits", "years", "names", "addresses", "money", "questions", "brackets",
    "listed", "labels", "capital_lines", "open_lines", "short_lines", "speech_lines",
    "quoted", "line_length", "sentence_length", "word_length",
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
    return (*_lexicon()[0], *SHAPES)


def features(words: Words) -> Vector:
    """The style of each text, a paragraph a line: float64 [texts, len(names())], square roots of rates per
    100 words of narration, or of shares in per cent."""
    told = ~_in_speech(words)
    heard, narration = np.diff(words.since), words.tally(told)
    # a tale told by one of its people: speech is the narration
    spoken = narration < LEAST_TOLD * heard
    told |= spoken[words.text]
    narration = np.maximum(np.where(spoken, heard, narration), 1)
    begins = _sentence_starts(words)
    sentences = np.maximum(words.tally(begins & told), 1)
    per_hundred = (100 / np.maximum(narration, 30))[:, None]
    _, lexicon = _lexicon()
    rows, texts = lexicon.rows(words.hashes), len(words.texts)
    counted = lexicon.count(rows[told], words.text[told], texts) * per_hundred
    # an instruction's verb counts where a sentence begins
    instructed = lexicon.member[:, -1].take(rows[begins & told]) > 0
    instructions = np.bincount(words.text[begins & told][instructed], minlength=texts)
    counted[:, -1] = 100 * instructions / sentences
    shape = _shape_of_words(words, told, begins) * per_hundred
    lines = [[line for line in text.split("\n") if line.strip()] for text in words.texts]
    signs = np.array([_signs(text) for text in words.texts]) * per_hundred
    length = np.bincount(words.text[told], weights=(words.ends - words.starts)[told], minlength=texts)
    line_length = [len(text) / max(len(own), 1) for text, own in zip(words.texts, lines, strict=True)]
    means = (
        100 * (1 - narration / np.maximum(heard, 1)),
        np.minimum(line_length, 1000) / 10,
        np.minimum(narration / sentences, 60),
        10 * length / narration,
    )
    of_lines = [_shape_of_lines(own) for own in lines]
    style: Vector = np.sqrt(np.hstack((counted, shape, signs, of_lines, np.stack(means, axis=1))))
    style[heard == 0] = 0
    return style


def _signs(text: str) -> list[int]:
    """How many: addresses, money, questions, brackets."""
    return [sum(map(text.count, signs)) for signs in (_ADDRESSES, _MONEY, "?", "(")]


def _shape_of_words(words: Words, told: NDArray[np.bool_], begins: NDArray[np.bool_]) -> Vector:
    """Of each text how many: ed_words, digits, years, names."""
    length = words.ends - words.starts
    initial, last = words.codes[words.starts], words.codes[words.ends - 1]
    second = words.codes[np.minimum(words.starts + 1, words.ends - 1)]
    before_last = words.codes[np.maximum(words.ends - 2, words.starts)]
    digits = (initial >= 48) & (initial <= 57)
    century = ((initial == 49) & (second == 57)) | ((initial == 50) & (second == 48))
    capital = (initial >= 65) & (initial <= 90) & (length > 1) & ~begins
    found = ((length > 4) & (last == 100) & (before_last == 101) & told, digits, century & (length == 4))
    return np.stack([words.tally(one) for one in (*found, capital & told)], axis=1).astype(np.float64)


def _shape_of_lines(lines: list[str]) -> list[float]:
    """Of a hundred lines how many are: listed, labels, capitals, open, short, speech."""
    counts = [0] * 6
    for line in lines:
        counts[0] += line[0] in _LIST_SIGNS and _LISTED.match(line) is not None
        counts[1] += ":" in line[:33] and _LABEL.match(line) is not None
        counts[2] += line.isupper()
        counts[3] += line[-1] not in _ENDS
        counts[4] += len(line) < 60
        counts[5] += line[0] in _OPENS
    return [100 * count / max(len(lines), 1) for count in counts]


def _in_speech(words: Words) -> NDArray[np.bool_]:
    """Of each word whether it stands between quotation marks; an open quotation ends with its paragraph."""
    codes = words.codes
    marks = np.flatnonzero((codes == 34) | (codes == 0x201C) | (codes == 0x201D))
    few = np.diff(np.searchsorted(marks, words.begin)) < 2
    for number in np.flatnonzero(few).tolist():
        begin, end = words.begin[number : number + 2]
        outside = marks[(marks < begin) | (marks >= end)]
        marks = np.sort(np.append(outside, begin + _single_quotes(codes[begin:end])))
    before = np.searchsorted(marks, words.starts)
    lines = np.append(0, np.flatnonzero(codes == 10))
    speech: NDArray[np.bool_] = (before - np.searchsorted(marks, lines)[words.line]) % 2 == 1
    return speech


_BEFORE_CLOSING: Final = [ord(stop) for stop in ".,!?…—"]


def _single_quotes(codes: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Where speech begins and ends in a text that puts it in single quotes: before a word, or behind a
    stop."""
    signs = np.flatnonzero((codes == 39) | (codes == 0x2018) | (codes == 0x2019))
    before = codes[np.maximum(signs - 1, 0)]
    after = codes[np.minimum(signs + 1, len(codes) - 1)]
    opens = (before <= 32) & (after > 64)
    closes = np.isin(before, _BEFORE_CLOSING) & (after < 65)
    return signs[opens | closes] if np.count_nonzero(closes) > 1 else signs[:0]


def _sentence_starts(words: Words) -> NDArray[np.bool_]:
    """Of each word whether it begins a sentence or a line."""
    codes = words.codes
    ends = np.flatnonzero((codes == 46) | (codes == 33) | (codes == 63) | (codes == 0x2026) | (codes == 10))
    return changes(np.searchsorted(ends, words.starts))


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
    bounded: Vector = np.minimum(np.maximum((x - mean) / scale, -3), 3)
    return bounded


def probabilities(words: Words) -> list[dict[str, float]]:
    """How likely each class is, for each text, rounded to three places."""
    classes, mean, scale, matrix, bias = _matrix()
    style = standardise(features(words), mean, scale)
    # no matrix product: its last bits change with the number of texts
    logits = (style[:, :, None] * matrix).sum(axis=1) + bias
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    return [{name: round(p, 3) for name, p in zip(classes, row, strict=True)} for row in likely.tolist()]
