"""Is a text worth learning from? Each rule has a name, a figure, and a threshold with where it comes from.

``judge`` is a pure function of one text. All figures are measured whatever the verdict, so a rejected
document can be audited; the first rule that fires, in the order of ``RULES``, names the verdict.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from miniature_memory.processing import language, narrative
from miniature_memory.processing.segment import SCENE_BREAK, lines_to_paragraphs
from miniature_memory.processing.words import Hashes, Words, constants, words_of

VERSION: Final = 2

Figures = dict[str, Any]
Reason = Literal["too_short", "too_long", "language", "repetition", "symbols", "not_narrative"]


@dataclass(frozen=True)
class Rule:
    """``fires`` looks at the figures; ``reason`` is the funnel's name, ``name`` the finer one."""

    name: str
    reason: Reason
    figure: str
    threshold: float
    source: str
    above: bool = True  # fires when the figure is above the threshold (else: below)

    def fires(self, figures: Figures) -> bool:
        value = float(figures[self.figure])
        return value > self.threshold if self.above else value < self.threshold


_GOPHER: Final = "Gopher (Rae et al. 2021, table A1); on 926 pieces of nine novels it never fires"
_NOVELS: Final = "beyond the extreme of 926 pieces of nine novels"

RULES: Final[tuple[Rule, ...]] = (
    Rule("letters", "symbols", "letters", 0.7, "novels: at least .91 of a piece is letters", above=False),
    Rule("symbols", "symbols", "symbols", 0.05, _NOVELS + " (.003)"),
    Rule("digits", "symbols", "digits", 0.08, _NOVELS + " (a table of contents: .035)"),
    Rule("word_length", "symbols", "word_length", 10, _GOPHER),
    Rule("longest_word", "symbols", "longest_word", 1000, "no word; encoded data"),
    Rule("same_lines", "repetition", "same_lines", 0.30, _GOPHER),
    Rule("same_line_characters", "repetition", "same_line_characters", 0.20, _GOPHER),
    Rule("top_2", "repetition", "top_2", 0.20, _GOPHER),
    Rule("top_3", "repetition", "top_3", 0.18, _GOPHER),
    Rule("top_4", "repetition", "top_4", 0.16, _GOPHER),
    Rule("again_5", "repetition", "again_5", 0.30, "Gopher: .15; novels reach .07; serials have refrains"),
    Rule("again_10", "repetition", "again_10", 0.20, "Gopher: .10; doubled for the same reason"),
    Rule("listed_lines", "not_narrative", "listed_lines", 0.5, "Gopher: .9; novels .4 (a table of contents)"),
    Rule("links", "not_narrative", "links", 1.0, "links for 100 words; stories have none"),
    Rule("open_paragraphs", "not_narrative", "open_paragraphs", 0.9,
         "text in paragraphs without an end mark (a closing quote is one); novels: a table of contents"),
    Rule("story", "not_narrative", "story", narrative.THRESHOLD, "processing/narrative.py", above=False),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """``reason`` is '' for a text that is kept; ``rule`` is the finer name."""

    reason: str = ""
    rule: str = ""
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """What the configuration sets (section ``validate``)."""

    languages: tuple[str, ...]
    min_characters: int
    max_characters: int
    #: share of the text that must be in the languages: fiction quotes others, and a page has its menu
    min_language_share: float = 0.6


def judge(
    words: Words, limits: Limits, languages: Mapping[int, Mapping[str, float]] | None = None
) -> list[Verdict]:
    """The verdict on each text, a paragraph a line, as the cleaning leaves them; ``languages`` of those whose
    vote is known already (see ``language.vote``)."""
    known = languages or {}
    votes = [known.get(number, one) for number, one in enumerate(language.vote(words))]
    columns = votes, _shape(words), _repetition(words), narrative.probabilities(words)
    verdicts: list[Verdict] = []
    for text, voted, shape, repetition, likely in zip(words.texts, *columns, strict=True):
        figures = {
            "characters": len(text),
            "languages": dict(list(voted.items())[:3]),
            **shape,
            **_lines(text),
            **repetition,
            "story": likely["story"],
            "kind": max(likely, key=lambda kind: likely[kind]),
        }
        verdicts.append(_verdict(text, voted, figures, limits))
    return verdicts


def judge_raw(text: str, limits: Limits) -> Verdict:
    """The verdict on a text that was not cleaned: its lines may be wrapped."""
    return judge(words_of("\n".join(lines_to_paragraphs(text))), limits)[0]


def _verdict(text: str, votes: Mapping[str, float], figures: Figures, limits: Limits) -> Verdict:
    if len(text.strip()) < limits.min_characters:
        return Verdict("too_short", "min_characters", figures)
    if len(text) > limits.max_characters:
        return Verdict("too_long", "max_characters", figures)
    if sum(votes.get(code, 0) for code in limits.languages) < limits.min_language_share:
        return Verdict("language", "languages", figures)
    # the narrative classifier reads English; other languages pass it by
    english = votes.get("en", 0) >= 0.5
    for rule in RULES:
        if rule.fires(figures) and (english or rule.name != "story"):
            return Verdict(rule.reason, rule.name, figures)
    return Verdict("", "", figures)


# scene breaks (* * *) and emphasis (_so_) are signs of fiction, not of noise
_ODD: Final = "#$%^+=|\\~<>{}@/[]`"
_LISTED: Final = re.compile(r"(?:[-*•·▪–]\s|\(?\d{1,3}[.)]\s)")
# quote-aware: a line of dialogue ends in its closing quote, a broken-off one in a dash or colon
_CLOSING: Final = frozenset(".!?…:;—–-")
_END: Final = re.compile(r"[.!?…:;—–-]+[\"'”’»)\]_*]*\s*$|[.!?…,—–-][\"'”’»]+[\w ,]{0,40}$")


@cache
def _odd() -> NDArray[np.bool_]:
    """Of each code point whether it is a sign that prose seldom has."""
    table = np.zeros(0x3000, dtype=np.bool_)
    table[[ord(sign) for sign in _ODD]] = True
    table[0x2190:0x2C00] = True  # arrows, boxes, dingbats
    return table


def _round(value: float) -> float:
    return round(float(value), 4)


def _shape(words: Words) -> list[Figures]:
    texts = len(words.texts)
    lengths = words.ends - words.starts
    initials = words.codes[words.starts]
    numbers = (initials >= 48) & (initials <= 57)
    letters = np.bincount(words.text, weights=lengths, minlength=texts)
    digits = np.bincount(words.text[numbers], weights=lengths[numbers], minlength=texts)
    odd = _odd().take(words.codes, mode="clip")
    found: list[Figures] = []
    for number, text in enumerate(words.texts):
        of = slice(*words.begin[number : number + 2])
        own = lengths[slice(*words.since[number : number + 2])]
        inked = max(int(np.count_nonzero(words.codes[of] > 32)), 1)
        signs = np.count_nonzero(odd[of]) - 4 * text.count(SCENE_BREAK)
        found.append(
            {
                "words": len(own),
                "letters": _round((letters[number] - digits[number]) / inked),
                "digits": _round(digits[number] / inked),
                "symbols": _round(signs / inked),
                "word_length": _round(letters[number] / max(len(own), 1)),
                "longest_word": int(own.max(initial=0)),
            }
        )
    return found


def _lines(text: str) -> Figures:
    paragraphs = [line for line in text.split("\n") if line] or [text]
    total = sum(map(len, paragraphs)) or 1
    # a scene break or a heading may come again and again; a sentence should not
    long = [line for line in paragraphs if len(line) >= 20]
    again = 0
    if len(set(long)) < len(long):
        again = sum(len(line) * (n - 1) for line, n in Counter(long).items())
    links = text.count("://") + text.count("www.") + text.count("[link]")
    return {
        "same_lines": _round((len(long) - len(set(long))) / len(paragraphs)),
        "same_line_characters": _round(again / total),
        "listed_lines": _round(sum(_LISTED.match(p) is not None for p in paragraphs) / len(paragraphs)),
        "links": _round(100 * links / max(text.count(" "), 30)),
        "open_paragraphs": _round(
            # the last one may be cut off
            sum(len(p) for p in paragraphs[:-1] if p[-1] not in _CLOSING and not _END.search(p[-60:])) / total
        ),
    }


_WEIGHTS: Final = constants(7, 11)
SAMPLE: Final = 200_000  # words of a text that are searched for repetition


def _repetition(words: Words) -> list[Figures]:
    """Share of the words in the most frequent n-gram (2 to 4), and in n-grams seen before (5 and 10)."""
    grams = {1: words.hashes}  # of n words, from the n-grams before and what is behind them
    for n, fewer in ((2, 1), (3, 2), (4, 3), (5, 4), (10, 5)):
        shorter, behind = grams[fewer], grams[n - fewer]
        grams[n] = shorter[: -(n - fewer)] + behind[fewer:] * _WEIGHTS[n]
    return [
        _repeated(grams, since, min(until, since + SAMPLE)) for since, until in pairwise(words.since.tolist())
    ]


def _repeated(grams: Mapping[int, Hashes], since: int, until: int) -> Figures:
    """The figures of one text, whose words are those between two places."""
    figures: Figures = {}
    total = max(until - since, 1)
    most = covered = total
    for n in (2, 3, 4, 5, 10):
        own = grams[n][since : max(until - n + 1, since)]
        if n <= 4:  # a longer one is no more frequent
            most = _most_frequent(own) if most > 2 else 0
            figures[f"top_{n}"] = _round(most * n / total) if most > 2 else 0.0
        else:
            covered = _covered_again(own, n) if covered else 0
            figures[f"again_{n}"] = _round(covered / total)
    return figures


def _most_frequent(grams: Hashes) -> int:
    """How often the most frequent one occurs, where that is more than twice."""
    ordered = np.sort(grams)
    thrice = ordered[2:][ordered[2:] == ordered[:-2]]
    return 2 + max(Counter(thrice.tolist()).values(), default=0)


def _covered_again(grams: Hashes, n: int) -> int:
    """How many words lie in an n-gram that stood in the text before."""
    ordered = np.sort(grams)
    if not (ordered[1:] == ordered[:-1]).any():
        return 0
    order = np.argsort(grams, kind="stable")
    again = order[1:][ordered[1:] == ordered[:-1]]
    covered = np.zeros(len(grams) + n - 1, dtype=np.bool_)
    covered[np.add.outer(again, np.arange(n))] = True
    return int(np.count_nonzero(covered))
