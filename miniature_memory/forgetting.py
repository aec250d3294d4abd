"""Forgetting: a document gone from everywhere it had reached, and kept from coming back.

From the addresses and the evidence, from raw, cleaned and processed data and the duplicate index, with its
near-duplicate twins and the compilations that hold it. What remains is a keyed hash (the tombstone), and a
mark at every run that read it. What is being forgotten stands in the ledger until all of it is done, so that
the same command goes on after a kill.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from miniature_memory.config import Config
from miniature_memory.errors import MissingInput
from miniature_memory.ledger import Ledger, now
from miniature_memory.processing.growing import Manifest
from miniature_memory.progress import Progress
from miniature_memory.training.plan import FORGOTTEN
from miniature_memory.workspace import Workspace, atomic_write

_BEGUN = "forgetting"


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
    begun = _begun(ledger)
    if begun is not None and begun.what == what:
        return begun
    for kind, condition in (
        ("document", "id = ?"),
        ("url", "lineage ->> '$.url' = ? OR id IN (SELECT document_id FROM urls WHERE url = ?)"),
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


def _begun(ledger: Ledger) -> Found | None:
    """What a killed run had begun to forget."""
    facts = json.loads(ledger.meta(_BEGUN) or "null")
    if facts is None:
        return None
    lists = {name: tuple(facts[name]) for name in ("documents", "twins", "urls")}
    return Found(what=facts["what"], kind=facts["kind"], **lists)


def _urls(workspace: Workspace, kind: str, what: str, documents: Sequence[str]) -> list[str]:
    own = {"url": " OR url = ?2", "host": " OR host = ?2"}.get(kind, " AND ?2 = ?2")
    rows = workspace.ledger.connection.execute(
        f"SELECT url FROM urls WHERE document_id IN (SELECT value FROM json_each(?1)){own} ORDER BY seq",
        (json.dumps(documents), what),
    )
    return [str(row["url"]) for row in rows]


def _twins(workspace: Workspace, documents: list[str]) -> list[str]:
    """What these were turned away for, and all that was turned away as a twin of any of them."""
    from miniature_memory.processing.forget import with_twins

    originals = workspace.ledger.connection.execute(
        "SELECT DISTINCT twin FROM decisions WHERE twin != ''"
        " AND document_id IN (SELECT value FROM json_each(?)) ORDER BY twin",
        (json.dumps(documents),),
    )
    asked = set(documents)
    everyone = with_twins(workspace, [*documents, *(str(row["twin"]) for row in originals)])
    return [twin for twin in dict.fromkeys(everyone) if twin not in asked]


def forget(workspace: Workspace, config: Config, found: Found, progress: Progress) -> dict[str, Any]:
    """Removes what was found; prepares the training data anew from what stays."""
    ledger = workspace.ledger
    begun = _begun(ledger)
    if begun is not None and begun != found:
        _forget(workspace, config, begun, progress)
    with ledger.transaction():
        ledger.set_meta(_BEGUN, json.dumps(asdict(found)))
    return _forget(workspace, config, found, progress)


def _forget(workspace: Workspace, config: Config, found: Found, progress: Progress) -> dict[str, Any]:
    from miniature_memory import processing
    from miniature_memory.processing.before import Before
    from miniature_memory.processing.prepare import prepare
    from miniature_memory.scraper import evidence, frontier

    ledger = workspace.ledger
    everything = [*found.documents, *found.twins]
    unwanted = {*found.urls, *_urls(workspace, "document", "", everything)}
    marked = _mark_runs(workspace, everything)
    with ledger.transaction():
        ledger.bury(found.what, found.kind)
        for identity in everything:
            ledger.bury(identity, "document")
        for url in sorted(unwanted):
            ledger.bury(url, "url")
    evidence.drop(workspace, unwanted.__contains__)
    processing.remove(workspace, everything)
    ledger.connection.execute(
        "DELETE FROM urls WHERE url IN (SELECT value FROM json_each(?)) OR host = ?",
        (json.dumps(sorted(unwanted)), found.what if found.kind == "host" else None),
    )
    frontier.write_urls_jsonl(workspace)
    if Before.is_there(workspace.processed):
        try:
            prepare(workspace, config, progress)
        except MissingInput:  # nothing is left to train on
            Before.remove(workspace.processed)
    ledger.delete_meta(_BEGUN)
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
