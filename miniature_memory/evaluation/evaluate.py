"""The evaluate stage: one model, the validation text, a few stories; figures into the ledger."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from miniature_memory.config import Config
from miniature_memory.errors import MissingInput
from miniature_memory.evaluation.score import CONDITIONS, bits, passages, summarise
from miniature_memory.evaluation.stories import judge, words
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.generate import model_identity, settings_of, tell
from miniature_memory.memory.condense import SLIDE, readable
from miniature_memory.progress import Progress
from miniature_memory.training.data import Dataset
from miniature_memory.workspace import Workspace

Figures = dict[str, Any]
_OPENING = 300
#: of a large training text, so much is enough to know its words
_KNOWN_CHARACTERS = 20_000_000


def evaluate(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Figures of the last run's model; nothing new when this very model was measured before."""
    run = workspace.latest_run
    if run is None:
        raise MissingInput(f"There is no trained model in {workspace.root}.", "Train one first: `mm train`.")
    identity = model_identity(run / "model") + config.evaluate.model_dump_json()
    for row in reversed(workspace.ledger.figures("evaluate")):
        if row["figures"].get("identity") == identity:
            return {**row["figures"], "new": 0}
    return {"new": 1, "identity": identity, **evaluate_model(run / "model", workspace, config, progress)}


def evaluate_model(model: Path, workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Scores ``model`` on the workspace's validation text. Raises ``MissingInput`` without one."""
    corpus = Dataset.open(workspace.processed).val
    engine: Any = Engine.load(model)
    scored = passages(corpus, max(1, config.evaluate.characters // SLIDE))
    if not scored:
        raise MissingInput(
            "The validation text is too short to score.",
            "Prepare more works, or set prepare.validation_share.",
        )
    costs: dict[str, list[Any]] = {condition: [] for condition in CONDITIONS}
    with progress.bar("Scoring", total=len(scored)) as bar:
        for passage in scored:
            for condition in CONDITIONS:
                costs[condition].append(bits(engine, passage, condition))
            bar.advance()
    figures = summarise(costs, scored)
    known = _known_words(workspace.processed / "train.txt")
    openings = _openings(corpus, config.evaluate.stories)
    length = config.evaluate.story_length
    for memory in ("none", "summary"):
        told, began = [], time.monotonic()
        for number, opening in enumerate(progress.over(openings, "Stories", len(openings))):
            settings = settings_of(config, seed=number + 1)
            told.append((opening, tell(engine, opening, settings, length, memory).text))
        seconds = time.monotonic() - began
        judged = judge(told, known)
        if memory == "none":
            figures |= {f"{key}_none": value for key, value in judged.items()}
        else:
            figures |= judged
            figures["characters_per_second"] = round(sum(len(s) for _, s in told) / max(seconds, 1e-9))
    return figures


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
