"""The stage ``prepare``: cleaned documents as training and validation data in ``dataset/processed/``.

    train.txt  val.txt                     documents in the order of arrival, each followed by <|end_of_text|>
    shards/train-00000.bin …               uint8 ids of the same, cut at a fixed size
    index/train.npy                        int64 [documents + 1], where each document begins in the ids
    summaries/train-00000.bin              uint8 [rows, 60]: a document has ceil(ids / 96) rows
    renamed/v1/…                           the last three with other names, training text only
    manifest.json                          versions, counts, hashes; `lineage`: each document's place

Data files only grow; the manifest is switched last and says how long each file is. What a kill left behind it
is cut off at the next start. So old output is a byte prefix of the new, and growing in steps gives the
bytes of
building at once. When an earlier document changes or goes, all is built from zero.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from miniature_memory import screen, vocabulary
from miniature_memory.config import Config
from miniature_memory.errors import Damaged, MissingInput
from miniature_memory.executors import map_ordered
from miniature_memory.processing import clean as cleaning
from miniature_memory.processing import files
from miniature_memory.processing.growing import Growing, Manifest
from miniature_memory.processing.validate import SMALL, chunks
from miniature_memory.progress import Progress
from miniature_memory.vocabulary import CONTROL_TOKENS, END_OF_TEXT, encode_marked
from miniature_memory.workspace import Workspace

VERSION = 1
SALT = "miniature-memory split 1"
TASK = 4  # documents sent to a worker at once; summaries take most of the time
COMMIT = 16_384  # documents after which the manifest is switched

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """For a worker: cleaned texts as (id, sha256, side), and how many renamed versions training text has."""

    cleaned: Path
    documents: tuple[tuple[str, str, str], ...]
    renamed: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """``versions[0]`` is the original, the others are renamed: (ids, summaries) as bytes."""

    id: str
    text: bytes
    versions: tuple[tuple[bytes, bytes], ...]


def side(work: str, share: float) -> str:
    """``train`` or ``val``: by a salted hash of the work, so that no document ever changes sides."""
    number = int.from_bytes(hashlib.sha256(f"{SALT}\0{work}".encode()).digest()[:8], "big")
    return "val" if number < share * 2**64 else "train"


def prepare_documents(task: Task) -> list[Prepared]:
    """Ids and summaries of each document. Importable, pure."""
    return [_prepare(task, id, sha256, split) for id, sha256, split in task.documents]


def _prepare(task: Task, id: str, sha256: str, split: str) -> Prepared:
    from miniature_memory.memory.condense import grid_summaries
    from miniature_memory.memory.rename import rename

    text = read_cleaned(task.cleaned / f"{id}.txt", sha256)
    versions: list[tuple[bytes, bytes]] = []
    for version in range(1 + (task.renamed if split == "train" else 0)):
        told = rename(text, version) if version else text
        ids = np.append(encode_marked(told), np.uint8(END_OF_TEXT)).astype(np.uint8)
        versions.append((ids.tobytes(), grid_summaries(ids).tobytes()))
    return Prepared(id, f"{text}{CONTROL_TOKENS[END_OF_TEXT]}\n".encode(), tuple(versions))


def read_cleaned(path: Path, sha256: str) -> str:
    """A cleaned text. Raises ``Damaged`` when it is not what ``clean`` wrote."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    if files.digest(data) != sha256:
        path.unlink(missing_ok=True)  # `clean` makes what is missing again
        raise Damaged(
            f"dataset/cleaned/{path.name} is not what the cleaning wrote; it was removed.",
            "Run `mm clean` (or `mm run`): it is made again from the raw text.",
        )
    return data.decode("utf-8")


