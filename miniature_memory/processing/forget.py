"""Taking documents out again: what the screen refuses later, and what somebody asks to forget."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from miniature_memory import screen
from miniature_memory.processing.before import Before
from miniature_memory.processing.growing import Manifest
from miniature_memory.processing.near_index import NearIndex
from miniature_memory.workspace import Workspace


def delete_files(workspace: Workspace, id: str) -> None:
    """A document's own files; what holds many documents (evidence, processed, index) is others' work."""
    for path in (workspace.raw_path(id), workspace.cleaned_path(id), workspace.rejected / f"{id}.json"):
        path.unlink(missing_ok=True)


def refuse_all(workspace: Workspace, rules: Mapping[str, str], stage: str) -> None:
    """Inside a transaction: of refused documents (id -> rule) and their pages only keyed hashes remain."""
    ledger = workspace.ledger
    for id, rule in rules.items():
        ledger.refuse(id, rule, screen.VERSION, stage)
        for row in ledger.connection.execute("SELECT url FROM urls WHERE document_id = ?", (id,)).fetchall():
            ledger.refuse(row["url"], rule, screen.VERSION, "fetch")
    if rules:
        _delete_rows(workspace, list(rules))


def without(workspace: Workspace, ids: Iterable[str]) -> NearIndex | None:
    """The duplicates' index without some documents, for the caller to commit; None when none is asked for."""
    from miniature_memory.processing.validate import open_index

    query = "SELECT seq FROM documents WHERE id = ?"
    rows = [workspace.ledger.connection.execute(query, (id,)).fetchone() for id in ids]
    if not rows:
        return None
    index = open_index(workspace)
    index.remove({row["seq"] for row in rows if row})
    return index


def remove(workspace: Workspace, ids: Iterable[str]) -> dict[str, Any]:
    """Forgets documents and all that holds their words: raw, cleaned, rejected, index, decisions and facts
    go; a tombstone keeps each from coming back, and its sketch (hashes of which no word can be read) what
    resembles it.

    ``processed/`` is set aside when it holds one of them; the next ``prepare`` takes over what stays and
    removes it. Evidence and checkpoints are the caller's. Can be killed and called again. Figures: new
    (documents removed), twins (ids), evidence (lineage pointers), processed (was it set aside?).
    """
    from miniature_memory.processing.validate import commit_index, open_index

    ledger = workspace.ledger
    asked = list(dict.fromkeys(ids))
    everyone = with_twins(workspace, asked)
    rows = ledger.connection.execute(
        "SELECT seq, lineage FROM documents WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(everyone),),
    ).fetchall()
    evidence = [found for row in rows if (found := json.loads(row["lineage"]).get("evidence"))]
    in_processed = _leave_processed(workspace, set(everyone))
    for id in everyone:
        delete_files(workspace, id)
    index, forgotten = open_index(workspace), open_index(workspace, "forgotten")
    index.remove({row["seq"] for row in rows}, to=forgotten)
    with ledger.transaction():
        for id in everyone:
            ledger.bury(id, "document")
        _delete_rows(workspace, everyone)
        commit_index(workspace, index)
        commit_index(workspace, forgotten, "forgotten")
    index.sweep()
    forgotten.sweep()
    return {
        "new": len(rows),
        "twins": everyone[len(asked) :],
        "evidence": evidence,
        "processed": in_processed,
    }


def with_twins(workspace: Workspace, ids: list[str]) -> list[str]:
    """``ids``, then what was turned away as a twin of one of them or holds one as a chapter, and so on."""
    connection = workspace.ledger.connection
    connection.execute("CREATE INDEX IF NOT EXISTS decisions_by_twin ON decisions (twin) WHERE twin != ''")
    holders: dict[str, list[str]] = {}
    for row in connection.execute(
        "SELECT document_id, value FROM decisions, json_each(figures, '$.contains')"
        " WHERE stage = 'validate' AND json_extract(figures, '$.contains') IS NOT NULL ORDER BY document_id"
    ):
        holders.setdefault(row["value"], []).append(row["document_id"])
    everyone = dict.fromkeys(ids)
    waiting = list(ids)
    # said twice, or SQLite doesn't see that the partial index will do
    query = "SELECT document_id FROM decisions WHERE twin = ? AND twin != '' ORDER BY document_id"
    while waiting:
        one = waiting.pop()
        twins = [str(row["document_id"]) for row in connection.execute(query, (one,))]
        for twin in (*twins, *holders.get(one, ())):
            if twin not in everyone:
                everyone[twin] = None
                waiting.append(twin)
    return list(everyone)


def _leave_processed(workspace: Workspace, ids: set[str]) -> bool:
    if not any(row["id"] in ids for row in Manifest(workspace.processed).lineage()):
        return False
    Before.set_aside(workspace.processed)
    return True


def _delete_rows(workspace: Workspace, ids: list[str]) -> None:
    connection = workspace.ledger.connection
    keys = [(id,) for id in ids]
    connection.executemany("DELETE FROM decisions WHERE document_id = ?", keys)
    connection.executemany("DELETE FROM documents WHERE id = ?", keys)
    connection.execute(
        "CREATE INDEX IF NOT EXISTS urls_by_document ON urls (document_id) WHERE document_id != ''"
    )
    connection.executemany("DELETE FROM urls WHERE document_id = ? AND document_id != ''", keys)


def lineage(workspace: Workspace, id: str) -> dict[str, Any]:
    """Where a document came from, what was decided, and its place in the training data.

    ``id`` may be the beginning of a hash. Raises ``MissingInput`` when there is no such document.
    """
    from dataclasses import asdict

    from miniature_memory.errors import MissingInput
    from miniature_memory.processing.prepare import prepared_record

    ledger = workspace.ledger
    found = list(ledger.documents("id LIKE ? || '%'", (id.replace("%", "").replace("_", ""),))) if id else []
    if len(found) != 1:
        what = "is no document here" if not found else f"could be any of {len(found)} documents"
        raise MissingInput(f"{id!r} {what}.", "Give the hash that names its file in dataset/raw/text/.")
    facts = {name: value for name, value in asdict(found[0]).items() if value and name != "text"}
    decisions = {
        row["stage"]: {
            "kept": row["rule"] == "",
            **{key: row[key] for key in ("rule", "twin", "similarity") if row[key]},
            "figures": json.loads(row["figures"]),
        }
        for row in ledger.connection.execute(
            "SELECT * FROM decisions WHERE document_id = ? ORDER BY stage DESC", (found[0].id,)
        )
    }
    return {**facts, "decisions": decisions, "processed": prepared_record(workspace, found[0].id)}
