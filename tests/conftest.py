"""What several groups of tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from miniature_memory.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    space = Workspace(tmp_path / "space")
    yield space
    space.close()
