"""The stage ``prepare``: cleaned documents as training and validation data in ``dataset/processed/``.

    train.txt  val.txt            documents in the order of arrival, each followed by <|end_of_text|>
    shards/train-00000.bin …      uint8 ids of the same, cut at a fixed size
    index/train.npy               int64 [documents + 1], where each document begins in the ids
    summaries/train-00000.bin     uint8 [rows, 60]: a document has ceil(ids / 96) rows
    renamed/v1/…                  the last three with other names, training text only
    lineage.jsonl                 each document's place, what was cut from it, or why it was left out
    manifest.json                 versions, counts, and of each file its length and hash

Three things are taken out: from a later compilation the chapters that were kept before; from any document
what it shares with an earlier one of the other side; from training text the passages of
``prepare.evaluation_texts``. Every decision looks only at earlier documents.

Data files only grow; the manifest is switched last and says how long each file is. What a kill left behind
it is cut off at the next start. So old output is a byte prefix of the new, and growing in steps gives the
bytes of building at once. When an earlier document changes or goes, all is built anew, and what stays the
same is taken over from before.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from itertools import chain, groupby, islice, zip_longest
from pathlib import Path
from typing import Any

from miniature_memory import screen, vocabulary
from miniature_memory.config import Config
from miniature_memory.errors import MissingInput
from miniature_memory.executors import map_ordered
from miniature_memory.processing import clean as cleaning
from miniature_memory.processing import evaluation_texts, files
from miniature_memory.processing.before import Before
from miniature_memory.processing.growing import Growing, Head, Manifest, Row
from miniature_memory.processing.told import Prepared, Task, Wanted, prepare_documents
from miniature_memory.processing.validate import SMALL, chunks
from miniature_memory.progress import Bar, Progress
from miniature_memory.workspace import Workspace

VERSION = 2
SALT = "miniature-memory split 1"
TASK = 4  # documents sent to a worker at once; summaries take most of the time
COMMIT = 8192  # documents after which the manifest is switched

Figures = dict[str, Any]


def side(work: str, share: float) -> str:
    """``train`` or ``val``: by a salted hash of the work, so that no document ever changes sides."""
    number = int.from_bytes(hashlib.sha256(f"{SALT}\0{work}".encode()).digest()[:8], "big")
    return "val" if number < share * 2**64 else "train"


def prepare(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Appends what is new, or builds all anew. Figures: new, in, documents and characters by side,
    cut and left_out (documents by cause), again (why)."""
    count = _count(workspace)
    if not count:
        raise MissingInput(
            "There is no cleaned document to prepare.",
            "`mm status` shows how many were found and why they were turned away; "
            "collect more (`mm run`) or import some (`mm import PATH`).",
        )
    work = _Work(workspace, config)
    why = work.resume()
    if why:
        progress.say(f"The training data is built anew: {why}.")
    done = work.growing.head["documents"]
    if done < count:
        with progress.bar("Preparing", count - done) as bar:
            work.append(islice(wanted(workspace, config.prepare.validation_share), done, None), bar)
    Before.remove(workspace.processed)
    head = work.growing.head
    if not head["splits"]["val"]["documents"]:
        progress.say(
            "The validation text is empty: no work's hash fell on that side yet. "
            "More works, or a larger prepare.validation_share, will fill it."
        )
    return {"new": count - done, **_counts(head), "again": why}


def _counts(head: Head) -> Figures:
    """in = train + val + left out"""
    counts: Figures = {"in": head["documents"]}
    for split, state in head["splits"].items():
        counts |= {f"{split}_documents": state["documents"], f"{split}_characters": state["ids"]}
    return counts | {"cut": head["cut"], "left_out": head["left_out"]}


