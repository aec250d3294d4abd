"""Neutral stories of our own, and workspaces that hold them as raw texts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from miniature_memory.config import Config, load
from miniature_memory.demo.stories import story as tell
from miniature_memory.document import Document
from miniature_memory.processing.clean import clean
from miniature_memory.processing.prepare import prepare
from miniature_memory.processing.validate import validate
from miniature_memory.progress import Progress
from miniature_memory.workspace import Workspace

QUIET = Progress(quiet=True)

_WORDS = [
    "lantern",
    "map",
    "violin",
    "kettle",
    "clock",
    "ledger",
    "camera",
    "harbour",
    "orchard",
    "slowly",
    "seldom",
]


@cache
def story(number: int) -> str:
    """A short story of the demo web; another number is another story."""
    return tell(1, number).text


def edited(text: str, share: float, seed: int = 1) -> str:
    """``text`` with a share of its words replaced by others."""
    rng = random.Random(seed)
    return " ".join(rng.choice(_WORDS) if rng.random() < share else word for word in text.split(" "))


def add(workspace: Workspace, texts: list[str], work: str = "", first: int = 0) -> list[str]:
    """Puts raw texts into a workspace as collecting does; their ids."""
    ids = []
    workspace.raw_text.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts, start=first):
        source = f"http://stories.test/{number}"
        document = Document.of(text, source, site="stories.test", work=work or source)
        workspace.raw_path(document.id).write_bytes(text.encode())
        workspace.ledger.add_document(document)
        ids.append(document.id)
    return ids


def process(workspace: Workspace, config: Config) -> dict[str, dict[str, object]]:
    return {stage.__name__: stage(workspace, config, QUIET) for stage in (validate, clean, prepare)}


def outputs(workspace: Workspace) -> dict[str, bytes]:
    """Every file that processing wrote, by its path."""
    return {
        path.relative_to(workspace.dataset).as_posix(): path.read_bytes()
        for folder in (workspace.cleaned, workspace.processed, workspace.rejected)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rule_of(workspace: Workspace, document_id: str) -> str:
    row = workspace.ledger.connection.execute(
        "SELECT rule FROM decisions WHERE document_id = ? AND stage = 'validate'", (document_id,)
    ).fetchone()
    return str(row["rule"])


@pytest.fixture
def config() -> Config:
    return load(sets=["executor=serial", "prepare.renamed_versions=1"], environment={})


@pytest.fixture
def new_workspace(tmp_path: Path) -> Iterator[Callable[[str], Workspace]]:
    opened: list[Workspace] = []

    def make(name: str = "workspace") -> Workspace:
        opened.append(Workspace(tmp_path / name))
        return opened[-1]

    yield make
    for workspace in opened:
        workspace.close()
