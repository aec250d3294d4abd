"""The engine: a model's weights, its KV cache, one step at a time.

    engine = Engine.load(Path("runs/latest-model"))
    engine.reset()
    engine.prefill(ids)                       # fills the cache
    logits = engine.step(token)               # one more id; float32 [V]
    token = engine.sample(Settings(), counter)

Two backends share this face: kernel.c through ctypes, and numpy where nothing can be compiled. A text read at
once and the same text read id by id leave the same bits.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from miniature_memory import vocabulary
from miniature_memory.errors import MissingInput, UsageError
from miniature_memory.inference import container, native
from miniature_memory.inference.architecture import Architecture, read_config
from miniature_memory.inference.quantize import quantize, read_int8
from miniature_memory.inference.sampler import Settings
from miniature_memory.memory import BUCKETS

Backend = Literal["auto", "native", "numpy"]
Logits = NDArray[np.float32]
INT8_FILE: Final = "model.int8.safetensors"
FP32_FILE: Final = "model.safetensors"


class Runtime(Protocol):
    """What the writing loop needs of an engine."""

    @property
    def window(self) -> int: ...
    @property
    def notice(self) -> str: ...
    def reset(self) -> None: ...
    def prefill(self, ids: Sequence[int] | NDArray[Any]) -> Logits: ...
    def reread(self, ids: Sequence[int] | NDArray[Any]) -> Logits: ...
    def step(self, token: int) -> Logits: ...
    def sample(
        self,
        settings: Settings,
        counter: int,
        banned: Iterable[int] = (),
        bias: Mapping[int, float] | None = None,
    ) -> int: ...


class Engine:
    """The runtime in C. Memory: the mapped weights and one buffer of ``buffer_bytes``, both of fixed size."""

    def __init__(
        self, config: Mapping[str, Any], tensors: container.Tensors, library: ctypes.CDLL | None = None
    ) -> None:
        self.config = dict(config)
        self.architecture = a = Architecture.of(config)
        self.notice = ""
        self._tensors = dict(tensors)  # the kernel holds bare addresses: these keep the arrays alive
        self._c = library or native.library()
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
        )
        m.embed, m.norm = self._at("model.embed_tokens.weight"), self._at("model.norm.weight")
        if a.match_features:
            m.match_embed = self._at("match.embed.weight")
            m.match_gate[:] = [self._at(f"match.gate_{k + 1}.weight") for k in range(len(BUCKETS))]
        m.kind = self._keep("kind", _kinds(a.vocab_size))
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
        m.head = self._matrix("lm_head.weight")
        self._model = ctypes.byref(m)
        self.buffer_bytes = int(self._c.mm_bytes(self._model))
        buffer = np.zeros(self.buffer_bytes + 64, dtype=np.uint8)
        self._c.mm_init(self._model, self._keep("buffer", buffer) + -buffer.ctypes.data % 64)
        self._logits: Logits = np.ctypeslib.as_array(
            ctypes.cast(m.logits, ctypes.POINTER(ctypes.c_float)), shape=(a.vocab_size,)
        )
        self._ids = np.ctypeslib.as_array(
            ctypes.cast(m.ids, ctypes.POINTER(ctypes.c_uint8)), shape=(a.max_position_embeddings,)
        )
        self._one = (ctypes.c_uint8 * 1)()
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
        self._c.mm_reset(self._model)

    def prefill(self, ids: Sequence[int] | NDArray[Any]) -> Logits:
        """Reads ``ids`` after what was read; logits [V] after the last (a view, valid until the next
        call)."""
        array = self._checked(ids)
        if self._c.mm_read(self._model, array.ctypes.data, len(array), None):
            raise too_long(self.position + len(array), self.window)
        return self._logits

    def reread(self, ids: Sequence[int] | NDArray[Any]) -> Logits:
        """``reset`` and ``prefill``, except that a beginning that is cached already is not computed again."""
        array = self._checked(ids)
        same = min(len(array) - 1, self.position)  # the last id is always read: its logits are wanted
        differ = np.flatnonzero(array[:same] != self._ids[:same])
        self._c.mm_rewind(self._model, int(differ[0]) if len(differ) else same)
        return self.prefill(array[self.position :])

    def logits(self, ids: Sequence[int] | NDArray[Any]) -> Logits:
        """Reads ``ids``; logits [T, V] after each of them."""
        array = self._checked(ids)
        out = np.empty((len(array), self.architecture.vocab_size), dtype=np.float32)
        if self._c.mm_read(self._model, array.ctypes.data, len(array), out.ctypes.data):
            raise too_long(self.position + len(array), self.window)
        return out

    def step(self, token: int) -> Logits:
        """Reads one id; logits [V] after it (a view, valid until the next call)."""
        self._one[0] = token
        if not 0 <= token < self.architecture.vocab_size or self._c.mm_read(self._model, self._one, 1, None):
            raise too_long(self.position + 1, self.window)
        return self._logits

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
        chosen = int(self._c.mm_sample(self._model, ctypes.byref(s), counter))
        for token in banned:
            s.banned[token] = 0
        for token in bias:
            s.bias[token] = 0
        return chosen

    def features(self) -> tuple[tuple[int, int], ...]:
        """((char, bucket) of m1, m2, m3) at the last position: see ``memory.match``."""
        return tuple(zip(self._m.seen, self._m.bucket, strict=True))

    def _checked(self, ids: Sequence[int] | NDArray[Any]) -> NDArray[np.uint8]:
        array = np.ascontiguousarray(ids, dtype=np.uint8)
        if not len(array) or int(array.max()) >= self.architecture.vocab_size:
            raise UsageError("A model reads one id or more, all of its vocabulary.")
        return array

    def _keep(self, name: str, array: NDArray[Any]) -> int:
        self._tensors[name] = array
        return int(array.ctypes.data)

    def _at(self, name: str) -> int:
        tensor = self._tensors[name]
        if tensor.ctypes.data % 4 or not tensor.flags.c_contiguous:
            return self._keep(name, np.array(tensor, order="C"))
        return int(tensor.ctypes.data)

    def _matrix(self, name: str) -> native.Matrix:
        weight = self._tensors[name]
        rows, cols = weight.shape
        sums = self._keep(f"{name}.sum", np.zeros(rows, dtype=np.int32))
        return native.Matrix(self._at(name), self._at(f"{name}.scale"), sums, rows, cols)


def load_tensors(directory: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
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
    return config, quantize(container.read(directory / FP32_FILE).tensors, config)


def too_long(wanted: int, window: int) -> UsageError:
    """What an engine says when its window is full."""
    return UsageError(
        f"The window holds {window} ids, not {wanted}.", "Slide the window, then read it again."
    )


def _kinds(size: int) -> NDArray[np.uint8]:
    kinds = np.zeros(size, dtype=np.uint8)
    for bit, table in ((1, vocabulary.IS_LETTER), (2, vocabulary.IS_CAPITAL)):
        kinds += np.frombuffer(table, dtype=np.uint8)[:size] * np.uint8(bit)
    kinds[: len(vocabulary.CONTROL_TOKENS)] |= 4
    kinds[vocabulary.SUMMARY] |= 8
    kinds[vocabulary.TEXT] |= 16
    return kinds
