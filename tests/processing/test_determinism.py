"""The same bytes whoever does the work, however it is cut, grown, or killed."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from miniature_memory.config import Config
from miniature_memory.workspace import Workspace
from tests.processing import elsewhere
from tests.processing.conftest import add, edited, outputs, process, story

Make = Callable[[str], Workspace]

STORIES = [story(n) for n in range(9)]
TEXTS = [
    *STORIES[:6],
    edited(STORIES[2], 0.03),
    STORIES[3] + "\n",
    "Too short.",
    "\n\n".join(STORIES[4].split("\n\n")[3:12]),  # an excerpt
    "\n\n".join(["Chapter One", STORIES[5], "Chapter Two", STORIES[6], "Chapter Three", STORIES[1]]),
    *STORIES[7:],
]


def everything(workspace: Workspace) -> dict[str, object]:
    """Every file that processing wrote, and every decision."""
    rows = workspace.ledger.connection.execute("SELECT * FROM decisions ORDER BY stage, document_id")
    found = {**outputs(workspace), "decisions": [tuple(row) for row in rows]}
    workspace.close()
    return found


@pytest.fixture
def at_once(new_workspace: Make, config: Config) -> dict[str, object]:
    workspace = new_workspace("once")
    add(workspace, TEXTS)
    process(workspace, config)
    return everything(workspace)


@pytest.mark.slow
def test_workers_shards_steps_and_surroundings_change_no_byte(
    new_workspace: Make, at_once: dict[str, object], tmp_path: Path
) -> None:
    variants: dict[str, dict[str, Any]] = {
        "two processes": {
            "settings": ["executor=processes", "workers=2", "prepare.shard_mb=1"],
            "shards": (2, 5, 4),
            "TZ": "Asia/Kathmandu",
            "PYTHONHASHSEED": "7",
        },
        "one process, ten steps, elsewhere": {
            "settings": ["executor=processes", "workers=1"],
            "cuts": [1, 2, 3, 5, 6, 7, 9, 10, 11],
            "shards": (1, 2, 3),
            "cwd": tmp_path,
            "LC_ALL": "C",
            "PYTHONHASHSEED": "8",
        },
        "three steps": {"cuts": [5, 9], "LC_ALL": "C.UTF-8"},
    }
    for name, told in variants.items():
        workspace = new_workspace(name)
        assert elsewhere.run(workspace, TEXTS, **told) == 0
        assert everything(workspace) == at_once, name


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_bytes(new_workspace: Make, at_once: dict[str, object]) -> None:
    distributed = pytest.importorskip("distributed")
    workspace = new_workspace("dask")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        settings = ["executor=dask", f"scheduler={cluster.scheduler_address}"]
        assert elsewhere.run(workspace, TEXTS, settings, shards=(2, 8, 8)) == 0
    assert everything(workspace) == at_once


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_to_the_same_bytes(
    new_workspace: Make, at_once: dict[str, object]
) -> None:
    rng, workspace, kills = random.Random(4), new_workspace("killed"), 0
    for seed in range(6):
        shards = (rng.randint(1, 4), rng.randint(1, 6), rng.randint(1, 6))
        delay = rng.uniform(0.05, 0.8)
        status = elsewhere.run(workspace, TEXTS, shards=shards, kill=delay, PYTHONHASHSEED=str(seed))
        kills += status == -signal.SIGKILL
    assert elsewhere.run(workspace, TEXTS) == 0
    assert kills >= 2
    assert everything(workspace) == at_once
