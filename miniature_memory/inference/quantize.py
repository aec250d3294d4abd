"""INT8 weights, one scale a row: w[r] is stored as round(w[r] / scale[r]) with scale[r] = max|w[r]| / 127.

Rows are outputs, so a scale multiplies a finished sum once. Embeddings and norms are few and stay fp32.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miniature_memory.errors import Damaged
from miniature_memory.inference import container
from miniature_memory.inference.architecture import Architecture
from miniature_memory.inference.int8 import FORMAT, VERSION


def quantize_matrix(weight: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """``weight`` [out, in] -> int8 [out, in] and scale fp32 [out]. A row of zeros has scale 1."""
    weight = np.asarray(weight, dtype=np.float32)
    largest = np.abs(weight).max(axis=1, initial=0)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(weight / scale[:, None]).clip(-127, 127).astype(np.int8), scale


def quantize(weights: Mapping[str, NDArray[Any]], config: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The INT8 file's tensors of fp32 ``weights``. Raises ``Damaged`` where one is missing or not finite."""
    architecture = Architecture.of(config)
    architecture.check(weights, architecture.matrices() | architecture.vectors(), "weights")
    tensors: dict[str, NDArray[Any]] = {}
    for name in (*architecture.vectors(), *architecture.matrices()):
        if not np.isfinite(weights[name]).all():
            raise Damaged(f"{name} holds numbers that are not finite.", "Take an earlier checkpoint.")
    for name in architecture.vectors():
        tensors[name] = np.array(weights[name], dtype=np.float32, order="C")
    for name in architecture.matrices():
        tensors[name], tensors[f"{name}.scale"] = quantize_matrix(weights[name])
    return tensors


def write_int8(path: Path, weights: Mapping[str, NDArray[Any]], config: Mapping[str, Any]) -> str:
    """Quantises and writes the runtime's file; returns its hash."""
    metadata = {"format": FORMAT, "version": VERSION, "config": json.dumps(dict(config), sort_keys=True)}
    return container.write(path, quantize(weights, config), metadata)
