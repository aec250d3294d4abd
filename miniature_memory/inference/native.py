"""Finding or building kernel.c and sampler.c as a shared library, and their C types for ctypes.

A wheel may carry libraries (``prebuilt/``), one for each instruction set; the best that this processor runs
is taken. Otherwise the system's compiler makes one for exactly this processor, once: it is kept in the
user's cache under a name that is the hash of source, flags and processor. Several processes may build at
once: each writes a file of its own and renames it. All libraries compute the same bits (kernel.c says how).
"""

from __future__ import annotations

import ctypes
import os
import platform
import stat
import sys
import zlib
from collections.abc import Sequence
from ctypes import (
    POINTER,
    Structure,
    c_char_p,
    c_double,
    c_float,
    c_int16,
    c_int32,
    c_int64,
    c_uint8,
    c_uint64,
    c_void_p,
)
from functools import cache
from pathlib import Path
from typing import Final

from miniature_memory.errors import MiniatureMemoryError

#: what is compiled, and the header of both
SOURCES: Final = tuple(Path(__file__).with_name(name) for name in ("kernel.c", "sampler.c", "exact.h"))
PREBUILT: Final = Path(__file__).with_name("prebuilt")
#: what keeps the bits: no contraction; what is for speed alone: the rest
FLAGS: Final = (
    "-std=c11",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fvisibility=hidden",
    "-fPIC",
    "-shared",
)
COMPILERS: Final = ("cc", "gcc", "clang")
_V3: Final = {"avx2", "bmi2", "fma", "f16c", "movbe"}
_V4: Final = _V3 | {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512cd"}
#: instruction sets that wheels carry besides the plain one, best first: (name, compiler flags, processor
#: flags needed)
LEVELS: Final[dict[str, tuple[tuple[str, tuple[str, ...], set[str]], ...]]] = {
    "x86_64": (
        ("vnni512", ("-march=x86-64-v4", "-mavx512vnni"), _V4 | {"avx512_vnni"}),
        ("vnni256", ("-march=x86-64-v3", "-mavxvnni"), _V3 | {"avx_vnni"}),
        ("v3", ("-march=x86-64-v3",), _V3),
    ),
    "aarch64": (("dotprod", ("-march=armv8.2-a+dotprod",), {"asimddp"}),),
}


#: how many ids the kernel reads at once, and what it may read past a cached value's end
_BATCH: Final = 40
_BLOCK: Final = 32


class Matrix(Structure):
    _fields_ = (("w", c_void_p), ("scale", c_void_p), ("sum", c_void_p), ("rows", c_int64), ("cols", c_int64))


class Layer(Structure):
    _fields_ = (
        *((name, c_void_p) for name in ("norm", "q_norm", "k_norm", "mlp_norm")),
        *((name, Matrix) for name in ("q", "k", "v", "o", "gate", "up", "down")),
    )


class Model(Structure):
    _fields_ = (
        *((name, c_int32) for name in ("vocab", "dim", "layers", "heads", "kv_heads", "head_dim", "hidden")),
        *((name, c_int32) for name in ("window", "match", "pos")),
        ("theta", c_double),
        ("eps", c_double),
        *((name, c_void_p) for name in ("embed", "norm", "match_embed")),
        ("match_gate", c_void_p * 3),
        ("kind", c_char_p),
        ("layer", POINTER(Layer)),
        ("head", Matrix),
        ("ngram", Matrix),
        ("word", c_int32),
        ("text", c_int32),
        ("seen", c_int16 * 3),
        ("bucket", c_uint8 * 3),
        *((name, c_void_p) for name in ("ids", "run", "cos", "sin", "k8", "v8", "k_scale", "v_scale")),
        *((name, c_void_p) for name in ("k_sum", "x", "y", "q", "k", "v", "g", "u", "a", "a_scale")),
        *((name, c_void_p) for name in ("score", "logits")),
    )

    def array_bytes(self) -> dict[str, int]:
        """Bytes of the arrays that the kernel works in (kernel.c tells their shapes)."""
        window, queries = self.window, self.heads * self.head_dim
        cells = self.layers * self.kv_heads * window
        widest = max(self.dim, self.hidden, queries)
        floats = {
            "cos": window * self.head_dim // 2,
            "sin": window * self.head_dim // 2,
            "k_scale": cells,
            "v_scale": cells,
            "k_sum": cells,
            "x": _BATCH * self.dim,
            "y": _BATCH * widest,
            "q": _BATCH * queries,
            "k": _BATCH * self.kv_heads * self.head_dim,
            "v": _BATCH * self.kv_heads * self.head_dim,
            "g": _BATCH * self.hidden,
            "u": _BATCH * self.hidden,
            "a_scale": _BATCH,
            "score": window,
            "logits": self.vocab,
        }
        bytes_ = {"ids": window, "run": 2 * window, "a": 2 * _BATCH * widest}
        cache = dict.fromkeys(("k8", "v8"), cells * self.head_dim + _BLOCK)
        return bytes_ | cache | {name: 4 * count for name, count in floats.items()}


class Settings(Structure):
    _fields_ = (
        *((name, c_float) for name in ("temperature", "top_p", "min_p", "penalty")),
        *((name, c_int32) for name in ("top_k", "penalty_from", "guard")),
        ("seed", c_uint64),
        ("bias", c_float * 256),
        ("banned", c_uint8 * 256),
    )


class NoKernel(MiniatureMemoryError):
    """There is no compiled kernel and none can be built; the numpy fallback takes over."""


@cache
def library() -> ctypes.CDLL:
    """The kernel for this processor, loaded. Raises ``NoKernel``."""
    if sys.byteorder != "little":
        raise NoKernel("The kernel reads little-endian weights only.")
    errors = []
    for path in _prebuilt():
        try:
            return load(path)
        except OSError as error:
            errors.append(str(error))
    path = _cache() / f"kernel-{_fingerprint()}.so"
    try:
        if not path.exists():
            build(path)
        elif not _ours(path):
            raise NoKernel(f"{path} belongs to somebody else.", "Remove it.")
        return load(path)
    except OSError as error:
        raise NoKernel(f"The kernel can't be loaded: {error}.") from None


def load(path: Path) -> ctypes.CDLL:
    """The library at ``path`` with its functions' types."""
    kernel = ctypes.CDLL(str(path))
    model = POINTER(Model)
    kernel.mm_init.restype, kernel.mm_init.argtypes = None, [model]
    kernel.mm_rewind.restype, kernel.mm_rewind.argtypes = None, [model, c_int32]
    kernel.mm_sum_rows.restype, kernel.mm_sum_rows.argtypes = None, [POINTER(Matrix)]
    kernel.mm_read.restype, kernel.mm_read.argtypes = c_int32, [model, c_char_p, c_int32, c_void_p]
    kernel.mm_sample.restype = c_int32
    kernel.mm_sample.argtypes = [POINTER(Settings), c_void_p, c_int32, c_void_p, c_void_p, c_int32, c_uint64]
    return kernel


def build(path: Path, flags: Sequence[str] | None = None, compiler: str | None = None) -> None:
    """Compiles the kernel to ``path``, which appears whole or not at all. Raises ``NoKernel``.

    ``flags`` (default: those of this processor, and none when the compiler does not know it) join ``FLAGS``.
    """
    compiler = compiler or find_compiler()
    if compiler is None:
        raise NoKernel("There is no C compiler.", "Install gcc or clang (Debian: apt install gcc libc6-dev).")
    import subprocess  # here, as a process that finds its kernel ready never needs them
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".kernel-", suffix=".so")
    os.close(handle)
    try:
        for choice in [_native_flags(), ()] if flags is None else [tuple(flags)]:
            command = [compiler, *FLAGS, *choice, *map(str, SOURCES[:-1]), "-o", name, "-lm"]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=300)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise NoKernel(f"{compiler} can't be run: {error}.") from None
            if done.returncode == 0:
                os.chmod(name, 0o755)
                os.replace(name, path)
                return
        said = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise NoKernel(f"{compiler} could not build the kernel: {said}", "Is libc6-dev installed?")
    finally:
        Path(name).unlink(missing_ok=True)


