"""The model, top to bottom: a small decoder-only transformer with two kinds of features in front.

The body is Qwen3's shape (RMSNorm, RoPE, QK-norm, SwiGLU, no biases, untied head), so that a model without
features is a stock `Qwen3ForCausalLM`. Match features say, for every position, which character followed the
last time the window held what it holds now (`memory/match.py`); attention this small takes very long to learn
that by itself, and without it no name is ever copied. N-gram features are a learnt table that the last
characters point into (`memory/ngram.py`): what a word looks like, without a matrix product.

Shapes: B rows, T positions, V symbols, D hidden size, H heads (Hk key/value heads) of size d, M MLP width.

Ideas from: RoFormer (rotary positions), PaLM and LLaMA (SwiGLU, no biases), Qwen3 (its place for QK-norm),
nanochat (norms without learned gains), modded-nanogpt (outputs that start at zero).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from miniature_memory import vocabulary
from miniature_memory.errors import ConfigError
from miniature_memory.memory import BUCKETS
from miniature_memory.memory.ngram import BEFORE, LONGEST, ORDERS, ngram_rows
from miniature_memory.training.functions import EPSILON, norm, norm_rope, swiglu

if TYPE_CHECKING:
    from miniature_memory.config import TrainConfig

ZERO_AT_FIRST = (
    "o_proj.weight",
    "down_proj.weight",
    "lm_head.weight",
    "match.embed.weight",
    "ngram.embed.weight",
)

#: shares of the dropout by length: the longer an n-gram, the better its row knows by heart what followed
LEFT_OUT = tuple(n - 1 for n in ORDERS)


@dataclass(frozen=True)
class Shape:
    """What a model is made of. ``qk_gain`` is the constant gain of the query and key norms; ``dropout`` acts
    in training only, on what goes into the residual stream, and on n-grams as wholes (longer ones more).

    The limits (25 million parameters, a block of 256) are the configuration's; benchmarks may go beyond.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    mlp: int
    match_features: bool = True
    ngram_rows: int = 0
    dropout: float = 0.0
    block_size: int = 256
    vocabulary: int = vocabulary.SIZE
    rope_theta: float = 10_000.0
    qk_gain: float = 1.0

    @classmethod
    def of(cls, config: TrainConfig) -> Shape:
        return cls(
            layers=config.layers,
            width=config.width,
            heads=config.heads,
            kv_heads=config.kv_heads,
            mlp=config.mlp,
            match_features=config.match_features,
            ngram_rows=config.ngram_rows,
            dropout=config.dropout,
            block_size=config.block_size,
            qk_gain=config.qk_gain,
        )

    @property
    def head_dim(self) -> int:
        return self.width // self.heads

    @property
    def stock(self) -> bool:
        """Whether it is a Qwen3 and nothing else."""
        return not (self.match_features or self.ngram_rows)

    def to_json(self, screen_version: str = "") -> dict[str, Any]:
        """The released model's ``config.json``: Hugging Face's Qwen3 keys and our own."""
        return {
            "model_type": "qwen3" if self.stock else "miniature-memory",
            "architectures": ["Qwen3ForCausalLM" if self.stock else "MiniatureMemoryForCausalLM"],
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "intermediate_size": self.mlp,
            "max_position_embeddings": self.block_size,
            "rms_norm_eps": EPSILON,
            "rope_theta": self.rope_theta,
            "tie_word_embeddings": False,
            "hidden_act": "silu",
            "attention_bias": False,
            "bos_token_id": vocabulary.END_OF_TEXT,
            "eos_token_id": vocabulary.END_OF_TEXT,
            "torch_dtype": "float32",
            "match_features": self.match_features,
            "ngram_rows": self.ngram_rows,
            "vocabulary_version": vocabulary.VERSION,
            "screen_version": screen_version,
            "memory": {"summary_slots": 60, "text_slots": 192, "slide": 96},
        }

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def joined(x: Tensor, *maps: nn.Linear) -> Tensor:
    """What ``maps`` make of x, side by side, as one matrix product: faster, and one gradient at x."""
    return F.linear(x, torch.cat([one.weight for one in maps]))


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = shape.heads, shape.kv_heads, shape.head_dim
        self.gain = shape.qk_gain
        inner, inner_kv = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        self.q_proj = nn.Linear(shape.width, inner, bias=False)
        self.k_proj = nn.Linear(shape.width, inner_kv, bias=False)
        self.v_proj = nn.Linear(shape.width, inner_kv, bias=False)
        self.o_proj = nn.Linear(inner, shape.width, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        B, T, _ = x.shape
        qkv = joined(x, self.q_proj, self.k_proj, self.v_proj).view(B, T, -1, self.head_dim)
        heads, kv_heads = self.heads, self.kv_heads
        qk, v = torch.split(qkv, [heads + kv_heads, kv_heads], 2)  # B, T, H + Hk, d; B, T, Hk, d
        q, k = torch.split(norm_rope(qk, cosine, sine, self.gain), [heads, kv_heads], 2)
        if kv_heads < heads:
            k, v = (t.repeat_interleave(heads // kv_heads, dim=2) for t in (k, v))
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # B, H, T, d
        return self.o_proj(y.transpose(1, 2).reshape(B, T, -1))  # type: ignore[no-any-return]


class MLP(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.mlp, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.mlp, bias=False)
        self.down_proj = nn.Linear(shape.mlp, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(swiglu(joined(x, self.gate_proj, self.up_proj)))  # type: ignore[no-any-return]


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = MLP(shape)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        x = x + self.dropout(self.self_attn(norm(x), cosine, sine))
        x = x + self.dropout(self.mlp(norm(x)))
        return x


class MatchFeatures(nn.Module):
    """Three embeddings at the input: Σₖ gateₖ[bucket] · embed[char], nothing where there is no match.

    One table of characters serves all three; a gate a bucket says how much each one is to be trusted.
    A batch holds few different pairs (bucket, char), so their products are made once and looked up.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        for k, buckets in enumerate(BUCKETS, start=1):
            self.register_module(f"gate_{k}", nn.Embedding(buckets, shape.width))

    def forward(self, pairs: Tensor) -> Tensor:
        """pairs [B, T, 3]: bucket · V + char + 1, or 0 for none. Returns [B, T, D]."""
        V, D = self.embed.weight.shape
        gates = torch.cat([self.get_parameter(f"gate_{k}.weight") for k in (1, 2, 3)])
        gate_of = torch.tensor([0, BUCKETS[0], BUCKETS[0] + BUCKETS[1]], device=pairs.device) * V
        index = torch.where(pairs > 0, pairs + gate_of, 0)
        used, which = torch.unique(index, return_inverse=True)  # the first is 0, none, nearly always
        bucket, char = (used - 1).clamp(min=0) // V, (used - 1).clamp(min=0) % V
        products = F.embedding(bucket, gates) * self.embed(char) * (used > 0)[:, None]
        return F.embedding_bag(which.view(-1, 3), products, mode="sum").view(*pairs.shape[:2], D)


class NgramFeatures(nn.Module):
    """The rows that the last characters point to, summed: ids [B, T] → [B, T, D]. On a CPU the table's
    gradient is sparse, so a step costs what its rows cost and not what the table does."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed = nn.Embedding(shape.ngram_rows, shape.width)
        self.dropout = shape.dropout

    def forward(self, ids: Tensor) -> Tensor:
        table = self.embed.weight
        rows = ngram_rows(F.pad(ids, (LONGEST - 1, 0), value=BEFORE), len(table))
        index = torch.stack(rows, -1).view(-1, len(ORDERS))
        kept = None
        if self.training and self.dropout:  # a position learns from its shorter n-grams, too
            left_out = torch.tensor(LEFT_OUT, device=ids.device) * self.dropout
            kept = torch.bernoulli((1 - left_out).clamp(0).expand(index.shape))
        sparse = table.device.type == "cpu"
        x = F.embedding_bag(index, table, mode="sum", sparse=sparse, per_sample_weights=kept)
        return x.view(*ids.shape, -1)


class Body(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))


class Model(nn.Module):
    """ids [B, T] and match pairs [B, T, 3] (when the shape has them) → logits [B, T, V]."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        self.match = MatchFeatures(shape) if shape.match_features else None
        self.ngram = NgramFeatures(shape) if shape.ngram_rows else None
        self.lm_head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        half = torch.arange(0, shape.head_dim, 2, dtype=torch.float32)
        frequency = shape.rope_theta ** -(half / shape.head_dim)
        angles = torch.outer(torch.arange(shape.block_size, dtype=torch.float32), frequency)
        self.cosine: Tensor
        self.sine: Tensor
        self.register_buffer("cosine", angles.cos(), persistent=False)  # block, d/2
        self.register_buffer("sine", angles.sin(), persistent=False)
        self._initialize(torch.Generator().manual_seed(seed))

    def _initialize(self, generator: torch.Generator) -> None:
        """Matrices uniform at the scale that keeps activations at one; what writes into the residual
        stream, the head, match characters and n-grams start at zero, gates at one."""
        for name, weight in self.named_parameters():
            with torch.no_grad():
                if name.endswith(ZERO_AT_FIRST):
                    weight.zero_()
                elif ".gate_" in name and name.startswith("match"):
                    weight.fill_(1.0)
                elif name.endswith("embed_tokens.weight"):
                    weight.normal_(0.0, 1.0, generator=generator)
                else:
                    bound = (3.0 / weight.shape[1]) ** 0.5
                    weight.uniform_(-bound, bound, generator=generator)

    def forward(self, ids: Tensor, pairs: Tensor | None = None) -> Tensor:
        x = self.model.embed_tokens(ids)  # B, T, D
        if self.match is not None:
            if pairs is None:
                raise ConfigError("This model reads match features, and got none.")
            x = x + self.match(pairs)
        if self.ngram is not None:
            x = x + self.ngram(ids)
        T = ids.shape[1]
        cosine, sine = (table[:T, None].to(x.dtype) for table in (self.cosine, self.sine))  # T, 1, d/2
        for layer in self.model.layers:
            x = layer(x, cosine, sine)
        return self.lm_head(norm(x))  # type: ignore[no-any-return]

    def loss(self, ids: Tensor, pairs: Tensor | None, targets: Tensor) -> Tensor:
        """Sum of nats over the targets [B, T] that are not -100."""
        logits = self(ids, pairs)
        return F.cross_entropy(
            logits.view(-1, logits.shape[-1]).float(), targets.reshape(-1), ignore_index=-100, reduction="sum"
        )

    def released(self) -> dict[str, Tensor]:
        """Tensors under Hugging Face's names, fp32 on the CPU, with the norms' constant gains written out."""
        tensors = {name: p.detach().float().cpu().contiguous() for name, p in self.named_parameters()}
        one = torch.ones(self.shape.width)
        for i in range(self.shape.layers):
            prefix = f"model.layers.{i}."
            tensors[prefix + "input_layernorm.weight"] = one.clone()
            tensors[prefix + "post_attention_layernorm.weight"] = one.clone()
            for name in ("q_norm", "k_norm"):
                gain = torch.full((self.shape.head_dim,), self.shape.qk_gain)
                tensors[prefix + f"self_attn.{name}.weight"] = gain
        tensors["model.norm.weight"] = one.clone()
        return tensors
