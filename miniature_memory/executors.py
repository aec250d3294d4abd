"""The seam between a stage and whoever does its work: the same results, in order, from any of them."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeVar

from miniature_memory.errors import MissingExtra

A = TypeVar("A")
B = TypeVar("B")
Executor = Literal["serial", "processes", "dask"]


def map_ordered(
    function: Callable[[A], B],
    items: Iterable[A],
    executor: Executor = "serial",
    workers: int = 1,
    scheduler: str | None = None,
) -> Iterator[B]:
    """``function`` over ``items``, results in the order of ``items``; ``function`` must be importable.

    At most a few items a worker are under way at once, so memory stays bounded.
    ``dask`` without ``scheduler`` (an address) starts a local cluster of ``workers`` processes.
    """
    if executor == "processes" and workers > 1:
        yield from _processes(function, items, workers)
    elif executor == "dask":
        yield from _dask(function, items, workers, scheduler)
    else:
        yield from map(function, items)


def _processes(function: Callable[[A], B], items: Iterable[A], workers: int) -> Iterator[B]:
    import multiprocessing
    from concurrent.futures import Future, ProcessPoolExecutor

    # spawn: a forked child would inherit threads and SQLite handles of the parent
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_leave_interrupts_to_the_parent
    ) as pool:
        waiting: deque[Future[B]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _dask(function: Callable[[A], B], items: Iterable[A], workers: int, scheduler: str | None) -> Iterator[B]:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise MissingExtra(
            "The Dask executor is not installed.", "Install it: pip install 'miniature-memory[scale]'"
        ) from None
    cluster = None
    if not scheduler:
        cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)  # type: ignore[no-untyped-call]
    client = Client(scheduler or cluster)  # type: ignore[no-untyped-call]
    try:
        waiting: deque[object] = deque()
        for item in items:
            waiting.append(client.submit(function, item, pure=False))
            if len(waiting) >= 4 * max(workers, 1):
                yield waiting.popleft().result()  # type: ignore[attr-defined]
        while waiting:
            yield waiting.popleft().result()  # type: ignore[attr-defined]
    finally:
        client.close()  # type: ignore[no-untyped-call]
        if cluster is not None:
            cluster.close()
