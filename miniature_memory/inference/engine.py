"""The engine: a model's weights, its KV cache, one step at a time.

    engine = Engine.load(Path("runs/latest-model"))
    engine.reset()
    engine.prefill(ids)                       # fills the cache
    logits = engine.step(token)               # one more id; float32 [V]
    token = engine.sample(Settings(), counter)

Two backends share this face: kernel.c through ctypes, which takes no numpy, and numpy where nothing can be
compiled. A text read at once and the same text read id by id leave the same bits.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from miniature_memory import vocabulary
from miniature_memory.errors import MissingInput, UsageError
from miniature_memory.inference import container, native
from miniature_memory.inference.architecture import Architecture, read_config
from miniature_memory.inference.int8 import read_int8
from miniature_memory.inference.sampler import Settings
from miniature_memory.memory import BUCKETS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Backend = Literal["auto", "native", "numpy"]
#: INT8 tensors by name: views of a mapped file, or arrays
Tensors = Mapping[str, Any]
INT8_FILE: Final = "model.int8.safetensors"
FP32_FILE: Final = "model.safetensors"

_KINDS: Final = bytes(
    letter + 2 * capital + 4 * (i < len(vocabulary.CONTROL_TOKENS))
    + 8 * (i == vocabulary.SUMMARY) + 16 * (i == vocabulary.TEXT)
    for i, (letter, capital) in enumerate(zip(vocabulary.IS_LETTER, vocabulary.IS_CAPITAL, strict=True))
)  # fmt: skip


class Runtime(Protocol):
    """What the writing loop needs of an engine."""

    @property
    def window(self) -> int: ...
    @property
    def notice(self) -> str: ...
    def reset(self) -> None: ...
    def prefill(self, ids: Sequence[int]) -> Any: ...
    def reread(self, ids: Sequence[int]) -> Any: ...
    def step(self, token: int) -> Any: ...
    def sample(
        self,
        settings: Settings,
        counter: int,
        banned: Iterable[int] = (),
        bias: Mapping[int, float] | None = None,
    ) -> int: ...


class Engine:
    """The runtime in C. Memory: the mapped weights and one buffer, both of fixed size."""

    def __init__(
        self, config: Mapping[str, Any], tensors: Tensors, library: ctypes.CDLL | None = None
    ) -> None:
        self.config = dict(config)
        self.architecture = a = Architecture.of(config)
        self.notice = ""
        self._tensors = tensors  # the kernel holds bare addresses: this keeps what they name alive
        self._c = library or native.library()
        self._sums: list[ctypes.Array[ctypes.c_int32]] = []
        self._layers = (native.Layer * a.num_hidden_layers)()
        m = self._m = native.Model(
            vocab=a.vocab_size,
            dim=a.hidden_size,
            layers=a.num_hidden_layers,
            heads=a.num_attention_heads,
            kv_heads=a.num_key_value_heads,
            head_dim=a.head_dim,
            hidden=a.intermediate_size,
            window=a.max_position_embeddings,
            match=a.match_features,
            theta=a.rope_theta,
            eps=a.rms_norm_eps,
            layer=self._layers,
            kind=_KINDS,
            embed=self._at("model.embed_tokens.weight"),
            norm=self._at("model.norm.weight"),
            head=self._matrix("lm_head.weight"),
        )
        if a.match_features:
            m.match_embed = self._at("match.embed.weight")
            m.match_gate[:] = [self._at(f"match.gate_{k + 1}.weight") for k in range(len(BUCKETS))]
        if a.ngram_rows:
            m.ngram = self._matrix("ngram.embed.weight", summed=False)  # only looked up, never multiplied
        for i, layer in enumerate(self._layers):
            at = f"model.layers.{i}"
            layer.norm = self._at(f"{at}.input_layernorm.weight")
            layer.mlp_norm = self._at(f"{at}.post_attention_layernorm.weight")
            for name in ("q", "k"):
                setattr(layer, f"{name}_norm", self._at(f"{at}.self_attn.{name}_norm.weight"))
            for name in ("q", "k", "v", "o"):
                setattr(layer, name, self._matrix(f"{at}.self_attn.{name}_proj.weight"))
            for name in ("gate", "up", "down"):
                setattr(layer, name, self._matrix(f"{at}.mlp.{name}_proj.weight"))
        self._model = ctypes.byref(m)
        self._logits = self._lay_out()
        self._c.mm_init(self._model)
        self.reset()
        self._settings = native.Settings()
        self._set_for: Settings | None = None

    @classmethod
    def load(cls, directory: Path, backend: Backend = "auto") -> Runtime:
        """The engine of a model directory: its INT8 file, or its fp32 one quantised in memory.

        Raises ``MissingInput``, ``Damaged`` (hash, shapes, architecture or version are not right) and
        ``Refused`` (the model does not name the screen that its training text passed). Without compiled
        kernel and compiler numpy takes over, and ``notice`` says so.
        """
        config, tensors = load_tensors(Path(directory))
        if backend != "numpy":
            try:
                return cls(config, tensors)
            except native.NoKernel as error:
                if backend == "native":
                    raise
                why = error.message
        else:
            why = ""
        from miniature_memory.inference.portable import PortableEngine

        engine = PortableEngine(config, tensors)
        engine.notice = f"{why} Writing with numpy, which is slower.".strip() if why else ""
        return engine

    @property
    def window(self) -> int:
        """How many ids the cache holds."""
        return self.architecture.max_position_embeddings

    @property
    def position(self) -> int:
        """How many ids were read since ``reset``."""
        return int(self._m.pos)

    def reset(self) -> None:
        """Forget what was read."""
        self._c.mm_rewind(self._model, 0)

    def prefill(self, ids: Sequence[int]) -> ctypes.Array[ctypes.c_float]:
        """Reads ``ids`` after what was read; logits [V] after the last (the engine's own: the next call
        changes them)."""
        return self._read(ids)

    def reread(self, ids: Sequence[int]) -> ctypes.Array[ctypes.c_float]:
        """``reset`` and ``prefill``, except that a beginning that is cached already is not computed again."""
        cached = ctypes.string_at(self._m.ids, self.position)
        pairs = zip(cached, ids[:-1], strict=False)  # the last is always read, for its logits
        same = next((i for i, (old, new) in enumerate(pairs) if old != new), min(len(cached), len(ids) - 1))
        self._c.mm_rewind(self._model, max(same, 0))
        return self._read(ids[max(same, 0) :])

    def step(self, token: int) -> ctypes.Array[ctypes.c_float]:
        """Reads one id; logits [V] after it (the engine's own)."""
        return self._read((token,))

    def logits(self, ids: Sequence[int] | NDArray[np.uint8]) -> NDArray[np.float32]:
        """Reads ``ids``; logits [T, V] after each of them."""
        import numpy as np

        out = np.empty((len(ids), self.architecture.vocab_size), dtype=np.float32)
        self._read(ids, out.ctypes.data)
        return out

    def sample(
        self,
        settings: Settings,
        counter: int,
        banned: Iterable[int] = (),
        bias: Mapping[int, float] | None = None,
    ) -> int:
        """The next id after what was read: random number ``counter`` decides. -1 when all are forbidden."""
        s = self._settings
        if settings is not self._set_for:
            s.temperature, s.top_p, s.min_p = settings.temperature, settings.top_p, settings.min_p
            s.penalty, s.penalty_from = settings.repetition_penalty, settings.penalty_from
            s.top_k, s.guard = min(settings.top_k, 256), min(settings.loop_guard, 1 << 30)
            s.seed = settings.seed
            self._set_for = settings
        banned, bias = tuple(banned), bias or {}
        for token in banned:
            s.banned[token] = 1
        for token, amount in bias.items():
            s.bias[token] = amount
        m = self._m
        chosen = self._c.mm_sample(ctypes.byref(s), m.logits, m.vocab, m.ids, m.run, m.pos, counter)
        for token in banned:
            s.banned[token] = 0
        for token in bias:
            s.bias[token] = 0
        return int(chosen)

    def features(self) -> tuple[tuple[int, int], ...]:
        """((char, bucket) of m1, m2, m3) at the last position: see ``memory.match``."""
        return tuple(zip(self._m.seen, self._m.bucket, strict=True))

    def _read(
        self, ids: Sequence[int] | NDArray[np.uint8], out: int | None = None
    ) -> ctypes.Array[ctypes.c_float]:
        if len(ids) == 0 or max(ids) >= self.architecture.vocab_size or min(ids) < 0:
            raise UsageError("A model reads one id or more, all of its vocabulary.")
        if self._c.mm_read(self._model, bytes(list(ids)), len(ids), out):
            raise UsageError(
                f"The window holds {self.window} ids, not more.", "Slide it, then read it again."
            )
        return self._logits

    def _at(self, name: str) -> int:
        """Where a tensor begins."""
        return ctypes.addressof(ctypes.c_char.from_buffer(self._tensors[name]))

    def _matrix(self, name: str, summed: bool = True) -> native.Matrix:
        rows, cols = self._tensors[name].shape
        matrix = native.Matrix(self._at(name), self._at(f"{name}.scale"), None, rows, cols)
        if summed:
            self._sums.append(sums := (ctypes.c_int32 * rows)())
            matrix.sum = ctypes.addressof(sums)
            self._c.mm_sum_rows(ctypes.byref(matrix))
        return matrix

    def _lay_out(self) -> ctypes.Array[ctypes.c_float]:
        """Gives the kernel the arrays that it works in, all in one buffer of zeros, each from a cache line's
        beginning; returns the logits, which keep the buffer alive."""
        begins, end = {}, 0
        for name, size in self._m.array_bytes().items():
            begins[name], end = end, end + -(-size // 64) * 64
        buffer = mmap.mmap(-1, end)
        base = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        for name, begin in begins.items():
            setattr(self._m, name, base + begin)
        logits: ctypes.Array[ctypes.c_float] = (ctypes.c_float * self._m.vocab).from_buffer(
            buffer, begins["logits"]
        )
        return logits


def load_tensors(directory: Path) -> tuple[dict[str, Any], Tensors]:
    """config.json and the INT8 tensors of a model directory (errors as ``Engine.load``)."""
    config = read_config(directory)
    architecture = Architecture.of(config, str(directory / "config.json"))
    if (directory / INT8_FILE).exists():
        return config, read_int8(directory / INT8_FILE, architecture)
    if not (directory / FP32_FILE).exists():
        raise MissingInput(
            f"There are no weights in {directory}.",
            f"It needs {INT8_FILE} or {FP32_FILE}; `mm train` writes both.",
        )
    from miniature_memory.inference.quantize import quantize

    return config, quantize(container.read_arrays(directory / FP32_FILE), config)
