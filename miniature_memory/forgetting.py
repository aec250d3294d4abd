"""Forgetting: a document gone from everywhere it had reached, and kept from coming back.

From the addresses and the evidence, from raw, cleaned and processed data and the duplicate index, with its
near-duplicate twins. What remains is a keyed hash (the tombstone), and a mark at every run that read it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miniature_memory.config import Config
from miniature_memory.errors import MissingInput
from miniature_memory.ledger import now
from miniature_memory.processing.growing import Manifest
from miniature_memory.progress import Progress
from miniature_memory.training.plan import FORGOTTEN
from miniature_memory.workspace import Workspace, atomic_write


@dataclass(frozen=True)
class Found:
    """What a request means: its kind (url, host, author or document), the documents, and their twins."""

    what: str
    kind: str
    documents: tuple[str, ...]
    twins: tuple[str, ...]
    urls: tuple[str, ...]

    def describe(self) -> str:
        return (
            f"{len(self.documents)} documents of the {self.kind} {self.what}, {len(self.twins)} twins, "
            f"{len(self.urls)} addresses"
        )


def find(workspace: Workspace, what: str) -> Found:
    """The documents that ``what`` (an address, a host, an author, a hash) names, and their twins.

    Raises ``MissingInput`` when it names nothing here.
    """
    ledger = workspace.ledger
    for kind, condition in (
        ("document", "id = ?"),
        ("url", "id IN (SELECT document_id FROM urls WHERE url = ?)"),
        ("host", "site = ? OR id IN (SELECT document_id FROM urls WHERE host = ?)"),
        ("author", "author = ?"),
    ):
        documents = [d.id for d in ledger.documents(condition, (what,) * condition.count("?"))]
        urls = _urls(workspace, kind, what, documents)
        if documents or urls:
            twins = _twins(workspace, documents)
            return Found(what, kind, tuple(documents), tuple(twins), tuple(urls))
    raise MissingInput(
        f"Nothing here comes from {what}.",
        "Name an address, a host, an author or a document's hash as dataset/metadata/urls.jsonl spells it.",
    )


def _urls(workspace: Workspace, kind: str, what: str, documents: list[str]) -> list[str]:
    marks = ", ".join("?" * len(documents))
    own = {"url": " OR url = ?", "host": " OR host = ?"}.get(kind, "")
    rows = workspace.ledger.connection.execute(
        f"SELECT url FROM urls WHERE document_id IN ({marks}){own} ORDER BY seq",
        (*documents, what) if own else documents,
    )
    return [str(row["url"]) for row in rows]


def _twins(workspace: Workspace, documents: list[str]) -> list[str]:
    """What these were turned away for, and all that was turned away as a twin of any of them."""
    from miniature_memory.processing.forget import with_twins

    originals = [
        str(row["twin"])
        for document in documents
        for row in workspace.ledger.connection.execute(
            "SELECT twin FROM decisions WHERE document_id = ? AND twin != ''", (document,)
        )
    ]
    return [twin for twin in with_twins(workspace, [*documents, *originals]) if twin not in set(documents)]


def forget(workspace: Workspace, config: Config, found: Found, progress: Progress) -> dict[str, Any]:
    """Removes what was found; prepares the training data anew. Can be killed and called again."""
    from miniature_memory import processing
    from miniature_memory.processing.prepare import prepare
    from miniature_memory.scraper import evidence, frontier

    ledger = workspace.ledger
    everything = [*found.documents, *found.twins]
    unwanted = {*found.urls, *_urls(workspace, "document", "", everything)}
    was_prepared = Manifest(workspace.processed).path.exists()
    marked = _mark_runs(workspace, everything)
    with ledger.transaction():
        ledger.bury(found.what, found.kind)
        for identity in (*everything, *sorted(unwanted)):
            ledger.bury(identity, "document" if identity in set(everything) else "url")
    evidence.drop(workspace, unwanted.__contains__)
    processing.remove(workspace, everything)
    table = frontier.Frontier(ledger)
    with ledger.transaction():
        for url in sorted(unwanted):
            table.forget(url=url)
        if found.kind == "host":
            table.forget(host=found.what)
    frontier.write_urls_jsonl(workspace)
    if was_prepared:
        with suppress(MissingInput):  # nothing may be left to train on
            prepare(workspace, config, progress)
    return {
        "documents": len(everything),
        "twins": len(found.twins),
        "twin_ids": list(found.twins),
        "urls": len(unwanted),
        "checkpoints": marked,
    }


def _mark_runs(workspace: Workspace, forgotten: list[str]) -> int:
    """Writes ``forgotten.json`` beside every run that read one of these in training; how many checkpoints."""
    wanted = set(forgotten)
    seen = {
        row["id"]: row["ids"][0]
        for row in Manifest(workspace.processed).lineage()
        if row["split"] == "train" and row["id"] in wanted
    }
    marked = 0
    for plan in sorted(workspace.runs.glob("*/plan.json")):
        phases = json.loads(plan.read_text(encoding="utf-8"))
        read = max((phase["data"]["characters"] for phase in phases), default=0)
        theirs = [document for document, offset in seen.items() if offset < read]
        if theirs:
            before = _marked(plan.parent)
            mark = {"date": now(), "documents": sorted({*before, *theirs})}
            atomic_write(plan.parent / FORGOTTEN, json.dumps(mark, indent=1))
            marked += len(list((plan.parent / "checkpoints").glob("*.safetensors")))
    return marked


def _marked(run: Path) -> list[str]:
    try:
        documents: list[str] = json.loads((run / FORGOTTEN).read_text(encoding="utf-8"))["documents"]
    except OSError:
        return []
    return documents
