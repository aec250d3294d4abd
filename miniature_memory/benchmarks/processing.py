"""Validate, clean and prepare over made-up documents with planted twins: what is found, what is dropped
wrongly, documents a second, and memory; datatrove's same steps beside it.

The stages are run as `mm run` runs them, in this process alone. The adults-only screen and the training
summaries run too, but their time is reported apart. With ``--data DIR`` of novels the quality rules are run
over pieces of them, and every drop is a wrong one. ``--full`` adds 50,000 and 200,000 documents, each in a
new process, for the peak of its memory, and gives datatrove all documents instead of a tenth.
"""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from miniature_memory.benchmarks import Options, columns
from miniature_memory.benchmarks.documents import Library
from miniature_memory.benchmarks.processing_score import judge
from miniature_memory.benchmarks.processing_sides import datatrove
from miniature_memory.config import load
from miniature_memory.meter import own_peak_megabytes
from miniature_memory.progress import Progress
from miniature_memory.workspace import Workspace

DOCUMENTS = 20_000
MEMORY = (50_000, 200_000)
SHARE = 10  # datatrove, at some dozen documents a second, is given one in so many
PIECES = (2000, 3000, 5000, 8000, 12_000, 20_000)
T = TypeVar("T")

APART = ("screen (apart)", "summaries (apart)")
SETTINGS = ["executor=serial", "prepare.renamed_versions=0"]


def run(options: Options) -> dict[str, Any]:
    """Figures: documents, recall {kind: share}, precision {near, contained}, wrong_drops, contacts,
    chapters_cut, funnel, seconds {stage: CPU}, steps {step: CPU}, documents_per_second, peak_mb; where asked
    for also memory, datatrove, pieces and dropped."""
    count = DOCUMENTS
    with tempfile.TemporaryDirectory() as folder:
        ids = _in_a_new_process(fill, folder, count)  # made there, so that its memory doesn't count here
        with closing(Workspace(folder)) as workspace:
            seconds, steps = process(workspace)
            highest = own_peak_megabytes()
            figures = {"documents": count, **judge(workspace, ids), "seconds": seconds, "steps": steps}
    counted = sum(spent for stage, spent in seconds.items() if stage not in APART)
    figures["documents_per_second"] = round(count / counted, 1)
    figures["peak_mb"] = round(highest)
    figures["datatrove"] = datatrove(options.datatrove, count if options.full else count // SHARE)
    if options.full:
        figures["memory"] = {str(n): _peak_of(n) for n in MEMORY}
        (few, low), (many, high) = ((n, figures["memory"][str(n)]) for n in MEMORY)
        figures["memory"]["a million"] = round(high + (high - low) / (many - few) * (1_000_000 - many))
    if options.data is not None:
        figures.update(_wrong_drops(options.data, random.Random(5)))
    return figures


def fill(folder: str, count: int) -> list[str]:
    """Puts documents into a new workspace's ``raw/`` as collecting does; their ids by number."""
    from miniature_memory import screen
    from miniature_memory.document import Document

    ids: list[str] = []
    with closing(Workspace(folder)) as workspace, workspace.ledger.transaction():
        workspace.raw_text.mkdir(parents=True)
        for one in islice(Library(), count):
            site = f"stories{one.number % 50}.example"
            url = f"http://{site}/{one.number}"
            lineage = {"url": url, "screen": screen.VERSION}
            document = Document.of(one.text, "web", site=site, work=url, lineage=lineage)
            workspace.raw_path(document.id).write_text(one.text, encoding="utf-8")
            workspace.ledger.add_document(document)
            ids.append(document.id)
    return ids


def process(workspace: Workspace) -> tuple[dict[str, float], dict[str, float]]:
    """CPU seconds of each stage without, and of the screen and the summaries as entries of their own; and of
    the steps that take most of the stages' time."""
    from miniature_memory.processing import clean, prepare, validate

    config, quiet = load(sets=SETTINGS, environment={}), Progress(quiet=True)
    seconds: dict[str, float] = {}
    with _timed() as spent:
        stages: tuple[Callable[..., Any], ...] = (validate.validate, clean.clean, prepare.prepare)
        for stage in stages:
            began, before = time.process_time(), sum(spent[name] for name in APART)
            stage(workspace, config, quiet)
            apart = sum(spent[name] for name in APART) - before
            seconds[stage.__name__] = time.process_time() - began - apart
    seconds |= {name: spent.pop(name) for name in APART}
    return _rounded(seconds), _rounded(spent)


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(spent, 2) for name, spent in seconds.items()}


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    """CPU seconds spent in the screen, in the summaries and in steps of the stages, which run as ever."""
    from miniature_memory import screen
    from miniature_memory.memory import condense
    from miniature_memory.processing import judging, language, narrative, quality_filter
    from miniature_memory.processing.dedup import Duplicates
    from miniature_memory.processing.near_index import NearIndex

    where: tuple[tuple[str, Any, str], ...] = (
        (APART[0], screen, "check"),
        (APART[1], condense, "grid_summaries"),
        ("text cleaned", judging, "clean_text"),
        ("words hashed", judging, "words_of"),
        ("quality, its rules", quality_filter, "judge"),
        ("quality, language", language, "vote"),
        ("quality, narrative", narrative, "probabilities"),
        ("sketch", judging, "sketches"),
        ("duplicates compared", Duplicates, "judge"),
        ("index written", NearIndex, "append"),
    )
    spent = {name: 0.0 for name, _, _ in where}

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            began = time.process_time()
            try:
                return function(*arguments)
            finally:
                spent[name] += time.process_time() - began

        return call

    with ExitStack() as stack:
        for name, owner, function in where:
            stack.enter_context(patch.object(owner, function, timed(name, getattr(owner, function))))
        yield spent
    spent["quality, its rules"] -= spent["quality, language"] + spent["quality, narrative"]


