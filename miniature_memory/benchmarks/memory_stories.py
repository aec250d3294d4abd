"""What a model of the memory benchmark tells: long stories that go on from openings of held-out books.

    python -m miniature_memory.benchmarks.memory_stories WORK MODEL STORIES LENGTH COST_LENGTH

The writing loop is the product's, screen and all. A book's words get a model stopped often; so a story is
told in stretches, and a stretch that the screen stops is told again from where it began with another seed.
The text is counted and thrown away.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from miniature_memory import screen
from miniature_memory.benchmarks.memory_books import open_books
from miniature_memory.evaluation.stories import LATE, judge, words
from miniature_memory.inference.engine import Engine, Runtime
from miniature_memory.inference.sampler import Settings
from miniature_memory.inference.write import MemoryKind, Refusal, Story, SummaryEvent, Token, write
from miniature_memory.memory.condense import SEPARATOR, readable
from miniature_memory.memory.names import mentions
from miniature_memory.memory.rows import Corpus
from miniature_memory.meter import tree_megabytes

OPENING: Final = 600
STRETCH: Final = 400
TRIES: Final = 12
#: the bonus for spelling a name of the summary that `mm write` gives by default
BONUS: Final = 1.0

KINDS: Final[dict[str, tuple[MemoryKind, float]]] = {
    "none": ("none", 0.0),
    "summary, no bonus": ("summary", 0.0),
    "summary": ("summary", BONUS),
    "written": ("written", BONUS),
}


def openings(corpus: Corpus, count: int, length: int) -> list[tuple[str, str]]:
    """(opening, the real ``length`` characters after it), spread over the books: whole sentences of up to 600
    characters that the screen lets through and that name two or more."""
    found: list[tuple[str, str]] = []
    documents = len(corpus.starts) - 1
    each = max(1, -(-count // documents))
    for document in range(documents):
        text = readable(corpus.ids[corpus.starts[document] : corpus.starts[document + 1]])
        parts = np.linspace(0, max(len(text) - OPENING - length, 1), each + 1).astype(int).tolist()
        for first, last in pairwise(parts):
            at = text.find("\n", first) + 1
            while 0 < at < last:
                end = max(text.rfind(mark, at, at + OPENING) for mark in (". ", ".\n", '."', "!", "?")) + 1
                opening = text[at:end]
                named = len(opening) > OPENING // 2 and len(set(mentions(opening + "\n"))) >= 2
                if named and screen.allows(opening):
                    found.append((opening, text[end : end + length]))
                    break
                at = text.find("\n", at) + 1
    return found[:count]


def tell(
    engine: Runtime, opening: str, length: int, kind: MemoryKind, settings: Settings
) -> tuple[str, list[str], int]:
    """``length`` characters after the opening (fewer where the screen stopped every try), the summaries, and
    how many tries it stopped."""
    story, text, stopped = Story(), "", 0
    begun = write(engine, opening, settings, 0, kind, story=story)
    summaries = [event.text for event in begun if isinstance(event, SummaryEvent)]
    while len(text) < length:
        state = story.state()
        for number in range(TRIES):
            story = Story.from_state(state)
            piece, said, refused = "", list[str](), False
            seed = replace(settings, seed=settings.seed + 1000 * number)
            for event in write(engine, "", seed, min(STRETCH, length - len(text)), kind, story=story):
                if isinstance(event, Token):
                    piece += event.text
                elif isinstance(event, SummaryEvent):
                    said.append(event.text)
                refused |= isinstance(event, Refusal)
            if not refused:
                break
            stopped += 1
        else:
            return text, summaries, stopped
        text += piece
        summaries += said
    return text, summaries, stopped


def figures_of(told: Sequence[tuple[str, str, list[str], int]], known: frozenset[str]) -> dict[str, Any]:
    """Means over (opening, story, summaries, stopped)."""
    judged = judge([(opening, story) for opening, story, _, _ in told], known)
    changed, kept = [], []
    for opening, _, summaries, _ in told:
        first = set(mentions(opening + "\n"))
        sets = [set(summary.strip().split(SEPARATOR)) - {""} for summary in summaries]
        changed += [len(a ^ b) / max(len(a | b), 1) for a, b in pairwise(sets)]
        kept += [len({w for part in each for w in part.split()} & first) / len(first) for each in sets]
    return {
        "characters": round(float(np.mean([len(story) for _, story, _, _ in told]))),
        "names_recalled": judged["names_recalled"],
        "repetition": judged["repetition"],
        "made_up_words": round(1 - judged["real_words"], 4),
        "names_per_1000": round(
            float(np.mean([1000 * len(set(mentions(s))) / max(len(s), 1) for _, s, _, _ in told])), 2
        ),
        "summary_changed_a_slide": round(float(np.mean(changed)), 3) if changed else None,
        "opening_names_in_summary": round(float(np.mean(kept)), 3) if kept else None,
        "stretches_stopped": sum(stopped for *_, stopped in told),
    }


def cost(engine: Runtime, opening: str, length: int, kind: MemoryKind) -> dict[str, float]:
    """CPU time and memory of ``length`` characters: characters a CPU second, MB of growth per 10,000."""
    story, settings, done, seen = Story(), Settings(name_bonus=BONUS), 0, list[tuple[int, float]]()
    began = time.process_time()
    while done < length:
        for event in write(
            engine, "" if done else opening, settings, min(5000, length - done), kind, story=story
        ):
            if isinstance(event, Refusal):
                story = Story()
                settings = replace(settings, seed=settings.seed + 1)
            elif isinstance(event, Token):
                done += len(event.text)
        done += 1  # a stretch that was stopped at once must not be tried for ever
        seen.append((done, tree_megabytes()))
    spent = time.process_time() - began
    half = seen[len(seen) // 4 :]
    slope = (
        np.polyfit([at for at, _ in half], [mb for _, mb in half], 1)[0] * 10_000 if len(half) > 2 else 0.0
    )
    return {"characters_per_second": round(done / spent), "slope_mb_per_10k": round(float(slope), 4)}


def main() -> None:
    work, model = Path(sys.argv[1]), Path(sys.argv[2])
    stories, length, cost_length = map(int, sys.argv[3:6])
    corpora, corpus = open_books(work)
    known = frozenset(words(readable(corpora[0].ids))) | frozenset(words(readable(corpus.ids)))
    engine: Any = Engine.load(model)
    told = openings(corpus, stories, length)
    figures: dict[str, Any] = {
        "real text": figures_of([(opening, real, [], 0) for opening, real in told], known)
    }
    for name, (kind, bonus) in KINDS.items():
        settings = Settings(name_bonus=bonus)
        each = [
            (opening, *tell(engine, opening, length, kind, replace(settings, seed=number)))
            for number, (opening, _) in enumerate(told, start=1)
        ]
        figures[name] = figures_of(each, known)
    if cost_length:
        for name, kind in (("none", "none"), ("summary", "summary"), ("written", "written")):
            figures[name] |= cost(engine, told[0][0], cost_length, kind)
    figures["late_from"] = LATE
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
