from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")

import itertools

from miniature_memory.errors import Damaged, MissingInput
from miniature_memory.memory.match import match_features
from miniature_memory.training.batches import IGNORED, Sampler, to_batch, validation
from miniature_memory.training.data import Dataset, Shards, part
from miniature_memory.vocabulary import SIZE
from miniature_memory.workspace import Workspace
from tests.training.conftest import tiny
from tests.training.prepared import write_dataset


def test_shards_read_as_one_array_wherever_they_are_cut() -> None:
    whole = np.random.default_rng(0).integers(0, 256, 1000).astype(np.uint8)
    for sizes in ([1000], [1, 999], [250] * 4, [7] * 142 + [6]):
        edges = np.cumsum([0, *sizes])
        shards = Shards([whole[a:b] for a, b in itertools.pairwise(edges)])
        assert len(shards) == 1000
        for a, b in [(0, 1000), (3, 4), (249, 251), (5, 5), (990, 5000), (-20, 1000)]:
            assert np.array_equal(shards[a:b], whole[a:b])
        assert np.array_equal(shards.cut(100, 900).cut(10, 50)[5:100], whole[115:150])


def test_a_row_depends_on_seed_step_and_number_alone(workspace: Workspace) -> None:
    dataset = Dataset.open(workspace.processed)
    config = tiny(rows=6).train
    whole = Sampler(dataset, config).batch(5, range(6))
    again = Sampler(dataset, config)
    again.batch(9, range(6))
    halves = [again.batch(5, range(3, 6)), again.batch(5, range(3))]
    assert whole.ids[3:].equal(halves[0].ids) and whole.ids[:3].equal(halves[1].ids)
    assert whole.pairs is not None and halves[0].pairs is not None
    assert whole.pairs[3:].equal(halves[0].pairs)
    assert not whole.ids.equal(again.batch(6, range(6)).ids)
    assert whole.asked == sum(half.asked for half in halves)


def test_the_shard_size_changes_nothing(workspace: Workspace) -> None:
    config = tiny(rows=8).train
    one = Sampler(Dataset.open(workspace.processed), config).batch(3, range(8))
    write_dataset(workspace.processed, shard=1_000_000)
    two = Sampler(Dataset.open(workspace.processed), config).batch(3, range(8))
    assert one.ids.equal(two.ids) and one.targets.equal(two.targets)


def test_targets_are_the_next_ids_and_only_where_loss_is_asked() -> None:
    rows = np.random.default_rng(0).integers(4, SIZE, (2, 257)).astype(np.uint8)
    loss = np.zeros((2, 257), dtype=bool)
    loss[:, 100:200] = True
    batch = to_batch(rows, loss)
    assert batch.ids.shape == (2, 256) and batch.asked == 200
    assert (batch.targets[:, :99] == IGNORED).all()
    assert batch.targets[0, 99].item() == rows[0, 100]
    chars, buckets = match_features(rows[:, :-1])
    row, column, feature = (int(axis[0]) for axis in np.nonzero(chars >= 0))
    assert batch.pairs is not None
    want = int(buckets[row, column, feature]) * SIZE + int(chars[row, column, feature]) + 1
    assert batch.pairs[row, column, feature].item() == want
    assert batch.pairs.min() == 0


def test_replay_is_a_quarter_of_old_text_once_the_dataset_has_grown(workspace: Workspace) -> None:
    config = tiny(rows=16, plain=1, read=0, stray=0, copy_rows=0, copy_rows_late=0, original=1).train
    dataset = Dataset.open(workspace.processed)
    old = 8
    border = int(dataset.train[0].starts[old])
    text = dataset.train[0].ids[: dataset.characters].tobytes()
    sampler = Sampler(dataset, config, old)
    places = [
        text.find(row.numpy().astype(np.uint8).tobytes())
        for step in range(5)
        for row in sampler.batch(step, range(16)).ids
    ]
    assert min(places) >= 0
    assert sum(place < border for place in places) == 5 * 4


def test_validation_rows_are_fixed_and_the_memory_ones_ask_the_last_96(workspace: Workspace) -> None:
    corpus = Dataset.open(workspace.processed).val
    first, second = (validation(corpus, 4, True) for _ in range(2))
    assert set(first) == {"plain", "memory"}
    for kind in first:
        assert first[kind].ids.equal(second[kind].ids)
    asked = (first["memory"].targets != IGNORED).sum(1)
    assert asked.max() <= 96 and asked.min() > 0
    assert first["memory"].targets[:, : 62 + 96 - 1].eq(IGNORED).all()
    assert (first["plain"].targets != IGNORED).all()


def test_a_part_of_the_corpus_is_its_documents_and_their_summaries(workspace: Workspace) -> None:
    corpus = Dataset.open(workspace.processed).train[0]
    piece = part(corpus, 3, 6)
    assert len(piece.starts) == 4
    begin, end = int(corpus.starts[3]), int(corpus.starts[6])
    assert np.array_equal(piece.ids[0 : len(piece.ids)], corpus.ids[begin:end])
    assert np.array_equal(piece.summaries, corpus.summaries[corpus.slots[3] : corpus.slots[6]])


def test_what_is_missing_unscreened_or_damaged_is_refused(workspace: Workspace) -> None:
    processed = workspace.processed
    manifest = processed / "manifest.json"
    good = manifest.read_text()
    for bad, words in [
        ('{"vocabulary_version": 1}', "screen"),
        ('{"screen_version": "1", "vocabulary_version": 99}', "vocabulary"),
    ]:
        manifest.write_text(bad)
        with pytest.raises(MissingInput, match=words):
            Dataset.open(processed)
    manifest.write_text("{")
    with pytest.raises(Damaged):
        Dataset.open(processed)
    manifest.write_text(good)
    shard = processed / "shards" / "train-00000.bin"
    shard.write_bytes(shard.read_bytes()[:-5])
    with pytest.raises(Damaged, match="shorter"):
        Dataset.open(processed)
    shard.unlink()
    manifest.unlink()
    with pytest.raises(MissingInput, match="mm prepare"):
        Dataset.open(processed)


def test_what_a_kill_left_behind_the_manifest_is_not_read(workspace: Workspace) -> None:
    manifest = workspace.processed / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts["splits"] = {"train": {"documents": 10}, "val": {"documents": 0}}
    manifest.write_text(json.dumps(facts))
    whole = Dataset.open(workspace.processed)
    assert whole.documents == 10 and whole.val is None
    assert len(whole.train[0].ids) == int(np.load(workspace.processed / "index" / "train.npy")[10])
    assert validation(whole.val, 4, True) == {}


def test_less_than_two_windows_of_text_are_refused(workspace: Workspace) -> None:
    dataset = Dataset.open(workspace.processed)
    short = part(dataset.train[0], 0, 1)
    cut = type(short).plain(np.asarray(short.ids[0:300]))
    with pytest.raises(MissingInput, match="300 characters"):
        Dataset(dataset.manifest, [cut], dataset.val).check()
