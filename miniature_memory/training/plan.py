"""What a run is, what it has planned and done: files only, so that "nothing new" is known without PyTorch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from miniature_memory.config import TrainConfig
from miniature_memory.errors import Damaged, MiniatureMemoryError
from miniature_memory.training.data import Dataset
from miniature_memory.workspace import Workspace, atomic_write

#: settings that change how long or where a run trains, not what it trains
NOT_THE_RECIPE = {
    "preset", "steps", "minutes", "memory_mb", "micro_rows", "evaluations", "evaluation_rows", "patience",
    "checkpoint_seconds", "checkpoint_steps", "samples", "tensorboard", "threads", "device", "precision",
    "restart",
}  # fmt: skip

#: in a run's folder: it read documents that were forgotten since, so nothing goes on from it
FORGOTTEN = "forgotten.json"


@dataclass(frozen=True)
class Phase:
    """One state of the dataset: what it is, how many of its documents the phase before had already seen,
    how many steps its trunk and its decay have, and the budget (steps, minutes) it was planned for.
    ``seconds``: what of the minutes was this phase's; 0 where steps were asked for."""

    data: dict[str, Any]
    old_documents: int
    trunk: int
    decay: int
    steps: int
    minutes: float
    seconds: float = 0.0

    def paced(self, seconds_a_step: float, done: int) -> Phase:
        """The phase as it fits its time at the speed that training has, ``done`` steps into its trunk."""
        factor = self.seconds / (seconds_a_step * (self.trunk + self.decay))
        return replace(self, trunk=max(done, round(self.trunk * factor)), decay=round(self.decay * factor))


def run_id(config: TrainConfig) -> str:
    """The preset's name and a short hash of the recipe: another recipe is another run."""
    recipe = {name: value for name, value in config.model_dump().items() if name not in NOT_THE_RECIPE}
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    return f"{config.preset}-{digest[:8]}"


def run_folder(workspace: Workspace, config: TrainConfig) -> Path:
    """Where this recipe trains: its latest run; a new one with ``restart``, and where that run read what
    was forgotten since. Nothing is made yet."""
    name = run_id(config)
    taken = sorted(workspace.runs.glob(f"{name}*"), key=lambda f: (len(f.name), f.name))
    folder = taken[-1] if taken else workspace.runs / name
    if taken and (config.restart or (folder / FORGOTTEN).exists()):
        folder = workspace.runs / f"{name}-{len(taken) + 1}"
    return folder


class Plan:
    """The phases of a run, in a file that is written before the first step of each."""

    def __init__(self, run: Path) -> None:
        self.path = run / "plan.json"
        self.phases: list[Phase] = []
        self.read()

    def read(self) -> None:
        try:
            if self.path.exists():
                rows = json.loads(self.path.read_text(encoding="utf-8"))
                self.phases = [Phase(**row) for row in rows]
        except (ValueError, TypeError) as error:
            raise Damaged(
                f"{self.path} can't be read ({error}).",
                "`mm train --set train.restart=true` begins a new run.",
            ) from None

    def append(self, phase: Phase) -> None:
        self.phases.append(phase)
        self._write()

    def change(self, phase: Phase) -> None:
        """Another form of the last phase."""
        self.phases[-1] = phase
        self._write()

    def _write(self) -> None:
        atomic_write(self.path, json.dumps([asdict(p) for p in self.phases], indent=1))

    def asks_for_more(self, config: TrainConfig, dataset: Dataset) -> bool:
        """Whether the dataset has grown, or the budget has, since the last phase was planned.

        Raises ``MiniatureMemoryError`` where the dataset is neither the same nor that one grown.
        """
        last = self.phases[-1]
        _check_same_or_grown(last.data, dataset)
        longer = config.steps > last.steps if config.minutes is None else config.minutes > last.minutes
        return longer or dataset.characters > last.data["characters"]


def all_done(run: Path, config: TrainConfig, dataset: Dataset) -> dict[str, Any] | None:
    """The figures of a run that has nothing left to do; None where there is something."""
    plan = Plan(run)
    if not plan.phases or plan.asks_for_more(config, dataset) or not (run / "model" / "config.json").exists():
        return None
    try:
        figures: dict[str, Any] = json.loads((run / "figures.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return figures if figures.get("phases") == len(plan.phases) else None


def _check_same_or_grown(seen: dict[str, Any], dataset: Dataset) -> None:
    long_enough = dataset.characters >= seen["characters"]
    if not long_enough or dataset.prefix_hash(seen["characters"]) != seen["sha256"]:
        raise MiniatureMemoryError(
            "The dataset is not the one that this run was trained on, nor that one grown: "
            "documents were removed or changed.",
            "`mm train --set train.restart=true` begins a new run on it; the old run stays as it is.",
        )
