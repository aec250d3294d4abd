"""The seam between a stage and whoever does its work: the same results, in order, from any of them."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, Literal, TypeVar

from miniature_memory import __version__
from miniature_memory.errors import MiniatureMemoryError, MissingExtra

A = TypeVar("A")
B = TypeVar("B")
Executor = Literal["serial", "processes", "dask"]

AHEAD = 4  # items under way for each worker: enough that none waits, few enough for bounded memory
PATIENCE = 30  # seconds until a scheduler that doesn't answer is given up
_GO_ON = "Nothing that was finished is lost: run the same command again, perhaps with fewer workers."


def map_ordered(
    function: Callable[[A], B],
    items: Iterable[A],
    executor: Executor = "serial",
    workers: int = 1,
    scheduler: str | None = None,
) -> Iterator[B]:
    """``function`` over ``items``, results in the order of ``items``; ``function`` must be importable.

    At most a few items a worker are under way at once, so memory stays bounded. ``dask`` without
    ``scheduler`` (an address) starts a local cluster of ``workers`` processes; a Dask worker that dies in
    the middle loses nothing, its items are done again. Raises ``MiniatureMemoryError`` when they die again
    and again.
    """
    if executor == "processes" and workers > 1:
        yield from _processes(function, items, workers)
    elif executor == "dask":
        yield from _dask(function, items, workers, scheduler)
    else:
        yield from map(function, items)


def _in_order(
    submit: Callable[[A], Any],
    items: Iterable[A],
    workers: Callable[[], int],
    cancel: Callable[[Any], object],
) -> Iterator[Any]:
    """Results of futures in the order of their submission, some ahead of the one that is waited for."""
    waiting: deque[Any] = deque()
    try:
        for item in items:
            waiting.append(submit(item))
            if len(waiting) >= AHEAD * workers():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            cancel(future)


def _processes(function: Callable[[A], B], items: Iterable[A], workers: int) -> Iterator[B]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # spawn: a forked child would inherit threads and SQLite handles of the parent
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_leave_interrupts_to_the_parent
    ) as pool:
        try:
            yield from _in_order(
                lambda item: pool.submit(function, item),
                items,
                lambda: workers,
                lambda future: future.cancel(),
            )
        except BrokenProcessPool:
            raise MiniatureMemoryError("A worker process was killed (out of memory?).", _GO_ON) from None


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _dask(function: Callable[[A], B], items: Iterable[A], workers: int, scheduler: str | None) -> Iterator[B]:
    try:
        import distributed
    except ImportError:
        raise MissingExtra(
            "The Dask executor is not installed.", "Install it: pip install 'miniature-memory[scale]'"
        ) from None
    dask: Any = distributed  # it has no types
    with ExitStack() as stack:
        if scheduler:
            try:
                client = stack.enter_context(dask.Client(scheduler, timeout=PATIENCE))
            except (OSError, ValueError) as error:
                raise MiniatureMemoryError(
                    f"No Dask scheduler answers at {scheduler}.",
                    "Give the address that it printed when it started, such as tcp://host:8786.",
                ) from error
        else:
            cluster = dask.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            client = stack.enter_context(dask.Client(stack.enter_context(cluster)))
        submit = partial(client.submit, _same_version, __version__, function, pure=False)
        try:
            yield from _in_order(submit, items, _Threads(client), lambda future: future.cancel())
        except dask.KilledWorker as error:
            raise MiniatureMemoryError(
                f"Dask's workers were killed again and again: {error}", _GO_ON
            ) from None


class _Threads:
    """How many threads the cluster has; asked seldom, since it may grow and shrink."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._asked = self._threads = 0

    def __call__(self) -> int:
        if self._asked % 64 == 0:
            self._threads = max(1, sum(self._client.nthreads().values()))
        self._asked += 1
        return self._threads


def _same_version(version: str, function: Callable[[A], B], item: A) -> B:
    """What a Dask worker runs: another version of this package might give other bytes."""
    if version != __version__:
        raise MiniatureMemoryError(
            f"A Dask worker has version {__version__} of miniature-memory, this machine {version}.",
            "Install the same one everywhere.",
        )
    return function(item)
