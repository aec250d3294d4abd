"""Which forms a model can take, and the writing of each.

A model with match or n-gram features has an input that only this program computes: it goes out as `plain` and
`int8`.
One without is a stock Qwen3 and goes everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from miniature_memory.errors import UsageError
from miniature_memory.inference.architecture import Architecture, read_config
from miniature_memory.inference.engine import INT8_FILE
from miniature_memory.inference.model_directory import Weights, read_weights, write_model_directory
from miniature_memory.inference.quantize import write_int8

#: format → what it is
FORMATS: Final = {
    "plain": "the model directory (fp32 and INT8 weights, tokenizer, card), for `mm write`",
    "hf": "the same for Hugging Face `transformers`; only without match and n-gram features",
    "hf-bf16": "the same with weights in bfloat16",
    "int8": "what `mm write` reads of it, and the card",
    "gguf-f16": "GGUF for llama.cpp, 16 bits; only without match and n-gram features",
    "gguf-q8_0": "GGUF for llama.cpp, 8 bits; only without match and n-gram features",
}
_STOCK_ONLY: Final = ("hf", "hf-bf16", "gguf-f16", "gguf-q8_0")


def export_model(model: Path, out: Path, formats: Sequence[str] = ("plain",)) -> list[Path]:
    """Writes the model directory ``model`` to ``out`` in each of ``formats``; returns the paths written.

    Raises ``UsageError`` for a format that is unknown or that this model's architecture can't take (before
    anything is written), ``MissingInput``, ``Damaged`` and ``Refused`` as loading does, ``MissingExtra``
    where GGUF's library is not installed.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UsageError(f"There is no format {unknown[0]!r}.", f"Choose from: {', '.join(FORMATS)}.")
    config = read_config(model)
    stock = Architecture.of(config).stock
    barred = [name for name in formats if name in _STOCK_ONLY and not stock]
    if barred:
        can = ", ".join(name for name in FORMATS if name not in _STOCK_ONLY)
        raise UsageError(
            f"A model with match features or n-gram features can't be written as {', '.join(barred)}: "
            "no other program computes them.",
            f"Take one of: {can}; or train with `--set train.match_features=false --set train.ngram_rows=0`.",
        )
    weights = read_weights(model)
    return [_WRITERS[name](model, out, weights, config) for name in dict.fromkeys(formats)]


def _directory(bf16: bool, name: str) -> Callable[[Path, Path, Weights, dict[str, Any]], Path]:
    def write(model: Path, out: Path, weights: Weights, config: dict[str, Any]) -> Path:
        generation = _json(model / "generation_config.json")
        path = write_model_directory(out / name, weights, config, generation=generation, bf16=bf16)
        card = model / "README.md"
        if card.exists():  # the figures and the lineage of the release
            from miniature_memory.workspace import atomic_write

            atomic_write(path / "README.md", card.read_text(encoding="utf-8"))
        return path

    return write


def _int8(model: Path, out: Path, weights: Weights, config: dict[str, Any]) -> Path:
    from miniature_memory.workspace import atomic_write

    path = out / "int8" / INT8_FILE
    write_int8(path, weights, config)
    atomic_write(path.with_name("config.json"), json.dumps(config, indent=2) + "\n")
    for name in ("generation_config.json", "README.md"):  # its usual sampling, and the card
        if (model / name).exists():
            atomic_write(path.with_name(name), (model / name).read_bytes())
    return path


def _gguf(kind: str) -> Callable[[Path, Path, Weights, dict[str, Any]], Path]:
    def write(model: Path, out: Path, weights: Weights, config: dict[str, Any]) -> Path:
        from miniature_memory.export.gguf import write_gguf

        return write_gguf(out / f"model-{kind}.gguf", weights, config, kind)

    return write


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


_WRITERS: Final = {
    "plain": _directory(False, "plain"),
    "hf": _directory(False, "hf"),
    "hf-bf16": _directory(True, "hf-bf16"),
    "int8": _int8,
    "gguf-f16": _gguf("f16"),
    "gguf-q8_0": _gguf("q8_0"),
}
