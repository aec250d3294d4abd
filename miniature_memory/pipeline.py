"""The whole flow on one screen: what each stage reads, what it writes, and the function that does it.

    search queries ─ discover ─► urls ─ fetch ─► raw/               (collecting: talks to the world)
    raw/ ─ validate ─► decisions ─ clean ─► cleaned/ ─ prepare ─► processed/     (processing: pure)
    processed/ ─ train ─► model ─ generate ─► story   evaluate · report          (the model: reproducible)

Fetching extracts the story of each page and screens it in memory, before a byte of it is written.
A stage with nothing new to do says so and ends in a moment; any of them can be killed and run again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from miniature_memory.config import Config
from miniature_memory.ledger import now
from miniature_memory.meter import PeakMemory, give_back
from miniature_memory.progress import Progress
from miniature_memory.scraper import evidence
from miniature_memory.workspace import Workspace

Figures = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """One row of the table. ``call`` names ``module:function``, imported when the stage runs."""

    name: str
    skip: str
    reads: str
    writes: str
    call: str
    kind: str  # collect, process, train or model

    @property
    def function(self) -> Callable[..., Figures]:
        module, _, name = self.call.partition(":")
        function: Callable[..., Figures] = getattr(import_module(f"miniature_memory.{module}"), name)
        return function


STAGES = (
    Stage("discover", "discovery", "search queries", "urls", "scraper.discover:discover", "collect"),
    Stage("fetch", "fetching", "urls", "raw/", "scraper.fetch:fetch", "collect"),
    Stage("validate", "validation", "raw/", "decisions", "processing.validate:validate", "process"),
    Stage("clean", "cleaning", "raw/, decisions", "cleaned/", "processing.clean:clean", "process"),
    Stage("prepare", "preparation", "cleaned/", "processed/", "processing.prepare:prepare", "process"),
    Stage("train", "training", "processed/", "runs/ID/model", "training.train:train", "train"),
    Stage(
        "generate", "generation", "runs/ID/model", "runs/ID/samples", "inference.generate:generate", "model"
    ),
    Stage("evaluate", "evaluation", "runs/ID/model", "figures", "evaluation.evaluate:evaluate", "model"),
    Stage("report", "report", "figures", "runs/ID/report.html", "report.page:report", "model"),
)


def named(name: str) -> Stage:
    return next(stage for stage in STAGES if stage.name == name)


def plan(skipped: Sequence[str] = (), only: str | None = None) -> list[Stage]:
    """The stages of a run. ``skipped`` holds the words of the flags (``validation``, …).

    Validation, cleaning and preparation left out together mean *only train*.
    """
    if only is not None:
        return [named(only)]
    if {stage.skip for stage in STAGES if stage.kind == "process"} <= set(skipped):
        return [stage for stage in STAGES if stage.kind == "train" and stage.skip not in skipped]
    return [stage for stage in STAGES if stage.skip not in skipped]


def run(workspace: Workspace, config: Config, stages: Sequence[Stage], progress: Progress) -> Figures:
    """Runs ``stages`` in order; returns their figures by name, and ``peak_mb`` and ``seconds`` of it all."""
    figures: Figures = {}
    started = time.monotonic()
    with workspace.lock() if _first() else nullcontext(), progress.finishing_the_step():
        for stage in stages:
            if stage.kind == "model" and len(stages) > 1 and workspace.latest_run is None:
                progress.say(f"{stage.name:<9} left out: there is no trained model yet")
                continue
            figures[stage.name] = _run_stage(stage, workspace, config, progress)
    peak = max((each["peak_mb"] for each in figures.values()), default=0)
    return {**figures, "peak_mb": peak, "seconds": round(time.monotonic() - started, 1)}


def _first() -> bool:
    """Of the processes that torchrun starts, the first one holds the workspace and writes."""
    return os.environ.get("RANK", "0") == "0"


def _run_stage(stage: Stage, workspace: Workspace, config: Config, progress: Progress) -> Figures:
    start, clock = now(), time.monotonic()
    with PeakMemory() as peak, _world(stage, config) as world:
        figures = stage.function(workspace, config, progress, **world)
        if stage.kind == "process":
            evidence.sweep(workspace)
    give_back()
    seconds = time.monotonic() - clock
    figures = {**figures, "peak_mb": round(peak.megabytes)}
    if _first():
        workspace.ledger.record(stage.name, start, seconds, figures)
    told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in _headline(figures))
    progress.say(f"{stage.name:<9} {told if figures.get('new') else 'nothing new'}  ({seconds:.1f} s)")
    return {**figures, "seconds": round(seconds, 1)}


def _headline(figures: Figures) -> Iterator[tuple[str, str]]:
    """The figures that fit on a line."""
    for key, value in figures.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        yield key, f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


@contextmanager
def _world(stage: Stage, config: Config) -> Iterator[dict[str, Any]]:
    """What a collecting stage may reach beside the real web: the demo's own addresses, while it works."""
    if stage.kind != "collect":
        yield {}
    elif not config.demo.enabled:
        yield {"grants": {}}
    else:
        from miniature_memory.demo import StoryWeb

        with StoryWeb(config.demo.stories, config.demo.seed) as web:
            yield {"grants": web.grants}
