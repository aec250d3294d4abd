"""Is a text worth learning from? Each rule has a name, a figure, and a threshold with where it comes from.

``judge`` is a pure function of one text. All figures are measured whatever the verdict, so a rejected
document
can be audited; the first rule that fires, in the order of ``RULES``, names the verdict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from miniature_memory.processing import language, narrative
from miniature_memory.processing.words import Hashes, ngrams

VERSION: Final = 1

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


def judge(text: str, words: Hashes, limits: Limits) -> Verdict:
    """The verdict on a text, ``words`` being its ``word_hashes``."""
    figures: Figures = {"characters": len(text), "words": len(words)}
    if len(text.strip()) < limits.min_characters:
        return Verdict("too_short", "min_characters", figures)
    if len(text) > limits.max_characters:
        return Verdict("too_long", "max_characters", figures)
    votes = language.vote(text)
    figures["languages"] = dict(list(votes.items())[:3])
    for measure in (_shape, _lines):
        figures.update(measure(text))
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


_SPACES: Final = re.compile(r"\s+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_DIGITS: Final = re.compile(r"\d")
_ODD: Final = re.compile(r"[#$%^*+=|\\~<>{}@/\[\]_`]|[\u2190-\u2bff\U0001f000-\U0001ffff]")
_LISTED: Final = re.compile(r"^[ \t]*(?:[-*•·▪–]\s|\(?\d{1,3}[.)]\s)", re.M)
_LINK: Final = re.compile(r"https?://|www\.\w", re.I)
# quote-aware: a line of dialogue ends in its closing quote, a broken-off one in a dash or colon
_END: Final = re.compile(r"[.!?…:;—–-]+[\"'”’»)\]_*]*\s*$|[.!?…,—–-][\"'”’»]+[\w ,]{0,40}$")


def _round(value: float) -> float:
    return round(float(value), 4)


def _shape(text: str) -> Figures:
    inked = len(_SPACES.sub("", text)) or 1
    words = _LETTERS.findall(text)
    lengths = [len(word) for word in words] or [0]
    # scene breaks (* * *) and emphasis (_so_) are signs of fiction, not of noise
    plain = re.sub(r"^[\s*~#=_—–-]+$|\b_|_\b", "", text, flags=re.M)
    return {
        "letters": _round(sum(lengths) / inked),
        "digits": _round(len(_DIGITS.findall(text)) / inked),
        "symbols": _round(len(_ODD.findall(plain)) / inked),
        "word_length": _round(sum(lengths) / max(len(words), 1)),
        "longest_word": max(lengths),
    }


def _lines(text: str) -> Figures:
    paragraphs = [line.strip() for line in text.split("\n") if line.strip()]
    total = sum(map(len, paragraphs)) or 1
    # a scene break or a heading may come again and again; a sentence should not
    long = [line for line in paragraphs if len(line) >= 20]
    repeated = len(long) - len(set(long))
    first: set[str] = set()
    again = 0
    for line in long:
        again += len(line) if line in first else 0
        first.add(line)
    words = max(text.count(" "), 30)
    return {
        "same_lines": _round(repeated / max(len(paragraphs), 1)),
        "same_line_characters": _round(again / total),
        "listed_lines": _round(len(_LISTED.findall(text)) / max(len(paragraphs), 1)),
        "links": _round(100 * len(_LINK.findall(text)) / words),
        "open_paragraphs": _round(
            sum(len(line) for line in paragraphs if not _END.search(line[-60:])) / total
        ),
    }


def _repetition(words: Hashes) -> Figures:
    """Share of the words in the most frequent n-gram (2 to 4), and in n-grams seen before (5 and 10)."""
    figures: Figures = {}
    total = max(len(words), 1)
    sample = words[:200_000]
    for n in (2, 3, 4):
        counts = np.unique(ngrams(sample, n), return_counts=True)[1]
        most = int(counts.max(initial=0))
        figures[f"top_{n}"] = _round(most * n / max(len(sample), 1)) if most > 2 else 0.0
    for n in (5, 10):
        grams = ngrams(sample, n)
        seen = np.ones(len(grams), dtype=bool)
        seen[np.unique(grams, return_index=True)[1]] = False
        covered = np.convolve(seen, np.ones(n, dtype=np.int64)) > 0 if len(grams) else seen
        figures[f"again_{n}"] = _round(covered.sum() / min(total, len(sample) or 1))
    return figures
