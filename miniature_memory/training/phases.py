"""The phases of a run, followed: trunk, decay, release."""

from __future__ import annotations

import json
import math
import time
from functools import partial
from pathlib import Path
from typing import Any

from miniature_memory.config import Config, as_yaml
from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.meter import own_peak_megabytes
from miniature_memory.progress import Progress
from miniature_memory.training import checkpoint
from miniature_memory.training.batches import Sampler, validation
from miniature_memory.training.data import Dataset
from miniature_memory.training.device import find
from miniature_memory.training.fit import fit_rows, steps_for
from miniature_memory.training.plan import Phase, Plan
from miniature_memory.training.processes import joined
from miniature_memory.training.trainer import Trainer
from miniature_memory.training.watch import write_sample
from miniature_memory.workspace import atomic_write

Figures = dict[str, Any]

FEWEST_STEPS = 20
#: shares of the trunk after which a plan in minutes is held against the clock
LOOKS = (0.1, 0.3, 0.6)


def go_on(run: Path, config: Config, dataset: Dataset, progress: Progress) -> Figures:
    """Trains ``run`` from wherever it stands until its plan is done, and releases. Returns its figures."""
    with joined() as processes:
        machine = find(config.train, processes.count)
        micro_rows = fit_rows(config.train, machine)
        run.mkdir(parents=True, exist_ok=True)
        trainer = Trainer(run, dataset, config.train, machine, processes, progress, micro_rows)
        if config.train.samples:
            screen = str(dataset.manifest["screen_version"])
            trainer.on_score = partial(write_sample, screen_version=screen)
        newest = checkpoint.newest(run / "checkpoints", progress)
        if newest is not None:
            trainer.load(newest)
        elif processes.first:
            trainer.forget_later_lines()
        if processes.first:
            atomic_write(run / "config.yaml", as_yaml(config))
        if not trainer.validation:
            progress.say("There is no validation text, so nothing is scored; more works would give some.")
        before, clock = trainer.state.updates, time.monotonic()
        plan = Plan(run)
        while _next(plan, trainer):
            _follow(trainer, plan)
        figures = _figures(trainer, trainer.state.updates - before, time.monotonic() - clock)
        if processes.first:
            _release(run, trainer, config, figures)
        processes.wait()
    return figures


def _next(plan: Plan, trainer: Trainer) -> bool:
    """Whether there is something to do; plans a phase where the dataset or the budget has grown."""
    state = trainer.state
    if plan.phases:
        more = plan.asks_for_more(trainer.config, trainer.dataset)
        if not (state.phase == len(plan.phases) - 1 and state.kind == "decay" and state.done):
            return True
        if not more:
            return False
    if trainer.processes.first:  # steps may be measured, so one process decides for all
        plan.append(_phase(plan, trainer))
    trainer.processes.wait()
    plan.read()
    return True


def _phase(plan: Plan, trainer: Trainer) -> Phase:
    config, dataset = trainer.config, trainer.dataset
    share, old, made = 1.0, 0, 0
    if plan.phases:
        last = plan.phases[-1]
        if dataset.characters > last.data["characters"]:
            old = last.data["documents"]
            share = min(1.0, dataset.characters / last.data["characters"] - 1)
        else:
            made = sum(phase.trunk for phase in plan.phases)
    steps = steps_for(config, trainer.machine, dataset, trainer.micro_rows, share)
    decay = round(config.decay * steps)
    trunk = steps - decay - made
    if plan.phases:
        trunk, decay = max(trunk, FEWEST_STEPS), max(decay, FEWEST_STEPS)
    if old:
        trainer.progress.say(
            f"The dataset has grown by {dataset.documents - old:,} documents: going on from the trunk."
        )
    minutes = config.minutes or 0.0
    seconds = minutes * 60 * share * (trunk + decay) / steps
    return Phase(dataset.identity(), old, trunk, decay, config.steps, minutes, seconds)


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
        for look in LOOKS if phase.seconds else ():
            phase = _keep_pace(trainer, plan, sampler, look)
        trainer.run(sampler, "trunk", phase.trunk, phase.trunk)
        state.done = True
        trainer.save("trunk")
        state.kind, state.step, state.done = "decay", 0, False
    trainer.run(sampler, "decay", phase.decay, phase.decay)
    state.done = True
    trainer.save()


def _keep_pace(trainer: Trainer, plan: Plan, sampler: Sampler, look: float) -> Phase:
    """Up to the share ``look`` of the trunk; then the plan is held against the clock, and changed where the
    speed was not what a few steps at the start had promised."""
    phase, state = plan.phases[-1], trainer.state
    steps, seconds = state.step, state.seconds
    trainer.run(sampler, "trunk", round(look * phase.trunk), phase.trunk)
    steps, seconds = state.step - steps, state.seconds - seconds
    if trainer.processes.first and steps >= FEWEST_STEPS // 2:
        plan.change(phase.paced(seconds / steps, state.step))
    trainer.processes.wait()
    plan.read()
    return plan.phases[-1]


def _branch_from_trunk(trainer: Trainer, index: int) -> None:
    """Back to the undecayed weights; the count of updates goes on, so no row is drawn twice."""
    ended = trainer.state
    trunk = checkpoint.newest(trainer.folder / "checkpoints", trainer.progress, "trunk-*.json")
    if trunk is None:
        raise MiniatureMemoryError(
            f"The trunk checkpoint of {trainer.folder.name} is gone.",
            "`mm train --set train.restart=true` begins a new run.",
        )
    trainer.load(trunk, whole_log=True)
    state = trainer.state
    state.updates, state.seconds, state.characters = ended.updates, ended.seconds, ended.characters
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
    figures["peak_mb"] = round(own_peak_megabytes())
    return figures | {
        "overfits": state.overfit,
        "machine": str(trainer.machine),
        "preset": config.preset,
        "run": trainer.folder.name,
        "phases": state.phase + 1,
        "train_seconds": round(seconds, 1),
        "data": state.seen,
    }


def _release(run: Path, trainer: Trainer, config: Config, figures: Figures) -> None:
    from miniature_memory.inference.model_directory import write_model_directory

    weights = {name: tensor.numpy() for name, tensor in trainer.model.released().items()}
    screen = str(trainer.dataset.manifest["screen_version"])
    shown = {name: value for name, value in figures.items() if name not in ("new", "data")}
    sampling = config.generate.model_dump(exclude={"length", "seed", "prompt", "tries"})
    write_model_directory(
        run / "model", weights, trainer.model.shape.to_json(screen), shown, figures["data"][-1], sampling
    )
    atomic_write(run / "figures.json", json.dumps(figures, indent=1))