# -- memory ---------------------------------------------------------------------------------------


def _peak_of(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        _in_a_new_process(fill, folder, count)
        return _in_a_new_process(peak, folder)


def peak(folder: str) -> int:
    """MB that this process had at most, after validate, clean and prepare of a filled workspace."""
    with closing(Workspace(folder)) as workspace:
        process(workspace)
    return round(own_peak_megabytes())


def _in_a_new_process(function: Callable[..., T], *arguments: object) -> T:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


# -- novels ---------------------------------------------------------------------------------------


def _wrong_drops(data: Path, rng: random.Random) -> dict[str, Any]:
    from miniature_memory.processing.quality_filter import Limits, judge_raw

    limits = Limits(("en",), 1000, 2_000_000)
    reasons: Counter[str] = Counter()
    for path in sorted(data.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        at = 0
        while at < len(text) - min(PIECES):
            piece = text[at : at + rng.choice(PIECES)]
            at += len(piece)
            reasons[judge_raw(piece, limits).rule] += 1
    kept = reasons.pop("", 0)
    return {"pieces": kept + sum(reasons.values()), "dropped": dict(sorted(reasons.items()))}


# -- for a person ---------------------------------------------------------------------------------


def table(figures: dict[str, Any]) -> str:
    parts = [_recall_table(figures), _speed_table(figures)]
    if "missing" in figures["datatrove"]:
        parts.append(f"datatrove is not beside it: {figures['datatrove']['missing']}")
    if "pieces" in figures:
        share = sum(figures["dropped"].values()) / max(1, figures["pieces"])
        parts.append(
            f"Pieces of novels dropped, of {figures['pieces']:,}: {share:.2%} {figures['dropped'] or ''}"
        )
    return "\n\n".join(parts)


def _recall_table(figures: dict[str, Any]) -> str:
    theirs = figures["datatrove"].get("recall", {})
    rows: list[tuple[str, ...]] = [("of what was planted, found", "planted", "ours", "datatrove")]
    for kind, planted in figures["planted"].items():
        rows.append((kind, f"{planted:,}", f"{figures['recall'][kind]:.4f}", _share(theirs.get(kind))))
    precision, other = figures["precision"], _share(figures["datatrove"].get("precision"))
    rows.append(("precision, near duplicates", "", f"{precision['near']:.4f}", other))
    rows.append(("precision, contained", "", f"{precision['contained']:.4f}", ""))
    rows.append(("chapters kept before, cut from a compilation", "", f"{figures['chapters_cut']:.4f}", ""))
    rows += [(f"{kind} scrubbed", "", f"{share:.4f}", "") for kind, share in figures["contacts"].items()]
    funnel = ", ".join(f"{reason} {n:,}" for reason, n in figures["funnel"].items())
    wrong = ", ".join(f"{kind} {n}" for kind, n in figures["wrong_drops"].items())
    return (
        columns(rows)
        + f"\n\n{figures['documents']:,} documents: {funnel}; dropped wrongly: {wrong or 'none'}"
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _speed_table(figures: dict[str, Any]) -> str:
    theirs = figures["datatrove"]
    rows: list[tuple[str, ...]] = [("CPU milliseconds a document", "ours", "datatrove")]
    for sides, seconds, count in (
        (1, figures["seconds"], figures["documents"]),
        (2, theirs.get("seconds", {}), theirs.get("documents", 1)),
    ):
        for step, spent in seconds.items():
            cell = f"{1000 * spent / count:.2f}"
            rows.append((step, cell, "") if sides == 1 else (step, "", cell))
    counted = sum(spent for stage, spent in figures["seconds"].items() if stage not in APART)
    for step, spent in figures["steps"].items():
        rows.append(
            (f"  of ours: {step}", f"{1000 * spent / figures['documents']:.2f} ({spent / counted:.0%})", "")
        )
    speed = f"{figures['documents_per_second']:,.0f}"
    rows.append(("documents a second on one core", speed, f"{theirs.get('documents_per_second', '')}"))
    if "minhash_per_second" in theirs:
        rows.append(("  its MinHash alone", "", f"{theirs['minhash_per_second']}"))
    rows.append((f"peak MB, {figures['documents']:,} documents", f"{figures['peak_mb']:,}", ""))
    rows += [
        (f"peak MB, {count} documents", f"{mb:,}", "") for count, mb in figures.get("memory", {}).items()
    ]
    return columns(rows)
