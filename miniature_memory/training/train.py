"""The stage `train`: from the prepared dataset to a released model.

    dataset ─ trunk (full rate) ─┬─ decay (rate to zero) ─► release 1
                                 │   … the dataset grows …
                                 └─ trunk goes on ─┬─ decay ─► release 2
                                                   └─ …
A phase is one state of the dataset: its trunk goes on from the last one's, undecayed, with a quarter of old
text among the new, and a short decay branched from it is what gets released. The plan of phases is written
down before the first step, so an interrupted run ends as it would have ended.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from miniature_memory.config import Config, TrainConfig, as_yaml
from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.progress import Progress
from miniature_memory.training import checkpoint
from miniature_memory.training.batches import Sampler, validation
from miniature_memory.training.data import Dataset
from miniature_memory.training.device import find, peak_mb
from miniature_memory.training.fit import choose_preset, fit_rows, steps_for
from miniature_memory.training.processes import joined
from miniature_memory.training.trainer import Trainer
from miniature_memory.training.watch import write_sample
from miniature_memory.workspace import Workspace, atomic_write

Figures = dict[str, Any]

#: settings that change how long or where a run trains, not what it trains
NOT_THE_RECIPE = {
    "preset", "steps", "minutes", "memory_mb", "micro_rows", "evaluations", "evaluation_rows", "patience",
    "checkpoint_seconds", "checkpoint_steps", "samples", "tensorboard", "threads", "device", "precision",
    "restart",
}  # fmt: skip
FEWEST_STEPS = 20


@dataclass(frozen=True)
class Phase:
    """One state of the dataset: what it is, how many of its documents the phase before had already seen,
    how many steps its trunk and its decay have, and the budget (steps, minutes) it was planned for."""

    data: dict[str, Any]
    old_documents: int
    trunk: int
    decay: int
    steps: int
    minutes: float


def train(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Trains, or goes on training, and releases.

    Figures: parameters, steps, characters, losses in nats and bits, speed, peak memory; ``new`` counts the
    updates made now. Raises ``MissingInput`` without a dataset, ``ConfigError`` where the preset can't fit.
    """
    dataset = Dataset.open(workspace.processed)
    with joined() as processes:
        machine = find(config.train, processes.count)
        if config.train.preset == "auto":
            config = config.model_copy(update={"train": choose_preset(config.train, machine, progress)})
        micro_rows = fit_rows(config.train, machine)
        run = _run_folder(workspace, config.train)
        trainer = Trainer(run, dataset, config.train, machine, processes, progress, micro_rows)
        screen = str(dataset.manifest["screen_version"])
        if config.train.samples:
            trainer.on_score = partial(write_sample, screen_version=screen)
        plan = Plan(run / "plan.json")
        newest = checkpoint.newest(run / "checkpoints", progress)
        if newest is not None:
            trainer.load(newest)
        if processes.first:
            atomic_write(run / "config.yaml", as_yaml(config))
        if not trainer.validation:
            progress.say("There is no validation text, so nothing is scored; more works would give some.")
        before, clock = trainer.state.updates, time.monotonic()
        while plan.next(trainer):
            _follow(trainer, plan)
        new = trainer.state.updates - before
        if new == 0 and (run / "figures.json").exists() and (run / "model").exists():
            progress.say("The model has seen the whole dataset for as long as was asked; nothing to train.")
            figures = {**json.loads((run / "figures.json").read_text(encoding="utf-8")), "new": 0}
        else:
            figures = _figures(trainer, new, time.monotonic() - clock)
            if processes.first:
                _release(run, trainer, figures)
        if processes.first:
            atomic_write(workspace.runs / "latest", run.name + "\n")
    return figures


def run_id(config: TrainConfig) -> str:
    """The preset's name and a short hash of the recipe: another recipe is another run."""
    recipe = {name: value for name, value in config.model_dump().items() if name not in NOT_THE_RECIPE}
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    return f"{config.preset}-{digest[:8]}"


