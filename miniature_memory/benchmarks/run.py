"""The demo run as a user sees it: seconds and memory of each stage, of `mm write`, of `mm --help`, and the
size of what is installed. Everything runs in processes of its own, in a temporary workspace."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from miniature_memory.benchmarks import Options, columns
from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.meter import tree_megabytes

_MM = (sys.executable, "-m", "miniature_memory")


def run(options: Options) -> dict[str, Any]:
    """Figures: stages {name: seconds, peak_mb}, seconds, peak_mb, again_seconds, write_peak_mb,
    characters_per_second, help_seconds, installed_mb {package: MB}."""
    with tempfile.TemporaryDirectory() as folder:
        figures = json.loads(_run("run", "--workspace", folder, "--preset", "demo", "--json", "--quiet"))
        began = time.monotonic()
        _run("run", "--workspace", folder, "--json", "--quiet")
        again = time.monotonic() - began
        began = time.monotonic()
        peak, story = _peak("write", "--workspace", folder, "--length", "20000")
        speed = len(story) / (time.monotonic() - began)
    began = time.monotonic()
    _run("--help")
    return {
        "stages": {
            name: {"seconds": each["seconds"], "peak_mb": each["peak_mb"]}
            for name, each in figures.items()
            if isinstance(each, dict) and "seconds" in each
        },
        "seconds": figures["seconds"],
        "peak_mb": figures["peak_mb"],
        "again_seconds": round(again, 1),
        "write_peak_mb": round(peak),
        "characters_per_second": round(speed),
        "help_seconds": round(time.monotonic() - began, 2),
        "installed_mb": installed(),
    }


def table(figures: dict[str, Any]) -> str:
    write = 20_000 / figures["characters_per_second"]
    rows: list[tuple[str, ...]] = [("", "seconds", "peak MB")]
    rows += [
        (name, f"{each['seconds']:.1f}", f"{each['peak_mb']:,}") for name, each in figures["stages"].items()
    ]
    rows += [
        ("the whole run", f"{figures['seconds']:.1f}", f"{figures['peak_mb']:,}"),
        ("again, nothing new", f"{figures['again_seconds']:.1f}", ""),
        ("mm write, 20,000 characters", f"{write:.1f}", f"{figures['write_peak_mb']:,}"),
        ("mm --help", f"{figures['help_seconds']:.2f}", ""),
    ]
    sizes = figures["installed_mb"]
    small = sum(size for name, size in sizes.items() if name != "torch")
    largest = sorted(((size, name) for name, size in sizes.items() if name != "torch"), reverse=True)[:4]
    told = ", ".join(f"{name} {size:.0f}" for size, name in largest)
    return (
        columns(rows)
        + f"\n\nInstalled without PyTorch and browser: {small:.0f} MB ({told})"
        + f"\nPyTorch and what only it needs: {sizes.get('torch', 0):.0f} MB"
    )


def installed() -> dict[str, float]:
    """MB of each installed distribution that this package needs, with what those need."""
    from importlib.metadata import PackageNotFoundError, distribution

    sizes: dict[str, float] = {}
    waiting = ["miniature-memory", "torch"]
    site = Path(sysconfig.get_path("purelib"))
    while waiting:
        name = waiting.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        key = found.metadata["Name"].lower()
        if key in sizes:
            continue
        paths = [Path(str(file.locate())) for file in found.files or []]
        sizes[key] = (
            sum(path.stat().st_size for path in paths if path.is_file() and site in path.parents) / 1e6
        )
        for requirement in found.requires or []:
            if "extra ==" not in requirement:
                waiting.append(_name(requirement))
    torch_alone = {"sympy", "networkx", "mpmath", "fsspec", "filelock", "setuptools"}
    sizes["torch"] = sizes.get("torch", 0) + sum(sizes.pop(name, 0) for name in torch_alone)
    return {name: round(size, 1) for name, size in sizes.items()}


def _name(requirement: str) -> str:
    end = next((i for i, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), len(requirement))
    return requirement[:end]


def _run(*arguments: str) -> str:
    done = subprocess.run([*_MM, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise MiniatureMemoryError(f"mm {' '.join(arguments)} failed.", done.stderr.strip()[-2000:])
    return done.stdout


def _peak(*arguments: str) -> tuple[float, str]:
    """The highest memory of a process, looked at every 20 ms, and what it printed."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([*_MM, *arguments], stdout=out)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, tree_megabytes(process.pid))
            time.sleep(0.02)
        out.seek(0)
        return peak, out.read().decode("utf-8")
