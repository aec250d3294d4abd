from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from miniature_memory.config import Config
from miniature_memory.document import Document
from miniature_memory.ledger import now
from miniature_memory.progress import Progress
from miniature_memory.report import plots, terminal
from miniature_memory.report.page import report
from miniature_memory.workspace import Workspace, atomic_write


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """A workspace as a run leaves it, with figures that no other test has."""
    ledger = workspace.ledger
    for number, rule in enumerate(["", "", "near_duplicate", "too_short"]):
        document = Document.of(f"text {number}", f"https://a.test/{number}")
        ledger.add_document(document)
        ledger.decide(document.id, "validate", rule=rule)
    run = workspace.runs / "tiny-1"
    rows = [{"kind": "trunk", "update": n, "loss": 4.0 / n} for n in range(1, 30)]
    atomic_write(run / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows) + '{"cut off by a ki')
    atomic_write(run / "samples/story-3.txt", "Ida <b>Marlow</b> & the lamp.\nThe end.\n")
    atomic_write(workspace.runs / "latest", "tiny-1\n")
    evaluated = {
        "bits_plain": 2.5,
        "bits_summary": 2.25,
        "bits_other": 2.75,
        "gain": 0.25,
        "gain_interval": [0.2, 0.3],
        "passages": 17,
    }
    for stage, figures in {
        "fetch": {"new": 4, "peak_mb": 512},
        "train": {"new": 3, "parameters": 812_345, "peak_mb": 700},
        "generate": {"seed": 3, "path": "runs/tiny-1/samples/story-3.txt", "last_summary": "Ida"},
        "evaluate": evaluated,
    }.items():
        ledger.record(stage, now(), 1.5, figures)
    return workspace


def test_the_page_shows_what_the_ledger_says(filled: Workspace) -> None:
    figures = report(filled, Config(), Progress(quiet=True))
    html = (filled.runs / "tiny-1/report.html").read_text(encoding="utf-8")
    assert figures == {"new": 1, "page": str(filled.runs / "tiny-1/report.html")}
    for told in ("near duplicate", "too short", "2.25", "812,345", "0.2500", "512 MB", "polyline"):
        assert told in html, told
    assert "Ida &lt;b&gt;Marlow&lt;/b&gt; &amp; the lamp." in html, "stories are text, never markup"
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("https://a.test", "")


def test_the_page_again_is_nothing_new(filled: Workspace) -> None:
    report(filled, Config(), Progress(quiet=True))
    filled.ledger.record(
        "train", "2100-01-01T00:00:00Z", 99.0, {"new": 0, "parameters": 812_345, "peak_mb": 7}
    )
    assert report(filled, Config(), Progress(quiet=True))["new"] == 0


def test_an_empty_workspace_has_a_page_too(workspace: Workspace) -> None:
    figures = report(workspace, Config(), Progress(quiet=True))
    assert "The funnel" in (workspace.root / "report.html").read_text(encoding="utf-8")
    assert figures["new"] == 1


def test_status_and_summary_agree_with_the_ledger(filled: Workspace) -> None:
    text = terminal.summary(filled, {"train": {"new": 3, "peak_mb": 700}, "peak_mb": 700, "seconds": 12.0})
    for told in ("near_duplicate 1", "too_short 1", "812,345", "peak 700 MB", "seed 3"):
        assert told in text, told
    assert "Nothing new" not in text
    again = terminal.summary(filled, {"train": {"new": 0, "peak_mb": 7}, "peak_mb": 7, "seconds": 1.0})
    assert "Nothing new" in again
    assert max(map(len, text.splitlines())) <= terminal.WIDTH + 60


@pytest.mark.parametrize("low,high", [(0, 1), (0.9, 5.1), (-3, 12_345_678), (2, 2), (0, 0), (1e-5, 2e-5)])
def test_ticks_are_round_and_span_the_data(low: float, high: float) -> None:
    ticks = plots.ticks(low, high)
    assert ticks == sorted(ticks) and ticks[0] <= low and ticks[-1] >= high
    assert 1 <= len(ticks) <= 12


def test_plots_are_well_formed_whatever_they_are_called() -> None:
    chart = plots.lines([("a <b> & c", [(0, 1), (1, float(2))])], "x & y", "<z>")
    ElementTree.fromstring(chart)
    ElementTree.fromstring(plots.bars([("<a> & b", 3, "3 & more"), ("none", 0, "0")]))
    assert plots.lines([("one point", [(0, 1)])], "x", "y") == plots.bars([]) == ""
