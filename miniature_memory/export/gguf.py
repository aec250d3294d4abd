"""GGUF for llama.cpp: the weights under its names, and a `gpt2` tokenizer that gives our ids.

`gpt2` tokenizers spell text as bytes, each byte as a printable character, and merge from there. Ours merges
the two or three bytes of a character beyond ASCII back into one symbol, and nothing more. A merge needs no
symbol of its own for the half-way pair: ``— = E2 80 94`` takes two merges, and only the whole is in the
vocabulary.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory import vocabulary
from miniature_memory.errors import MissingExtra, UsageError
from miniature_memory.inference.architecture import Architecture

_BLOCK_NAMES: Final = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_NAMES: Final = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_CONTROL, _NORMAL = 3, 1  # llama.cpp's kinds of token


def write_gguf(path: Path, weights: Mapping[str, NDArray[Any]], config: Mapping[str, Any], kind: str) -> Path:
    """Writes ``path`` (``kind``: ``f16`` or ``q8_0``; norms stay fp32). The file appears whole or not at all.

    Raises ``MissingExtra`` without the `gguf` package, ``UsageError`` for sizes that Q8_0 can't hold (rows
    must be multiples of 32).
    """
    try:
        import gguf
    except ImportError:
        raise MissingExtra(
            "Writing GGUF needs the package gguf.",
            "pip install 'miniature-memory[gguf]' (or: pip install gguf)",
        ) from None
    a = Architecture.of(config)
    wanted = {"f16": gguf.GGMLQuantizationType.F16, "q8_0": gguf.GGMLQuantizationType.Q8_0}[kind]
    uneven = [n for n in (a.hidden_size, a.intermediate_size, a.num_attention_heads * a.head_dim) if n % 32]
    if kind == "q8_0" and uneven:
        raise UsageError(f"Q8_0 needs rows of a multiple of 32, not {uneven[0]}.", "Choose gguf-f16.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        writer = gguf.GGUFWriter(part, "qwen3")
        _describe(writer, a, config, gguf)
        for name in (*a.vectors(), *a.matrices()):
            tensor = np.ascontiguousarray(weights[name], dtype=np.float32)
            if tensor.ndim == 1:
                writer.add_tensor(gguf_name(name), tensor)
            else:
                writer.add_tensor(gguf_name(name), gguf.quants.quantize(tensor, wanted), raw_dtype=wanted)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def gguf_name(name: str) -> str:
    """llama.cpp's name of a tensor."""
    if name in _NAMES:
        return _NAMES[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{_BLOCK_NAMES[rest.removesuffix('.weight')]}.weight"


def byte_letters() -> dict[int, str]:
    """GPT-2's printable stand-in of each byte: itself where it is printable, else a letter from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {byte: chr(byte) for byte in printable}
    others = (byte for byte in range(256) if byte not in letters)
    return letters | {byte: chr(0x100 + i) for i, byte in enumerate(others)}


def spelling() -> tuple[list[str], list[str]]:
    """The vocabulary in GPT-2's spelling, and the merges that put each character together."""
    letter = byte_letters()
    tokens = list(vocabulary.CONTROL_TOKENS)
    merges: dict[str, None] = {}
    for character in vocabulary.CHARACTERS:
        spelled = [letter[byte] for byte in character.encode()]
        tokens.append("".join(spelled))
        for i in range(1, len(spelled)):
            merges["".join(spelled[:i]) + " " + spelled[i]] = None
    return tokens, list(merges)


def _describe(writer: Any, a: Architecture, config: Mapping[str, Any], gguf: Any) -> None:
    writer.add_name("miniature-memory")
    writer.add_description("Adults only. Character-level fiction model; trained on screened text.")
    writer.add_string("miniature_memory.screen_version", str(config["screen_version"]))
    writer.add_context_length(a.max_position_embeddings)
    writer.add_embedding_length(a.hidden_size)
    writer.add_block_count(a.num_hidden_layers)
    writer.add_feed_forward_length(a.intermediate_size)
    writer.add_head_count(a.num_attention_heads)
    writer.add_head_count_kv(a.num_key_value_heads)
    writer.add_key_length(a.head_dim)
    writer.add_value_length(a.head_dim)
    writer.add_rope_freq_base(a.rope_theta)
    writer.add_layer_norm_rms_eps(a.rms_norm_eps)
    writer.add_vocab_size(a.vocab_size)
    tokens, merges = spelling()
    control = len(vocabulary.CONTROL_TOKENS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([_CONTROL if i < control else _NORMAL for i in range(len(tokens))])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(vocabulary.END_OF_TEXT)
    writer.add_eos_token_id(vocabulary.END_OF_TEXT)
    writer.add_add_bos_token(False)
