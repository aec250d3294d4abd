"""How fast does each runtime write, in how much memory? All sides in one run, one core, one thread each.

Models have random weights (speed does not depend on them), and what they draw is thrown away for the next
character of a fixed English text, so that the screen and the memory have their usual work. Sides take turns
for a few rounds, each in a process of its own, and the medians are told:

    ours        `mm write`, the whole command: sampling, screen, summaries, re-reading the window
    llama.cpp   Q8_0 through llama-cpp-python, decoding alone (``--llama-cpp PYTHON``: where it is installed)
    pytorch     fp32 with a KV cache, decoding alone
    nanogpt     its own `generate` at a full window (``--nanogpt DIR``, a checkout)
    bandwidth   how often one core can read the weights from memory: the limit of any runtime with INT8
    slope       what memory grows by over 100,000 characters of the first model (once)
    int8        what INT8 costs a trained model in bits a character (once)

A side whose library is missing is left out, and said so.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from miniature_memory import vocabulary
from miniature_memory.benchmarks import Options
from miniature_memory.inference.architecture import Architecture
from miniature_memory.inference.model_directory import Weights, write_model_directory

Figures = dict[str, Any]

#: name → (layers, width, heads, MLP, match features)
MODELS: Final = {
    "25m": (8, 512, 8, 1280, False),
    "10m": (6, 384, 6, 1024, False),
    "25m-match": (8, 512, 8, 1280, True),
}
SIDES: Final = ("ours", "bandwidth", "llama.cpp", "pytorch", "nanogpt")
ONCE: Final = ("slope", "int8")


def run(options: Options) -> Figures:
    """Figures of every side, flat: ``<side>_<what>_<model>`` with ``chars_per_second``, ``peak_mb``,
    ``first_character_s``; ``ratio_llama_cpp_q8_<model>``, ``ratio_nanogpt_<model>``,
    ``bandwidth_share_<model>``; ``match_cost``, the share of time that match features take;
    ``slope_mb_per_10k``; ``int8_loss`` and its standard error. ``full`` takes seven rounds, not three.
    """
    figures: Figures = {}
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS:
            directory = _write_model(Path(folder) / name, name)
            rounds: dict[str, list[Figures]] = {side: [] for side in SIDES}
            for _ in range(7 if options.full else 3):
                for side in SIDES:
                    if side in left_out or (MODELS[name][4] and side not in ("ours", "bandwidth")):
                        continue
                    result = _measure(side, directory, options)
                    if "missing" in result:
                        left_out[side] = result["missing"]
                    else:
                        rounds[side].append(result)
            for side, results in rounds.items():
                for key in results[0] if results else ():
                    median = statistics.median(r[key] for r in results)
                    figures[f"{_plain(side)}_{key}_{name}"] = round(median, 4)
            _compare(figures, name)
        for side in ONCE:
            result = _measure(side, Path(folder) / next(iter(MODELS)), options)
            if "missing" in result:
                left_out[side] = result["missing"]
            else:
                figures |= {key: round(value, 4) for key, value in result.items()}
    plain, matching = (figures.get(f"ours_chars_per_second_{name}") for name in ("25m", "25m-match"))
    if plain and matching:
        figures["match_cost"] = round(1 - matching / plain, 3)
    figures["left_out"] = left_out
    return figures


def table(figures: Figures) -> str:
    """The figures as lines to read."""
    lines = [f"{'model':10} {'side':10} {'chars/s':>9} {'peak MB':>8} {'first s':>8}"]
    for name in MODELS:
        for side in map(_plain, SIDES):
            speed = figures.get(f"{side}_chars_per_second_{name}")
            if speed is not None:
                cells = [figures.get(f"{side}_{key}_{name}") for key in ("peak_mb", "first_character_s")]
                shown = [f"{cell:8.2f}" if cell is not None else " " * 8 for cell in cells]
                lines.append(f"{name:10} {side:10} {speed:9,.0f} {shown[0]} {shown[1]}")
    lines += [
        f"{key:34} {value}" for key, value in figures.items() if key.startswith(("ratio", "slope", "int8"))
    ]
    shares = ("bandwidth_share", "match_cost")
    lines += [f"{key:34} {value:.0%}" for key, value in figures.items() if key.startswith(shares)]
    lines += [f"left out: {side} ({why})" for side, why in figures["left_out"].items()]
    return "\n".join(lines)


def _compare(figures: Figures, name: str) -> None:
    ours = figures.get(f"ours_chars_per_second_{name}")
    if not ours:
        return
    figures[f"peak_mb_{name}"] = figures[f"ours_peak_mb_{name}"]
    limit = figures.get(f"bandwidth_chars_per_second_{name}")
    if limit:
        figures[f"bandwidth_share_{name}"] = round(ours / limit, 3)
    for side, label in (("llama_cpp", "llama_cpp_q8"), ("nanogpt", "nanogpt"), ("pytorch", "pytorch")):
        other = figures.get(f"{side}_chars_per_second_{name}")
        if other:
            figures[f"ratio_{label}_{name}"] = round(ours / other, 3)


def _measure(side: str, directory: Path, options: Options) -> Figures:
    """One side in a fresh process on one core, with one thread."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # byte code is kept, as it is in an installation
    one |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(directory.parent / "bytecode")}
    python = options.llama_cpp if side == "llama.cpp" and options.llama_cpp else sys.executable
    command = [str(python), "-m", "miniature_memory.benchmarks.inference_sides", side, str(directory)]
    if options.nanogpt is not None:
        command.append(str(options.nanogpt))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, env={**os.environ, **one}, cwd=root, capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or ["it failed"])[-1]}
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _plain(side: str) -> str:
    return side.replace(".", "_")


def _write_model(directory: Path, name: str) -> Path:
    layers, width, heads, mlp, match = MODELS[name]
    config = {
        "model_type": "miniature-memory" if match else "qwen3",
        "architectures": ["MiniatureMemoryForCausalLM" if match else "Qwen3ForCausalLM"],
        "vocab_size": vocabulary.SIZE,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "head_dim": width // heads,
        "intermediate_size": mlp,
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "hidden_act": "silu",
        "attention_bias": False,
        "match_features": match,
        "vocabulary_version": vocabulary.VERSION,
        "screen_version": "random weights, no text",
    }
    directory = write_model_directory(directory, _weights(config), config)
    if not match:
        try:
            from miniature_memory.export import export_model

            export_model(directory, directory, ["gguf-q8_0"])
        except Exception as error:  # llama.cpp's side will say what it lacks
            sys.stderr.write(f"No GGUF for llama.cpp: {error}\n")
    return directory


def _weights(config: Figures) -> Weights:
    random = np.random.default_rng(1)
    architecture = Architecture.of(config)
    weights = {}
    for name, shape in (architecture.vectors() | architecture.matrices()).items():
        if len(shape) == 1 or "gate_" in name:
            weights[name] = np.ones(shape, dtype=np.float32)
        else:
            values = random.standard_normal(shape, dtype=np.float32)
            weights[name] = values if "embed" in name else values / np.float32(shape[1] ** 0.5)
    return weights
