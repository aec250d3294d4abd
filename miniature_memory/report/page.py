"""The report stage: one HTML file that shows all of a run, and needs nothing else."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from miniature_memory import __version__
from miniature_memory.config import Config, as_yaml
from miniature_memory.progress import Progress
from miniature_memory.report import plots
from miniature_memory.report.facts import facts, last, sample
from miniature_memory.report.terminal import EVALUATION, TRAINING, table
from miniature_memory.workspace import Workspace, atomic_write

Figures = dict[str, Any]


def report(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Writes ``report.html`` into the last run's directory (without one into the workspace's root)."""
    known = facts(workspace)
    folder = workspace.latest_run or workspace.root
    page = folder / "report.html"
    html = render(known, _metrics(folder / "metrics.jsonl"), as_yaml(config))
    if page.exists() and page.read_text(encoding="utf-8") == html:
        return {"new": 0, "page": str(page)}
    atomic_write(page, html)
    return {"new": 1, "page": str(page)}


def render(known: dict[str, Any], metrics: list[dict[str, Any]], settings: str) -> str:
    """The page as a string."""
    from jinja2 import Environment, select_autoescape

    template = (resources.files("miniature_memory.report") / "page.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template).render(
        version=__version__,
        known=known,
        funnel=_funnel(known["funnel"]),
        reasons=_reasons(known["funnel"]),
        curve=_curve(metrics),
        training=list(table(last(known, "train"), TRAINING)),
        conditions=_conditions(last(known, "evaluate")),
        names=_names(last(known, "evaluate")),
        evaluation=list(table(last(known, "evaluate"), EVALUATION)),
        evaluated=last(known, "evaluate"),
        generated=last(known, "generate"),
        story=(sample(known) or "").strip().split("\n"),
        stages=known["stages"].values(),
        memory=_memory(known),
        prepared=_prepared(known),
        settings=settings,
    )


def _prepared(known: dict[str, Any]) -> dict[str, Any]:
    """Counts and versions of the prepared data."""
    figures = last(known, "prepare")
    counts = {k: v for k, v in figures.items() if k.startswith(("train_", "val_"))}
    for name in ("cut", "left_out"):
        counts |= {f"{name}_{cause}": n for cause, n in figures.get(name, {}).items()}
    return counts | {
        k: v for k, v in (known["prepared"] or {}).items() if k.endswith("version") or k == "document_set"
    }


def _metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a run's log; a last line that a kill cut off is passed over."""
    rows = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue
    return rows


def _curve(metrics: list[dict[str, Any]]) -> str:
    def points(key: str) -> list[tuple[float, float]]:
        return [(row["update"], row[key]) for row in metrics if row.get(key) is not None]

    series = [
        ("training", _thin(points("loss"))),
        ("validation, with summary", points("val_memory_nats")),
        ("validation, without", points("val_plain_nats")),
    ]
    return plots.lines(series, "steps", "nats a character")


def _thin(points: list[tuple[float, float]], most: int = 400) -> list[tuple[float, float]]:
    """At most so many points, each the mean of its neighbours."""
    size = -(-len(points) // most) or 1
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def _funnel(funnel: dict[str, Any]) -> str:
    urls, documents = funnel["urls"], funnel["documents"]
    rows = [
        ("addresses found", urls["found"]),
        ("fetched", urls["fetched"]),
        ("raw documents", documents["in"]),
        ("kept", documents["kept"]),
    ]
    return plots.bars([(name, number, f"{number:,}") for name, number in rows])


def _reasons(funnel: dict[str, Any]) -> str:
    counts = {**funnel["urls"]["rejected"]}
    for name, number in funnel["documents"]["rejected"].items():
        counts[name] = counts.get(name, 0) + number
    if funnel["urls"]["refused"]:
        counts["adults-only screen"] = counts.get("adults-only screen", 0) + funnel["urls"]["refused"]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return plots.bars([(name.replace("_", " "), number, f"{number:,}") for name, number in ordered])


def _conditions(figures: Figures) -> str:
    return _bars(
        figures,
        (
            ("bits_plain", "window alone"),
            ("bits_summary", "with the summary"),
            ("bits_empty", "with an empty summary"),
            ("bits_other", "another story's summary"),
        ),
    )


def _names(figures: Figures) -> str:
    return _bars(
        figures,
        (
            ("name_bits_plain", "window alone"),
            ("name_bits_summary", "with the summary"),
            ("name_bits_other", "another story's summary"),
        ),
    )


def _bars(figures: Figures, rows: tuple[tuple[str, str], ...]) -> str:
    there = [(label, figures[key]) for key, label in rows if figures.get(key) is not None]
    return plots.bars([(label, value, f"{value:.4g}") for label, value in there])


def _memory(known: dict[str, Any]) -> str:
    rows = [(name, row["figures"].get("peak_mb", 0)) for name, row in known["stages"].items()]
    return plots.bars([(name, mb, f"{mb:,} MB") for name, mb in rows if mb])
