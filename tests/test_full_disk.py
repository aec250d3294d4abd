"""A full disk: one clear message, nothing lost, and with room again the same bytes as with room all along."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from miniature_memory.config import Config, load
from miniature_memory.errors import DiskFull
from miniature_memory.workspace import Workspace
from tests.processing.conftest import add, config, new_workspace, outputs, process, story

__all__ = ["config", "new_workspace"]  # fixtures

Make = Callable[[str], Workspace]

STORIES = [story(n) for n in range(4)]


@pytest.fixture
def wanted(new_workspace: Make, config: Config) -> dict[str, bytes]:
    workspace = new_workspace("wanted")
    add(workspace, STORIES)
    process(workspace, config)
    return outputs(workspace)


def test_the_store_meets_it(new_workspace: Make, config: Config, wanted: dict[str, bytes]) -> None:
    workspace = new_workspace("w")
    add(workspace, STORIES)
    pages = workspace.ledger.connection.execute("PRAGMA page_count").fetchone()[0]
    workspace.ledger.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull, match="no room left"):
        for _ in range(100):
            workspace.ledger.record("validate", "", 0, {"": "x" * 1000})
    with pytest.raises(DiskFull, match="no room left"), workspace.ledger.transaction() as connection:
        connection.execute("INSERT INTO meta VALUES ('large', ?)", ("x" * 100_000,))
    workspace.close()
    process(workspace, config)
    assert outputs(workspace) == wanted


@pytest.mark.parametrize("at", [1, 8, 20, 30])
def test_a_file_meets_it(
    new_workspace: Make, config: Config, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    workspace = new_workspace("w")
    add(workspace, STORIES)
    real, left = os.fsync, at

    def fsync(handle: int) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(DiskFull, match="no room left"):
            process(workspace, config)
    process(workspace, load(sets=["executor=serial", "prepare.renamed_versions=1"], environment={}))
    assert outputs(workspace) == wanted
