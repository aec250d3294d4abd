"""The runtime's file: matrices INT8 with a scale a row, all else fp32 (``quantize`` writes it)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from miniature_memory.errors import Damaged
from miniature_memory.inference import container
from miniature_memory.inference.architecture import Architecture

FORMAT: Final = "miniature-memory-int8"
VERSION: Final = "1"


def read_int8(path: Path, architecture: Architecture) -> dict[str, memoryview]:
    """Memory-mapped tensors of an INT8 file. Raises ``Damaged`` when it is not the one of
    ``architecture``."""
    file = container.read(path)
    if file.metadata.get("format") != FORMAT or file.metadata.get("version") != VERSION:
        raise Damaged(f"{path} is no {FORMAT} file of version {VERSION}.", "Release the model anew.")
    if not {"crc32", "sha256"} & file.metadata.keys():
        raise Damaged(f"{path} names no hash of its bytes.", "Copy it again, or release the model anew.")
    try:
        written = Architecture.of(json.loads(file.metadata["config"]), str(path))
    except (KeyError, ValueError):
        raise Damaged(f"{path} names no architecture.", "Release the model anew.") from None
    if written != architecture:
        raise Damaged(f"{path} and config.json describe different models.", "Release the model anew.")
    matrices = architecture.matrices()
    scales = {f"{name}.scale": shape[:1] for name, shape in matrices.items()}
    architecture.check(file.tensors, {**matrices, **scales, **architecture.vectors()}, str(path))
    for name, tensor in file.tensors.items():
        if tensor.format != ("b" if name in matrices else "f"):
            raise Damaged(f"{path}: {name} has the wrong type.", "Release the model anew.")
    return file.tensors