def build_prebuilt(directory: Path = PREBUILT) -> list[Path]:
    """Builds what a wheel carries, for the kind of machine that this runs on. A level that the compiler does
    not know is left out; raises ``NoKernel`` when none can be built."""
    directory.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for name, flags, _ in (*LEVELS.get(platform.machine(), ()), ("plain", (), set())):
        try:
            build(directory / _carried(name), flags)
        except NoKernel:
            if name == "plain" and not paths:
                raise
        else:
            paths.append(directory / _carried(name))
    return paths


def _prebuilt() -> list[Path]:
    """The libraries that the package carries and this processor runs, the best first."""
    if not PREBUILT.is_dir():
        return []
    have = _processor_flags()
    levels = [name for name, _, need in LEVELS.get(platform.machine(), ()) if need <= have]
    return [path for name in (*levels, "plain") if (path := PREBUILT / _carried(name)).exists()]


def _carried(level: str) -> str:
    """A library's file name; the source's hash in it keeps one of another version from being loaded."""
    return f"kernel-{platform.machine()}-{level}-{_hash(_source())}.so"


def find_compiler() -> str | None:
    """The C compiler that would be used: ``$CC``, else the first of ``COMPILERS`` that is there."""
    from shutil import which

    chosen = os.environ.get("CC")
    return next((c for c in ((chosen,) if chosen else ()) + COMPILERS if which(c)), None)


def _native_flags() -> tuple[str, ...]:
    if platform.machine() in ("x86_64", "AMD64"):
        return ("-march=native",)
    return ("-mcpu=native",)


@cache
def _processor() -> str:
    """What tells one kind of processor from another (Linux); elsewhere the machine's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0].splitlines()
    except OSError:
        lines = []
    told = ("flags", "Features", "model", "CPU part")
    kept = [line for line in lines if line.split("\t")[0].strip() in told]
    return "\n".join([platform.machine(), *kept])


def _processor_flags() -> set[str]:
    return set(_processor().split())


def _fingerprint() -> str:
    facts = [*FLAGS, *_native_flags(), _processor(), platform.libc_ver()[0]]
    return _hash("\0".join(facts).encode() + _source())


def _hash(data: bytes) -> str:
    """Tells versions apart; not hashlib, as that brings OpenSSL along."""
    return f"{zlib.crc32(data):08x}{zlib.adler32(data):08x}"


def _source() -> bytes:
    return b"".join(path.read_bytes() for path in SOURCES)


def _cache() -> Path:
    """A directory that only this user writes: what lies there is run."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    spare = Path(os.environ.get("TMPDIR") or "/tmp") / f"miniature-memory-{os.getuid()}"
    for path in (Path(base) / "miniature-memory", spare):
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if _ours(path) and os.access(path, os.W_OK):
            return path
    raise NoKernel("There is no directory to keep the compiled kernel in.", "Set XDG_CACHE_HOME to one.")


def _ours(path: Path) -> bool:
    facts = path.stat()
    return facts.st_uid == os.getuid() and not facts.st_mode & stat.S_IWOTH


if __name__ == "__main__":  # what a wheel's build calls: python -m miniature_memory.inference.native
    for built in build_prebuilt():
        print(built)
