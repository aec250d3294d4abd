"""The addresses on their way: new, fetched or rejected. All SQL on ``urls`` lives here.

A claim is held in memory only: the workspace's lock lets one run work at a time, so after a kill every
address that was not decided is simply still ``new``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from miniature_memory.document import Document
from miniature_memory.errors import Damaged
from miniature_memory.ledger import Ledger, now
from miniature_memory.scraper import gate
from miniature_memory.scraper.addresses import canonical, host_of
from miniature_memory.workspace import Workspace, atomic_file

NEEDS_BROWSER = "needs_browser"
_FIELDS = (
    "url",
    "query",
    "provider",
    "status",
    "reason",
    "attempts",
    "found_at",
    "fetched_at",
    "document_id",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One address to fetch. ``seq`` is its place in the order of arrival."""

    seq: int
    url: str
    host: str
    attempts: int


class Frontier:
    """The table ``urls`` of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._sql: sqlite3.Connection = ledger.connection

    # -- finding ------------------------------------------------------------------------------

    def add(self, url: str, query: str = "", provider: str = "") -> bool:
        """Stores a canonical address; False when it is known, was refused, or is buried (it or its host)."""
        identities = (url, host_of(url))
        if self.ledger.is_refused(url) or any(self.ledger.is_buried(each) for each in identities):
            return False
        cursor = self._sql.execute(
            "INSERT OR IGNORE INTO urls (url, host, query, provider, found_at) VALUES (?, ?, ?, ?, ?)",
            (url, identities[1], query, provider, now()),
        )
        return cursor.rowcount == 1

    # -- claiming -----------------------------------------------------------------------------

    def due(self, after: int = 0, limit: int = 512, browser: bool = True) -> list[Entry]:
        """New addresses whose time has come, in the order of arrival, behind ``after``.

        Without a ``browser`` those that are known to need one are left where they are.
        """
        rows = self._sql.execute(
            "SELECT seq, url, host, attempts FROM urls WHERE status = 'new' AND seq > ? AND not_before <= ?"
            " AND (? OR reason != ?) ORDER BY seq LIMIT ?",
            (after, now(), browser, NEEDS_BROWSER, limit),
        )
        return [Entry(**dict(row)) for row in rows]

    def count(self, browser: bool = True) -> dict[str, int]:
        """How many new addresses are due, and how many wait for their time or for a browser."""
        row = self._sql.execute(
            "SELECT COUNT(*), SUM(not_before <= ? AND (? OR reason != ?)) FROM urls WHERE status = 'new'",
            (now(), browser, NEEDS_BROWSER),
        ).fetchone()
        due = int(row[1] or 0)
        return {"due": due, "waiting": int(row[0]) - due}

    # -- deciding -----------------------------------------------------------------------------

    def fetched(self, entry: Entry, document: Document) -> bool:
        """Records a document and its address in one step; False when the very same text is one already."""
        with self.ledger.transaction():
            new = self.ledger.add_document(document)
            if new:
                self._decide(entry, "fetched", "", document.id)
            else:
                self._decide(entry, "rejected", "exact_duplicate", document.id)
        return new

    def rejected(self, entry: Entry, reason: str) -> None:
        self._decide(entry, "rejected", reason, "")

    def refused(self, entry: Entry, rule: str) -> None:
        """The screen refused the page: its row goes, a keyed hash stays."""
        with self.ledger.transaction():
            self.ledger.refuse(entry.url, rule, gate.VERSION, "fetch")
            # it may be known as the target of another page's redirect, which is not counted
            key = self.ledger.keyed_hash(entry.url)
            self._sql.execute("UPDATE refusals SET stage = 'fetch' WHERE key_hash = ?", (key,))
            self._sql.execute("DELETE FROM urls WHERE seq = ?", (entry.seq,))

    def tried(self, entry: Entry) -> None:
        """Counts a try that failed."""
        self._sql.execute("UPDATE urls SET attempts = attempts + 1 WHERE seq = ?", (entry.seq,))

    def later(self, entry: Entry, seconds: float, reason: str) -> None:
        """Leaves an address new, for a run after ``seconds`` from now."""
        when = datetime.now(UTC) + timedelta(seconds=seconds)
        self._sql.execute(
            "UPDATE urls SET not_before = ?, reason = ? WHERE seq = ?",
            (when.strftime("%Y-%m-%dT%H:%M:%SZ"), reason, entry.seq),
        )

    def _decide(self, entry: Entry, status: str, reason: str, document_id: str) -> None:
        self._sql.execute(
            "UPDATE urls SET status = ?, reason = ?, document_id = ?, fetched_at = ?, not_before = ''"
            " WHERE seq = ?",
            (status, reason, document_id, now(), entry.seq),
        )

    # -- forgetting ---------------------------------------------------------------------------

    def forget(self, url: str = "", host: str = "", document_id: str = "") -> list[str]:
        """Deletes the rows of an address, a host or a document; returns the documents they had led to."""
        where = "(? != '' AND url = ?) OR (? != '' AND host = ?) OR (? != '' AND document_id = ?)"
        values = (url, url, host, host, document_id, document_id)
        rows = self._sql.execute(
            f"SELECT DISTINCT document_id FROM urls WHERE ({where}) AND document_id != '' ORDER BY seq",
            values,
        ).fetchall()
        self._sql.execute(f"DELETE FROM urls WHERE {where}", values)
        return [str(row[0]) for row in rows]

    # -- urls.jsonl ---------------------------------------------------------------------------

    def lines(self) -> Iterator[dict[str, Any]]:
        """Every address in the order of arrival, then the refused ones as keyed hashes in their own order."""
        rows = self._sql.execute(
            f"SELECT {', '.join('u.' + field for field in _FIELDS)}, coalesce(d.title, '') AS title"
            " FROM urls u LEFT JOIN documents d ON d.id = u.document_id ORDER BY u.seq"
        )
        for row in rows:
            yield dict(row)
        refused = self._sql.execute(
            "SELECT key_hash, rule, version, stage, date FROM refusals WHERE stage IN ('discover', 'fetch')"
            " ORDER BY key_hash"
        )
        for row in refused:
            yield {**dict(row), "status": "refused"}


def write_urls_jsonl(workspace: Workspace) -> None:
    """Writes ``dataset/metadata/urls.jsonl`` from the store, atomically and in a fixed order."""
    with atomic_file(workspace.urls_jsonl) as handle:
        for line in Frontier(workspace.ledger).lines():
            handle.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def read_urls_jsonl(workspace: Workspace, path: Path | None = None) -> int:
    """Reads such a file into the store; returns how many addresses were new. What is known stays as it is.

    An address whose document is not here is ``new`` again; every line passes the screen first.
    Raises ``Damaged`` that names the first line that is none of ours, and then changes nothing.
    """
    ledger = workspace.ledger
    frontier, added = Frontier(ledger), 0
    source = path or workspace.urls_jsonl
    with ledger.transaction(), open(source, encoding="utf-8") as handle:
        for number, text in enumerate(handle, 1):
            try:
                line = json.loads(text)
                if line["status"] == "refused":
                    ledger.connection.execute(
                        "INSERT OR IGNORE INTO refusals VALUES (:key_hash, :rule, :version, :stage, :date)",
                        line,
                    )
                    continue
                url = canonical(line["url"]) or line["url"]
                query, title = str(line.get("query", "")), str(line.get("title", ""))
            except (ValueError, KeyError, TypeError, sqlite3.Error):
                raise Damaged(f"{source}, line {number} is no line of a urls.jsonl.") from None
            rule = gate.refuses(url, (query, title))
            if rule is not None:
                ledger.refuse(url, rule, gate.VERSION, "discover")
            elif frontier.add(url, query, str(line.get("provider", ""))):
                added += 1
                _restore(ledger, url, line)
    return added


def _restore(ledger: Ledger, url: str, line: dict[str, Any]) -> None:
    document_id = str(line.get("document_id", ""))
    known = ledger.connection.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone()
    if line["status"] == "rejected" or (line["status"] == "fetched" and known):
        ledger.connection.execute(
            "UPDATE urls SET status = ?, reason = ?, document_id = ?, fetched_at = ?, attempts = ?,"
            " found_at = ? WHERE url = ?",
            (
                line["status"],
                str(line.get("reason", "")),
                document_id if known else "",
                str(line.get("fetched_at", "")),
                int(line.get("attempts", 0)),
                str(line.get("found_at", "")) or now(),
                url,
            ),
        )
