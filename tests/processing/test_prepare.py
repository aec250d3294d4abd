"""What prepare takes out of texts, and what it takes over when it builds anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from miniature_memory import processing
from miniature_memory.config import Config, load
from miniature_memory.errors import ConfigError, Damaged
from miniature_memory.processing import told
from miniature_memory.processing.clean import clean
from miniature_memory.processing.growing import Manifest
from miniature_memory.processing.prepare import prepare, side
from miniature_memory.processing.validate import validate
from miniature_memory.workspace import Workspace
from tests.processing.conftest import QUIET, add, outputs, process, story

Make = Callable[[str], Workspace]

SETTINGS = ["executor=serial", "prepare.renamed_versions=1"]


def prepared(workspace: Workspace, id: str) -> str:
    """A document's text as training reads it; '' when it was left out."""
    row = next(row for row in Manifest(workspace.processed).lineage() if row["id"] == id)
    if not row["split"]:
        return ""
    return (workspace.processed / f"{row['split']}.txt").read_bytes()[slice(*row["bytes"])].decode()


def ready(
    workspace: Workspace, config: Config, texts: list[str], works: list[str] | None = None
) -> list[str]:
    """Validated and cleaned documents; each a work of its own."""
    ids = []
    for number, text in enumerate(texts):
        ids += add(workspace, [text], work=works[number] if works else "", first=number)
    validate(workspace, config, QUIET)
    clean(workspace, config, QUIET)
    return ids


def overlap(workspace: Workspace, id: str, **figures: Any) -> None:
    """As if validate had found what this document has of earlier ones."""
    workspace.ledger.connection.execute(
        "UPDATE decisions SET figures = json_patch(figures, ?) WHERE document_id = ? AND stage = 'validate'",
        (json.dumps(figures), id),
    )


def long_lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if len(line) > 200]


def test_a_later_compilation_loses_only_the_chapters_that_are_kept(
    new_workspace: Make, config: Config
) -> None:
    workspace = new_workspace("w")
    book = "\n\n".join(["Chapter One", story(0), "Chapter Two", story(5), "Chapter Three", story(1)])
    ids = ready(workspace, config, [story(0), story(1), story(2), book])
    overlap(workspace, ids[3], contains=ids[:2])
    figures = prepare(workspace, config, QUIET)
    text = prepared(workspace, ids[3])
    assert all(line in text for line in long_lines(story(5)))
    assert not any(line in text for n in (0, 1) for line in long_lines(story(n)))
    assert figures["cut"] == {"already_kept": 1} and figures["in"] == 4
    record = processing.lineage(workspace, ids[3])["processed"]
    assert record["without"] == ids[:2] and record["cut"]["already_kept"] > 5000


