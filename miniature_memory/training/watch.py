"""What can be watched while it trains: samples in the making, and TensorBoard."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miniature_memory.errors import MissingExtra
from miniature_memory.workspace import atomic_write

if TYPE_CHECKING:
    from miniature_memory.training.trainer import Trainer

LENGTH = 300


def write_sample(trainer: Trainer, screen_version: str) -> None:
    """``samples/update-N.txt``: a few lines by the model as it is, through the runtime that users get.
    What the adults-only screen stops leaves the rule's name only."""
    from miniature_memory.inference.engine import Engine
    from miniature_memory.inference.generate import tell
    from miniature_memory.inference.model_directory import write_model_directory
    from miniature_memory.inference.sampler import Settings

    updates = trainer.state.updates
    with tempfile.TemporaryDirectory() as folder:
        weights = {name: tensor.numpy() for name, tensor in trainer.model.released().items()}
        config = trainer.model.shape.to_json(screen_version)
        write_model_directory(Path(folder) / "model", weights, config, {})
        engine = Engine.load(Path(folder) / "model")
        told = tell(engine, "", Settings(seed=updates), LENGTH)
    text = f"(stopped by the adults-only screen: {told.refused})" if told.refused else told.text.strip("\n")
    atomic_write(trainer.folder / "samples" / f"update-{updates:07d}.txt", text + "\n")


def tensorboard(folder: Path) -> Any:
    """A writer of TensorBoard events beside the log."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingExtra(
            "train.tensorboard is set, and TensorBoard is not installed.", "pip install tensorboard"
        ) from None
    return SummaryWriter(str(folder / "tensorboard"))
