"""The kernel's numpy twin, for machines where nothing can be compiled: same face, same INT8, slower.

Quantised integers are held as fp32 and multiplied by BLAS, which is exact while a sum stays below 2^24, and
nearly so above. What differs from the kernel is the last bit of exp and of sums, so that texts are the same
nearly always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.errors import UsageError
from miniature_memory.inference.architecture import Architecture
from miniature_memory.inference.sampler import Settings
from miniature_memory.memory.match import Matcher
from miniature_memory.memory.ngram import BEFORE, LONGEST, ngram_rows

Array = NDArray[np.float32]
_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15


class PortableEngine:
    """Engine in numpy. Memory: four bytes a weight."""

    def __init__(self, config: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
        self.config = dict(config)
        self.architecture = a = Architecture.of(config)
        self.notice = ""
        self._w = {name: np.asarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
        half = a.head_dim // 2
        angles = np.outer(np.arange(self.window), a.rope_theta ** (-np.arange(half) / half))
        self._cos, self._sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        cache = (a.num_hidden_layers, a.num_key_value_heads, self.window, a.head_dim)
        self._k, self._v = np.zeros(cache, np.float32), np.zeros(cache, np.float32)
        self._logits = np.zeros(a.vocab_size, np.float32)
        self._matcher = Matcher(self.window)
        self.reset()

    @property
    def window(self) -> int:
        return self.architecture.max_position_embeddings

    @property
    def position(self) -> int:
        return len(self._ids)

    def reset(self) -> None:
        self._ids: list[int] = []
        self._runs = np.zeros(self.window + 1, dtype=np.int64)
        self._matcher.reset()
        self._features: tuple[tuple[int, int], ...] = ((-1, 0),) * 3

    def prefill(self, ids: Sequence[int] | NDArray[Any]) -> Array:
        self._logits = self.logits(ids)[-1]
        return self._logits

    def reread(self, ids: Sequence[int] | NDArray[Any]) -> Array:
        self.reset()
        return self.prefill(ids)

    def step(self, token: int) -> Array:
        return self.prefill([token])

    def features(self) -> tuple[tuple[int, int], ...]:
        return self._features

    def logits(self, ids: Sequence[int] | NDArray[Any]) -> Array:
        a, tokens = self.architecture, [int(i) for i in ids]
        begin, end = len(self._ids), len(self._ids) + len(tokens)
        if not tokens or max(tokens) >= a.vocab_size or min(tokens) < 0:
            raise UsageError("A model reads one id or more, all of its vocabulary.")
        if end > self.window:
            raise UsageError(f"The window holds {self.window} ids, not {end}.", "Slide the window first.")
        x = np.stack([self._embed(token) for token in tokens])  # T, D
        mask = np.where(np.arange(end) <= np.arange(begin, end)[:, None], 0, -np.inf).astype(np.float32)
        for i in range(a.num_hidden_layers):
            at = f"model.layers.{i}"
            y = self._norm(x, f"{at}.input_layernorm.weight")
            q = self._heads(y, f"{at}.self_attn.q", begin)
            self._k[i, :, begin:end] = _round_trip(self._heads(y, f"{at}.self_attn.k", begin))
            v = self._times(y, f"{at}.self_attn.v_proj.weight").reshape(len(tokens), -1, a.head_dim)
            self._v[i, :, begin:end] = _round_trip(v.swapaxes(0, 1))
            group = a.num_attention_heads // a.num_key_value_heads
            k, v = (np.repeat(cache[i, :, :end], group, axis=0) for cache in (self._k, self._v))
            scores = _round_trip(q) @ k.swapaxes(1, 2) / np.float32(np.sqrt(a.head_dim)) + mask
            p = np.exp(scores - scores.max(-1, keepdims=True))
            out = ((p / p.sum(-1, keepdims=True)) @ v).swapaxes(0, 1).reshape(len(tokens), -1)
            x = x + self._times(out, f"{at}.self_attn.o_proj.weight")
            y = self._norm(x, f"{at}.post_attention_layernorm.weight")
            gate, up = (self._times(y, f"{at}.mlp.{name}_proj.weight") for name in ("gate", "up"))
            with np.errstate(over="ignore"):
                x = x + self._times(gate / (1 + np.exp(-gate)) * up, f"{at}.mlp.down_proj.weight")
        return self._times(self._norm(x, "model.norm.weight"), "lm_head.weight")

    def sample(
        self,
        settings: Settings,
        counter: int,
        banned: Iterable[int] = (),
        bias: Mapping[int, float] | None = None,
    ) -> int:
        runs: dict[int, int] = {}
        for d in range(1, len(self._ids)):
            if self._runs[d]:
                token = self._ids[-d]
                runs[token] = max(runs.get(token, 0), int(self._runs[d]))
        return choose(self._logits, runs, settings, counter, frozenset(banned), bias)

    def _embed(self, token: int) -> Array:
        self._ids.append(token)
        d = np.arange(1, len(self._ids))
        same = (
            np.array(self._ids)[-1 - d] == token if len(d) and token > 3 else np.zeros(len(d), dtype=np.bool_)
        )
        self._runs[d] = np.where(same, self._runs[d] + 1, 0)
        self._features = self._matcher.feed(token)
        x: Array = self._w["model.embed_tokens.weight"][token]
        if self.architecture.match_features:
            for k, (char, bucket) in enumerate(self._features, 1):
                if char >= 0:
                    x = x + self._w[f"match.gate_{k}.weight"][bucket] * self._w["match.embed.weight"][char]
        if table := self.architecture.ngram_rows:
            last = np.array(([BEFORE] * (LONGEST - 1) + self._ids)[-LONGEST:])
            for row in ngram_rows(last, table):
                x = x + self._w["ngram.embed.weight"][row[0]] * self._w["ngram.embed.weight.scale"][row[0]]
        return x

    def _norm(self, x: Array, name: str) -> Array:
        mean = (x * x).mean(-1, keepdims=True, dtype=np.float32)
        y: Array = x / np.sqrt(mean + np.float32(self.architecture.rms_norm_eps)) * self._w[name]
        return y

    def _heads(self, y: Array, name: str, begin: int) -> Array:
        """Queries or keys [heads, T, head_dim], normalised and rotated."""
        x = self._times(y, f"{name}_proj.weight").reshape(len(y), -1, self.architecture.head_dim)
        x = self._norm(x, f"{name}_norm.weight").swapaxes(0, 1)
        cos, sin = (table[begin : begin + len(y)] for table in (self._cos, self._sin))
        low, high = np.split(x, 2, axis=-1)
        return np.concatenate([low * cos - high * sin, high * cos + low * sin], axis=-1)

    def _times(self, x: Array, name: str) -> Array:
        whole, scale = _integers(x)
        return (whole @ self._w[name].T) * (scale * self._w[f"{name}.scale"])


def _integers(x: Array) -> tuple[Array, Array]:
    """INT8 values (as fp32) and their scale, one a row."""
    largest = np.abs(x).max(axis=-1, keepdims=True)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(x * (np.float32(1) / scale)), scale


def _round_trip(x: Array) -> Array:
    whole, scale = _integers(x)
    return whole * scale


def uniform(seed: int, counter: int) -> float:
    """A number in [0, 1) with 24 bits: the counter-th of the stream."""
    return (_mix(_mix((seed + _GOLDEN) & _MASK) ^ ((counter * _GOLDEN + 1) & _MASK)) >> 40) * 2.0**-24


def choose(
    logits: NDArray[np.float32],
    runs: Mapping[int, int],
    settings: Settings,
    counter: int,
    banned: frozenset[int] = frozenset(),
    bias: Mapping[int, float] | None = None,
) -> int:
    """The next id, or -1 when everything is forbidden.

    ``runs`` maps an id to the longest stretch (characters) of the window that it would go on repeating.
    """
    values = logits.astype(np.float32, copy=True)
    for token, length in runs.items():
        if settings.loop_guard and length >= settings.loop_guard:
            values[token] = -np.inf
        elif settings.penalty_from and length >= settings.penalty_from:
            penalty = np.float32(settings.repetition_penalty)
            values[token] = values[token] / penalty if values[token] > 0 else values[token] * penalty
    for token, amount in (bias or {}).items():
        values[token] += np.float32(amount)
    values[list(banned)] = -np.inf
    order = np.argsort(-values, kind="stable")
    order = order[values[order] > -np.inf]
    if not len(order):
        return -1
    if settings.temperature == 0:
        return int(order[0])
    order = order[: settings.top_k or None]
    p = np.exp((values[order] - values[order[0]]) / np.float32(settings.temperature), dtype=np.float32)
    p = p[p >= settings.min_p]
    kept = np.cumsum(p)
    count = int(np.searchsorted(kept, np.float32(settings.top_p) * kept[-1])) + 1
    kept = kept[:count]
    draw = np.float32(uniform(settings.seed, counter)) * kept[-1]
    return int(order[min(int(np.searchsorted(kept, draw, side="right")), len(kept) - 1)])


def _mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)
