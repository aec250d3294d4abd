"""What fits: rows at once for the memory, steps for the minutes, a preset for both."""

from __future__ import annotations

import json
import time
from pathlib import Path

import torch

from miniature_memory.config import TrainConfig
from miniature_memory.errors import ConfigError
from miniature_memory.progress import Progress
from miniature_memory.training.batches import Batch, Sampler
from miniature_memory.training.data import Dataset
from miniature_memory.training.device import Machine, find, free_mb, needed_mb
from miniature_memory.training.model import Model, Shape
from miniature_memory.training.optimizer import Optimizer, Rates
from miniature_memory.workspace import atomic_write

LADDER = ("max", "small", "nano", "tiny")
MOST_ROWS = 16
#: what a step costs apart from the steps themselves: scores, checkpoints, samples
OVERHEAD = 1.08
#: with fewer, the next smaller model ends up better
CHARACTERS_A_PARAMETER = 6


def fit_rows(config: TrainConfig, machine: Machine) -> int:
    """Rows at once. Raises ``ConfigError`` that names the preset that fits where not even one row does."""
    if machine.device.type != "cpu":
        return config.micro_rows or min(config.rows, 32)
    room = config.memory_mb or free_mb()
    most = config.micro_rows or min(config.rows, MOST_ROWS)
    for rows in range(most, 0, -1):
        if config.rows % rows == 0 and needed_mb(config, rows) <= room:
            return rows
    fitting = [p for p in LADDER if needed_mb(TrainConfig(preset=p), 1) <= room]
    word = "allowed (train.memory_mb)" if config.memory_mb else "free"
    raise ConfigError(
        f"The preset {config.preset} needs {needed_mb(config, 1):,} MB to train, and {room:,} MB are {word}.",
        f"{fitting[0]} fits: set train.preset={fitting[0]}." if fitting else "Free some memory first.",
    )


def seconds_per_step(
    config: TrainConfig, machine: Machine, micro_rows: int, dataset: Dataset | None
) -> float:
    """Measured on a model that is thrown away: two steps to warm up, then up to some seconds."""
    model = Model(Shape.of(config)).to(machine.device)
    optimizer = Optimizer(model, Rates(), machine.muon_dtype)
    sampler = Sampler(dataset, config) if dataset is not None else None
    times: list[float] = []
    begun = time.perf_counter()
    for step in range(12):
        start = time.perf_counter()
        batch = sampler.batch(step, range(config.rows)) if sampler else _blank(config)
        for micro in batch.split(micro_rows):
            micro = micro.to(machine.device)
            with machine.autocast():
                loss = model.loss(micro.ids, micro.pairs, micro.targets)
            loss.backward()  # type: ignore[no-untyped-call]
            loss.item()
        optimizer.step(0.0, 1.0)
        model.zero_grad()
        times.append(time.perf_counter() - start)
        if len(times) > 3 and time.perf_counter() - begun > 5:
            break
    return sum(times[2:]) / len(times[2:])


def _blank(config: TrainConfig) -> Batch:
    shape = (config.rows, config.block_size)
    ids = torch.randint(4, 100, shape, generator=torch.Generator().manual_seed(0))
    pairs = torch.zeros(*shape, 3, dtype=torch.int32) if config.match_features else None
    return Batch(ids, pairs, ids, ids.numel())


def steps_for(
    config: TrainConfig, machine: Machine, dataset: Dataset, micro_rows: int, share: float = 1.0
) -> int:
    """The steps of ``share`` of the budget: as configured, or measured where minutes are given."""
    if config.minutes is None:
        return max(1, round(config.steps * share))
    seconds = seconds_per_step(config, machine, micro_rows, dataset)
    return max(1, int(config.minutes * 60 * share / (seconds * OVERHEAD)))


def choose_preset_once(path: Path, config: TrainConfig, progress: Progress) -> TrainConfig:
    """The choice that ``path`` remembers for the same settings, or a new one, remembered: another choice
    would be another run."""
    given = {name: getattr(config, name) for name in sorted(config.model_fields_set - {"restart"})}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if known.get("settings") == given and known.get("preset") in LADDER:
        return TrainConfig(**{**given, "preset": known["preset"], "restart": config.restart})
    chosen = choose_preset(config, find(config), progress)
    atomic_write(path, json.dumps({"settings": given, "preset": chosen.preset}, indent=1))
    return chosen


def choose_preset(config: TrainConfig, machine: Machine, progress: Progress) -> TrainConfig:
    """The largest preset that, in the given minutes, sees enough text to be worth its size, and fits."""
    minutes = config.minutes or 30.0
    given = {name: getattr(config, name) for name in config.model_fields_set - {"preset"}}
    chosen = None
    for preset in LADDER:
        candidate = TrainConfig(**given, preset=preset)
        try:
            rows = fit_rows(candidate, machine)
        except ConfigError:
            continue
        chosen = candidate
        seconds = seconds_per_step(candidate, machine, rows, None)
        characters = minutes * 60 / seconds * candidate.rows * candidate.block_size
        if characters >= CHARACTERS_A_PARAMETER * candidate.parameters:
            break
    if chosen is None:
        raise ConfigError(
            "Not even the smallest preset fits into the free memory.", "Free some memory first."
        )
    progress.say(
        f"auto: {chosen.preset} ({chosen.parameters:,} parameters) for {minutes:g} minutes on {machine}"
    )
    return chosen