def _run_folder(workspace: Workspace, config: TrainConfig) -> Path:
    name = run_id(config)
    taken = sorted(workspace.runs.glob(f"{name}*"), key=lambda f: (len(f.name), f.name))
    folder = taken[-1] if taken else workspace.runs / name
    if taken and config.restart:
        folder = workspace.runs / f"{name}-{len(taken) + 1}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Plan:
    """The phases of a run, in a file that is written before the first step of each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.phases = [Phase(**p) for p in json.loads(path.read_text())] if path.exists() else []

    def next(self, trainer: Trainer) -> bool:
        """Whether there is something to do; adds a phase where the dataset or the budget has grown."""
        state, config = trainer.state, trainer.config
        if self.phases:
            last = self.phases[-1]
            _check_same_or_grown(last.data, trainer.dataset)
            if not (state.phase == len(self.phases) - 1 and state.kind == "decay" and state.done):
                return True
            grown = trainer.dataset.characters > last.data["characters"]
            longer = config.steps > last.steps if config.minutes is None else config.minutes > last.minutes
            if not grown and not longer:
                return False
        self.phases.append(self._phase(trainer))
        if trainer.processes.first:
            atomic_write(self.path, json.dumps([asdict(p) for p in self.phases], indent=1))
        return True

    def _phase(self, trainer: Trainer) -> Phase:
        config, dataset = trainer.config, trainer.dataset
        share, old, made = 1.0, 0, 0
        if self.phases:
            last = self.phases[-1]
            old = last.data["documents"] if dataset.characters > last.data["characters"] else 0
            made = 0 if old else sum(phase.trunk for phase in self.phases)
            share = min(1.0, dataset.characters / last.data["characters"] - 1) if old else 1.0
        steps = steps_for(config, trainer.machine, dataset, trainer.micro_rows, share)
        decay = round(config.decay * steps)
        trunk = max(FEWEST_STEPS if made else 0, steps - decay - made)
        if old:
            trunk, decay = max(trunk, FEWEST_STEPS), max(decay, FEWEST_STEPS)
            trainer.progress.say(
                f"The dataset has grown by {dataset.documents - old:,} documents: going on from the trunk."
            )
        return Phase(dataset.identity(), old, trunk, decay, config.steps, config.minutes or 0.0)


def _check_same_or_grown(seen: dict[str, Any], dataset: Dataset) -> None:
    long_enough = dataset.characters >= seen["characters"]
    if not long_enough or dataset.prefix_hash(seen["characters"]) != seen["sha256"]:
        raise MiniatureMemoryError(
            "The dataset is not the one that this run was trained on, nor that one grown: "
            "documents were removed or changed.",
            "`mm train --set train.restart=true` begins a new run on it; the old run stays as it is.",
        )


def _follow(trainer: Trainer, plan: Plan) -> None:
    """The last phase, from wherever the trainer stands to its end."""
    index, phase = len(plan.phases) - 1, plan.phases[-1]
    if trainer.state.phase < index:
        _branch_from_trunk(trainer, index)
    state = trainer.state
    sampler = Sampler(trainer.dataset, trainer.config, phase.old_documents, phase.data["documents"])
    if phase.data not in state.seen:
        state.seen = [*state.seen, phase.data]
    if state.kind == "trunk":
        if not state.done:
            trainer.run(sampler, "trunk", phase.trunk)
            state.done = True
            trainer.save("trunk")
        state.kind, state.step, state.done = "decay", 0, False
    trainer.run(sampler, "decay", phase.decay)
    state.done = True
    trainer.save()


def _branch_from_trunk(trainer: Trainer, index: int) -> None:
    """Back to the undecayed weights; the count of updates goes on, so no row is drawn twice."""
    updates, seconds, characters = (
        trainer.state.updates,
        trainer.state.seconds,
        trainer.state.characters,
    )
    trunk = checkpoint.newest(trainer.folder / "checkpoints", trainer.progress, "trunk-*.json")
    if trunk is None:
        raise MiniatureMemoryError(
            f"The trunk checkpoint of {trainer.folder.name} is gone.",
            "`mm train --set train.restart=true` begins a new run.",
        )
    trainer.load(trunk, whole_log=True)
    state = trainer.state
    state.updates, state.seconds, state.characters = updates, seconds, characters
    state.phase, state.kind, state.step, state.done = index, "trunk", 0, False
    state.best, state.without_gain, state.overfit = math.inf, 0, False


def _figures(trainer: Trainer, new: int, seconds: float) -> Figures:
    state, config = trainer.state, trainer.config
    scores = trainer.score(validation(trainer.dataset.val, 4 * config.evaluation_rows, config.match_features))
    figures: Figures = {
        "new": new,
        "parameters": config.parameters,
        "steps": state.updates,
        "characters_seen": state.characters,
        "train_nats": round(state.train_average, 4),
    }
    for kind, nats in scores.items():
        figures[f"val_{kind}_nats"] = round(nats, 4)
        figures[f"val_{kind}_bits"] = round(nats / math.log(2), 4)
    figures["characters_per_second"] = round(state.characters / max(state.seconds, 1e-9))
    figures["peak_mb"] = peak_mb()
    return figures | {
        "overfits": state.overfit,
        "machine": str(trainer.machine),
        "preset": config.preset,
        "run": trainer.folder.name,
        "train_seconds": round(seconds, 1),
        "data": state.seen,
    }


def _release(run: Path, trainer: Trainer, figures: Figures) -> None:
    from miniature_memory.inference.model_directory import write_model_directory

    weights = {name: tensor.numpy() for name, tensor in trainer.model.released().items()}
    screen = str(trainer.dataset.manifest["screen_version"])
    write_model_directory(run / "model", weights, trainer.model.shape.to_json(screen), figures)
    atomic_write(run / "figures.json", json.dumps(figures, indent=1))
