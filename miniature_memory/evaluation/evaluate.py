"""The evaluate stage: one model, the validation text, a few stories; figures into the ledger."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.config import Config
from miniature_memory.errors import MissingInput
from miniature_memory.evaluation.score import CONDITIONS, Passage, bits, passages, summarise
from miniature_memory.evaluation.stories import judge, words
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.generate import model_identity, settings_of, tell
from miniature_memory.inference.write import MemoryKind
from miniature_memory.memory.condense import SLIDE, readable
from miniature_memory.progress import Progress
from miniature_memory.training.data import Dataset
from miniature_memory.workspace import Workspace

Figures = dict[str, Any]
MEMORIES: Final[tuple[MemoryKind, ...]] = ("none", "summary")
_OPENING = 300
#: of a large training text, so much is enough to know its words
_KNOWN_CHARACTERS = 20_000_000


def evaluate(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Figures of the last run's model; nothing new when this very model was measured before."""
    run = workspace.latest_run
    if run is None:
        raise MissingInput(f"There is no trained model in {workspace.root}.", "Train one first: `mm train`.")
    identity = model_identity(run / "model") + config.evaluate.model_dump_json()
    if known := workspace.ledger.known("evaluate", identity):
        return {**known, "new": 0}
    return {"new": 1, "identity": identity, **evaluate_model(run / "model", workspace, config, progress)}


def evaluate_model(model: Path, workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Scores ``model`` on the workspace's validation text and judges stories that it goes on with.

    Without validation text (too few works) only stories that it begins by itself are judged.
    """
    corpus = Dataset.open(workspace.processed).val
    engine: Any = Engine.load(model)
    figures: Figures = {}
    scored = passages(corpus, max(1, config.evaluate.characters // SLIDE)) if corpus is not None else []
    if scored:
        figures |= summarise(_score(engine, scored, progress), scored)
    else:
        progress.say("  there is too little validation text to score; more works would give some")
    known = _known_words(workspace.processed / "train.txt")
    openings = (_openings(corpus, config.evaluate.stories) if corpus is not None else []) or [""]
    for memory in MEMORIES:
        began = time.monotonic()
        told = [
            (
                opening,
                tell(engine, opening, settings_of(config, seed), config.evaluate.story_length, memory).text,
            )
            for seed, opening in enumerate(progress.over(openings, "Stories", len(openings)), start=1)
        ]
        seconds = time.monotonic() - began
        suffix = "" if memory == "summary" else f"_{memory}"
        figures |= {f"{key}{suffix}": value for key, value in judge(told, known).items()}
        figures[f"characters_per_second{suffix}"] = round(sum(len(s) for _, s in told) / max(seconds, 1e-9))
    return figures


def _score(engine: Any, scored: list[Passage], progress: Progress) -> dict[str, list[NDArray[np.float64]]]:
    costs: dict[str, list[NDArray[np.float64]]] = {condition: [] for condition in CONDITIONS}
    for passage in progress.over(scored, "Scoring", len(scored)):
        for condition in CONDITIONS:
            costs[condition].append(bits(engine, passage, condition))
    return costs


def _known_words(train: Path) -> frozenset[str]:
    with train.open(encoding="utf-8") as handle:
        return frozenset(words(handle.read(_KNOWN_CHARACTERS)))


def _openings(corpus: Any, count: int) -> list[str]:
    """The first sentences, about ``_OPENING`` characters, of the first validation stories."""
    openings = []
    for start, end in zip(corpus.starts[:-1], corpus.starts[1:], strict=True):
        text = readable(corpus.ids[start:end])[:_OPENING]
        cut = max(text.rfind(mark) for mark in (". ", '" ', "\n", "! ", "? "))
        openings.append(text[: cut + 1].strip() if cut > 80 else text.strip())
        if len(openings) == count:
            break
    return openings
