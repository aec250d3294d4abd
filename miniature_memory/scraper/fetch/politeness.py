"""One request at a time to a host, with a pause between two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager

LONGEST_DELAY = 60.0  # seconds; a longer Crawl-delay is obeyed as far as this


class Politeness:
    """``async with politeness.turn(host): request``. Hosts in ``granted`` (the demo's own) need no pause."""

    def __init__(self, delay: float, granted: Container[str] = ()) -> None:
        self._delay, self._granted = delay, granted
        self._own_delay: dict[str, float] = {}
        self._ready: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def ask(self, host: str, delay: float) -> None:
        """A host's own wish (Crawl-delay), in seconds."""
        self._own_delay[host] = min(delay, LONGEST_DELAY)

    def pause(self, host: str, seconds: float) -> None:
        """Nobody asks ``host`` before ``seconds`` from now."""
        self._ready[host] = max(self._ready.get(host, 0.0), time.monotonic() + seconds)

    def wait(self, host: str) -> float:
        """Seconds until ``host`` may be asked; more than none while somebody asks it."""
        lock = self._locks.get(host)
        if lock is not None and lock.locked():
            return 0.05
        return max(0.0, self._ready.get(host, 0.0) - time.monotonic())

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        async with self._locks.setdefault(host, asyncio.Lock()):
            while (left := self._ready.get(host, 0.0) - time.monotonic()) > 0:
                await asyncio.sleep(left)
            try:
                yield
            finally:
                self.pause(host, self.delay(host))

    def delay(self, host: str) -> float:
        if host.partition(":")[0] in self._granted:
            return 0.0
        return max(self._delay, self._own_delay.get(host, 0.0))
