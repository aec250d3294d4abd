"""What a worker does for ``prepare``: ids and summaries of a cleaned text, less what other texts hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from miniature_memory import screen
from miniature_memory.errors import Damaged
from miniature_memory.processing import evaluation_texts, files
from miniature_memory.processing.growing import Row, Version
from miniature_memory.vocabulary import CONTROL_TOKENS, END_OF_TEXT, encode_marked

TORSO = 0.5  # a training text that loses more than this to evaluation texts is left out


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cleaned document, and earlier ones whose words are taken out of it: (id, sha256) by cause."""

    seq: int
    id: str
    sha256: str
    source: str
    split: str
    without: tuple[tuple[str, str, str], ...] = ()  # (cause, id, sha256)

    @property
    def row(self) -> Row:
        """What the lineage says of it wherever it goes."""
        row: Row = {"id": self.id, "cleaned": self.sha256, "source": self.source}
        return row | ({"without": [id for _, id, _ in self.without]} if self.without else {})

    def is_as(self, row: Row) -> bool:
        """Does a row of the lineage tell of this very document, made of the same?"""
        known = {name: row[name] for name in ("id", "cleaned", "source", "without") if name in row}
        return known == self.row and row["split"] in (self.split, None)


@dataclass(frozen=True, slots=True)
class Task:
    """For a worker: documents, how many renamed versions training text has, evaluation passages."""

    cleaned: Path
    documents: tuple[Wanted, ...]
    renamed: int
    passages: Path | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """``versions[0]`` is the original, the others are renamed: (ids, summaries) as bytes. None: left out."""

    text: bytes
    versions: tuple[Version, ...]
    facts: Row  # cut: characters by cause; left_out: the cause


def prepare_documents(task: Task) -> list[Prepared]:
    """Ids and summaries of each document. Importable, pure."""
    return [_prepare(task, one) for one in task.documents]


def _prepare(task: Task, one: Wanted) -> Prepared:
    from miniature_memory.memory.condense import grid_summaries
    from miniature_memory.memory.rename import rename

    text, facts = _told(task, one)
    if "left_out" in facts:
        return Prepared(b"", (), facts)
    versions: list[Version] = []
    for version in range(1 + (task.renamed if one.split == "train" else 0)):
        told = rename(text, version) if version else text
        ids = np.append(encode_marked(told), np.uint8(END_OF_TEXT)).astype(np.uint8)
        versions.append((ids.tobytes(), grid_summaries(ids).tobytes()))
    return Prepared(f"{text}{CONTROL_TOKENS[END_OF_TEXT]}\n".encode(), tuple(versions), facts)


def _told(task: Task, one: Wanted) -> tuple[str, Row]:
    """The text without what is taken out of it, and what that was."""
    text = read_cleaned(task.cleaned / f"{one.id}.txt", one.sha256)
    cuts: dict[str, Callable[[str], str]] = {}
    for cause in dict.fromkeys(cause for cause, _, _ in one.without):
        earlier = [(id, sha256) for why, id, sha256 in one.without if why == cause]
        cuts[cause] = partial(_without, task.cleaned, earlier)
    if task.passages and one.split == "train":
        cuts["evaluation_text"] = partial(_decontaminated, task.passages)
    cut: dict[str, int] = {}
    for cause, remove in cuts.items():
        less = remove(text)
        if less != text:
            cut[cause] = len(text) - len(less)
        text = less
        if not text:
            return "", {"cut": cut, "left_out": cause}
    if not cut:
        return text, {}
    if screen.check(text).reject:  # what `validate` let pass was the whole
        return "", {"cut": cut, "left_out": "screen"}
    return text, {"cut": cut}


def _without(cleaned: Path, earlier: list[tuple[str, str]], text: str) -> str:
    from miniature_memory.processing.overlap import without

    return without(text, [read_cleaned(cleaned / f"{id}.txt", sha256) for id, sha256 in earlier])


def _decontaminated(passages: Path, text: str) -> str:
    less = evaluation_texts.without_passages(text, passages)
    return less if len(less) >= TORSO * len(text) else ""


def read_cleaned(path: Path, sha256: str) -> str:
    """A cleaned text. Raises ``Damaged`` when it is not what ``clean`` wrote."""
    text = files.read_known(path, sha256)
    if text is None:
        path.unlink(missing_ok=True)  # `clean` makes what is missing again
        raise Damaged(
            f"dataset/cleaned/{path.name} is not what the cleaning wrote; it was removed.",
            "Run `mm clean` (or `mm run`): it is made again from the raw text.",
        )
    return text
