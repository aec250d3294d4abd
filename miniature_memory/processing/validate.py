"""The stage ``validate``: which raw documents are kept, and why the others are not.

Documents are judged in the order of arrival. What can be said of one document alone (integrity, screen,
quality, its sketch) is a pure function and runs in parallel; duplicates are one ordered step that remembers.
A batch's decisions and the index's state are committed together, so a kill at any instant loses a batch at
most.

When rules, the screen, or settings change, everything is judged again.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from miniature_memory.config import Config
from miniature_memory.executors import map_ordered
from miniature_memory.processing import files, forget, quality_filter
from miniature_memory.processing.dedup import VERSION as SKETCH_VERSION
from miniature_memory.processing.dedup import Duplicates, Overlap, Sketch, sketch
from miniature_memory.processing.judging import Judged, Task, judge_documents
from miniature_memory.processing.near_index import NearIndex
from miniature_memory.processing.normalize import clean_text
from miniature_memory.progress import Progress
from miniature_memory.workspace import Workspace

STAGE = "validate"
VERSION = 2
TASK = 16  # documents sent to a worker at once
BATCH = 1024  # documents committed at once
FORGOTTEN = "forgotten"  # the rule that refuses what resembles a forgotten text
SMALL = 48  # fewer are judged in this process: starting others would take longer

PAGE = 4096  # rows read at once

_TODO = (
    "SELECT seq, id, site, lineage FROM documents WHERE seq > ? AND NOT EXISTS"
    f" (SELECT 1 FROM decisions WHERE document_id = id AND stage = '{STAGE}')"
)
_KEPT = (
    "SELECT seq, id, site FROM documents WHERE seq > ? AND EXISTS"
    f" (SELECT 1 FROM decisions WHERE document_id = id AND stage = '{STAGE}' AND rule = '')"
)

Figures = dict[str, Any]
T = TypeVar("T")


def validate(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Judges what has arrived since the last run. Figures: new, in, kept, rejected by reason, again (why)."""
    from miniature_memory import screen

    again = _start_again(workspace, config, progress)
    for directory in (workspace.cleaned, workspace.rejected):
        directory.mkdir(parents=True, exist_ok=True)
    index = open_index(workspace)
    duplicates = Duplicates(index, config.validate_.near_duplicate)
    limits = quality_filter.Limits(
        languages=tuple(config.validate_.languages),
        min_characters=config.validate_.min_characters,
        max_characters=config.validate_.max_characters,
    )
    forgotten = Duplicates(open_index(workspace, "forgotten"), config.validate_.near_duplicate)
    if not forgotten.index.whole:
        progress.say("The sketches of forgotten texts are damaged: what resembles those may come back.")
    todo, count = rows(workspace, _TODO), count_of(workspace, _TODO)
    if count and not index.whole:
        duplicates.index = index = _rebuild(workspace, config, progress)
    tasks = (
        Task(
            workspace.raw_text,
            workspace.cleaned,
            tuple((r["seq"], r["id"], r["site"], _screened(r["lineage"], screen.VERSION)) for r in part),
            limits,
        )
        for part in chunks(todo, TASK)
    )
    executor = "serial" if count < SMALL else config.executor
    results = map_ordered(judge_documents, tasks, executor, config.workers, config.scheduler)
    reasons: Counter[str] = Counter()
    with progress.bar("Validating", count) as bar:
        for batch in chunks((one for part in results for one in part), BATCH):
            reasons += _commit(workspace, duplicates, _without_forgotten(batch, forgotten), progress)
            bar.advance(len(batch))
    figures = _totals(workspace)
    figures.update(new=count, new_by_reason={r: reasons[r] for r in sorted(reasons)})
    if again:
        figures["again"] = again
    return figures


def open_index(workspace: Workspace, what: str = "near") -> NearIndex:
    """The index of what is kept (``near``) or was forgotten (``forgotten``), as the ledger knows it; what
    another version of the sketch left is removed."""
    names = json.loads(workspace.ledger.meta(f"{what}_runs") or "[]")
    index = NearIndex(workspace.metadata / what / f"v{SKETCH_VERSION}", names)
    for other in set(index.directory.parent.iterdir()) - {index.directory}:
        files.empty(other)
    return index


def commit_index(workspace: Workspace, index: NearIndex, what: str = "near") -> None:
    """Inside a transaction: the ledger names the index's runs."""
    workspace.ledger.set_meta(f"{what}_runs", json.dumps(index.names))


