"""The C kernel computes what the formulas say, and the same bits however it is built and fed."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_memory.errors import UsageError
from miniature_memory.inference import native
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.portable import PortableEngine
from miniature_memory.inference.quantize import quantize
from miniature_memory.inference.sampler import Settings
from miniature_memory.memory.match import match_features
from tests.inference.oracle import config, forward, weights

pytestmark = pytest.mark.skipif(native.find_compiler() is None, reason="no C compiler")

ODD = {"hidden_size": 40, "head_dim": 10, "num_attention_heads": 6, "num_key_value_heads": 3}
SIZES = [{"ngram_rows": 900}, ODD | {"intermediate_size": 70, "num_hidden_layers": 3}]


def some_ids(count: int = 200, seed: int = 1) -> np.ndarray:
    ids = np.random.default_rng(seed).integers(4, 170, count).astype(np.uint8)
    ids[count // 2 : count // 2 + 30] = ids[10:40]  # something that repeats
    return ids


def engine(match: bool = True, library: ctypes.CDLL | None = None, **changes: object) -> Engine:
    c = config(match, **{"ngram_rows": 900 if match else 0} | changes)
    return Engine(c, quantize(weights(c), c), library)


@pytest.mark.parametrize("match", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_logits_stay_near_the_exact_forward_pass(match: bool, sizes: dict[str, int]) -> None:
    c = config(match, **sizes)
    w = weights(c)
    ids = some_ids()
    exact = forward(w, c, ids)
    fast = Engine(c, quantize(w, c)).logits(ids)
    assert np.sqrt(((fast - exact) ** 2).mean()) < 0.05 * exact.std()
    assert kl_bits(exact, fast) < 0.02


def kl_bits(exact: np.ndarray, other: np.ndarray) -> float:
    p, q = (x - x.max(-1, keepdims=True) for x in (exact, other.astype(np.float64)))
    p, q = (x - np.log(np.exp(x).sum(-1, keepdims=True)) for x in (p, q))
    return float((np.exp(p) * (p - q)).sum(-1).mean() / np.log(2))


def test_a_bounded_window_of_256_ids() -> None:
    e = engine()
    e.prefill(some_ids(256))
    with pytest.raises(UsageError):
        e.step(7)
    e.reset()
    with pytest.raises(UsageError):
        e.prefill(some_ids(257))
    with pytest.raises(UsageError):
        e.prefill([])
    with pytest.raises(UsageError):
        e.step(170)
    e.step(169)


@pytest.mark.parametrize("match", [False, True])
def test_cached_steps_equal_one_pass_bit_for_bit(match: bool) -> None:
    e, ids = engine(match), some_ids(150)
    at_once = e.logits(ids)
    e.reset()
    steps = np.stack([np.array(e.step(int(i))) for i in ids])
    np.testing.assert_array_equal(steps, at_once)
    for cut in (1, 31, 32, 33, 149):
        e.reset()
        e.prefill(ids[:cut])
        np.testing.assert_array_equal(e.prefill(ids[cut:]), at_once[-1])


def test_reset_forgets_everything() -> None:
    e = engine()
    first = np.array(e.prefill(some_ids(60)))
    e.prefill(some_ids(60, seed=9))
    e.reset()
    np.testing.assert_array_equal(e.prefill(some_ids(60)), first)


SMALL = {"num_hidden_layers": 1, "hidden_size": 8, "head_dim": 4, "intermediate_size": 8}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=40), min_size=2, max_size=6))
def test_reading_again_uses_what_is_cached_and_changes_nothing(windows: list[list[int]]) -> None:
    e, fresh = matcher(), other_matcher()
    for ids in windows:
        again = np.array(e.reread(ids))
        fresh.reset()
        np.testing.assert_array_equal(again, fresh.prefill(ids))
        assert e.features() == fresh.features()
        np.testing.assert_array_equal(e.step(3), fresh.step(3))


WORDY = st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 38, 39, 40, 70, 71, 72, 73]), min_size=1, max_size=120)


@cache
def matcher() -> Engine:
    return engine(**SMALL)


@cache
def other_matcher() -> Engine:
    return engine(**SMALL)


@settings(max_examples=150, deadline=None)
@given(WORDY, st.booleans())
def test_match_features_equal_those_of_numpy(ids: list[int], summary: bool) -> None:
    ids = [2, *ids] if summary else ids
    e = matcher()
    e.reset()
    ours = []
    for i in ids:
        e.step(i)
        ours.append(e.features())
    chars, buckets = match_features(np.array([ids], dtype=np.uint8))
    theirs = [
        tuple(zip(c, b, strict=True)) for c, b in zip(chars[0].tolist(), buckets[0].tolist(), strict=True)
    ]
    assert ours == theirs


def test_numpy_fallback_agrees() -> None:
    c = config(True, ngram_rows=900)
    q = quantize(weights(c), c)
    ids = some_ids(180)
    fast, slow = Engine(c, q), PortableEngine(c, q)
    np.testing.assert_allclose(slow.logits(ids), fast.logits(ids), atol=2e-4)
    slow.reset()
    np.testing.assert_allclose(
        np.stack([slow.step(int(i)) for i in ids[:40]]), fast_steps(fast, ids[:40]), atol=2e-4
    )


def fast_steps(e: Engine, ids: np.ndarray) -> np.ndarray:
    e.reset()
    return np.stack([np.array(e.step(int(i))) for i in ids])


def story_bytes(library: ctypes.CDLL) -> bytes:
    """Logits and sampled ids, as bytes: what must not depend on how the kernel was built."""
    out = b""
    for sizes in SIZES:
        e = engine(True, library, **sizes)
        logits = e.prefill(some_ids(100))
        s = Settings(temperature=1.1, top_p=0.9, min_p=0.001, repetition_penalty=1.2, loop_guard=12)
        for counter in range(120):
            token = e.sample(s, counter)
            out += bytes(logits) + bytes([token])
            logits = e.step(token)
    return out


QUICK = [("-O0",), ("-O2",)]
ALL = [("-O1",), ("-O3",), ("-O3", "-mavx2"), ("-O3", "-mavx2", "-mfma"), ("-O3", "-mavx512f", "-mavx512bw"),
       ("-O3", "-march=x86-64-v4", "-mavx512vnni", "-mprefer-vector-width=512")]  # fmt: skip
NEEDS = {"-mavx2": "avx2", "-mfma": "fma", "-mavx512bw": "avx512bw", "-mavx512vnni": "avx512_vnni"}


@pytest.mark.parametrize(
    ("compiler", "choices"),
    [("gcc", QUICK), *(pytest.param(c, QUICK + ALL, marks=pytest.mark.slow) for c in ("gcc", "clang"))],
)
def test_same_bits_at_every_level_and_instruction_set(
    tmp_path: Path, compiler: str, choices: list[tuple[str, ...]]
) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    expected = story_bytes(native.library())
    for i, flags in enumerate(choices):
        if platform.machine() != "x86_64" and any(f.startswith("-m") for f in flags):
            continue
        if all(NEEDS[f] in native._processor_flags() for f in flags if f in NEEDS):
            path = tmp_path / f"kernel-{i}.so"
            native.build(path, flags, compiler)
            assert story_bytes(native.load(path)) == expected, f"{compiler} {flags} gives other bits"


AARCH64 = [("-O3", "-march=armv8.2-a+dotprod"), ("-O2",), ("-O0",)]


@pytest.mark.slow
def test_same_bits_on_emulated_aarch64(tmp_path: Path) -> None:
    cross, emulator = (
        "aarch64-linux-gnu-gcc",
        shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64"),
    )
    if not shutil.which(cross) or emulator is None:
        pytest.skip("needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static")
    here = story_of_bits_c(tmp_path, [native.find_compiler() or "cc", "-O3", "-march=native"], [])
    assert here.count("\n") > 100
    for flags in AARCH64:
        assert story_of_bits_c(tmp_path, [cross, "-static", *flags], [emulator]) == here


def story_of_bits_c(tmp_path: Path, compiler: list[str], run: list[str]) -> str:
    source = Path(__file__).with_name("bits.c")
    flags = ["-std=c11", "-ffp-contract=off", "-fno-math-errno", f"-I{native.SOURCES[0].parent}"]
    subprocess.run([*compiler, *flags, str(source), "-o", str(tmp_path / "bits"), "-lm"], check=True)
    done = subprocess.run(
        [*run, str(tmp_path / "bits")], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def test_several_processes_may_build_at_once(tmp_path: Path) -> None:
    code = """
from miniature_memory.inference import native
native.FLAGS = tuple(flag for flag in native.FLAGS if flag != "-O3")  # quick to build
native.library()
print("loaded")
"""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    processes = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [p.communicate(timeout=120)[0] for p in processes] == [b"loaded\n"] * 3
    assert [p.suffix for p in (tmp_path / "miniature-memory").iterdir()] == [".so"]