def prepare(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Appends what is new, or builds all again. Figures: new, documents and characters by side, again."""
    documents = list(_kept(workspace, config.prepare.validation_share))
    if not documents:
        raise MissingInput(
            "There is no cleaned document to prepare.",
            "`mm status` shows how many were found and why they were turned away; "
            "collect more (`mm run`) or import some (`mm import PATH`).",
        )
    manifest = Manifest(workspace.processed)
    growing, why = _resume(manifest, config, documents)
    if why:
        progress.say(f"The training data is built again from zero: {why}.")
    todo = documents[growing.documents :]
    if todo:
        _append(workspace, config, growing, todo, progress)
    figures: Figures = {"new": len(todo), **growing.counts(), "again": why}
    if not growing.head["splits"]["val"]["documents"]:
        progress.say(
            "The validation text is empty: no work's hash fell on that side yet. "
            "More works, or a larger prepare.validation_share, will fill it."
        )
    return figures


def _append(
    workspace: Workspace, config: Config, growing: Growing, todo: list[_Kept], progress: Progress
) -> None:
    renamed = config.prepare.renamed_versions
    tasks = (
        Task(workspace.cleaned, tuple((one.id, one.sha256, one.split) for one in part), renamed)
        for part in chunks(iter(todo), TASK)
    )
    executor = "serial" if len(todo) < SMALL // 2 else config.executor
    results = map_ordered(prepare_documents, tasks, executor, config.workers, config.scheduler)
    prepared = (one for part in results for one in part)
    with progress.bar("Preparing", len(todo)) as bar, growing:
        for batch in chunks(iter(todo), COMMIT):
            for one in batch:
                done = next(prepared)
                growing.append(one.id, one.split, one.source, done.text, done.versions)
                bar.advance(1)
            growing.commit()


@dataclass(frozen=True, slots=True)
class _Kept:
    id: str
    split: str
    source: str
    sha256: str


def _kept(workspace: Workspace, share: float) -> Iterator[_Kept]:
    rows = workspace.ledger.connection.execute(
        "SELECT d.id, source, work, json_extract(decisions.figures, '$.sha256') AS sha256 FROM documents d"
        " JOIN decisions ON document_id = d.id AND stage = ? AND rule = '' ORDER BY d.seq",
        (cleaning.STAGE,),
    )
    for row in rows:
        yield _Kept(
            row["id"], side(row["work"] or row["source"] or row["id"], share), row["source"], row["sha256"]
        )


def _resume(manifest: Manifest, config: Config, documents: list[_Kept]) -> tuple[Growing, str]:
    """Where to go on; a new beginning, and why, when the present data is not a prefix of what is wanted."""
    facts = {
        "format": VERSION,
        "screen_version": screen.VERSION,
        "vocabulary_version": vocabulary.VERSION,
        "fingerprint": _fingerprint(config),
    }
    growing = Growing(manifest, facts, config.prepare.shard_mb << 20, config.prepare.renamed_versions)
    head = manifest.head()
    if head is None:
        growing.begin()
        return growing, ""
    held = sum(split["documents"] for split in head["splits"].values())
    why = ""
    if any(head.get(key) != value for key, value in facts.items()):
        why = "rules or settings changed"
    elif head["document_set"] != document_set(documents[:held]):
        why = "earlier documents changed or went"
    elif not growing.go_on(head):
        why = "files were missing or too short"
    if why:
        growing.begin()
    return growing, why


def document_set(documents: list[_Kept]) -> str:
    """One hash for which texts there are, in which order and on which side."""
    return files.digest("".join(f"{one.id} {one.sha256} {one.split}\n" for one in documents))


@cache
def _memory_code() -> str:
    """Hash of the code that writes summaries and renames."""
    folder = resources.files("miniature_memory.memory")
    parts = sorted((f for f in folder.iterdir() if f.name.endswith((".py", ".txt"))), key=lambda f: f.name)
    named = [
        f for f in parts if f.name.split(".")[0] in ("condense", "names", "name_lists", "words", "rename")
    ]
    return files.digest("\0".join(f.name + f.read_text(encoding="utf-8") for f in named))


def _fingerprint(config: Config) -> str:
    return files.digest(
        f"{VERSION} {cleaning.fingerprint()} {_memory_code()} {config.prepare.model_dump_json()}"
    )


# -- what others ask ------------------------------------------------------------------------------


def prepared_ids(workspace: Workspace) -> set[str]:
    """Ids of the documents that ``processed/`` holds."""
    return {str(row["id"]) for row in Manifest(workspace.processed).lineage()}


def prepared_record(workspace: Workspace, id: str) -> dict[str, Any] | None:
    """A document's place: split, bytes in train.txt or val.txt, ids in the shards; None when it has none."""
    return next((row for row in Manifest(workspace.processed).lineage() if row["id"] == id), None)
