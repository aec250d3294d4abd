"""A page can hang, bloat or crash only its own child; the next page meets a fresh one."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from miniature_memory.errors import FetchError
from miniature_memory.scraper.extract import extract
from miniature_memory.scraper.extract.isolate import ExtractPool, extract_isolated
from tests.scraper.extract.pages import GOLD, PAGES

PAGE, URL = PAGES["wordpress"][0](), PAGES["wordpress"][1]
HANGS = "<html><body>" + "<b><i><u>" * 60_000


def test_a_child_gives_what_the_function_gives() -> None:
    assert extract_isolated(PAGE, URL) == extract(PAGE, URL)


def test_a_page_that_takes_too_long_is_ended_and_the_next_is_read() -> None:
    async def run() -> None:
        async with ExtractPool(1, timeout=10) as pool:
            await pool.extract(PAGE, URL)  # warm
            pool.timeout = 0.05
            started = time.monotonic()
            with pytest.raises(FetchError) as caught:
                await pool.extract(HANGS, URL)
            assert caught.value.reason == "timeout"
            assert time.monotonic() - started < 3
            pool.timeout = 20
            assert (await pool.extract(PAGE, URL)).text == GOLD

    asyncio.run(run())


def test_a_page_that_needs_too_much_memory_is_ended_and_the_next_is_read() -> None:
    async def run() -> None:
        async with ExtractPool(1, timeout=60, memory_mb=150) as pool:
            assert (await pool.extract(PAGE, URL)).text == GOLD
            with pytest.raises(FetchError) as caught:
                await pool.extract("<html><body><p>" + "word " * 12_000_000, URL)
            assert caught.value.reason == "extract_failed"
            assert (await pool.extract(PAGE, URL)).text == GOLD

    asyncio.run(run())


def test_a_child_that_dies_costs_its_page_only() -> None:
    async def run() -> None:
        async with ExtractPool(2, timeout=20) as pool:
            await asyncio.gather(*(pool.extract(PAGE, URL) for _ in range(4)))
            for child in psutil.Process().children():
                os.kill(child.pid, signal.SIGKILL)
            outcomes = await asyncio.gather(
                *(pool.extract(PAGE, URL) for _ in range(4)), return_exceptions=True
            )
            failed = [o for o in outcomes if isinstance(o, FetchError)]
            assert all(f.reason == "extract_failed" for f in failed) and len(failed) <= 2
            assert (await pool.extract(PAGE, URL)).text == GOLD

    asyncio.run(run())


def test_a_cancelled_page_leaves_no_answer_for_the_next() -> None:
    other = PAGES["phpbb"][0](), PAGES["phpbb"][1]

    async def run() -> None:
        async with ExtractPool(1, timeout=20) as pool:
            await pool.extract(PAGE, URL)
            task = asyncio.create_task(pool.extract(*other))
            await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await pool.extract(PAGE, URL)).author == "Ines Halloway"

    asyncio.run(run())


def test_no_child_outlives_the_pool() -> None:
    async def run() -> list[psutil.Process]:
        async with ExtractPool(2) as pool:
            await asyncio.gather(*(pool.extract(PAGE, URL) for _ in range(2)))
            return psutil.Process().children()

    children = asyncio.run(run())
    assert len(children) >= 2
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


def test_an_error_says_nothing_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    from io import BytesIO

    from miniature_memory.scraper.extract import isolate

    def fails(html: str, url: str) -> None:
        raise ValueError(f"could not read {html}")

    monkeypatch.setattr(isolate, "extract", fails)
    monkeypatch.setattr(isolate, "_limit", lambda memory_mb: None)
    data = b'["a very private page", ""]'
    sink = BytesIO()
    isolate.serve(0, BytesIO(isolate._LENGTH.pack(len(data)) + data), sink)
    assert b"private" not in sink.getvalue()
    assert b"ValueError" in sink.getvalue()


def test_no_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    extract_isolated(PAGE, URL)
    assert list(tmp_path.iterdir()) == []
