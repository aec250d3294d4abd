"""The stage ``clean``: of every kept document its cleaned text, ``dataset/cleaned/<hash>.txt``.

``validate`` judges the cleaned text and leaves it there; where a site's boilerplate goes too, or the file is
not what it was, ``normalize`` does the work again and the screen looks at the result. What is no longer kept
is removed.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miniature_memory.config import Config
from miniature_memory.executors import map_ordered
from miniature_memory.processing import files, forget
from miniature_memory.processing.normalize import clean_text
from miniature_memory.processing.validate import (
    BATCH,
    SMALL,
    TASK,
    chunks,
    commit_index,
    count_of,
    rows,
    rules_hash,
)
from miniature_memory.progress import Progress
from miniature_memory.workspace import Workspace

STAGE = "clean"

_TODO = (
    "SELECT documents.seq, documents.id, site, v.figures FROM documents"
    " JOIN decisions v ON v.document_id = documents.id AND v.stage = 'validate' AND v.rule = ''"
    " WHERE documents.seq > ? AND NOT EXISTS"
    f" (SELECT 1 FROM decisions c WHERE c.document_id = documents.id AND c.stage = '{STAGE}')"
)

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """Documents for a worker."""

    raw: Path
    cleaned: Path
    documents: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that ``validate`` kept."""

    id: str
    site: str
    screened: str  # hash of the cleaned text that the screen has passed already
    done: Figures  # what was done to that text
    boilerplate: frozenset[int]  # keys of the paragraphs that its site repeats


@dataclass(frozen=True, slots=True)
class Done:
    id: str
    reason: str  # '' when the cleaned text was written
    figures: Figures
    refused_by: str = ""


def clean_documents(task: Task) -> list[Done]:
    """Cleans and writes each document. Importable; writes nothing but the documents' own files."""
    return [_clean(task, one) for one in task.documents]


def _clean(task: Task, one: Kept) -> Done:
    from miniature_memory import screen

    path = task.cleaned / f"{one.id}.txt"
    if not one.boilerplate and (text := files.read_known(path, one.screened)) is not None:
        return Done(one.id, "", {"sha256": one.screened, "characters": len(text), **one.done})
    raw, fault = files.read_raw(task.raw / f"{one.id}.txt", one.id)
    if raw is None:
        return Done(one.id, "integrity", {"fault": fault})
    done = clean_text(raw, one.site, one.boilerplate)
    if not done.text:
        return Done(one.id, "empty", dict(done.counts))
    sha256 = files.digest(done.text)
    if sha256 != one.screened and (verdict := screen.check(done.text)).reject:
        return Done(one.id, "screen", {}, verdict.rule or "error")
    files.write_soon(path, done.text)
    return Done(one.id, "", {"sha256": sha256, "characters": len(done.text), **done.counts})


