"""Training beside nanoGPT: the same text, the same core, CPU seconds of whole processes, in turn.

``--nanogpt DIR`` is an unmodified checkout; it is copied to a temporary directory, prepared by its own
`prepare.py`, and trained by its own `train.py` with the recipe for CPUs of its README. ``--data FILE`` is the
text (tiny Shakespeare for the figures that are known). Losses are over the whole validation text, scored in
processes of their own whose time is not counted. Start-up is: both sides import PyTorch.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from miniature_memory.benchmarks import Options
from miniature_memory.errors import MiniatureMemoryError, MissingInput

#: nanoGPT's README, "I only have a macbook": 0.80M parameters
NANOGPT_RECIPE = (
    "config/train_shakespeare_char.py", "--device=cpu", "--compile=False", "--eval_iters=20",
    "--log_interval=100", "--block_size=64", "--batch_size=12", "--n_layer=4", "--n_head=4", "--n_embd=128",
    "--max_iters=2000", "--lr_decay_iters=2000", "--dropout=0.0",
)  # fmt: skip
#: what that recipe gave when measured beforehand, for runs without a checkout
KNOWN = {"loss": 1.898, "cpu_seconds": 134.0, "parameters": 800_000}
#: the whole validation text's loss under nanoGPT's GPU recipe (10.65M parameters), measured beforehand
FAR = 1.4697

_SCORE = """
import json, sys, numpy as np, torch
sys.path.insert(0, ".")
from model import GPT, GPTConfig
torch.set_num_threads(1)
saved = torch.load("out-shakespeare-char/ckpt.pt", map_location="cpu", weights_only=True)
model = GPT(GPTConfig(**saved["model_args"]))
model.load_state_dict(saved["model"])
model.eval()
val = torch.from_numpy(np.fromfile("data/shakespeare_char/val.bin", dtype=np.uint16).astype(np.int64))
T = saved["model_args"]["block_size"]
rows = (len(val) - 1) // T
total = 0.0
with torch.no_grad():
    for x, y in zip(val[: rows * T].view(rows, T).split(64), val[1 : rows * T + 1].view(rows, T).split(64)):
        total += model(x, y)[1].item() * y.numel()
count = sum(w.numel() for w in model.parameters()) - model.transformer.wpe.weight.numel()
print(json.dumps({"loss": total / (rows * T), "parameters": count}))
"""


def run(options: Options) -> dict[str, Any]:
    """All sides: ``nanogpt``, ``ours`` (to its loss), ``ours_same_time`` and, with ``full``, ``ours_far``
    (to the loss of nanoGPT's GPU recipe) and three seeds; ``steps`` has memory and matmul share a preset:
    the memory of steps of 1,024 tokens, the share of the preset's own.

    ``cpu_time_ratio``: nanoGPT's CPU seconds over ours where ours reached its loss, else None.
    """
    data = options.data
    if data is None:
        raise MissingInput("There is no text to train on.", "Name one: --data FILE (tiny Shakespeare).")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        theirs: dict[str, Any] = (
            _nanogpt(options.nanogpt, data, work) if options.nanogpt else {**KNOWN, "measured": "beforehand"}
        )
        figures: dict[str, Any] = {"nanogpt": theirs}
        tries = [_ours(data, "quick", work, seed) for seed in range(3 if options.full else 1)]
        figures["ours"] = max(tries, key=lambda one: one["loss"])
        reached = figures["ours"]["loss"] <= theirs["loss"]
        ratio = theirs["cpu_seconds"] / max(one["cpu_seconds"] for one in tries)
        figures["cpu_time_ratio"] = round(ratio, 2) if reached else None
        figures["ours_same_time"] = _ours(data, "long", work, 0, theirs["cpu_seconds"] - 3)
        if options.full:
            figures["ours_far"] = _ours(data, "far", work, 0)
        figures["steps"] = {
            preset: json.loads(_python("-m", "miniature_memory.benchmarks.fast", "step", preset)[0])
            for preset in ("nano", "small", "max")
        }
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures as lines to read."""
    lines = [f"{'':<18}{'loss':>8}{'CPU s':>9}{'parameters':>13}"]
    for name in ("nanogpt", "ours", "ours_same_time", "ours_far"):
        if name in figures:
            one = figures[name]
            lines.append(f"{name:<18}{one['loss']:8.4f}{one['cpu_seconds']:9.1f}{one['parameters']:13,}")
    lines.append(f"CPU time ratio: {figures['cpu_time_ratio'] or 'its loss was not reached'}")
    if "ours_far" in figures:
        reached = "reached" if figures["ours_far"]["loss"] <= FAR else "not reached"
        lines.append(f"nanoGPT's GPU recipe, {FAR}: {reached}")
    for preset, one in figures["steps"].items():
        share = f"{one['share_of_peak']:.0%} of the {one['precision']} matmul peak"
        lines.append(
            f"{preset:<8}{one['parameters']:12,} parameters{one['peak_mb']:7,} MB  "
            f"{share}, {one['tokens_a_step']:,} tokens a step"
        )
    return "\n".join(lines)


def _ours(data: Path, recipe: str, work: Path, seed: int, seconds: float | None = None) -> dict[str, Any]:
    out = str(work / f"{recipe}.safetensors")
    fast = ("-m", "miniature_memory.benchmarks.fast")
    budget = ("--seconds", f"{seconds:.1f}") if seconds else ()
    _, spent = _python(*fast, "train", str(data), recipe, out, "--seed", str(seed), *budget)
    scored, _ = _python(*fast, "score", str(data), recipe, out)
    return {**json.loads(scored), "cpu_seconds": round(spent, 2), "seed": seed}


def _nanogpt(checkout: Path, data: Path, work: Path) -> dict[str, Any]:
    if not (checkout / "train.py").exists():
        raise MissingInput(f"{checkout} is no nanoGPT checkout (no train.py).")
    copy = work / "nanogpt"
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
    folder = copy / "data" / "shakespeare_char"
    shutil.copy(data, folder / "input.txt")
    # its prepare.py imports `requests` for a download that isn't needed: the text is there already
    (folder / "requests.py").write_text("")
    _python("prepare.py", cwd=folder)
    _, spent = _python("train.py", *NANOGPT_RECIPE, cwd=copy)
    scored, _ = _python("-c", _SCORE, cwd=copy)
    return {**json.loads(scored), "cpu_seconds": round(spent, 2)}


def _python(*arguments: str, cwd: Path | None = None) -> tuple[str, float]:
    """What a Python process printed last, and its CPU seconds; pinned to one core, on one thread."""
    core = max(os.sched_getaffinity(0))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    if done.returncode:
        raise MiniatureMemoryError(f"{arguments[0]} failed:\n{done.stderr.strip()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (done.stdout.strip().splitlines() or [""])[-1], spent
