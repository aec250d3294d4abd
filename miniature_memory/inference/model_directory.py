"""The model directory: everything that a model needs to be run, by us or by `transformers`, and its card.

model.safetensors (fp32), model.int8.safetensors (the runtime's), config.json, generation_config.json,
tokenizer.json and tokenizer_config.json (character level, Hugging Face), README.md (the card).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory import __version__, vocabulary
from miniature_memory.inference import container
from miniature_memory.inference.architecture import Architecture
from miniature_memory.inference.engine import FP32_FILE, INT8_FILE
from miniature_memory.inference.quantize import write_int8
from miniature_memory.inference.sampler import Settings

Weights = Mapping[str, NDArray[Any]]

#: what Hugging Face's Qwen3Config wants to be told, where ours says nothing
_QWEN3: Final = {
    "attention_dropout": 0.0,
    "bos_token_id": vocabulary.END_OF_TEXT,
    "eos_token_id": vocabulary.END_OF_TEXT,
    "torch_dtype": "float32",
    "use_cache": True,
    "use_sliding_window": False,
}
_CARD: Final = """---
library_name: {library}
pipeline_tag: text-generation
language: en
tags:
- not-for-all-audiences
- character-level
- fiction
---
# A miniature-memory model

A character-level language model of {parameters:,} parameters that writes fiction for adults in a window of
{window} characters, with a rolling summary of 60.

**Adults only.** It was trained on fiction for readers of 18 and over, about grown-ups only. Each text passed
the adults-only screen (version `{screen}`) before training, and what the model writes passes it again in
`mm write`. Another program that runs these weights has to bring a screen of its own.

**Not to be published** if it was trained on text collected from the web: weights remember. Only a model
trained on text that is free to share (such as the demo's) may be passed on.

## Use

    mm write --model {name} --prompt "The lamp went out."

{compatible}

A story begins with `<|end_of_text|>`; the window is `<|summary|>` + 60 characters + `<|text|>` + up to 192
characters.

## Figures

{figures}

## Where it comes from

{lineage}

The hashes name the data that it was made of, and these files; the texts themselves are no part of it.
"""


def write_model_directory(
    out: Path,
    weights: Weights,
    config: Mapping[str, Any],
    figures: Mapping[str, Any] | None = None,
    lineage: Mapping[str, Any] | None = None,
    generation: Mapping[str, Any] | None = None,
    bf16: bool = False,
) -> Path:
    """Writes the model directory ``out``; an earlier one is replaced when the new one is whole.

    ``weights``: fp32 arrays under Hugging Face's names; ``config``: what config.json says. ``figures`` and
    ``lineage`` go to the card; ``generation`` overrides sampling defaults. ``bf16`` halves model.safetensors.
    Raises ``Damaged`` for weights that don't fit the config or are not finite, ``DiskFull`` without room.
    """
    from miniature_memory.workspace import atomic_write

    architecture = Architecture.of(config)
    config = {**_QWEN3, **config, **({"torch_dtype": "bfloat16"} if bf16 else {})}
    out.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        new.chmod(0o755)
        hashes = {"int8": write_int8(new / INT8_FILE, weights, config)}
        plain = {
            name: to_bf16(weights[name]) if bf16 else np.asarray(weights[name], dtype=np.float32)
            for name in (*architecture.vectors(), *architecture.matrices())
        }
        hashes["weights"] = container.write(new / FP32_FILE, plain, {"format": "pt"})
        atomic_write(new / "config.json", _json(config))
        atomic_write(new / "generation_config.json", _json(generation_config(generation or {})))
        atomic_write(new / "tokenizer.json", _json(tokenizer()))
        atomic_write(new / "tokenizer_config.json", _json(tokenizer_config(architecture)))
        lineage = {
            **(lineage or {}),
            "released by": f"miniature-memory {__version__}",
            **{f"sha256 of {name}": value for name, value in hashes.items()},
        }
        atomic_write(new / "README.md", card(config, figures or {}, lineage, out.name))
        _swap(new, out)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return out


def read_weights(directory: Path) -> dict[str, NDArray[Any]]:
    """The fp32 weights of a model directory, memory-mapped, checked against its config.json."""
    from miniature_memory.inference.architecture import read_config

    architecture = Architecture.of(read_config(directory))
    tensors = container.read_arrays(directory / FP32_FILE)
    architecture.check(tensors, architecture.matrices() | architecture.vectors(), str(directory / FP32_FILE))
    return tensors


def generation_config(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Sampling defaults in `transformers`' words."""
    usual = Settings()
    return {
        "bos_token_id": vocabulary.END_OF_TEXT,
        "eos_token_id": vocabulary.END_OF_TEXT,
        "pad_token_id": vocabulary.END_OF_TEXT,
        "do_sample": True,
        **{name: getattr(usual, name) for name in ("temperature", "top_k", "top_p", "min_p")},
        "max_length": 256,
        **overrides,
    }


def tokenizer() -> dict[str, Any]:
    """tokenizer.json for Hugging Face's `tokenizers`: one id a character, by BPE that never merges."""
    special = {
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
    added = [{"id": i, "content": token, **special} for i, token in enumerate(vocabulary.CONTROL_TOKENS)]
    model: dict[str, Any] = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {symbol: i for i, symbol in enumerate(vocabulary.SYMBOLS)},
        "merges": [],
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": model,
    }


def tokenizer_config(architecture: Architecture) -> dict[str, Any]:
    """tokenizer_config.json: which class reads tokenizer.json, and that spaces stay as they are."""
    end, *others = vocabulary.CONTROL_TOKENS
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": end,
        "eos_token": end,
        "pad_token": end,
        "additional_special_tokens": others,
        "clean_up_tokenization_spaces": False,
        "model_max_length": architecture.max_position_embeddings,
    }


def card(
    config: Mapping[str, Any], figures: Mapping[str, Any], lineage: Mapping[str, Any], name: str = "model"
) -> str:
    """The model card (Markdown with Hugging Face's front matter)."""
    architecture = Architecture.of(config)
    stock = architecture.stock
    return _CARD.format(
        library="transformers" if stock else "miniature-memory",
        parameters=architecture.parameters,
        window=architecture.max_position_embeddings,
        screen=config.get("screen_version", "unknown"),
        name=name,
        compatible="`transformers` loads this directory as it is (`AutoModelForCausalLM`, `AutoTokenizer`)."
        if stock
        else "The features at its input are ours: `transformers` and llama.cpp can't run it.",
        figures=_table(figures) or "None were given.",
        lineage=_table(lineage),
    )


def to_bf16(weight: NDArray[Any]) -> NDArray[np.uint16]:
    """The upper halves of fp32 numbers, rounded to even: bfloat16 as numpy can hold it."""
    bits = np.ascontiguousarray(weight, dtype=np.float32).view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def _table(values: Mapping[str, Any]) -> str:
    rows = [f"| {key} | {value} |" for key, value in _flat(values)]
    return "\n".join(["| | |", "|---|---|", *rows]) if rows else ""


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            text = f"{value:.4f}" if isinstance(value, float) else str(value)
            rows.append((f"{prefix}{key}", " ".join(text.replace("|", "/").split())))
    return rows


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _swap(new: Path, out: Path) -> None:
    """``new`` becomes ``out``; what was there goes. Two renames: at no time is a half-written model there."""
    old = out.with_name(f".{out.name}-old-{os.getpid()}")
    if out.exists():
        os.replace(out, old)
    os.replace(new, out)
    shutil.rmtree(old, ignore_errors=True)
