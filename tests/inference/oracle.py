"""The slow twin: the model's forward pass in float64, straight from the formulas, without cache or INT8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miniature_memory.inference.architecture import Architecture
from miniature_memory.memory.match import match_features
from miniature_memory.memory.ngram import BEFORE, LONGEST, ngram_rows

Floats = NDArray[np.float64]


def config(match: bool = False, **changes: Any) -> dict[str, Any]:
    """A tiny model's config.json."""
    return {
        "model_type": "miniature-memory" if match else "qwen3",
        "architectures": ["MiniatureMemoryForCausalLM" if match else "Qwen3ForCausalLM"],
        "vocab_size": 170,
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 12,
        "intermediate_size": 80,
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "hidden_act": "silu",
        "attention_bias": False,
        "match_features": match,
        "vocabulary_version": 1,
        "screen_version": "1-test",
        "memory": {"summary_slots": 60, "text_slots": 192, "slide": 96},
        **changes,
    }


def weights(config: Mapping[str, Any], seed: int = 0, scale: float = 1.0) -> dict[str, NDArray[np.float32]]:
    """Random weights that make neither dead nor exploding activations."""
    random = np.random.default_rng(seed)
    architecture = Architecture.of(config)
    tensors = {}
    for name, shape in (architecture.matrices() | architecture.vectors()).items():
        values = random.standard_normal(shape)
        if "norm" in name or "gate_" in name:
            values = 1 + 0.2 * values
        elif name == "lm_head.weight":
            values *= scale * 3 / np.sqrt(shape[1])
        elif "embed" not in name:
            values /= np.sqrt(shape[1])
        tensors[name] = values.astype(np.float32)
    return tensors


def forward(weights: Mapping[str, NDArray[Any]], config: Mapping[str, Any], ids: NDArray[np.uint8]) -> Floats:
    """Logits [T, V] of ids [T]."""
    a = Architecture.of(config)
    w = {name: np.asarray(tensor, dtype=np.float64) for name, tensor in weights.items()}
    T, H = len(ids), a.head_dim
    x = w["model.embed_tokens.weight"][ids]
    if a.match_features:
        chars, buckets = match_features(ids[None])
        for k in range(3):
            gate, char = w[f"match.gate_{k + 1}.weight"][buckets[0, :, k]], chars[0, :, k]
            x = x + np.where(char[:, None] >= 0, gate * w["match.embed.weight"][char], 0)
    if a.ngram_rows:
        before = np.concatenate([np.full(LONGEST - 1, BEFORE), ids.astype(np.int64)])
        for rows in ngram_rows(before, a.ngram_rows):
            x = x + w["ngram.embed.weight"][rows]

    def norm(x: Floats, name: str) -> Floats:
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + a.rms_norm_eps) * w[name]

    def rotate(x: Floats) -> Floats:
        frequency = a.rope_theta ** (-np.arange(0, H, 2) / H)
        angle = np.concatenate([np.outer(np.arange(T), frequency)] * 2, axis=-1)
        half = np.concatenate([-x[..., H // 2 :], x[..., : H // 2]], axis=-1)
        return x * np.cos(angle) + half * np.sin(angle)

    for i in range(a.num_hidden_layers):
        at = f"model.layers.{i}"
        y = norm(x, f"{at}.input_layernorm.weight")
        q, k, v = (
            (y @ w[f"{at}.self_attn.{n}_proj.weight"].T).reshape(T, -1, H).swapaxes(0, 1) for n in "qkv"
        )
        q = rotate(norm(q, f"{at}.self_attn.q_norm.weight"))
        k = rotate(norm(k, f"{at}.self_attn.k_norm.weight"))
        k, v = (np.repeat(m, a.num_attention_heads // a.num_key_value_heads, axis=0) for m in (k, v))
        scores = np.where(np.tri(T, dtype=bool), q @ k.swapaxes(1, 2) / np.sqrt(H), -np.inf)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        out = (p / p.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(T, -1)
        x = x + out @ w[f"{at}.self_attn.o_proj.weight"].T
        y = norm(x, f"{at}.post_attention_layernorm.weight")
        gate, up = (y @ w[f"{at}.mlp.{n}_proj.weight"].T for n in ("gate", "up"))
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w[f"{at}.mlp.down_proj.weight"].T
    return norm(x, "model.norm.weight") @ w["lm_head.weight"].T
