"""Training rows: pure functions of (seed, step, row), in the shares that were asked for."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from miniature_memory.errors import Damaged, MissingInput
from miniature_memory.memory.condense import SLIDE, grid_summaries
from miniature_memory.memory.layout import EMPTY, ROW, encode_summary
from miniature_memory.memory.name_lists import made_up
from miniature_memory.memory.rename import rename
from miniature_memory.memory.rows import Corpus, Mix, build_row, build_rows, drop_name
from miniature_memory.memory.window import HEAD
from miniature_memory.vocabulary import END_OF_TEXT, SUMMARY, TEXT, Ids, decode, encode

from .stories import HARBOUR, LONG


def corpus(*texts: str) -> Corpus:
    documents = [np.append(encode(text), np.uint8(END_OF_TEXT)) for text in texts]
    starts = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    return Corpus(np.concatenate(documents), starts, np.concatenate([grid_summaries(d) for d in documents]))


STORIES = (LONG, "A short one about Brannock.\n", HARBOUR, LONG.replace("Ida", "Greta"))
ORIGINAL = corpus(*STORIES)
RENAMED = corpus(*(rename(story, 1) for story in STORIES))


def is_plain(row: Ids) -> bool:
    return int(row[0]) != SUMMARY


def test_a_row_is_the_same_in_whatever_batch_it_stands() -> None:
    mix = Mix(write=0.2)
    ids, loss = build_rows([ORIGINAL, RENAMED], mix, 7, 3, range(12))
    assert ids.shape == loss.shape == (12, ROW)
    alone, mask = build_row([ORIGINAL, RENAMED], mix, 7, 3, 11)
    assert np.array_equal(ids[11], alone) and np.array_equal(loss[11], mask)
    again, _ = build_rows([ORIGINAL, RENAMED], mix, 7, 3, range(5, 12))
    assert np.array_equal(ids[5:], again)
    other, _ = build_rows([ORIGINAL, RENAMED], mix, 7, 4, range(12))
    assert not np.array_equal(ids, other)


def test_read_rows_carry_the_summary_of_what_stands_before_them() -> None:
    texts = ["".join(f"{made_up(Random(d + n))} took number {d + n}. " for n in range(60)) for d in (0, 1000)]
    data = corpus(*texts)
    for k in range(60):
        row, loss = build_row([data], Mix.of("read"), 1, 0, k)
        seen = decode(row[loss]).removesuffix("<|end_of_text|>")
        document = next(d for d in (0, 1) if seen in texts[d])
        at = texts[document].index(seen)
        assert at % SLIDE == 0
        summaries = data.summaries[data.slots[document] : data.slots[document + 1]]
        assert np.array_equal(row[1 : HEAD - 1], summaries[at // SLIDE])


def test_a_story_begins_with_its_mark() -> None:
    data = corpus(LONG)
    rows = [build_row([data], Mix.of("read"), 1, 0, k) for k in range(80)]
    first = [(row, loss) for row, loss in rows if row[HEAD] == END_OF_TEXT]
    assert first
    row, loss = first[0]
    assert np.array_equal(row[1 : HEAD - 1], EMPTY) and decode(row[loss]) == LONG[:191]


@pytest.mark.parametrize("copy", [0.0, 0.25])
def test_the_mix_is_what_was_asked_for(copy: float) -> None:
    mix = Mix(copy=copy, copy_late=copy)
    ids, _ = build_rows([ORIGINAL], mix, 1, 0, range(1500))
    plain = np.mean([is_plain(row) for row in ids])
    assert abs(plain - (1 - copy) * 0.33) < 0.04
    write, _ = build_rows([ORIGINAL], Mix(copy=0, copy_late=0, write=0.3), 1, 0, range(600))
    assert abs(np.mean([(row == SUMMARY).sum() == 2 for row in write]) - 0.3) < 0.06


def test_copy_rows_grow_fewer() -> None:
    mix = Mix(copy=0.25, copy_late=0.05, copy_steps=100)
    shares = [mix.copies(step) for step in (0, 100, 150, 200, 10_000)]
    assert shares == pytest.approx([0.25, 0.25, 0.15, 0.05, 0.05])


def test_copy_rows_spell_names_of_their_summary() -> None:
    ids, _ = build_rows([ORIGINAL], Mix(copy=1, copy_late=1), 1, 0, range(200))
    held = 0
    for row in ids:
        names = decode(row[1 : HEAD - 1]).replace(",", " ").split()
        held += bool(names)
        if names and int(row[HEAD - 1]) == TEXT:
            text = decode(row[HEAD:])
            assert all(name not in LONG for name in names[:-1]), "made-up names are new"
            held += any(name in text for name in names)
    assert 240 < held < 330  # three in four have names, and nearly all of those spell one


def test_one_name_is_dropped() -> None:
    summary = encode_summary("Ida Marlow, Vale, Holt")
    left = {decode(drop_name(summary, Random(k))).rstrip() for k in range(30)}
    assert left == {"Vale,Holt", "Ida Marlow,Holt", "Ida Marlow,Vale"}
    assert np.array_equal(drop_name(EMPTY, Random(1)), EMPTY)


def test_stray_rows_have_no_summary_or_anothers() -> None:
    mix = Mix(read=0, plain=0, stray=1, copy=0, copy_late=0)
    ids, _ = build_rows([ORIGINAL], mix, 1, 0, range(200))
    empty = np.mean([np.array_equal(row[1 : HEAD - 1], EMPTY) for row in ids])
    assert 0.4 < empty < 0.8


@pytest.mark.parametrize("text", ["", "x", "Short.\n", "y" * 97, "z" * 300])
@pytest.mark.parametrize("kind", ["read", "plain", "stray", "write", "copy"])
def test_tiny_data_gives_rows_too(text: str, kind: str) -> None:
    mix = Mix.of(kind) if kind != "copy" else Mix(copy=1, copy_late=1)
    row, loss = build_row([corpus(text)], mix, 1, 0, 0)
    assert row.shape == (ROW,) and not loss[0]


def test_parts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(Damaged):
        Corpus(ORIGINAL.ids, ORIGINAL.starts, ORIGINAL.summaries[1:])
    with pytest.raises(MissingInput):
        Corpus(ORIGINAL.ids[:0], ORIGINAL.starts[:1], ORIGINAL.summaries[:0])
    plain = Corpus.plain(ORIGINAL.ids)
    assert is_plain(build_row([plain], Mix.plain_only(), 1, 0, 0)[0])
