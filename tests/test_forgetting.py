"""Forgetting, on a small imported dataset: gone everywhere, twins too, and it stays away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miniature_memory import forgetting
from miniature_memory.config import Config, load
from miniature_memory.demo import story
from miniature_memory.errors import MissingInput
from miniature_memory.processing.clean import clean
from miniature_memory.processing.prepare import prepare
from miniature_memory.processing.validate import validate
from miniature_memory.progress import Progress
from miniature_memory.scraper.importer import import_paths
from miniature_memory.training.plan import FORGOTTEN, run_folder
from miniature_memory.workspace import Workspace, atomic_write

QUIET = Progress(quiet=True)
STORIES = [story(1, number).text for number in range(6)]


def mark(number: int) -> str:
    """A line that only story ``number`` has."""
    others = "".join(text for n, text in enumerate(STORIES) if n != number)
    return max((line for line in STORIES[number].split("\n") if line not in others), key=len)[:60]


@pytest.fixture
def filled(workspace: Workspace, tmp_path: Path) -> tuple[Workspace, Config]:
    folder = tmp_path / "books"
    folder.mkdir()
    for number, text in enumerate(STORIES):
        (folder / f"story-{number}.txt").write_text(text, encoding="utf-8")
    (folder / "twin.txt").write_text(STORIES[1] + "\n\nThe lamp went out.", encoding="utf-8")
    config = load("books", None, ["executor=serial", "prepare.validation_share=0"], {})
    import_paths(workspace, config, [folder], QUIET)
    for stage in (validate, clean, prepare):
        stage(workspace, config, QUIET)
    return workspace, config


def everything(workspace: Workspace) -> bytes:
    workspace.close()
    return b"".join(path.read_bytes() for path in sorted(workspace.root.rglob("*")) if path.is_file())


def document_of(workspace: Workspace, number: int) -> str:
    [id] = [
        d.id
        for d in workspace.ledger.kept("validate")
        if mark(number) in workspace.raw_path(d.id).read_text()
    ]
    return id


def test_a_document_goes_with_its_twin_and_the_others_stay(filled: tuple[Workspace, Config]) -> None:
    workspace, config = filled
    before = len(list(workspace.ledger.documents()))
    found = forgetting.find(workspace, document_of(workspace, 1))
    assert found.kind == "document" and len(found.twins) == 1
    figures = forgetting.forget(workspace, config, found, QUIET)
    assert (figures["documents"], figures["twins"]) == (2, 1)
    assert len(list(workspace.ledger.documents())) == before - 2
    train = (workspace.processed / "train.txt").read_text("utf-8")
    assert mark(1) not in train and mark(0) in train
    assert mark(1).encode() not in everything(workspace)


def test_it_does_not_come_back(filled: tuple[Workspace, Config], tmp_path: Path) -> None:
    workspace, config = filled
    forgetting.forget(workspace, config, forgetting.find(workspace, document_of(workspace, 1)), QUIET)
    figures = import_paths(workspace, config, [tmp_path / "books"], QUIET)
    assert figures["new"] == 0
    assert mark(1).encode() not in everything(workspace)


def test_the_original_of_a_forgotten_twin_goes_too(filled: tuple[Workspace, Config]) -> None:
    workspace, config = filled
    twin = next(
        iter(workspace.ledger.documents("id IN (SELECT document_id FROM decisions WHERE twin != '')"))
    )
    forgetting.forget(workspace, config, forgetting.find(workspace, twin.id), QUIET)
    assert mark(1).encode() not in everything(workspace)


def test_runs_that_read_it_are_marked_and_others_are_not(filled: tuple[Workspace, Config]) -> None:
    workspace, config = filled
    for name, characters in (("early", 10), ("late", 10**9)):
        atomic_write(workspace.runs / name / "plan.json", json.dumps([{"data": {"characters": characters}}]))
        atomic_write(workspace.runs / name / "checkpoints/step-1.safetensors", "")
    document = list(workspace.ledger.kept("validate"))[-1].id
    figures = forgetting.forget(workspace, config, forgetting.find(workspace, document), QUIET)
    assert figures["checkpoints"] == 1
    assert json.loads((workspace.runs / "late" / FORGOTTEN).read_text())["documents"] == [document]
    assert not (workspace.runs / "early" / FORGOTTEN).exists()


def test_training_begins_anew_where_a_run_read_what_was_forgotten(workspace: Workspace) -> None:
    config = load("books", None, ["train.preset=tiny"], {}).train
    first = run_folder(workspace, config)
    first.mkdir(parents=True)
    assert run_folder(workspace, config) == first
    atomic_write(first / FORGOTTEN, "{}")
    assert run_folder(workspace, config) != first


def test_forgetting_all_of_it_leaves_an_empty_dataset(filled: tuple[Workspace, Config]) -> None:
    workspace, config = filled
    for document in [d.id for d in workspace.ledger.documents()]:
        if list(workspace.ledger.documents("id = ?", (document,))):
            forgetting.forget(workspace, config, forgetting.find(workspace, document), QUIET)
    assert list(workspace.ledger.documents()) == []
    assert not (workspace.processed / "manifest.json").exists()
    assert mark(2).encode() not in everything(workspace)


def test_what_is_not_here_is_said_so(filled: tuple[Workspace, Config]) -> None:
    with pytest.raises(MissingInput, match="Nothing here comes from nowhere"):
        forgetting.find(filled[0], "nowhere.test")


def test_a_compilation_that_holds_it_goes_too(filled: tuple[Workspace, Config]) -> None:
    workspace, config = filled
    chapter, holder = document_of(workspace, 0), document_of(workspace, 4)
    workspace.ledger.connection.execute(
        "UPDATE decisions SET figures = json_patch(figures, ?) WHERE document_id = ? AND stage = 'validate'",
        (json.dumps({"contains": [chapter]}), holder),
    )
    found = forgetting.find(workspace, chapter)
    assert found.twins == (holder,)
    forgetting.forget(workspace, config, found, QUIET)
    assert mark(4).encode() not in everything(workspace)


@pytest.mark.parametrize("at", ["evidence", "remove", "prepare"])
def test_killed_in_the_middle_the_same_command_goes_on(
    filled: tuple[Workspace, Config], monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    from miniature_memory import processing
    from miniature_memory.processing import prepare as preparing
    from miniature_memory.scraper import evidence

    workspace, config = filled
    document = document_of(workspace, 1)
    found = forgetting.find(workspace, document)

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        where = {
            "evidence": (evidence, "drop"),
            "remove": (processing, "remove"),
            "prepare": (preparing, "prepare"),
        }
        patch.setattr(*where[at], killed)
        with pytest.raises(SystemExit):
            forgetting.forget(workspace, config, found, QUIET)
    again = forgetting.find(workspace, document)
    assert again == found
    forgetting.forget(workspace, config, again, QUIET)
    assert mark(1).encode() not in everything(workspace)
    with pytest.raises(MissingInput):
        forgetting.find(workspace, document)


def test_another_command_first_finishes_what_was_begun(
    filled: tuple[Workspace, Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    from miniature_memory import processing

    workspace, config = filled
    first, second = (forgetting.find(workspace, document_of(workspace, n)) for n in (1, 3))
    with monkeypatch.context() as patch:
        patch.setattr(processing, "remove", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            forgetting.forget(workspace, config, first, QUIET)
    forgetting.forget(workspace, config, second, QUIET)
    data = everything(workspace)
    assert mark(1).encode() not in data and mark(3).encode() not in data and mark(0).encode() in data


def test_an_address_names_its_document(filled: tuple[Workspace, Config]) -> None:
    workspace, _ = filled
    document = document_of(workspace, 2)
    workspace.ledger.connection.execute(
        "UPDATE documents SET lineage = json_set(lineage, '$.url', 'http://a.example/2') WHERE id = ?",
        (document,),
    )
    found = forgetting.find(workspace, "http://a.example/2")
    assert (found.kind, found.documents) == ("url", (document,))
