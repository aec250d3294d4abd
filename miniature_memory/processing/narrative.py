"""Is a text a narrative? A small classifier that can be read: style features, one weight each, one class
each.

Multinomial logistic regression over about thirty rates (pronouns, past tense, speech verbs, quotes, digits,
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

Vector = NDArray[np.float64]

#: below this probability of class ``story`` a text is turned away. Where it comes from:
#: of 926 pieces (2,000 to 20,000 characters) of nine novels .15 turns away 2, .2 6, .3 12, .5 27.
THRESHOLD: Final = 0.2
HEARD: Final = 12_000  # characters; of a longer text its beginning, middle and end are read

_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")
_SPEECH: Final = re.compile(
    r"\"[^\"\n]{1,1500}(?:\"|$)|“[^”\n]{1,1500}(?:”|$)|(?<!\w)‘[^’\n]{1,1500}’(?!\w)", re.M
)
_DIGITS: Final = re.compile(r"\d+")
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_ADDRESS: Final = re.compile(r"https?://|www\.|@\w|#\w|\.com\b|\.org\b", re.I)
_LISTED: Final = re.compile(r"^\s*(?:[-*•·▪–]\s|\(?\d{1,2}[.)]\s|[a-z]\)\s)", re.M)
_LABEL: Final = re.compile(r"^[A-Z][\w '/()&-]{0,30}:(?=\s|$)", re.M)
_CAPITALS: Final = re.compile(r"^[^a-z\n]*[A-Z][^a-z\n]*[A-Z][^a-z\n]*$", re.M)
_ENDS: Final = re.compile(r"[.!?…:;—\"”’')\]*]\s*$")
_SENTENCE: Final = re.compile(r"[.!?…]+[\"”’')]*(?:\s+|$)")

LINE_FEATURES: Final = (
    "ed_words", "quoted", "digits", "years", "addresses", "listed", "labels", "capital_lines",
    "open_lines", "short_lines", "line_length", "sentence_length", "questions", "word_length",
)  # fmt: skip


@cache
def _words() -> tuple[tuple[str, ...], dict[str, tuple[int, ...]], frozenset[str]]:
    """Names of the counted groups, word -> groups, and the verbs that begin an instruction."""
    import yaml

    text = resources.files(__package__).joinpath("narrative_words.yaml").read_text(encoding="utf-8")
    groups: dict[str, str] = yaml.safe_load(text)
    imperative = frozenset(groups.pop("imperative").split())
    table: dict[str, list[int]] = {}
    for number, words in enumerate(groups.values()):
        for word in dict.fromkeys(words.split()):
            table.setdefault(word, []).append(number)
    return tuple(groups), {word: tuple(numbers) for word, numbers in table.items()}, imperative


def names() -> tuple[str, ...]:
    """The features' names, in the order of ``features``."""
    return (*_words()[0], "imperative", *LINE_FEATURES)


def features(text: str) -> Vector:
    """The style of a text: float64 [len(names())], square roots of rates per 100 words or of shares."""
    if len(text) > HEARD:
        third = HEARD // 3
        middle = len(text) // 2
        text = "\n".join((text[:third], text[middle - third // 2 : middle + third // 2], text[-third:]))
    groups, table, imperative = _words()
    narration = _SPEECH.sub(" ", text.replace("’", "'") if "“" not in text else text)
    counts = [0.0] * len(groups)
    words = _WORD.findall(narration.lower().replace("’", "'"))
    ed_words = 0
    for word in words:
        for number in table.get(word, ()):
            counts[number] += 1
        if len(word) > 4 and word.endswith("ed"):
            ed_words += 1
    lines = [line for line in text.split("\n") if line.strip()] or [""]
    sentences = [s for s in _SENTENCE.split(narration) if s.strip()] or [""]
    starts = [m.group() for s in sentences if (m := _WORD.search(s.lower()))]
    commands = sum(word in imperative for word in starts)
    n = max(len(words), 30) / 100
    characters = max(len(text), 1)
    per_line = 1 / len(lines)
    shape = [
        ed_words / n,
        100 * (1 - len(narration) / characters),
        len(_DIGITS.findall(text)) / n,
        len(_YEAR.findall(text)) / n,
        len(_ADDRESS.findall(text)) / n,
        100 * len(_LISTED.findall(text)) * per_line,
        100 * len(_LABEL.findall(text)) * per_line,
        100 * len(_CAPITALS.findall(text)) * per_line,
        100 * sum(not _ENDS.search(line[-8:]) for line in lines) * per_line,
        100 * sum(len(line) < 60 for line in lines) * per_line,
        min(characters * per_line, 1000) / 10,
        min(len(words) / len(sentences), 60),
        text.count("?") / n,
        10 * sum(map(len, words)) / max(len(words), 1),
    ]
    rates = [count / n for count in counts] + [100 * commands / max(len(starts), 1)] + shape
    style: Vector = np.sqrt(np.maximum(np.array(rates), 0))
    return style


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
