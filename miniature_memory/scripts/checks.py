"""What ``mm doctor`` looks at. Each check is a function that tells what it found and what to do."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from miniature_memory.config import Config
from miniature_memory.workspace import Workspace


@dataclass(frozen=True)
class Check:
    """``needed``: without it the configured pipeline can't run; else something is slower or left out."""

    name: str
    good: bool
    found: str
    hint: str = ""
    needed: bool = True


def examine(workspace: Workspace, config: Config) -> Iterator[Check]:
    yield _python()
    yield _memory()
    yield _disk(workspace)
    yield _pytorch()
    yield _browser(config)
    yield _compiler()
    yield from _search(config)


def _python() -> Check:
    found = f"{platform.python_version()} ({sys.executable})"
    return Check(
        "Python", sys.version_info >= (3, 11), found, "" if sys.version_info >= (3, 11) else "3.11 or newer"
    )


def _memory() -> Check:
    import psutil

    total = psutil.virtual_memory().total / 1e9
    good = total >= 1.8
    hint = "" if good else "The whole pipeline wants 2 GB; `mm write` alone runs in far less."
    return Check("Memory", good, f"{total:.1f} GB, {os.cpu_count()} cores", hint, needed=False)


def _disk(workspace: Workspace) -> Check:
    folder = workspace.root
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    if not os.access(folder, os.W_OK):
        return Check("Workspace", False, f"{folder} can't be written", "Choose another --workspace.")
    hint = "" if free >= 1 else "Free some: a run needs about 1 GB."
    return Check("Workspace", free >= 1, f"{workspace.root}, {free:.0f} GB free", hint)


def _pytorch() -> Check:
    if importlib.util.find_spec("torch") is None:
        hint = "Only training needs it: run ./setup.sh, or pip install 'miniature-memory[train]'."
        return Check("PyTorch", False, "not installed", hint)
    from miniature_memory.training.device import describe

    return Check("PyTorch", True, describe())


def _browser(config: Config) -> Check:
    from miniature_memory.scraper.fetch.browser import find_browser

    path = find_browser()
    if path is not None:
        return Check("Browser", True, f"{path} (launched and answered)")
    hint = "Run ./setup.sh. Without a browser, pages built by JavaScript are left out."
    return Check("Browser", False, "none passes a real launch", hint, needed=config.fetch.browser == "always")


def _compiler() -> Check:
    from miniature_memory.inference.native import find_compiler

    compiler = find_compiler()
    hint = "" if compiler else "Install gcc; without one numpy does the work, more slowly."
    return Check("C compiler", compiler is not None, compiler or "none", hint, needed=False)


def _search(config: Config) -> Iterator[Check]:
    if config.demo.enabled:
        yield Check("Search", True, "the demo's story web (--preset web for the real one)")
        return
    from miniature_memory.scraper.search import missing

    lacks = missing(config)
    for lack in lacks:
        yield Check("Search", False, f"{config.search.provider}: {lack}", "See README, section Real use.")
    if not lacks:
        yield Check("Search", True, f"{config.search.provider}, {len(config.search.queries)} queries")
