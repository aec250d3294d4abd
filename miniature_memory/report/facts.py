"""The facts that the terminal, the page and ``mm status --json`` show, read from the ledger and the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from miniature_memory.processing.growing import Manifest
from miniature_memory.workspace import Workspace


def facts(workspace: Workspace) -> dict[str, Any]:
    """Where things stand: the funnel, figures of each stage, the prepared data, the last run."""
    ledger = workspace.ledger
    latest: dict[str, Any] = {}
    # the last time that a stage did something; not the report, which would change by being written
    for row in ledger.figures():
        if row["stage"] != "report" and (row["figures"].get("new") or row["stage"] not in latest):
            latest[row["stage"]] = row
    run = workspace.latest_run
    return {
        "workspace": str(workspace.root),
        "funnel": ledger.funnel(),
        "stages": latest,
        "peak_mb": max((row["figures"].get("peak_mb", 0) for row in latest.values()), default=0),
        "run": str(run) if run else None,
        "model": str(run / "model") if run and (run / "model" / "config.json").exists() else None,
        "report": str(run / "report.html") if run and (run / "report.html").exists() else None,
        "prepared": _prepared(workspace),
    }


def _prepared(workspace: Workspace) -> dict[str, Any] | None:
    """The plain entries of the prepared data's manifest."""
    head = Manifest(workspace.processed).head()
    if head is None:
        return None
    return {key: value for key, value in head.items() if isinstance(value, str | int | float)}


def last(facts: dict[str, Any], stage: str) -> dict[str, Any]:
    """The last recorded figures of ``stage``; empty when it never ran."""
    row = facts["stages"].get(stage)
    figures: dict[str, Any] = row["figures"] if row else {}
    return figures


def sample(facts: dict[str, Any]) -> str | None:
    """The text of the last sample story."""
    path = last(facts, "generate").get("path")
    try:
        return Path(facts["workspace"], path).read_text(encoding="utf-8") if path else None
    except OSError:
        return None
