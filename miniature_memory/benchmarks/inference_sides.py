"""One side of the inference benchmark, in a process of its own: ``python -m … SIDE MODEL_DIR [NANOGPT]``.

Prints one line of JSON. Imports stand inside the functions, as each side's memory is measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHARACTERS = 1500


def main(side: str, directory: str, *more: str) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(_SIDES[side](Path(directory), *more)))


#: `mm` as it is, but for the sampler's last word
_MM = (
    "from miniature_memory.benchmarks.recite import recite; recite(); "
    "from miniature_memory.scripts.cli import main; main()"
)


def ours(directory: Path, *_: str) -> dict[str, float]:
    """`mm write` in a process of its own: from the command to the first character, to the last, its peak."""
    command = [sys.executable, "-c", _MM, "write", "--model", str(directory), "--length", str(CHARACTERS)]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    pieces = []
    while piece := os.read(child.stdout.fileno(), 1 << 16):
        pieces.append(piece)
        if len(pieces) == 1:
            first = time.perf_counter()
    end = time.perf_counter()
    status, used = os.wait4(child.pid, 0)[1:]  # not getrusage, which knows only the largest child
    child.returncode = status
    if status or sum(map(len, pieces)) != CHARACTERS + 1:
        raise SystemExit("the screen stopped the benchmark's text")
    return {
        "chars_per_second": (CHARACTERS - len(pieces[0])) / (end - first),
        "peak_mb": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6,
        "first_character_s": first - began,
    }


def slope(directory: Path, *_: str) -> dict[str, float]:
    """Growth of resident memory over 100,000 characters, in MB per 10,000."""
    from miniature_memory.benchmarks.recite import recite
    from miniature_memory.inference.engine import Engine
    from miniature_memory.inference.sampler import Settings
    from miniature_memory.inference.write import Token, write

    recite()
    sizes: list[tuple[int, float]] = []
    shown = 0
    for event in write(Engine.load(directory), "", Settings(temperature=1.0), 100_000):
        if isinstance(event, Token):
            if shown // 5000 != (shown + len(event.text)) // 5000:
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                sizes.append((shown, pages * os.sysconf("SC_PAGE_SIZE") / 1e6))
            shown += len(event.text)
    import numpy as np

    places, megabytes = np.array(sizes[1:]).T
    return {"slope_mb_per_10k": float(np.polyfit(places, megabytes, 1)[0]) * 10_000}


def int8(*_: Any) -> dict[str, float]:
    from miniature_memory.benchmarks.inference_loss import int8_loss

    return int8_loss()


def bandwidth(directory: Path, *_: str) -> dict[str, float]:
    """Weights of the model's size, read over and over: characters a second if nothing else cost anything."""
    import ctypes
    import shutil
    import tempfile

    import numpy as np

    from miniature_memory.inference.engine import INT8_FILE
    from miniature_memory.inference.native import find_compiler

    compiler = find_compiler()
    if compiler is None:
        raise SystemExit("no C compiler")
    folder = tempfile.mkdtemp()
    try:
        library = Path(folder) / "bandwidth.so"
        source = Path(__file__).with_name("bandwidth.c")
        subprocess.run(
            [compiler, "-O3", "-march=native", "-fPIC", "-shared", str(source), "-o", str(library)],
            check=True,
        )
        read_all = ctypes.CDLL(str(library)).read_all
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    read_all.argtypes, read_all.restype = [ctypes.c_void_p, ctypes.c_int64], ctypes.c_uint64
    size = (directory / INT8_FILE).stat().st_size
    data = np.ones(size, dtype=np.uint8)
    times = []
    for _round in range(60):
        began = time.perf_counter()
        read_all(data.ctypes.data, size)
        times.append(time.perf_counter() - began)
    best = sorted(times)[len(times) // 4]
    return {"chars_per_second": 1 / best, "gb_per_s": size / best / 1e9}


def llama_cpp(directory: Path, *_: str) -> dict[str, float]:
    from llama_cpp import Llama

    llama = Llama(
        str(directory / "model-q8_0.gguf"), n_ctx=256, n_threads=1, n_threads_batch=1, verbose=False
    )
    ids = [20 + i % 60 for i in range(250)]
    llama.eval(ids[:158])
    began = time.perf_counter()
    for i in range(400):
        if llama.n_tokens >= 250:
            llama.n_tokens = 158  # the cache's tail is dropped: no re-reading is charged
        llama.eval([ids[i % 250]])
    return _speed(400, began)


def pytorch(directory: Path, *_: str) -> dict[str, float]:
    import torch

    from miniature_memory.inference.architecture import Architecture, read_config
    from miniature_memory.inference.model_directory import read_weights

    torch.set_num_threads(1)
    a = Architecture.of(read_config(directory))
    w = {name: torch.tensor(tensor) for name, tensor in read_weights(directory).items()}
    H, group = a.head_dim, a.num_attention_heads // a.num_key_value_heads
    keys = [torch.zeros(a.num_key_value_heads, 256, H) for _ in range(a.num_hidden_layers)]
    values = [torch.zeros_like(k) for k in keys]
    angle = torch.arange(256)[:, None] * a.rope_theta ** (-torch.arange(0, H, 2) / H)
    cos, sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)

    def norm(x: Any, weight: Any) -> Any:
        return torch.nn.functional.rms_norm(x, x.shape[-1:], weight, a.rms_norm_eps)

    def turn(x: Any, pos: int) -> Any:
        return x * cos[pos] + torch.cat([-x[:, H // 2 :], x[:, : H // 2]], -1) * sin[pos]

    def step(token: int, pos: int) -> Any:
        x = w["model.embed_tokens.weight"][token]
        for i in range(a.num_hidden_layers):
            at = f"model.layers.{i}."
            y = norm(x, w[at + "input_layernorm.weight"])
            q, k, v = ((w[at + f"self_attn.{n}_proj.weight"] @ y).view(-1, H) for n in "qkv")
            keys[i][:, pos] = turn(norm(k, w[at + "self_attn.k_norm.weight"]), pos)
            values[i][:, pos] = v
            q = turn(norm(q, w[at + "self_attn.q_norm.weight"]), pos).view(-1, group, H)
            out = torch.nn.functional.scaled_dot_product_attention(
                q, keys[i][:, : pos + 1], values[i][:, : pos + 1]
            )
            x = x + w[at + "self_attn.o_proj.weight"] @ out.reshape(-1)
            y = norm(x, w[at + "post_attention_layernorm.weight"])
            hidden = torch.nn.functional.silu(w[at + "mlp.gate_proj.weight"] @ y) * (
                w[at + "mlp.up_proj.weight"] @ y
            )
            x = x + w[at + "mlp.down_proj.weight"] @ hidden
        return w["lm_head.weight"] @ norm(x, w["model.norm.weight"])

    with torch.inference_mode():
        for pos in range(100, 158):
            step(20, pos)
        began = time.perf_counter()
        for i in range(150):
            step(20 + i % 60, 158 + i % 92)
    return _speed(150, began)


def nanogpt(directory: Path, checkout: str = "") -> dict[str, float]:
    if not checkout:
        raise SystemExit("give a checkout with --nanogpt DIR")
    sys.path.insert(0, checkout)
    import torch
    from model import GPT, GPTConfig  # type: ignore[import-not-found]

    from miniature_memory.inference.architecture import Architecture, read_config

    torch.set_num_threads(1)
    a = Architecture.of(read_config(directory))
    sys.stdout = sys.stderr  # it reports its size
    shape = GPTConfig(
        block_size=256,
        vocab_size=a.vocab_size,
        n_layer=a.num_hidden_layers,
        n_head=a.num_attention_heads,
        n_embd=a.hidden_size,
        dropout=0.0,
        bias=False,
    )
    model = GPT(shape).eval()
    sys.stdout = sys.__stdout__
    window = torch.randint(4, a.vocab_size, (1, 256))
    with torch.inference_mode():
        model.generate(window, 2)
        began = time.perf_counter()
        model.generate(window, 15)
    return _speed(15, began)


def _speed(characters: int, began: float) -> dict[str, float]:
    speed = characters / (time.perf_counter() - began)
    # not getrusage: its figure begins with the size of the process that started this one
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    return {"chars_per_second": speed, "peak_mb": peak}


_SIDES: dict[str, Callable[..., dict[str, float]]] = {
    "ours": ours,
    "slope": slope,
    "int8": int8,
    "bandwidth": bandwidth,
    "llama.cpp": llama_cpp,
    "pytorch": pytorch,
    "nanogpt": nanogpt,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
