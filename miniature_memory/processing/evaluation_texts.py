"""Decontamination: paragraphs that stand in the texts a model will be evaluated on leave the training text.

A passage is thirteen words in a row, as GPT-3's authors and most later ones count it (Brown et al. 2020,
appendix C). Both sides are compared as cleaned text, case and punctuation aside.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.errors import ConfigError, MissingExtra
from miniature_memory.processing import files
from miniature_memory.processing.normalize import clean_text
from miniature_memory.processing.words import Hashes, ngrams, word_hashes
from miniature_memory.workspace import Workspace

PASSAGE: Final = 13  # words


def gather(workspace: Workspace, names: Sequence[str]) -> Path | None:
    """The passages of all files as a sorted array on disk, named by its hash; None without any file.

    ``names`` are files, relative to the workspace, or addresses that fsspec opens.
    """
    if not names:
        return None
    hashes = [_passages(clean_text(_read(workspace, name)).text) for name in names]
    buffer = io.BytesIO()
    np.save(buffer, np.unique(np.concatenate(hashes)))
    path = workspace.metadata / f"evaluation-{files.digest(buffer.getvalue())[:16]}.npy"
    for old in workspace.metadata.glob("evaluation-*.npy"):
        if old != path:
            old.unlink()
    if not path.exists():
        files.write_soon(path, buffer.getvalue())
    return path


def without_passages(text: str, path: Path) -> str:
    """``text`` without the paragraphs that hold a passage of ``path``, which ``gather`` wrote."""
    hits = np.flatnonzero(_isin(_passages(text), _load(path)))
    if not len(hits):
        return text
    lines = text.split("\n")
    of = np.repeat(np.arange(len(lines)), [len(word_hashes(line)) for line in lines])
    bad = {n for hit in hits.tolist() for n in range(of[hit], of[hit + PASSAGE - 1] + 1)}
    return "\n".join(line for n, line in enumerate(lines) if n not in bad)


def _passages(text: str) -> Hashes:
    words = word_hashes(text)
    return ngrams(words, PASSAGE) if len(words) >= PASSAGE else words[:0]


def _isin(hashes: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """``known`` ascends."""
    if not len(known):
        return np.zeros(len(hashes), np.bool_)
    return np.asarray(known.take(np.searchsorted(known, hashes), mode="clip") == hashes)


@lru_cache(maxsize=1)
def _load(path: Path) -> Hashes:
    hashes: Hashes = np.load(path, allow_pickle=False)
    return hashes


def _read(workspace: Workspace, name: str) -> str:
    try:
        if "://" not in name:
            return (workspace.root / name).read_text(encoding="utf-8")
        import fsspec

        with fsspec.open(name, encoding="utf-8") as handle:
            return str(handle.read().decode("utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(
            f"prepare.evaluation_texts: {name} can't be read ({error}).",
            "Name UTF-8 text files, relative to the workspace, or addresses that fsspec opens.",
        ) from error
    except ImportError as error:
        raise MissingExtra(
            f"prepare.evaluation_texts: {name} needs a package that is not installed ({error.name}).",
            "Install fsspec and what it needs for such addresses: pip install 'miniature-memory[scale]'",
        ) from None
