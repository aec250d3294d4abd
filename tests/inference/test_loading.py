"""Model files: written, mapped, checked; what is damaged or not ours is refused with a clear word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from miniature_memory.errors import Damaged, MiniatureMemoryError, MissingInput, Refused
from miniature_memory.inference import container, native
from miniature_memory.inference.engine import FP32_FILE, INT8_FILE, Engine
from miniature_memory.inference.model_directory import read_weights, write_model_directory
from miniature_memory.inference.portable import PortableEngine
from miniature_memory.inference.quantize import quantize_matrix
from miniature_memory.inference.sampler import Settings, released_with
from tests.inference.oracle import config, weights


@pytest.fixture
def model(tmp_path: Path) -> Path:
    c = config(True)
    return write_model_directory(tmp_path / "model", weights(c), c, {"loss": 1.5})


def test_quantised_rows_stay_within_half_a_step() -> None:
    w = np.random.default_rng(0).standard_normal((50, 33)).astype(np.float32)
    w[7] = 0
    q, scale = quantize_matrix(w)
    assert np.abs(q).max() == 127 and scale.shape == (50,)
    assert (np.abs(q * scale[:, None] - w) <= scale[:, None] * 0.5001).all()


def test_the_containers_are_safetensors(model: Path) -> None:
    ours, theirs = container.read_arrays(model / INT8_FILE), load_file(model / INT8_FILE)
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        np.testing.assert_array_equal(ours[name], tensor)
        assert ours[name].ctypes.data % ours[name].itemsize == 0
    w = read_weights(model)
    for name, tensor in weights(config(True)).items():
        np.testing.assert_array_equal(w[name], tensor)


def test_bf16_halves_the_file_and_rounds(tmp_path: Path, model: Path) -> None:
    c = config(True)
    half = write_model_directory(tmp_path / "half", weights(c), c, bf16=True)
    assert (half / FP32_FILE).stat().st_size < 0.6 * (model / FP32_FILE).stat().st_size
    for name, tensor in read_weights(half).items():
        np.testing.assert_allclose(tensor, weights(c)[name], rtol=2**-8)


def test_both_files_give_the_same_engine(model: Path) -> None:
    ids = list(range(10, 60))
    first = np.array(Engine.load(model).prefill(ids))
    (model / INT8_FILE).unlink()
    np.testing.assert_array_equal(Engine.load(model).prefill(ids), first)


def test_releasing_again_replaces_the_whole_directory(model: Path) -> None:
    c = config(False)
    write_model_directory(model, weights(c, seed=3), c)
    assert not Engine.load(model).architecture.match_features  # type: ignore[attr-defined]
    assert [p.name for p in model.parent.iterdir()] == ["model"]


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def truncate(path: Path, size: int) -> None:
    os.truncate(path, size)


@pytest.mark.parametrize(
    "harm",
    [
        lambda p: flip(p, -1),
        lambda p: flip(p, p.stat().st_size // 2),
        lambda p: flip(p, 20),
        lambda p: flip(p, 6),
        lambda p: truncate(p, p.stat().st_size - 1),
        lambda p: truncate(p, 5),
        lambda p: truncate(p, 0),
        lambda p: p.write_bytes(b"\xff" * 5000),
        lambda p: p.write_bytes(p.read_bytes() + b"more"),
        lambda p: p.write_bytes((2).to_bytes(8, "little") + b"[]"),
        lambda p: p.write_bytes((2).to_bytes(8, "little") + b"{}"),
    ],
)
@pytest.mark.parametrize("file", [INT8_FILE, FP32_FILE])
def test_a_damaged_file_is_refused(model: Path, file: str, harm: Any) -> None:
    if file == FP32_FILE:
        (model / INT8_FILE).unlink()
    harm(model / file)
    with pytest.raises(Damaged):
        Engine.load(model)


def test_no_flipped_bit_of_the_header_goes_unnoticed(model: Path) -> None:
    """The hash is of the tensors; what the header says is held against config.json."""
    path = model / INT8_FILE
    data = path.read_bytes()
    expected = np.array(Engine.load(model).prefill([20, 30, 40]))
    size = 8 + int.from_bytes(data[:8], "little")
    for at in range(0, size, 97):
        flip(path, at)
        with suppress(Damaged):  # what changes nothing may pass
            np.testing.assert_array_equal(Engine.load(model).prefill([20, 30, 40]), expected)
        path.write_bytes(data)
    older = data.replace(b'"crc32"', b'"crc31"')
    path.write_bytes(older)
    np.testing.assert_array_equal(Engine.load(model).prefill([20, 30, 40]), expected)
    for harmed in (older[:-1] + b"\x7f", older.replace(b'"sha256"', b'"sha255"')):
        path.write_bytes(harmed)
        with pytest.raises(Damaged):
            Engine.load(model)


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "llama"},
        {"vocabulary_version": 2},
        {"vocab_size": 256},
        {"hidden_size": 64},
        {"num_hidden_layers": 0},
        {"num_key_value_heads": 3},
        {"head_dim": "12"},
        {"hidden_act": "gelu"},
        {"match_features": False},
        {"ngram_rows": -1},
        {"max_position_embeddings": 10**9},
        {"rope_theta": None},
    ],
)
def test_another_architecture_or_version_is_refused(model: Path, change: dict[str, Any]) -> None:
    c = json.loads((model / "config.json").read_text()) | change
    (model / "config.json").write_text(json.dumps(c))
    with pytest.raises(Damaged):
        Engine.load(model)


def test_a_model_without_the_screens_attestation_is_refused(model: Path) -> None:
    c = json.loads((model / "config.json").read_text())
    for wrong in ("", None, 1):
        (model / "config.json").write_text(json.dumps(c | {"screen_version": wrong}))
        with pytest.raises(Refused) as refused:
            Engine.load(model)
        assert refused.value.exit_code == 4


@pytest.mark.parametrize("text", ['{"temperature": "hot"}', '{"top_k": 2.5}', '{"seed": -4}', "[]", "{", "7"])
def test_sampling_that_makes_no_sense_is_refused(model: Path, text: str) -> None:
    assert released_with(model)[0] == Settings()
    (model / "generation_config.json").write_text(text)
    with pytest.raises(Damaged):
        released_with(model)


def test_missing_models_say_so(tmp_path: Path, model: Path) -> None:
    for wrong in (tmp_path / "nothing", tmp_path, model / "config.json"):
        with pytest.raises(MissingInput):
            Engine.load(wrong)
    (model / INT8_FILE).unlink()
    (model / FP32_FILE).unlink()
    with pytest.raises(MissingInput):
        Engine.load(model)


def test_weights_that_are_not_finite_are_never_released(tmp_path: Path) -> None:
    c = config()
    w = weights(c)
    w["lm_head.weight"][3, 3] = np.nan
    with pytest.raises(Damaged):
        write_model_directory(tmp_path / "model", w, c)
    assert not list(tmp_path.iterdir())


def test_without_a_compiler_numpy_takes_over_and_says_so(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(native, "PREBUILT", tmp_path / "none")
    native.library.cache_clear()
    try:
        engine = Engine.load(model)
        assert isinstance(engine, PortableEngine)
        assert "numpy" in engine.notice and "compiler" in engine.notice
        with pytest.raises(MiniatureMemoryError):
            Engine.load(model, backend="native")
    finally:
        native.library.cache_clear()


def test_a_prebuilt_library_needs_no_compiler(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if native.find_compiler() is None:
        pytest.skip("no C compiler")
    expected = np.array(Engine.load(model).prefill([20, 30, 40]))
    monkeypatch.setattr(native, "PREBUILT", tmp_path / "prebuilt")
    monkeypatch.setattr(native, "LEVELS", {})
    monkeypatch.setattr(native, "FLAGS", tuple(flag for flag in native.FLAGS if flag != "-O3"))
    native.build_prebuilt(tmp_path / "prebuilt")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    native.library.cache_clear()
    try:
        np.testing.assert_array_equal(Engine.load(model, "native").prefill([20, 30, 40]), expected)
    finally:
        native.library.cache_clear()


HEAVY = ("numpy", "torch", "safetensors", "pydantic", "yaml", "httpx", "lxml", "rich", "sqlite3", "_hashlib")


def test_writing_imports_nothing_heavy_and_stays_small(model: Path) -> None:
    """The runtime is held to its floor, without the rules of the screen, which has a floor of its own."""
    code = f"""
import sys
from contextlib import suppress
from pathlib import Path
from miniature_memory import screen
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.write import write
screen.check = lambda text: screen.Verdict(False)
for _ in write(Engine.load(Path({str(model)!r})), 'The lamp went out. ', length=400): pass
peak = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])
print([m for m in {HEAVY!r} if m in sys.modules], peak // 1024)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy, megabytes = out.rsplit(" ", 1)
    assert heavy == "[]"
    assert int(megabytes) < 21, megabytes  # a model of 25M adds 28
