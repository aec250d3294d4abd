"""Checkpoints: weights and moments as safetensors, everything else as JSON beside them.

The JSON is written last and holds the hash of the tensors, so a checkpoint exists whole or not at all.
Kept are the last two, and the trunk: the last one before the rate began to fall, from which training
goes on when the dataset has grown.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from miniature_memory.errors import Damaged, DiskFull
from miniature_memory.progress import Progress
from miniature_memory.workspace import atomic_write

FORMAT = 1
KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """One that was found whole: its tensors' file and its state."""

    tensors: Path
    state: dict[str, Any]

    def load(self) -> dict[str, Tensor]:
        from safetensors.torch import load_file

        return load_file(self.tensors)


def save(folder: Path, name: str, tensors: dict[str, Tensor], state: dict[str, Any]) -> Path:
    """Writes ``name``.safetensors and ``name``.json. Raises ``DiskFull``, with what was there intact."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.safetensors"
    temporary = folder / f".{name}.tmp"
    try:
        save_file({n: t.detach().cpu().contiguous() for n, t in tensors.items()}, temporary)
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        digest = _sha256(temporary)
        (folder / f"{name}.json").unlink(missing_ok=True)  # never an old state beside new tensors
        os.replace(temporary, target)
        document = {"format": FORMAT, "sha256": digest, **state}
        atomic_write(folder / f"{name}.json", json.dumps(document, indent=1, sort_keys=True))
    except (OSError, SafetensorError) as error:
        full = isinstance(error, SafetensorError) or error.errno in (27, 28, 122)
        if not full:
            raise
        raise DiskFull(
            f"There is no room for a checkpoint in {folder}.",
            "Free some space and run the same command again: it goes on from the checkpoint before.",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return target


def prune(folder: Path) -> None:
    """Keeps the last two steps and the last trunk; sweeps what was left half-written."""
    for stray in [*folder.glob(".*.tmp"), *folder.glob("*.safetensors")]:
        if stray.name.startswith(".") or not stray.with_suffix(".json").exists():
            stray.unlink(missing_ok=True)
    for pattern, kept in (("step-*.json", KEPT), ("trunk-*.json", 1)):
        for old in sorted(folder.glob(pattern))[:-kept]:
            old.unlink()  # first the state: tensors without one are no checkpoint
            old.with_suffix(".safetensors").unlink(missing_ok=True)


def newest(folder: Path, progress: Progress, pattern: str = "*.json") -> Checkpoint | None:
    """The checkpoint that went furthest and is whole. What is damaged is named and passed over."""
    found = sorted(folder.glob(pattern), key=lambda f: (_order(f), f.name), reverse=True)
    for path in found:
        try:
            return _open(path)
        except Damaged as damaged:
            progress.say(f"{damaged} Going on from the one before it.")
    if found:
        raise Damaged(
            f"No checkpoint in {folder} is whole.",
            "`mm train --set train.restart=true` begins anew.",
        )
    return None


def _open(path: Path) -> Checkpoint:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        tensors = path.with_suffix(".safetensors")
        if state["format"] != FORMAT:
            raise Damaged(f"The checkpoint {path.name} has format {state['format']}, not {FORMAT}.")
        if _sha256(tensors) != state["sha256"]:
            raise Damaged(f"The checkpoint {tensors.name} is damaged (its hash is not the recorded one).")
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise Damaged(f"The checkpoint {path.name} can't be read ({error}).") from error
    return Checkpoint(tensors, state)


def _order(path: Path) -> tuple[int, bool, bool]:
    """How far a checkpoint went: by updates, then trunk before decay, then what is done."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        return int(state["updates"]), state["kind"] == "decay", bool(state["done"])
    except (ValueError, OSError, TypeError, KeyError):
        return 1 << 60, True, True  # damaged: looked at first, so that it is named


def _sha256(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
