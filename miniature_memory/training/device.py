"""What this machine computes with: device, precision, threads, free memory."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from miniature_memory.config import TrainConfig
from miniature_memory.errors import ConfigError

#: PyTorch itself, loaded, in a process on a CPU (MB)
BASE_MB = 290


@dataclass(frozen=True)
class Machine:
    device: torch.device
    precision: str  # fp32, bf16, fp16
    threads: int

    def autocast(self) -> AbstractContextManager[object]:
        if self.precision == "fp32":
            return nullcontext()
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float16
        return torch.autocast(self.device.type, dtype=dtype)

    @property
    def muon_dtype(self) -> torch.dtype:
        """The orthogonal direction needs few digits; half of them are faster where the machine has them."""
        return torch.bfloat16 if self.precision == "bf16" else torch.float32

    def __str__(self) -> str:
        threads = f", {self.threads} threads" if self.device.type == "cpu" else ""
        return f"{self.device.type}, {self.precision}{threads}"


def find(config: TrainConfig, processes: int = 1) -> Machine:
    """The device and precision of ``config``, or the best that is there."""
    name = config.device
    if name == "auto":
        name = "cpu"
        if torch.cuda.is_available():
            name = "cuda"
        elif torch.backends.mps.is_available():
            name = "mps"
    elif name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("train.device is cuda, and there is none.", "Leave it at auto.")
    elif name == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("train.device is mps, and there is none.", "Leave it at auto.")
    threads = config.threads or max(1, len(os.sched_getaffinity(0)) // processes)
    torch.set_num_threads(threads)
    if name == "cuda" and processes > 1:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    precision = config.precision
    if precision == "auto":
        precision = "fp32"
        if name == "cuda":
            precision = "bf16" if torch.cuda.get_device_capability()[0] >= 8 else "fp16"
        elif name == "cpu" and _bf16_is_faster():
            precision = "bf16"
    elif precision == "fp16" and name == "cpu":
        raise ConfigError("train.precision fp16 is for GPUs.", "Take auto: it measures what is faster here.")
    return Machine(torch.device(name), precision, threads)


def _bf16_is_faster() -> bool:
    """A short measurement: without AMX or AVX512-BF16 it is some four times slower than fp32."""
    flags = Path("/proc/cpuinfo")
    if flags.exists() and not {"amx_bf16", "avx512_bf16"} & set(flags.read_text(errors="replace").split()):
        return False
    times = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, b = torch.ones(1024, 512, dtype=dtype), torch.ones(512, 512, dtype=dtype)
        torch.mm(a, b)
        start = time.perf_counter()
        for _ in range(5):
            torch.mm(a, b)
        times[dtype] = time.perf_counter() - start
    return times[torch.bfloat16] < 0.7 * times[torch.float32]


def describe() -> str:
    """PyTorch's version and the best device it sees."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    device = torch.cuda.get_device_name() if cuda else "Apple GPU" if mps else "CPU"
    return f"{torch.__version__} on {device}"


def free_mb() -> int:
    """Memory that this process may still take (the machine's, or its container's if that is less)."""
    import psutil

    free = int(psutil.virtual_memory().available)
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        if limit != "max":
            free = min(free, int(limit) - used)
    except (OSError, ValueError):
        pass
    return free // 1_000_000


def needed_mb(config: TrainConfig, micro_rows: int) -> int:
    """Peak memory of training, about: PyTorch, weights with gradients and moments, and the activations
    of ``micro_rows`` rows at once (measured on a CPU in fp32; less in bf16)."""
    table = config.ngram_rows * config.width  # has one moment, and gradients of a few rows
    weights = 4 * (4 * (config.parameters - table) + 2 * table)
    kv = config.kv_heads / config.heads
    a_layer = config.width * (7 + 6 * kv) + 3 * config.mlp
    a_token = 4 * (config.layers * a_layer + 4 * config.width + 6 * 170 + 2 * config.mlp)
    return round(BASE_MB + (weights + a_token * micro_rows * config.block_size) / 1e6)