def clean(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Cleans what is kept and new. Figures: new, in, kept, rejected, removed, done (to the texts)."""
    _start_again(workspace, progress)
    removed = _sweep(workspace)
    todo, count = rows(workspace, _TODO), count_of(workspace, _TODO)
    tasks = (
        Task(workspace.raw_text, workspace.cleaned, tuple(_kept(row) for row in part))
        for part in chunks(todo, TASK)
    )
    workspace.cleaned.mkdir(parents=True, exist_ok=True)
    executor = "serial" if count < SMALL else config.executor
    results = map_ordered(clean_documents, tasks, executor, config.workers, config.scheduler)
    counts: Counter[str] = Counter()
    with progress.bar("Cleaning", count) as bar:
        for batch in chunks((one for part in results for one in part), BATCH):
            _commit(workspace, batch, counts, progress)
            bar.advance(len(batch))
    return {"new": count, **_totals(workspace), "removed": removed, "done": dict(sorted(counts.items()))}


def _kept(row: sqlite3.Row) -> Kept:
    figures = json.loads(row["figures"])
    boilerplate = frozenset(int(key, 16) for key in figures.get("boilerplate", ()))
    return Kept(row["id"], row["site"], figures.get("screened", ""), figures.get("done", {}), boilerplate)


def _commit(workspace: Workspace, batch: list[Done], counts: Counter[str], progress: Progress) -> None:
    ledger = workspace.ledger
    # documents that were turned away as twins of a refused one go with it
    refused = {one.id: one.refused_by for one in batch if one.reason == "screen"}
    gone = {twin: rule for id, rule in refused.items() for twin in forget.with_twins(workspace, [id])}
    for id in gone:
        forget.delete_files(workspace, id)
    index = forget.without(workspace, gone)
    os.sync()  # the texts, before the ledger counts on them
    with ledger.transaction():
        if index is not None:
            commit_index(workspace, index)
        forget.refuse_all(workspace, gone, STAGE)
        for one in batch:
            if one.id in gone:
                continue
            ledger.decide(one.id, STAGE, one.reason, figures=one.figures)
            counts.update(_counted(one.figures))
            if one.reason:
                workspace.cleaned_path(one.id).unlink(missing_ok=True)
                progress.say(f"{one.id}.txt is left out: {_WHY[one.reason]}")


def _counted(figures: Figures) -> Figures:
    return {name: n for name, n in figures.items() if name not in ("sha256", "characters", "fault")}


_WHY = {
    "integrity": "it was changed or lost after it was validated. Put the original back and run once more.",
    "empty": "nothing remains of it once it is cleaned.",
}


def _sweep(workspace: Workspace) -> int:
    """Removes what is no longer kept; of what was lost, or whose raw text was put right, the decision, so
    that it is made again."""
    connection = workspace.ledger.connection
    workspace.cleaned.mkdir(parents=True, exist_ok=True)
    on_disk = {path.name.removesuffix(".txt") for path in workspace.cleaned.iterdir()}
    kept = {
        str(row[0])
        for row in connection.execute(
            "SELECT document_id FROM decisions WHERE stage = 'validate' AND rule = ''"
        )
    }
    done = {
        str(row["document_id"]): str(row["rule"])
        for row in connection.execute("SELECT document_id, rule FROM decisions WHERE stage = ?", (STAGE,))
    }
    lost = [id for id, rule in done.items() if rule == "" and id not in on_disk]
    put_right = [
        id
        for id, rule in done.items()
        if rule == "integrity" and files.read_raw(workspace.raw_path(id), id)[0] is not None
    ]
    undo = {*(id for id in done if id not in kept), *lost, *put_right}
    stray = [name for name in on_disk if name not in kept or done.get(name)]
    for name in stray:
        for path in (workspace.cleaned / f"{name}.txt", workspace.cleaned / name):
            path.unlink(missing_ok=True)
    with workspace.ledger.transaction():
        connection.executemany(
            "DELETE FROM decisions WHERE document_id = ? AND stage = ?", [(id, STAGE) for id in undo]
        )
    return sum(id not in kept for id in undo)


def _totals(workspace: Workspace) -> Figures:
    rejected = {
        str(row[0]): int(row[1])
        for row in workspace.ledger.connection.execute(
            "SELECT rule, COUNT(*) FROM decisions WHERE stage = ? GROUP BY rule ORDER BY rule", (STAGE,)
        )
    }
    kept = rejected.pop("", 0)
    return {"in": kept + sum(rejected.values()), "kept": kept, "rejected": rejected}


def fingerprint() -> str:
    """What a cleaned text depends on besides the raw one."""
    return rules_hash("clean")


def _start_again(workspace: Workspace, progress: Progress) -> None:
    ledger = workspace.ledger
    now, before = fingerprint(), ledger.meta("clean_fingerprint")
    if before == now:
        return
    with ledger.transaction():
        ledger.reset(STAGE)
        ledger.set_meta("clean_fingerprint", now)
    if before is not None:
        files.empty(workspace.cleaned)
        progress.say("Every document is cleaned again: the rules changed.")
