"""The store of a workspace: one SQLite file (WAL) that survives kill -9 at any instant.

Stages append what they found and decided; the report, the page and ``mm status`` only read.
The frontier (table ``urls``) is worked by ``scraper.frontier`` through ``connection``.
"""

from __future__ import annotations

import hmac
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from miniature_memory.document import Document
from miniature_memory.errors import Damaged, DiskFull

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

-- every address that was found; of what the screen refused only refusals.key_hash remains
CREATE TABLE IF NOT EXISTS urls (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    url         TEXT NOT NULL UNIQUE,
    host        TEXT NOT NULL,
    query       TEXT NOT NULL DEFAULT '',
    provider    TEXT NOT NULL DEFAULT '',
    status      TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'fetched', 'rejected')),
    reason      TEXT NOT NULL DEFAULT '',
    attempts    INTEGER NOT NULL DEFAULT 0,
    not_before  TEXT NOT NULL DEFAULT '',
    found_at    TEXT NOT NULL,
    fetched_at  TEXT NOT NULL DEFAULT '',
    document_id TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS urls_by_status ON urls (status, seq);

-- every raw text, in the order of arrival
CREATE TABLE IF NOT EXISTS documents (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    source    TEXT NOT NULL,
    site      TEXT NOT NULL,
    work      TEXT NOT NULL,
    title     TEXT NOT NULL,
    author    TEXT NOT NULL,
    language  TEXT NOT NULL,
    published TEXT NOT NULL,
    collected TEXT NOT NULL,
    licence   TEXT NOT NULL,
    lineage   TEXT NOT NULL,
    characters INTEGER NOT NULL
);

-- one line a document and a stage that judged it; rule '' means kept
CREATE TABLE IF NOT EXISTS decisions (
    document_id TEXT NOT NULL,
    stage       TEXT NOT NULL,
    rule        TEXT NOT NULL DEFAULT '',
    twin        TEXT NOT NULL DEFAULT '',
    similarity  REAL,
    figures     TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (document_id, stage)
);

-- all that remains of a refused text
CREATE TABLE IF NOT EXISTS refusals (
    key_hash TEXT PRIMARY KEY,
    rule     TEXT NOT NULL,
    version  TEXT NOT NULL,
    stage    TEXT NOT NULL,
    date     TEXT NOT NULL
);

-- what was forgotten and must not come back
CREATE TABLE IF NOT EXISTS tombstones (
    key_hash TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,
    date     TEXT NOT NULL
);

-- figures of each stage that ran, appended
CREATE TABLE IF NOT EXISTS figures (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    stage   TEXT NOT NULL,
    started TEXT NOT NULL,
    seconds REAL NOT NULL,
    figures TEXT NOT NULL
);
"""
_FACTS = ("id", "source", "site", "work", "title", "author", "language", "published", "collected", "licence")


def now() -> str:
    """This second in UTC, ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Connection(sqlite3.Connection):
    """A full disk, whichever statement meets it, as the error that says what to do."""

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        with _no_room_is_clear():
            return super().execute(*statement)

    def executemany(self, *statement: Any) -> sqlite3.Cursor:
        with _no_room_is_clear():
            return super().executemany(*statement)


@contextmanager
def _no_room_is_clear() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "full" not in str(error):
            raise
        raise DiskFull(
            "There is no room left on the disk.",
            "Free some space and run the same command again: it goes on where it stopped.",
        ) from error


