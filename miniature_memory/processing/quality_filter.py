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
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from miniature_memory.processing import language, narrative
from miniature_memory.processing.segment import SCENE_BREAK, lines_to_paragraphs
from miniature_memory.processing.words import Hashes, changes, constants, words_of

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


def judge(text: str, words: Hashes, limits: Limits, votes: Mapping[str, float] | None = None) -> Verdict:
    """The verdict on a text, cleaned or raw, ``words`` being its ``word_hashes``; ``votes`` when its language
    is known already (see ``language.vote``)."""
    figures: Figures = {"characters": len(text), "words": len(words)}
    if len(text.strip()) < limits.min_characters:
        return Verdict("too_short", "min_characters", figures)
    if len(text) > limits.max_characters:
        return Verdict("too_long", "max_characters", figures)
    votes = language.vote(text) if votes is None else votes
    figures["languages"] = dict(list(votes.items())[:3])
    paragraphs = lines_to_paragraphs(text) or [text]
    if len(paragraphs) <= text.rstrip("\n").count("\n"):  # not as the cleaning leaves it
        text = "\n".join(paragraphs)
    figures.update(_shape(text))
    figures.update(_lines(text, paragraphs))
    figures.update(_repetition(words))
    likely = narrative.probabilities(text)
    figures["story"] = likely["story"]
    figures["kind"] = max(likely, key=lambda kind: likely[kind])
    if sum(votes.get(code, 0) for code in limits.languages) < limits.min_language_share:
        return Verdict("language", "languages", figures)
    # the narrative classifier reads English; other languages pass it by
    english = votes.get("en", 0) >= 0.5
    for rule in RULES:
        if rule.name == "story" and not english:
            continue
        if rule.fires(figures):
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


def _shape(text: str) -> Figures:
    words = words_of(text)
    inked = max(int(np.count_nonzero(words.codes > 32)), 1)
    lengths = words.ends - words.starts
    letters = int(lengths.sum())
    initials = words.codes[words.starts]
    digits = int(lengths[(initials >= 48) & (initials <= 57)].sum())
    odd = np.count_nonzero(_odd().take(words.codes, mode="clip")) - 4 * text.count(SCENE_BREAK)
    return {
        "letters": _round((letters - digits) / inked),
        "digits": _round(digits / inked),
        "symbols": _round(odd / inked),
        "word_length": _round(letters / max(len(lengths), 1)),
        "longest_word": int(lengths.max(initial=0)),
    }


def _lines(text: str, paragraphs: list[str]) -> Figures:
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


def _repetition(words: Hashes) -> Figures:
    """Share of the words in the most frequent n-gram (2 to 4), and in n-grams seen before (5 and 10)."""
    figures: Figures = {}
    sample = words[:200_000]
    total = max(len(sample), 1)
    grams = sample  # of n words, made longer by one word in each turn
    for n in range(2, 11):
        grams = grams[:-1] + sample[n - 1 :] * _WEIGHTS[n]
        if n <= 4:
            most = _most_frequent(grams)
            figures[f"top_{n}"] = _round(most * n / total) if most > 2 else 0.0
        elif n in (5, 10):
            figures[f"again_{n}"] = _round(_covered_again(grams, n) / total)
    return figures


def _most_frequent(grams: Hashes) -> int:
    ordered = np.sort(grams)
    if len(ordered) < 3 or not (ordered[2:] == ordered[:-2]).any():
        return min(len(ordered), 2)
    ends = np.append(np.flatnonzero(changes(ordered)), len(ordered))
    return int((ends[1:] - ends[:-1]).max())


def _covered_again(grams: Hashes, n: int) -> int:
    """How many words lie in an n-gram that stood in the text before."""
    ordered = np.sort(grams)
    if not (ordered[1:] == ordered[:-1]).any():
        return 0
    seen = np.ones(len(grams), dtype=np.bool_)
    seen[np.unique(grams, return_index=True)[1]] = False
    return int((np.convolve(seen, np.ones(n, dtype=np.int64)) > 0).sum())
