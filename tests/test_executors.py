from __future__ import annotations

import time

import pytest

from miniature_memory.executors import Executor, map_ordered


def slow_for_small(number: int) -> int:
    time.sleep(0.01 * (5 - number % 5))
    return number * number


@pytest.mark.parametrize(
    ("executor", "workers"),
    [("serial", 1), ("processes", 1), ("processes", 3), pytest.param("dask", 2, marks=pytest.mark.slow)],
)
def test_results_come_in_order_from_everyone(executor: Executor, workers: int) -> None:
    if executor == "dask":
        pytest.importorskip("distributed")
    assert list(map_ordered(slow_for_small, range(30), executor, workers)) == [n * n for n in range(30)]


def test_items_are_taken_as_they_are_needed() -> None:
    taken = []

    def items() -> object:
        for number in range(1000):
            taken.append(number)
            yield number

    results = map_ordered(slow_for_small, items(), "processes", 2)  # type: ignore[arg-type]
    next(results)
    assert len(taken) < 20
    results.close()  # type: ignore[attr-defined]
