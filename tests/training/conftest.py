from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from miniature_memory.config import Config, load
from miniature_memory.workspace import Workspace


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Models this small lose more by waiting for a second thread than it does for them."""
    with suppress(ImportError):
        import torch

        torch.set_num_threads(1)


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
    """The tiny preset on one thread and without samples, with ``settings`` of its own."""
    sets = [f"train.{name}={value}" for name, value in ({"samples": False} | settings).items()]
    return load(sets=["train.preset=tiny", "train.threads=1", "train.device=cpu", *sets], environment={})