class Ledger:
    """Opens or creates the store. Raises ``Damaged`` when the file is no store of ours."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=30, factory=_Connection)
            self.connection.row_factory = sqlite3.Row
            # secure_delete: what the screen refused must not linger in free pages
            with _no_room_is_clear():
                self.connection.executescript(
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;" + _SCHEMA
                )
            version = self.meta("schema_version")
            if version is None:
                self.set_meta("schema_version", str(SCHEMA_VERSION))
                self.set_meta("key", os.urandom(32).hex())
            elif int(version) != SCHEMA_VERSION:
                raise Damaged(
                    f"{path} was written by another version (schema {version}, here {SCHEMA_VERSION}).",
                    "Use the version that wrote it, or start in a new --workspace.",
                )
        except sqlite3.OperationalError as error:
            raise Damaged(f"{path} can't be opened: {error}.", "Check its rights, or restore it.") from error
        except sqlite3.DatabaseError as error:
            raise Damaged(
                f"{path} is no manifest of this program ({error}).",
                "Restore it from a copy, or move it away.",
            ) from error

    def close(self) -> None:
        """Folds the write-ahead log in, so that the one file is all there is."""
        with suppress(sqlite3.OperationalError, DiskFull):  # or a reader is busy; the log stays valid
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; nested use joins the outer one."""
        if self.connection.in_transaction:
            yield self.connection
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:  # on a full disk SQLite has taken it back itself
                self.connection.execute("ROLLBACK")
            raise

    # -- facts about the workspace ------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row["value"])

    def set_meta(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def delete_meta(self, key: str) -> None:
        self.connection.execute("DELETE FROM meta WHERE key = ?", (key,))

    @cached_property
    def _key(self) -> bytes:
        return bytes.fromhex(self.meta("key") or "")

    def keyed_hash(self, text: str) -> str:
        """HMAC-SHA256 under this workspace's own key: recognises a text again without keeping it."""
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()

    # -- documents ----------------------------------------------------------------------------

    def add_document(self, document: Document) -> bool:
        """Records a raw text's facts; False when the very text is already there."""
        facts = asdict(document)
        cursor = self.connection.execute(
            f"INSERT OR IGNORE INTO documents ({', '.join(_FACTS)}, lineage, characters)"
            f" VALUES ({', '.join('?' * len(_FACTS))}, ?, ?)",
            (
                *(facts[name] for name in _FACTS),
                json.dumps(document.lineage, sort_keys=True, ensure_ascii=False),
                len(document.text),
            ),
        )
        return cursor.rowcount == 1

    def documents(self, where: str = "1", parameters: tuple[Any, ...] = ()) -> Iterator[Document]:
        """Documents without their text, in the order of arrival (``where``: an SQL condition)."""
        rows = self.connection.execute(f"SELECT * FROM documents WHERE {where} ORDER BY seq", parameters)
        for row in rows.fetchall():
            yield Document(
                text="", lineage=json.loads(row["lineage"]), **{name: row[name] for name in _FACTS}
            )

    # -- decisions ----------------------------------------------------------------------------

    def decide(
        self,
        document_id: str,
        stage: str,
        rule: str = "",
        twin: str = "",
        similarity: float | None = None,
        figures: dict[str, Any] | None = None,
    ) -> None:
        """What ``stage`` decided of a document; an empty ``rule`` means kept."""
        self.connection.execute(
            "INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?)",
            (document_id, stage, rule, twin, similarity, json.dumps(figures or {}, sort_keys=True)),
        )

    def undecided(self, stage: str) -> Iterator[Document]:
        """Documents that ``stage`` has not judged yet, in the order of arrival, without text."""
        return self.documents("id NOT IN (SELECT document_id FROM decisions WHERE stage = ?)", (stage,))

    def kept(self, stage: str) -> Iterator[Document]:
        """Documents that ``stage`` kept, in the order of arrival, without text."""
        return self.documents(
            "id IN (SELECT document_id FROM decisions WHERE stage = ? AND rule = '')", (stage,)
        )

    def reset(self, stage: str) -> None:
        """Forgets a stage's decisions, so that it judges everything again (its rules changed)."""
        self.connection.execute("DELETE FROM decisions WHERE stage = ?", (stage,))

    # -- refusals and tombstones --------------------------------------------------------------

    def refuse(self, identity: str, rule: str, version: str, stage: str) -> None:
        """Keeps of a refused text a keyed hash of its identity (address or content), and which rule."""
        self.connection.execute(
            "INSERT OR IGNORE INTO refusals VALUES (?, ?, ?, ?, ?)",
            (self.keyed_hash(identity), rule, version, stage, now()[:10]),
        )

    def is_refused(self, identity: str) -> bool:
        return self._has("refusals", identity)

    def bury(self, identity: str, kind: str) -> None:
        """A tombstone: what was forgotten (``kind``: url, host, author, document) never comes back."""
        self.connection.execute(
            "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?)", (self.keyed_hash(identity), kind, now()[:10])
        )

    def is_buried(self, identity: str) -> bool:
        return self._has("tombstones", identity)

    def _has(self, table: str, identity: str) -> bool:
        query = f"SELECT 1 FROM {table} WHERE key_hash = ?"
        return self.connection.execute(query, (self.keyed_hash(identity),)).fetchone() is not None

    # -- figures ------------------------------------------------------------------------------

    def record(self, stage: str, started: str, seconds: float, figures: dict[str, Any]) -> None:
        self.connection.execute(
            "INSERT INTO figures (stage, started, seconds, figures) VALUES (?, ?, ?, ?)",
            (stage, started, round(seconds, 3), json.dumps(figures, sort_keys=True, ensure_ascii=False)),
        )

    def figures(self, stage: str | None = None) -> list[dict[str, Any]]:
        """Every recorded run of ``stage`` (or of all), oldest first: stage, started, seconds, figures."""
        rows = self.connection.execute(
            "SELECT * FROM figures WHERE ? IS NULL OR stage = ? ORDER BY seq", (stage, stage)
        )
        return [{**dict(row), "figures": json.loads(row["figures"])} for row in rows]

    def known(self, stage: str, identity: str) -> dict[str, Any] | None:
        """The figures of the last run of ``stage`` that made the very same thing; None when none did."""
        for row in reversed(self.figures(stage)):
            if row["figures"].get("identity") == identity:
                figures: dict[str, Any] = row["figures"]
                return figures
        return None

    # -- the funnel ---------------------------------------------------------------------------

    def funnel(self) -> dict[str, Any]:
        """Counts from address to kept document; in each step ``in = kept + sum(rejected)``."""

        def count(query: str) -> dict[str, int]:
            return {str(row[0]): int(row[1]) for row in self.connection.execute(query)}

        status = count("SELECT status, COUNT(*) FROM urls GROUP BY status")
        refused = count(
            "SELECT rule, COUNT(*) FROM refusals WHERE stage IN ('discover', 'fetch') GROUP BY rule"
        )
        return {
            "urls": {
                "found": sum(status.values()) + sum(refused.values()),
                "new": status.get("new", 0),
                "fetched": status.get("fetched", 0),
                "rejected": count(
                    "SELECT reason, COUNT(*) FROM urls WHERE status = 'rejected' GROUP BY reason"
                    " ORDER BY COUNT(*) DESC, reason"
                ),
                "refused": sum(refused.values()),
            },
            "documents": {
                "in": count("SELECT 'n', COUNT(*) FROM documents")["n"],
                "kept": count("SELECT 'n', COUNT(*) FROM decisions WHERE stage = 'validate' AND rule = ''")[
                    "n"
                ],
                "rejected": count(
                    "SELECT rule, COUNT(*) FROM decisions WHERE stage = 'validate' AND rule != ''"
                    " GROUP BY rule ORDER BY COUNT(*) DESC, rule"
                ),
            },
        }
