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

import os
from typing import Any

from miniature_memory.config import Config
from miniature_memory.errors import MissingExtra
from miniature_memory.progress import Progress
from miniature_memory.training.data import Dataset
from miniature_memory.training.plan import all_done, run_folder
from miniature_memory.workspace import Workspace, atomic_write

Figures = dict[str, Any]


def train(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Trains, or goes on training, and releases.

    Figures: parameters, steps, characters, losses in nats and bits, speed, peak memory; ``new`` counts the
    updates made now. Raises ``MissingInput`` without a dataset, ``ConfigError`` where the preset can't fit.
    """
    dataset = Dataset.open(workspace.processed)
    config = _resolved(workspace, config, progress)
    run = run_folder(workspace, config.train)
    figures = all_done(run, config.train, dataset)
    if figures is not None:
        progress.say("The model has seen the whole dataset for as long as was asked; nothing to train.")
        figures = {**figures, "new": 0}
    else:
        _need_pytorch()
        from miniature_memory.training.phases import go_on

        figures = go_on(run, config, dataset, progress)
    if os.environ.get("RANK", "0") == "0":
        atomic_write(workspace.runs / "latest", run.name + "\n")
    return figures


def _resolved(workspace: Workspace, config: Config, progress: Progress) -> Config:
    """``auto`` as the preset that was chosen on this machine for these settings, chosen once."""
    if config.train.preset != "auto":
        return config
    _need_pytorch()
    from miniature_memory.training.fit import choose_preset_once

    chosen = choose_preset_once(workspace.runs / "auto.json", config.train, progress)
    return config.model_copy(update={"train": chosen})


def _need_pytorch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MissingExtra(
            "Training needs PyTorch, which is not installed.",
            "Run ./setup.sh, or: pip install 'miniature-memory[train]'",
        ) from None
