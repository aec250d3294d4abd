"""Whoever does the work: results come in order, memory stays bounded, and who dies is told or replaced."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.executors import AHEAD, Executor, _same_version, map_ordered


def slow_for_small(number: int) -> int:
    time.sleep(0.01 * (5 - number % 5))
    return number * number


def die_once(task: tuple[Path, int]) -> int:
    """The first who comes to number 10 is killed."""
    folder, number = task
    if number == 10 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return slow_for_small(number)


@pytest.mark.parametrize(("executor", "workers"), [("serial", 1), ("processes", 1), ("processes", 3)])
def test_results_come_in_order_from_everyone(executor: Executor, workers: int) -> None:
    assert list(map_ordered(slow_for_small, range(30), executor, workers)) == [n * n for n in range(30)]


def test_items_are_taken_as_they_are_needed() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results: Any = map_ordered(slow_for_small, items(), "processes", 2)
    next(results)
    assert len(taken) <= 2 * AHEAD
    results.close()


def test_a_killed_process_is_told(tmp_path: Path) -> None:
    with pytest.raises(MiniatureMemoryError, match="was killed"):
        list(map_ordered(die_once, [(tmp_path, n) for n in range(20)], "processes", 2))


def test_a_worker_of_another_version_is_refused() -> None:
    with pytest.raises(MiniatureMemoryError, match="same one everywhere"):
        _same_version("0.0.0", slow_for_small, 1)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_though_a_worker_is_killed(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        tasks = [(tmp_path, n) for n in range(60)]
        found = list(map_ordered(die_once, tasks, "dask", scheduler=cluster.scheduler_address))
    assert (tmp_path / "died").exists()
    assert found == [n * n for n in range(60)]


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("miniature_memory.executors.PATIENCE", 1)
    with pytest.raises(MiniatureMemoryError, match="No Dask scheduler answers"):
        list(map_ordered(slow_for_small, [1], "dask", scheduler="tcp://127.0.0.1:9"))
