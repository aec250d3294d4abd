"""Extraction in child processes with limits on time and memory: a page can hang or bloat only its own child.

Children are plain `python -m` processes that speak length-prefixed JSON over pipes. Nothing of a page is
written anywhere: no temporary file, no core dump, no traceback; a child that overruns is killed and replaced.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

from miniature_memory.errors import FetchError
from miniature_memory.scraper.extract import Extracted, extract

T = TypeVar("T")
_LENGTH = struct.Struct(">I")
_MAX_ANSWER = 64 << 20  # bytes; a broken length must not make the parent allocate what it says
_PAGES_PER_CHILD = 300  # a fresh child now and then: lxml's memory fragments, and libraries keep caches


class ExtractPool:
    """``async with ExtractPool(workers=2) as pool: story = await pool.extract(html, url)``.

    ``timeout`` is in seconds for one page, ``memory_mb`` bounds a child's private memory. An overrun raises
    ``FetchError(reason="timeout")``, any other failure ``FetchError(reason="extract_failed")``.
    """

    def __init__(self, workers: int = 2, timeout: float = 20.0, memory_mb: int = 600) -> None:
        self.workers, self.timeout, self.memory_mb = workers, timeout, memory_mb
        self._idle: asyncio.LifoQueue[_Child | None] = asyncio.LifoQueue()
        for _ in range(workers):
            self._idle.put_nowait(None)
        self._alive: set[_Child] = set()

    async def __aenter__(self) -> ExtractPool:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in list(self._alive):
            await self._end(child)

    async def extract(self, html: str, url: str = "") -> Extracted:
        """`extract` in a child; waits for a free one."""
        child = await self._idle.get()
        try:
            if child is None or child.process.returncode is not None:
                child = await _Child.start(self.memory_mb)
                self._alive.add(child)
            answer = await asyncio.wait_for(child.ask(html, url), self.timeout)
        except TimeoutError:
            await self._end(child)
            child = None
            raise FetchError("timeout", f"the page took longer than {self.timeout:g} s to read") from None
        except (OSError, EOFError, asyncio.IncompleteReadError, json.JSONDecodeError):
            await self._end(child)  # killed by its memory limit, or crashed inside libxml2
            child = None
            raise FetchError("extract_failed", "the page could not be read within its limits") from None
        except BaseException:  # cancelled halfway: the child's answer must not meet the next page
            await self._end(child)
            child = None
            raise
        finally:
            if child is not None and child.pages >= _PAGES_PER_CHILD:
                await self._end(child)
                child = None
            self._idle.put_nowait(child)
        if "error" in answer:
            raise FetchError("extract_failed", f"the page could not be read ({answer['error']})")
        return Extracted(**answer)

    async def _end(self, child: _Child | None) -> None:
        if child is not None:
            self._alive.discard(child)
            await child.kill()


def extract_isolated(html: str, url: str = "", timeout: float = 20.0, memory_mb: int = 600) -> Extracted:
    """`extract` in one child process of its own, for callers without an event loop."""

    async def once() -> Extracted:
        async with ExtractPool(1, timeout, memory_mb) as pool:
            return await pool.extract(html, url)

    return asyncio.run(once())


class _Child:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.pages = process, 0

    @classmethod
    async def start(cls, memory_mb: int) -> _Child:
        # -c with an explicit path: the child finds the package wherever the parent found it
        import miniature_memory

        root = os.path.dirname(os.path.dirname(os.path.abspath(miniature_memory.__file__)))
        code = (
            f"import sys; sys.path.insert(0, {root!r});"
            f"from miniature_memory.scraper.extract.isolate import serve; serve({memory_mb})"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            code,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C belongs to the parent, which decides what a page's end is
        )
        return cls(process)

    async def ask(self, html: str, url: str) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        data = json.dumps([html, url]).encode("utf-8")
        self.pages += 1
        self.process.stdin.write(_LENGTH.pack(len(data)) + data)
        await self.process.stdin.drain()
        (length,) = _LENGTH.unpack(await self.process.stdout.readexactly(_LENGTH.size))
        if length > _MAX_ANSWER:
            raise EOFError
        answer: dict[str, Any] = json.loads(await self.process.stdout.readexactly(length))
        return answer

    async def kill(self) -> None:
        import contextlib

        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await _uninterrupted(self.process.wait())


async def _uninterrupted(wait: Awaitable[T]) -> T:
    """Reaps a killed child even when the caller is being cancelled."""
    return await asyncio.shield(asyncio.ensure_future(wait))


def serve(memory_mb: int, source: BinaryIO | None = None, sink: BinaryIO | None = None) -> None:
    """The child's loop: a request, an answer, until the pipe closes. Errors go back as a type's name only."""
    source, sink = source or sys.stdin.buffer, sink or sys.stdout.buffer
    sys.stdout = sys.stderr  # a library that prints must not write into the answers
    _limit(memory_mb)
    while True:
        head = source.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return
        try:
            html, url = json.loads(source.read(_LENGTH.unpack(head)[0]))
            answer = vars(extract(html, url)) | {}
        except MemoryError:
            os._exit(1)  # the heap can't be trusted any more; the parent starts another child
        except Exception as error:
            answer = {"error": type(error).__name__}  # never its message: it may quote the page
        html = ""
        data = json.dumps(answer).encode("utf-8")
        sink.write(_LENGTH.pack(len(data)) + data)
        sink.flush()


def _limit(memory_mb: int) -> None:
    """Bounds private memory (RLIMIT_DATA counts every private writable mapping on Linux); no core dumps."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
