"""What a model is made of: the numbers of its config.json, checked, and the shapes that follow from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from miniature_memory import vocabulary
from miniature_memory.errors import Damaged, MissingInput, Refused
from miniature_memory.memory import BUCKETS

MODEL_TYPES: Final = ("miniature-memory", "qwen3")
_MATRICES: Final = {"q": "self_attn", "k": "self_attn", "v": "self_attn", "o": "self_attn"} | {
    "gate": "mlp",
    "up": "mlp",
    "down": "mlp",
}


@dataclass(frozen=True)
class Architecture:
    """The numbers that the runtime needs (names as in Hugging Face's Qwen3)."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    intermediate_size: int
    max_position_embeddings: int
    rope_theta: float
    rms_norm_eps: float
    match_features: bool
    ngram_rows: int

    @classmethod
    def of(cls, config: Mapping[str, Any], where: str = "config.json") -> Architecture:
        """Checked numbers of a config. Raises ``Damaged`` for another architecture or version."""

        def wrong(what: str) -> Damaged:
            return Damaged(
                f"{where}: {what}.", "This runtime reads models that miniature-memory has released."
            )

        if config.get("model_type") not in MODEL_TYPES:
            raise wrong(f"the architecture {config.get('model_type')!r} is unknown")
        if config.get("vocabulary_version") != vocabulary.VERSION:
            raise wrong(f"vocabulary version {config.get('vocabulary_version')!r}, not {vocabulary.VERSION}")
        if config.get("hidden_act", "silu") != "silu" or config.get("attention_bias", False):
            raise wrong("its activation or its biases are none of ours")
        values: dict[str, Any] = {"match_features": bool(config.get("match_features", False))}
        values["ngram_rows"] = table = config.get("ngram_rows", 0)
        if not isinstance(table, int) or not 0 <= table < 1 << 31:
            raise wrong(f"ngram_rows = {table!r} makes no sense")
        for name in cls.__dataclass_fields__:
            if name in values:
                continue
            value = config.get(name)
            number = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
            if not number or (not name.startswith("r") and not isinstance(value, int)):
                raise wrong(f"{name} = {value!r} makes no sense")
            values[name] = float(value or 0) if name.startswith("r") else value
        a = cls(**values)
        if a.vocab_size != vocabulary.SIZE:
            raise wrong(f"vocab_size is {a.vocab_size}, not {vocabulary.SIZE}")
        if (
            a.num_attention_heads % a.num_key_value_heads
            or a.head_dim % 2
            or a.max_position_embeddings > 32768
        ):
            raise wrong("its heads or its window have sizes that don't go together")
        if max(a.hidden_size, a.intermediate_size, a.num_attention_heads * a.head_dim) > 32768:
            raise wrong("it is larger than exact 32-bit sums allow")  # 32768 * 127 * 255 < 2^31
        if config.get("tie_word_embeddings", False):
            raise wrong("its embeddings are tied")
        return a

    def matrices(self) -> dict[str, tuple[int, int]]:
        """Shapes (out, in) of what is quantised, in the order of the forward pass."""
        D, F = self.hidden_size, self.intermediate_size
        Q, KV = self.num_attention_heads * self.head_dim, self.num_key_value_heads * self.head_dim
        shape = {
            "q": (Q, D),
            "k": (KV, D),
            "v": (KV, D),
            "o": (D, Q),
            "gate": (F, D),
            "up": (F, D),
            "down": (D, F),
        }
        names = {
            f"model.layers.{i}.{block}.{name}_proj.weight": shape[name]
            for i in range(self.num_hidden_layers)
            for name, block in _MATRICES.items()
        }
        table = {"ngram.embed.weight": (self.ngram_rows, D)} if self.ngram_rows else {}
        return names | {"lm_head.weight": (self.vocab_size, D)} | table

    def vectors(self) -> dict[str, tuple[int, ...]]:
        """Shapes of what stays fp32: embeddings, norms, match features."""
        D, H = self.hidden_size, self.head_dim
        shapes: dict[str, tuple[int, ...]] = {
            "model.embed_tokens.weight": (self.vocab_size, D),
            "model.norm.weight": (D,),
        }
        for i in range(self.num_hidden_layers):
            at = f"model.layers.{i}"
            shapes |= {
                f"{at}.input_layernorm.weight": (D,),
                f"{at}.post_attention_layernorm.weight": (D,),
                f"{at}.self_attn.q_norm.weight": (H,),
                f"{at}.self_attn.k_norm.weight": (H,),
            }
        if self.match_features:
            shapes["match.embed.weight"] = (self.vocab_size, D)
            for k, buckets in enumerate(BUCKETS, 1):
                shapes[f"match.gate_{k}.weight"] = (buckets, D)
        return shapes

    def check(self, tensors: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], where: str) -> None:
        """Raises ``Damaged`` unless every tensor is there and has its shape."""
        for name, shape in shapes.items():
            have = getattr(tensors.get(name), "shape", None)
            if have != shape:
                raise Damaged(f"{where}: {name} has shape {have}, not {shape}.", "Release the model anew.")

    @property
    def stock(self) -> bool:
        """Whether other programs can run it: a Qwen3 without features of ours at its input."""
        return not (self.match_features or self.ngram_rows)

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        total = 0
        for shape in (self.matrices() | self.vectors()).values():
            size = 1
            for n in shape:
                size *= n
            total += size
        return total


def read_config(directory: Path) -> dict[str, Any]:
    """The config.json of a model directory.

    A model must name the version of the adults-only screen that its training text passed; one that does not
    is ``Refused``. Raises ``MissingInput`` and ``Damaged`` as well.
    """
    path = directory / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise MissingInput(
            f"There is no model in {directory} (no config.json).", "`mm train` writes one to runs/<id>/model."
        ) from None
    except (OSError, ValueError) as error:
        raise Damaged(f"{path} can't be read: {error}.", "Copy the model directory again.") from None
    if not isinstance(config, dict):
        raise Damaged(f"{path} holds no settings.", "Copy the model directory again.")
    if not isinstance(config.get("screen_version"), str) or not config["screen_version"]:
        raise Refused("no screen_version in config.json", "model")
    return config