def rows(workspace: Workspace, query: str) -> Iterator[sqlite3.Row]:
    """What ``query`` finds beyond a number, read by the page: decisions can be written in between, and a
    million rows take no memory."""
    after = 0
    while page := workspace.ledger.connection.execute(
        f"{query} ORDER BY seq LIMIT {PAGE}", (after,)
    ).fetchall():
        yield from page
        after = page[-1]["seq"]


def count_of(workspace: Workspace, query: str) -> int:
    return int(workspace.ledger.connection.execute(f"SELECT COUNT(*) FROM ({query})", (0,)).fetchone()[0])


def chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(items, size)):
        yield chunk


def _screened(lineage: str, version: str) -> bool:
    """Did the raw text pass the screen's present rules when it was collected?"""
    return bool(json.loads(lineage).get("screen") == version)


def _without_forgotten(batch: list[Judged], forgotten: Duplicates) -> list[Judged]:
    """What resembles a forgotten text is refused, as the screen's refusals are: a keyed hash stays."""
    sketched = [(one.number, one.sketch) for one in batch if one.sketch is not None]
    back = set(forgotten.resembling(sketched))
    return [
        replace(one, reason=FORGOTTEN, refused_by=FORGOTTEN, sketch=None) if one.number in back else one
        for one in batch
    ]


def _commit(
    workspace: Workspace, duplicates: Duplicates, batch: list[Judged], progress: Progress
) -> Counter[str]:
    ledger, index = workspace.ledger, duplicates.index
    sketches = [(one.number, one.sketch) for one in batch if one.sketch is not None]
    found = duplicates.judge(sketches)
    twins = {number: twin for (number, _), twin in zip(sketches, found, strict=True) if twin}
    overlaps = duplicates.overlaps
    index.append(duplicates.settle())
    named = [twin.number for twin in twins.values()]
    named += [number for one in overlaps.values() for number in one.shares]
    ids = _ids(workspace, set(named))
    reasons: Counter[str] = Counter()
    refused = {one.id: one.refused_by for one in batch if one.refused_by}
    for id in refused:
        # files first: a kill in between leaves a document whose raw text is missing, never text
        forget.delete_files(workspace, id)
    with ledger.transaction():
        forget.refuse_all(workspace, refused, STAGE)
        for one in batch:
            twin = twins.get(one.number)
            reason = twin.rule if twin else one.reason
            reasons[reason or "kept"] += 1
            if one.id in refused:
                continue
            figures = one.figures | _noted(overlaps.get(one.number), ids)
            twin_id, similarity = (ids[twin.number], twin.similarity) if twin else ("", None)
            ledger.decide(one.id, STAGE, reason, twin_id, similarity, figures)
            if not reason:
                figures["done"] = one.done
            if twin:
                workspace.cleaned_path(one.id).unlink(missing_ok=True)
            if reason:
                _audit(workspace, one, reason, twin_id, similarity)
            if reason == "integrity":
                progress.say(_explain(one))
        commit_index(workspace, index)
    index.sweep()
    return reasons


def _noted(overlap: Overlap | None, ids: dict[int, str]) -> Figures:
    """What later stages take out: text of earlier documents (``prepare``), boilerplate (``clean``)."""
    if overlap is None:
        return {}
    noted = {
        "contains": [ids[number] for number in overlap.contains],
        "shares": [ids[number] for number in overlap.shares],
        "boilerplate": [f"{key:016x}" for key in overlap.boilerplate],
    }
    return {name: found for name, found in noted.items() if found}


def _ids(workspace: Workspace, numbers: set[int]) -> dict[int, str]:
    query = "SELECT id FROM documents WHERE seq = ?"
    return {n: str(workspace.ledger.connection.execute(query, (n,)).fetchone()["id"]) for n in numbers}


def _audit(workspace: Workspace, one: Judged, reason: str, twin: str, similarity: float | None) -> None:
    """Why a document was turned away, for a person to read; the ledger holds the same."""
    record = {"id": one.id, "reason": reason, **({"twin": twin, "similarity": similarity} if twin else {})}
    text = json.dumps({**record, "figures": one.figures}, indent=1, sort_keys=True, ensure_ascii=False)
    files.write_soon(workspace.rejected / f"{one.id}.json", text + "\n")


def _explain(one: Judged) -> str:
    name = f"dataset/raw/text/{one.id}.txt"
    what = {
        "missing": f"{name} is missing.",
        "changed": f"{name} was changed after it was collected: its content has another hash than its name.",
        "utf8": f"{name} is not valid UTF-8.",
    }[str(one.figures["fault"])]
    return what + " It is left out; put the original back (a copy, or collect it again) and run once more."


