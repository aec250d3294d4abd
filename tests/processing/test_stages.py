"""Validate, clean, prepare: counted, incremental, the same bytes however it is run, and safe to kill."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import numpy as np
import pytest

from miniature_memory import processing, screen, vocabulary
from miniature_memory.config import Config, load
from miniature_memory.errors import Damaged, MissingInput
from miniature_memory.processing.clean import clean
from miniature_memory.processing.growing import Manifest
from miniature_memory.processing.prepare import prepare, side
from miniature_memory.processing.validate import validate
from miniature_memory.workspace import Workspace
from tests.processing.conftest import QUIET, add, edited, outputs, process, rule_of, story

Make = Callable[[str], Workspace]

NEWS = (
    "Officials said on Tuesday that the quay will open in June, according to a statement of the ministry. "
    * 20
)
TEXTS = [story(n) for n in range(12)] + [edited(story(2), 0.03), story(3) + "\n", "Too short.", NEWS]


def test_every_document_is_decided_counted_and_auditable(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS)
    figures = validate(workspace, config, QUIET)
    assert figures["in"] == len(TEXTS) == figures["kept"] + sum(figures["rejected"].values())
    assert [rule_of(workspace, id) for id in ids[12:15]] == ["near_duplicate", "exact_duplicate", "too_short"]
    assert figures["rejected"].keys() >= {"near_duplicate", "exact_duplicate", "too_short"}
    audit = json.loads((workspace.rejected / f"{ids[12]}.json").read_text())
    assert audit["twin"] == ids[2] and audit["similarity"] > 0.8
    assert len(list(workspace.rejected.iterdir())) == sum(figures["rejected"].values())


def test_running_again_finds_nothing_new(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    add(workspace, TEXTS)
    process(workspace, config)
    before = outputs(workspace)
    assert [f["new"] for f in process(workspace, config).values()] == [0, 0, 0]
    assert outputs(workspace) == before


def test_clean_takes_over_only_what_validate_judged(new_workspace: Make, config: Config) -> None:
    plain, touched = new_workspace("plain"), new_workspace("touched")
    ids = add(plain, TEXTS[:4] + TEXTS[12:14])
    process(plain, config)
    add(touched, TEXTS[:4] + TEXTS[12:14])
    validate(touched, config, QUIET)
    assert {path.stem for path in touched.cleaned.iterdir()} == set(ids[:4])  # the twins' texts are gone
    touched.cleaned_path(ids[0]).write_text("Another hand was here.\n")
    touched.cleaned_path(ids[1]).unlink()
    clean(touched, config, QUIET)
    prepare(touched, config, QUIET)
    assert outputs(touched) == outputs(plain)


@pytest.mark.parametrize("cuts", [[6], [3, 9, 14], list(range(1, 16))])
def test_growing_in_steps_gives_the_bytes_of_building_at_once(
    new_workspace: Make, config: Config, cuts: list[int]
) -> None:
    at_once, grown = new_workspace("once"), new_workspace("grown")
    add(at_once, TEXTS)
    process(at_once, config)
    for start, end in zip([0, *cuts], [*cuts, len(TEXTS)], strict=True):
        add(grown, TEXTS[start:end], first=start)
        process(grown, config)
    assert outputs(grown) == outputs(at_once)


def test_old_output_is_a_prefix_of_the_new(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    add(workspace, TEXTS[:7])
    process(workspace, config)
    before = {name: data for name, data in outputs(workspace).items() if name.endswith((".bin", ".txt"))}
    add(workspace, TEXTS[7:], first=7)
    process(workspace, config)
    after = outputs(workspace)
    assert all(after[name].startswith(data) for name, data in before.items())
    assert len(after["processed/train.txt"]) > len(before["processed/train.txt"])


def test_the_files_say_the_same_in_every_form(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS)
    process(workspace, config)
    processed = workspace.processed
    manifest = json.loads((processed / "manifest.json").read_text())
    lineage = list(Manifest(processed).lineage())
    assert manifest["screen_version"] == screen.VERSION
    assert manifest["vocabulary_version"] == vocabulary.VERSION
    for split in ("train", "val"):
        stream = np.concatenate(
            [np.fromfile(f, np.uint8) for f in sorted(processed.glob(f"shards/{split}-*.bin"))]
        )
        starts = np.load(processed / "index" / f"{split}.npy")
        summaries = np.fromfile(processed / "summaries" / f"{split}-00000.bin", np.uint8).reshape(-1, 60)
        assert starts[-1] == len(stream) == manifest["splits"][split]["ids"]
        assert len(summaries) == (-(-np.diff(starts) // 96)).sum()
        text = (processed / f"{split}.txt").read_bytes()
        rows = [row for row in lineage if row["split"] == split]
        for row in rows:
            cleaned = workspace.cleaned_path(row["id"]).read_text(encoding="utf-8")
            assert text[slice(*row["bytes"])].decode() == cleaned + "<|end_of_text|>\n"
            part = stream[slice(*row["ids"])]
            assert vocabulary.decode(part[:-1]) == cleaned and part[-1] == vocabulary.END_OF_TEXT
            assert starts[row["document"]] == row["ids"][0]
    for name, facts in manifest["files"].items():
        assert hashlib.sha256((processed / name).read_bytes()).hexdigest() == facts["sha256"]
    kept = [row["id"] for row in lineage]
    assert kept == [id for id in ids if id in set(kept)]  # in the order of arrival


def test_renamed_versions_tell_other_names(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    add(workspace, TEXTS)
    process(workspace, config)
    original = np.fromfile(workspace.processed / "shards" / "train-00000.bin", np.uint8)
    renamed = np.fromfile(workspace.processed / "renamed" / "v1" / "shards" / "train-00000.bin", np.uint8)
    assert (original == vocabulary.END_OF_TEXT).sum() == (renamed == vocabulary.END_OF_TEXT).sum()
    assert vocabulary.decode(original) != vocabulary.decode(renamed)
    assert not list(workspace.processed.glob("renamed/v1/*/val*"))


def test_shards_are_cut_at_their_size_and_read_the_same(
    new_workspace: Make, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = new_workspace("whole"), new_workspace("cut")
    for workspace in (whole, cut):
        add(workspace, TEXTS[:5])
        validate(workspace, config, QUIET)
        clean(workspace, config, QUIET)
    prepare(whole, config, QUIET)
    from miniature_memory.processing import prepare as module

    real = module.Growing
    monkeypatch.setattr(module, "Growing", lambda m, f, shard, r: real(m, f, 1000, r))
    prepare(cut, config, QUIET)
    shards = sorted(cut.processed.glob("shards/train-*.bin"))
    assert [f.stat().st_size for f in shards[:-1]] == [1000] * (len(shards) - 1)
    assert (
        b"".join(f.read_bytes() for f in shards)
        == (whole.processed / "shards" / "train-00000.bin").read_bytes()
    )
    add(cut, TEXTS[5:8], first=5)
    validate(cut, config, QUIET)
    clean(cut, config, QUIET)
    prepare(cut, config, QUIET)
    joined = b"".join(f.read_bytes() for f in sorted(cut.processed.glob("shards/train-*.bin")))
    assert np.load(cut.processed / "index" / "train.npy")[-1] == len(joined)


def test_a_work_never_changes_sides() -> None:
    works = [f"work {n}" for n in range(4000)]
    sides = {work: side(work, 0.08) for work in works}
    assert 0.06 < sum(s == "val" for s in sides.values()) / len(works) < 0.10
    assert all(side(work, 0.2) == "val" for work in works if sides[work] == "val")


def test_chapters_of_a_work_stay_together(new_workspace: Make) -> None:
    config = load(
        sets=["executor=serial", "prepare.validation_share=0.5", "prepare.renamed_versions=0"], environment={}
    )
    workspace = new_workspace("w")
    for number in range(6):
        add(workspace, [story(2 * number), story(2 * number + 1)], work=f"work {number}", first=2 * number)
    process(workspace, config)
    rows = Manifest(workspace.processed).lineage()
    facts = {d.id: d.work for d in workspace.ledger.documents()}
    sides: dict[str, set[str]] = {}
    for row in rows:
        sides.setdefault(facts[row["id"]], set()).add(row["split"])
    assert all(len(found) == 1 for found in sides.values()) and len({tuple(s) for s in sides.values()}) == 2


def test_nothing_to_prepare_is_said(new_workspace: Make, config: Config) -> None:
    with pytest.raises(MissingInput, match="no cleaned document"):
        prepare(new_workspace("w"), config, QUIET)


def test_an_edited_raw_file_is_left_out_and_comes_back(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS)
    path = workspace.raw_path(ids[1])
    original = path.read_bytes()
    path.write_bytes(original + b"one more word")
    binary, gone = workspace.raw_path(ids[4]), workspace.raw_path(ids[5])
    kept = binary.read_bytes(), gone.read_bytes()
    binary.write_bytes(b"\x00\xff\xfe")
    gone.unlink()
    figures = validate(workspace, config, QUIET)
    assert figures["rejected"]["integrity"] == 3
    path.write_bytes(original)
    binary.write_bytes(kept[0])
    gone.write_bytes(kept[1])
    process(workspace, config)
    fresh = new_workspace("fresh")
    add(fresh, TEXTS)
    process(fresh, config)
    assert outputs(workspace) == outputs(fresh)


def test_changed_settings_judge_everything_again(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS)
    process(workspace, config)
    strict = load(
        sets=["executor=serial", "validate.min_characters=5000", "prepare.renamed_versions=1"], environment={}
    )
    figures = process(workspace, strict)
    assert figures["validate"]["new"] == len(ids)
    assert all(len(p.read_text()) > 4000 for p in workspace.cleaned.iterdir())
    process(workspace, config)
    fresh = new_workspace("fresh")
    add(fresh, TEXTS)
    process(fresh, config)
    assert outputs(workspace) == outputs(fresh)


def test_what_the_screen_refuses_leaves_no_text(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    refused = story(50) + "\n\nThe girl at the school had her twelfth birthday on Monday."
    assert screen.check(refused).reject
    ids = add(workspace, [*TEXTS[:3], refused])
    workspace.ledger.connection.execute(
        "INSERT INTO urls (url, host, status, found_at, document_id)"
        " VALUES ('http://x.test/1', 'x.test', 'fetched', '', ?)",
        (ids[3],),
    )
    figures = process(workspace, config)["validate"]
    assert figures["rejected"] == {"screen": 1}  # type: ignore[comparison-overlap]
    assert figures["in"] == 4
    assert not workspace.raw_path(ids[3]).exists()
    assert workspace.ledger.is_refused(ids[3]) and workspace.ledger.is_refused("http://x.test/1")
    workspace.close()  # as a run's end does: folds the write-ahead log into the store
    for path in workspace.dataset.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"twelfth" not in data and b"x.test/1" not in data and ids[3].encode() not in data


def test_what_the_screen_refuses_at_cleaning_goes_with_its_twins(
    new_workspace: Make, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS)
    validate(workspace, config, QUIET)
    workspace.ledger.connection.execute(  # as if validate had never seen the cleaned text
        "UPDATE decisions SET figures = '{}' WHERE document_id = ?", (ids[2],)
    )
    monkeypatch.setattr(screen, "check", lambda text: screen.Verdict(True, "test"))
    clean(workspace, config, QUIET)
    monkeypatch.undo()
    assert workspace.ledger.is_refused(ids[2]) and workspace.ledger.is_refused(ids[12])
    assert not workspace.raw_path(ids[2]).exists() and not workspace.raw_path(ids[12]).exists()
    later = add(workspace, [edited(story(2), 0.05, seed=9)], first=90)
    process(workspace, config)
    assert rule_of(workspace, later[0]) == ""  # what is gone is nobody's twin


def test_a_lost_or_torn_cleaned_text_is_made_again(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS[:4])
    validate(workspace, config, QUIET)
    clean(workspace, config, QUIET)
    before = outputs(workspace)
    workspace.cleaned_path(ids[0]).unlink()
    workspace.cleaned_path(ids[1]).write_text("torn")
    (workspace.cleaned / "stray.txt").write_text("stray")
    with pytest.raises(Damaged):
        prepare(workspace, config, QUIET)
    clean(workspace, config, QUIET)
    with pytest.raises(Damaged):
        prepare(workspace, config, QUIET)
    clean(workspace, config, QUIET)
    assert {k: v for k, v in outputs(workspace).items() if k.startswith("cleaned")} == before


def test_forgetting_takes_twins_along_and_leaves_nothing(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS)
    process(workspace, config)
    figures = processing.remove(workspace, [ids[2]])
    assert figures["twins"] == [ids[12]] and figures["new"] == 2
    for id in (ids[2], ids[12]):
        assert workspace.ledger.is_buried(id) and not workspace.raw_path(id).exists()
    process(workspace, config)
    fresh = new_workspace("fresh")
    rest = [(n, text) for n, text in enumerate(TEXTS) if n not in (2, 12)]
    for number, text in rest:
        add(fresh, [text], first=number)
    process(fresh, config)
    assert outputs(workspace) == outputs(fresh)


def test_a_raw_text_that_is_lost_after_its_judgement_comes_back(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS[:3])
    process(workspace, config)
    before = outputs(workspace)
    original = workspace.raw_path(ids[1]).read_bytes()
    for path in (workspace.raw_path(ids[1]), workspace.cleaned_path(ids[1])):
        path.unlink()
    assert process(workspace, config)["clean"]["rejected"] == {"integrity": 1}
    workspace.raw_path(ids[1]).write_bytes(original)
    process(workspace, config)
    assert outputs(workspace) == before


def test_what_resembles_a_forgotten_text_stays_away(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS)
    process(workspace, config)
    processing.remove(workspace, [ids[5], ids[1]])
    excerpt = story(5)[: len(story(5)) // 2]
    compilation = "\n\n".join([story(20), story(1), story(21)])
    back = add(workspace, [edited(story(5), 0.02), edited(story(1), 0.08), excerpt, compilation], first=100)
    new = add(workspace, [story(22), edited(story(4), 0.02)], first=200)
    figures = validate(workspace, config, QUIET)
    assert figures["new_by_reason"] == {"forgotten": 4, "kept": 1, "near_duplicate": 1}
    assert figures["rejected"]["forgotten"] == 4
    assert figures["in"] == figures["kept"] + sum(figures["rejected"].values())
    for id in back:
        assert not workspace.raw_path(id).exists() and workspace.ledger.is_refused(id)
    assert rule_of(workspace, new[0]) == ""
    # also when all is judged again, by other settings
    again = add(workspace, [edited(story(5), 0.04)], first=300)
    other = load(sets=["validate.min_characters=1001"], environment={})
    assert validate(workspace, other, QUIET)["again"]
    assert not workspace.raw_path(again[0]).exists()


def test_lineage_leads_from_a_hash_to_its_bytes(new_workspace: Make, config: Config) -> None:
    workspace = new_workspace("w")
    ids = add(workspace, TEXTS)
    process(workspace, config)
    found = processing.lineage(workspace, ids[4][:12])
    assert found["source"] == "http://stories.test/4" and found["decisions"]["clean"]["kept"]
    text = (workspace.processed / f"{found['processed']['split']}.txt").read_bytes()
    assert text[slice(*found["processed"]["bytes"])].startswith(workspace.cleaned_path(ids[4]).read_bytes())
    assert processing.lineage(workspace, ids[12])["decisions"]["validate"]["twin"] == ids[2]
    with pytest.raises(MissingInput):
        processing.lineage(workspace, "feed" * 16)


def test_a_lost_index_is_built_again(new_workspace: Make, config: Config) -> None:
    import shutil

    workspace = new_workspace("w")
    add(workspace, TEXTS[:6])
    process(workspace, config)
    shutil.rmtree(workspace.metadata / "near")
    ids = add(workspace, [edited(story(4), 0.05)], first=50)
    process(workspace, config)
    assert rule_of(workspace, ids[0]) == "near_duplicate"
