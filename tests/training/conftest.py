from __future__ import annotations

from pathlib import Path

import pytest

from miniature_memory.config import Config, load
from miniature_memory.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with a small prepared dataset."""
    from tests.training.prepared import write_dataset

    workspace = Workspace(tmp_path)
    write_dataset(workspace.processed)
    return workspace


@pytest.fixture
def config() -> Config:
    return tiny()


def tiny(**settings: object) -> Config:
    """The tiny preset on one thread, with ``settings`` of its own."""
    sets = [f"train.{name}={value}" for name, value in settings.items()]
    return load(sets=["train.preset=tiny", "train.threads=1", "train.device=cpu", *sets], environment={})