def _totals(workspace: Workspace) -> Figures:
    """in = kept + sum(rejected), the screen's refusals of this stage included."""
    connection = workspace.ledger.connection
    rejected = {
        str(row[0]): int(row[1])
        for row in connection.execute(
            "SELECT rule, COUNT(*) FROM decisions WHERE stage = ? GROUP BY rule ORDER BY rule", (STAGE,)
        )
    }
    kept = rejected.pop("", 0)
    refused = connection.execute(
        "SELECT CASE rule WHEN ?2 THEN rule ELSE 'screen' END, COUNT(*) FROM refusals"
        " WHERE stage = ?1 GROUP BY 1",
        (STAGE, FORGOTTEN),
    )
    rejected.update({str(rule): int(count) for rule, count in refused})
    return {"in": kept + sum(rejected.values()), "kept": kept, "rejected": rejected}


# -- when everything is judged again --------------------------------------------------------------


_CLEANING = (
    "normalize.py", "characters.py", "contacts.py", "artefacts.py", "artefacts.txt", "segment.py",
    "boilerplate.py", "words.py",
)  # fmt: skip
_JUDGING = (
    "judging.py", "dedup.py", "quality_filter.py", "language.py",
    "narrative.py", "narrative_words.yaml", "narrative_weights.json",
)  # fmt: skip


@cache
def rules_hash(stage: str) -> str:
    """What ``stage`` depends on besides text and settings: code, data, libraries, the screen."""
    from importlib.metadata import version

    from miniature_memory import screen

    folder = resources.files(__package__)
    parts = _CLEANING + (_JUDGING if stage == STAGE else ())
    libraries = ("ftfy", "anyascii", "py3langid") if stage == STAGE else ("ftfy", "anyascii")
    facts = [screen.VERSION, *(f"{library} {version(library)}" for library in libraries)]
    facts += [folder.joinpath(part).read_text(encoding="utf-8") for part in parts]
    return files.digest("\0".join(facts))


def fingerprint(config: Config) -> str:
    """What decisions depend on besides the text."""
    settings = config.validate_.model_dump_json()
    return files.digest(f"{VERSION} {rules_hash(STAGE)} {settings}")


def _start_again(workspace: Workspace, config: Config, progress: Progress) -> str:
    """Resets the stage when its rules changed or a damaged raw file was put right; says why ('' when not)."""
    ledger = workspace.ledger
    now, before = fingerprint(config), ledger.meta("validate_fingerprint")
    why = ""
    if before is not None and before != now:
        why = "rules or settings changed"
    elif any(
        files.read_raw(workspace.raw_path(row["document_id"]), row["document_id"])[0] is not None
        for row in ledger.connection.execute(
            "SELECT document_id FROM decisions WHERE stage = ? AND rule = 'integrity'", (STAGE,)
        ).fetchall()
    ):
        why = "a damaged raw text was put right"
    if why:
        progress.say(f"Every document is judged again: {why}.")
        with ledger.transaction():
            ledger.reset(STAGE)
            ledger.reset("clean")
            ledger.set_meta("near_runs", "[]")
            ledger.set_meta("validate_fingerprint", now)
        files.empty(workspace.rejected)
    elif before is None:
        ledger.set_meta("validate_fingerprint", now)
    return why


def _rebuild(workspace: Workspace, config: Config, progress: Progress) -> NearIndex:
    """The index again from what was kept (it was lost, damaged, or of another version)."""
    ledger = workspace.ledger
    progress.say("The duplicates' index is missing or damaged: it is built again.")
    ledger.set_meta("near_runs", "[]")
    index = open_index(workspace)
    parts = (
        (workspace.raw_text, tuple((row["seq"], row["id"], row["site"]) for row in part))
        for part in chunks(rows(workspace, _KEPT), TASK)
    )
    executor = "serial" if count_of(workspace, _KEPT) < SMALL else config.executor
    sketches = (
        one
        for part in map_ordered(sketch_documents, parts, executor, config.workers, config.scheduler)
        for one in part
    )
    for batch in chunks(sketches, BATCH):
        index.append({number: one for number, one in batch if one is not None})
        with ledger.transaction():
            commit_index(workspace, index)
        index.sweep()
    return index


def sketch_documents(task: tuple[Path, tuple[tuple[int, str, str], ...]]) -> list[tuple[int, Sketch | None]]:
    directory, documents = task
    found: list[tuple[int, Sketch | None]] = []
    for number, id, site in documents:
        raw, _ = files.read_raw(directory / f"{id}.txt", id)
        found.append((number, None if raw is None else sketch(clean_text(raw).text, site)))
    return found