class _Work:
    """One run of the stage: the growing files, and what was set aside when they had to begin anew."""

    def __init__(self, workspace: Workspace, config: Config) -> None:
        self.workspace, self.config = workspace, config
        self.passages = evaluation_texts.gather(workspace, config.prepare.evaluation_texts)
        renamed = config.prepare.renamed_versions
        self.facts = {
            "format": VERSION,
            "screen_version": screen.VERSION,
            "vocabulary_version": vocabulary.VERSION,
            "fingerprint": _fingerprint(config, self.passages),
        }
        self.manifest = Manifest(workspace.processed)
        self.growing = Growing(self.manifest, self.facts, config.prepare.shard_mb << 20, renamed)

    def resume(self) -> str:
        """Goes on with what is there; begins anew, and says why, where it is no prefix of what is wanted."""
        head = self.manifest.head()
        why = self._unfit(head) if head else ""
        if why:
            Before.set_aside(self.workspace.processed)
        if why or not head:
            self.growing.begin()
        self.before = Before(
            self.workspace.processed,
            self.facts,
            self.config.prepare.renamed_versions,
            self.workspace.ledger.connection,
        )
        return why

    def _unfit(self, head: Head) -> str:
        if any(head.get(key) != value for key, value in self.facts.items()):
            return "rules or settings changed"
        if not self.growing.go_on(head):
            return "files are missing, too short, or cut at another size"
        is_wanted = wanted(self.workspace, self.config.prepare.validation_share)
        for one, row in zip_longest(islice(is_wanted, head["documents"]), self.manifest.lineage()):
            if one is None or row is None or not one.is_as(row):
                return "earlier documents changed or went"
        return ""

    def append(self, todo: Iterable[Wanted], bar: Bar) -> None:
        """Takes over what was prepared before with the same rules, and has the rest prepared."""
        pairs = ((one, self._known(one)) for one in todo)
        with self.growing:
            for known, group in groupby(pairs, key=lambda pair: pair[1] is not None):
                does = self._taken_over if known else self._prepared
                for one, done in does(group):
                    self.growing.append(one.split, one.row | done.facts, done.text, done.versions)
                    if self.growing.head["documents"] % COMMIT == 0:
                        self.growing.commit()
                    self._advance(bar)
            self.growing.commit()

    def _advance(self, bar: Bar) -> None:
        try:
            bar.advance(1)
        except KeyboardInterrupt:  # the step is finished; keep it
            self.growing.commit()
            raise

    def _known(self, one: Wanted) -> Row | None:
        row = self.before.row(one.seq)
        return row if row is not None and one.is_as(row) else None

    def _taken_over(self, group: Iterable[tuple[Wanted, Row | None]]) -> Iterator[tuple[Wanted, Prepared]]:
        for one, row in group:
            assert row is not None
            facts: Row = {name: row[name] for name in ("cut", "left_out") if name in row}
            text, versions = self.before.read(row)
            yield one, Prepared(text, tuple(versions), facts)

    def _prepared(self, group: Iterable[tuple[Wanted, Row | None]]) -> Iterator[tuple[Wanted, Prepared]]:
        config, waiting = self.config, deque[Wanted]()
        todo = (one for one, _ in group)
        few = list(islice(todo, SMALL // 2))
        executor = config.executor if len(few) == SMALL // 2 else "serial"

        def tasks() -> Iterator[Task]:
            for part in chunks(chain(few, todo), TASK):
                waiting.extend(part)
                yield Task(
                    self.workspace.cleaned, tuple(part), config.prepare.renamed_versions, self.passages
                )

        for part in map_ordered(prepare_documents, tasks(), executor, config.workers, config.scheduler):
            for done in part:
                yield waiting.popleft(), done


def _count(workspace: Workspace) -> int:
    query = "SELECT COUNT(*) FROM decisions JOIN documents ON id = document_id WHERE stage = ? AND rule = ''"
    return int(workspace.ledger.connection.execute(query, (cleaning.STAGE,)).fetchone()[0])


def wanted(workspace: Workspace, share: float) -> Iterator[Wanted]:
    """Every cleaned document in the order of arrival; rows are read as they are needed."""
    connection = workspace.ledger.connection
    rows = connection.execute(
        "SELECT d.seq, d.id, work, coalesce(d.lineage ->> '$.url', d.lineage ->> '$.path', source) AS source,"
        " json_extract(c.figures, '$.sha256') AS sha256,"
        " json_extract(v.figures, '$.contains') AS contains, json_extract(v.figures, '$.shares') AS shares"
        " FROM documents d JOIN decisions c ON c.document_id = d.id AND c.stage = ? AND c.rule = ''"
        " LEFT JOIN decisions v ON v.document_id = d.id AND v.stage = 'validate' ORDER BY d.seq",
        (cleaning.STAGE,),
    )
    for row in rows:
        split = side(row["work"] or row["id"], share)
        without = [("already_kept", id) for id in json.loads(row["contains"] or "[]")]
        known = {id for _, id in without}
        shares = [id for id in json.loads(row["shares"] or "[]") if id not in known]
        without += [("other_side", id) for id in shares if _side_of(connection, id, share) != split]
        yield Wanted(
            row["seq"], row["id"], row["sha256"], row["source"], split, tuple(_readable(connection, without))
        )


def _side_of(connection: sqlite3.Connection, id: str, share: float) -> str:
    row = connection.execute("SELECT id, work FROM documents WHERE id = ?", (id,)).fetchone()
    return side(row["work"] or row["id"], share) if row else ""


def _readable(
    connection: sqlite3.Connection, without: list[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """With the hash of each cleaned text; those that `clean` turned away have none."""
    query = (
        "SELECT json_extract(figures, '$.sha256') FROM decisions"
        " WHERE document_id = ? AND stage = ? AND rule = ''"
    )
    for cause, id in without:
        row = connection.execute(query, (id, cleaning.STAGE)).fetchone()
        if row:
            yield cause, id, row[0]


@cache
def _code() -> str:
    """Hash of the code that cuts texts, writes summaries and renames."""
    package = resources.files("miniature_memory")
    cuts = [package / "processing" / name for name in ("told.py", "overlap.py", "evaluation_texts.py")]
    told = ("condense", "names", "name_lists", "words", "rename")
    tells = [f for f in (package / "memory").iterdir() if f.name.split(".")[0] in told and f.is_file()]
    tells = [f for f in tells if f.name.endswith((".py", ".txt"))]
    parts = [*cuts, *sorted(tells, key=lambda f: f.name)]
    return files.digest("\0".join(f.name + f.read_text(encoding="utf-8") for f in parts if f.is_file()))


def _fingerprint(config: Config, passages: Path | None) -> str:
    """What the bytes depend on besides the cleaned texts. How shards are cut changes no id."""
    settings = config.prepare.model_dump_json(exclude={"shard_mb", "evaluation_texts"})
    return files.digest(
        f"{VERSION} {cleaning.fingerprint()} {_code()} {settings} {passages and passages.name}"
    )


# -- what others ask ------------------------------------------------------------------------------


def prepared_ids(workspace: Workspace) -> set[str]:
    """Ids of the documents that ``processed/`` holds."""
    return {str(row["id"]) for row in Manifest(workspace.processed).lineage() if row["split"]}


def prepared_record(workspace: Workspace, id: str) -> dict[str, Any] | None:
    """A document's place: split, bytes in train.txt or val.txt, ids in the shards, what was cut, or why it
    was left out, and the screen that it passed; None when it was not prepared."""
    manifest = Manifest(workspace.processed)
    row = next((row for row in manifest.lineage() if row["id"] == id), None)
    head = manifest.head()
    return row and head and {**row, "screen_version": head["screen_version"]}