def test_a_compilation_of_nothing_new_is_left_out_and_counted(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = ready(workspace, config, [story(0), story(1), story(0) + "\n\n" + story(1)])
    overlap(workspace, ids[2], contains=ids[:2])
    figures = prepare(workspace, config, QUIET)
    assert figures["left_out"] == {"already_kept": 1}
    assert figures["in"] == figures["train_documents"] + figures["val_documents"] + 1
    assert processing.lineage(workspace, ids[2])["processed"]["left_out"] == "already_kept"
    assert prepare(workspace, config, QUIET)["new"] == 0


def test_the_two_sides_share_no_passage(new_workspace: Make, config: Config) -> None:
    works = [f"work {n}" for n in range(200)]
    held_out = [work for work in works if side(work, 0.08) == "val"][:2]
    trained = [work for work in works if side(work, 0.08) == "train"][:2]
    paragraphs = story(0).split("\n\n")
    quote, other = "\n\n".join(paragraphs[1:9]), "\n\n".join(paragraphs[9:17])
    workspace = new_workspace("w")
    texts = [story(0), story(1) + "\n\n" + quote, story(2) + "\n\n" + other]
    ids = ready(workspace, config, texts, [held_out[0], trained[0], held_out[1]])
    for id in ids[1:]:
        overlap(workspace, id, contains=[], shares=ids[:1])
    figures = prepare(workspace, config, QUIET)
    assert figures["cut"] == {"other_side": 1}
    assert not any(line in prepared(workspace, ids[1]) for line in long_lines(quote))
    assert all(line in prepared(workspace, ids[2]) for line in long_lines(other))  # the same side may share


def test_passages_of_evaluation_texts_leave_the_training_text(new_workspace: Make) -> None:
    workspace = new_workspace("w")
    paragraphs = [p for p in story(3).split("\n\n") if len(p) > 200]
    (workspace.root / "evaluation.txt").parent.mkdir(parents=True, exist_ok=True)
    (workspace.root / "evaluation.txt").write_text(f"{paragraphs[1]}\n\n{story(4)}", encoding="utf-8")
    settings = [*SETTINGS, "prepare.validation_share=0", "prepare.evaluation_texts=[evaluation.txt]"]
    config = load(sets=settings, environment={})
    ids = ready(workspace, config, [story(2), story(3), story(4)])
    figures = prepare(workspace, config, QUIET)
    assert figures["cut"] == {"evaluation_text": 2} and figures["left_out"] == {"evaluation_text": 1}
    assert paragraphs[1][:60] not in prepared(workspace, ids[1])
    assert paragraphs[2][:60] in prepared(workspace, ids[1])
    assert prepared(workspace, ids[2]) == ""
    (workspace.root / "evaluation.txt").write_text("Nothing that anybody here has told.", encoding="utf-8")
    assert prepare(workspace, config, QUIET)["left_out"] == {}
    (workspace.root / "evaluation.txt").unlink()
    with pytest.raises(ConfigError, match=r"evaluation\.txt can't be read"):
        prepare(workspace, config, QUIET)


def test_when_a_document_goes_the_others_are_taken_over(
    new_workspace: Make, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, fresh = new_workspace("w"), new_workspace("fresh")
    ids = ready(workspace, config, [story(n) for n in range(6)])
    prepare(workspace, config, QUIET)
    processing.remove(workspace, [ids[2]])
    assert not workspace.processed.exists()
    with monkeypatch.context() as patch:
        patch.setattr(told, "encode_marked", None)  # nothing is computed again
        assert prepare(workspace, config, QUIET)["in"] == 5
    for number in (0, 1, 3, 4, 5):
        add(fresh, [story(number)], first=number)
    process(fresh, config)
    assert outputs(workspace) == outputs(fresh)
    assert not workspace.processed.with_name("processed.old").exists()


def test_a_killed_rebuild_goes_on_with_what_was_set_aside(
    new_workspace: Make, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, fresh = new_workspace("w"), new_workspace("fresh")
    ids = ready(workspace, config, [story(n) for n in range(5)])
    prepare(workspace, config, QUIET)
    processing.remove(workspace, [ids[0]])
    workspace.processed.mkdir()  # as a kill leaves it
    (workspace.processed / "train.txt").write_text("torn")
    monkeypatch.setattr(told, "encode_marked", None)
    prepare(workspace, config, QUIET)
    monkeypatch.undo()
    for number in range(1, 5):
        add(fresh, [story(number)], first=number)
    process(fresh, config)
    assert outputs(workspace) == outputs(fresh)


def test_what_was_damaged_is_not_taken_over(new_workspace: Make, config: Config) -> None:
    workspace, fresh = new_workspace("w"), new_workspace("fresh")
    ids = ready(workspace, config, [story(n) for n in range(3)])
    prepare(workspace, config, QUIET)
    path = workspace.processed / "renamed" / "v1" / "shards" / "train-00000.bin"
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    processing.remove(workspace, [ids[2]])
    prepare(workspace, config, QUIET)
    add(fresh, [story(0), story(1)])
    process(fresh, config)
    assert outputs(workspace) == outputs(fresh)


@pytest.mark.parametrize("name", ["train.txt", "summaries/train-00000.bin", "lineage.jsonl"])
def test_a_prepared_file_that_another_hand_changed_is_told_and_built_anew(
    new_workspace: Make, config: Config, name: str
) -> None:
    workspace, fresh = new_workspace("w"), new_workspace("fresh")
    ready(workspace, config, [story(n) for n in range(3)])
    prepare(workspace, config, QUIET)
    path: Path = workspace.processed / name
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    add(workspace, [story(3)], first=3)
    if name != "lineage.jsonl":  # which is read every time, and so heals at once
        with pytest.raises(Damaged, match="changed after it was written"):
            process(workspace, config)
    process(workspace, config)
    add(fresh, [story(n) for n in range(4)])
    process(fresh, config)
    assert outputs(workspace) == outputs(fresh)


def test_another_shard_size_computes_nothing_anew(
    new_workspace: Make, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from miniature_memory.processing import prepare as module

    workspace = new_workspace("w")
    ready(workspace, config, [story(n) for n in range(4)])
    prepare(workspace, config, QUIET)
    whole = outputs(workspace)
    real = module.Growing
    monkeypatch.setattr(told, "encode_marked", None)
    with monkeypatch.context() as patch:
        patch.setattr(
            module, "Growing", lambda manifest, facts, shard, renamed: real(manifest, facts, 1000, renamed)
        )
        assert prepare(workspace, config, QUIET)["again"]
        assert len(list((workspace.processed / "shards").glob("train-*"))) > 10
    prepare(workspace, config, QUIET)
    assert outputs(workspace) == whole
