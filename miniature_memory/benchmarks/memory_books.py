"""The texts of the memory benchmark: whole books, made what `prepare` would make of them, and the passages
of held-out books that every model is asked about.

The books are given text in the public domain and aren't screened; so what comes of them stays in the
benchmark's own folder, models and all, and is only counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.benchmarks.memory_names import name_mentions
from miniature_memory.demo import story
from miniature_memory.errors import MissingInput
from miniature_memory.memory.condense import SLIDE, grid_summaries, readable
from miniature_memory.memory.rename import rename
from miniature_memory.memory.rows import Corpus
from miniature_memory.vocabulary import END_OF_TEXT, Ids, encode, unknown

#: renamed versions of the training text beside the original
VERSIONS: Final = 3
#: passages one after the other; a block is what the bootstrap draws
BLOCK_OF_PASSAGES: Final = 20
#: slides before a block's first passage, so that a summary written by the model has become its own
RUN_UP: Final = 40
#: of so many characters before it, a passage may be told by the longest window
CONTEXT: Final = 1024 - SLIDE
#: how long ago a name was last mentioned: the bands' lower ends
BANDS: Final = {"first": -1, "near": 0, "160": 160, "256": 256, "1k": 1024, "4k": 4096}


def tidy(text: str) -> str:
    """One paragraph a line, in the vocabulary's characters."""
    text = re.sub(r"\n{2,}", "\n", text)
    return text.translate({ord(c): None for c in unknown(text)})


def find_books(data: Path | None, held_out: Path | None, small: bool) -> tuple[list[str], list[str]]:
    """Texts to learn from and to be asked about. Without ``held_out`` the last two books of ``data`` are held
    out; without ``data`` both are stories of the demo web. Raises ``MissingInput``."""
    if data is None:
        count, asked = (60, 20) if small else (500, 100)
        texts = [tidy(story(1, number).text) for number in range(count + asked)]
        return texts[:count], texts[count:]
    books = [tidy(path.read_text(encoding="utf-8")) for path in _text_files(data)]
    if held_out is not None:
        return books, [tidy(path.read_text(encoding="utf-8")) for path in _text_files(held_out)]
    if len(books) < 3:
        raise MissingInput(f"{data} holds {len(books)} books; two are held out.", "Name others: --held-out.")
    return books[:-2], books[-2:]


def _text_files(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise MissingInput(f"There are no *.txt files in {folder}.", "--data names a folder of whole books.")
    return paths


def write_books(work: Path, train: Sequence[str], held_out: Sequence[str]) -> None:
    """The original, its renamed versions and the held-out books, as arrays in ``work``."""
    for version in range(VERSIONS + 1):
        texts = [rename(text, version) if version else text for text in train]
        _write(work / f"train-{version}", texts)
    _write(work / "held-out", held_out)


def _write(stem: Path, texts: Sequence[str]) -> None:
    documents = [np.append(encode(text), np.uint8(END_OF_TEXT)) for text in texts]
    np.savez(
        stem,
        ids=np.concatenate(documents),
        starts=np.cumsum([0, *map(len, documents)]),
        summaries=np.concatenate([grid_summaries(ids) for ids in documents]),
    )


def open_books(work: Path) -> tuple[list[Corpus], Corpus]:
    """What ``write_books`` wrote."""
    corpora = []
    for name in (*(f"train-{version}" for version in range(VERSIONS + 1)), "held-out"):
        with np.load(work / f"{name}.npz", allow_pickle=False) as arrays:
            corpora.append(Corpus(arrays["ids"], arrays["starts"], arrays["summaries"]))
    return corpora[:-1], corpora[-1]


@dataclass(frozen=True)
class Passage:
    """96 ids from ``start`` of ``document`` (its ids in ``book``); ``slot`` is the row of ``summaries`` that
    stands before the 96 ids that precede it. ``names``: (place in it, length, distance of the last mention
    or -1) of the names that lie in it whole."""

    document: int
    book: Ids
    start: int
    slot: int
    names: tuple[tuple[int, int, int], ...]


def blocks(corpus: Corpus, passages: int) -> list[list[Passage]]:
    """Blocks of up to 20 passages that follow each other, spread evenly over the books; about ``passages``
    in all. Every passage has at least ``CONTEXT`` characters of its own book before it."""
    found: list[list[Passage]] = []
    for document in range(len(corpus.starts) - 1):
        book = np.asarray(corpus.ids[corpus.starts[document] : corpus.starts[document + 1]])
        mentions = _mentions(readable(book))
        first = -(-CONTEXT // SLIDE)
        places = range(first, len(book) // SLIDE)
        for at in range(0, len(places), BLOCK_OF_PASSAGES):
            found.append(
                [
                    Passage(
                        document,
                        book,
                        j * SLIDE,
                        int(corpus.slots[document]) + j - 1,
                        _inside(mentions, j * SLIDE),
                    )
                    for j in places[at : at + BLOCK_OF_PASSAGES]
                ]
            )
    count = max(1, min(len(found), passages // BLOCK_OF_PASSAGES))
    if not found:
        raise MissingInput("The held-out books are too short to be asked about.", "Name longer ones.")
    return [found[i] for i in np.linspace(0, len(found) - 1, count).round().astype(int)]


Mention = tuple[int, int, int]


def _mentions(text: str) -> NDArray[np.int64]:
    """int64 (N, 3), by place: where a name stands, its length, how long ago it was last mentioned (or -1)."""
    last: dict[str, int] = {}
    mentions: list[Mention] = []
    for word, at in name_mentions(text):
        mentions.append((at, len(word), at - last[word] if word in last else -1))
        last[word] = at
    return np.array(mentions, dtype=np.int64).reshape(-1, 3)


def _inside(mentions: NDArray[np.int64], start: int) -> tuple[Mention, ...]:
    some = mentions[np.searchsorted(mentions[:, 0], start) : np.searchsorted(mentions[:, 0], start + SLIDE)]
    return tuple((at - start, size, ago) for at, size, ago in some.tolist() if at + size <= start + SLIDE)


def band(ago: int) -> str:
    """Which of ``BANDS`` a distance belongs to."""
    return [name for name, least in BANDS.items() if ago >= least][-1]
