"""The loop: rows in, gradients, an update, a line in the log; now and then a score and a checkpoint.

All that the next step depends on is in ``Trainer.state`` and the tensors beside it, so a run that is killed
and goes on from its checkpoint computes the very same numbers.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from miniature_memory.config import TrainConfig
from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.progress import Progress
from miniature_memory.training import checkpoint
from miniature_memory.training.batches import Batch, Sampler, validation
from miniature_memory.training.data import Dataset
from miniature_memory.training.device import Machine
from miniature_memory.training.model import Model, Shape
from miniature_memory.training.optimizer import Optimizer, Rates, rate_factor
from miniature_memory.training.processes import Processes
from miniature_memory.training.watch import tensorboard

#: a gain smaller than this (nats) counts as none
SMALL_GAIN = 0.001
OVERFIT = 0.02
#: fp16: what the loss is multiplied by at first, so that small gradients don't vanish; and the least
LOSS_SCALE, LEAST_SCALE = 256.0, 2.0**-16


@dataclass
class State:
    """Where training stands. ``updates`` counts all that were ever made and never goes back; ``step`` counts
    those of the current kind (trunk or decay) in the current phase (a phase is one state of the dataset)."""

    phase: int = 0
    kind: str = "trunk"
    step: int = 0
    done: bool = False
    updates: int = 0
    optimizer_steps: int = 0
    loss_scale: float = 1.0
    best: float = math.inf
    without_gain: int = 0
    train_at_best: float = math.inf
    train_average: float = math.inf
    overfit: bool = False
    characters: int = 0
    seconds: float = 0.0
    threads: int = 0
    precision: str = "fp32"
    seen: list[dict[str, Any]] = field(default_factory=list)


class Trainer:
    def __init__(
        self,
        folder: Path,
        dataset: Dataset,
        config: TrainConfig,
        machine: Machine,
        processes: Processes,
        progress: Progress,
        micro_rows: int,
    ) -> None:
        self.folder, self.dataset, self.config = folder, dataset, config
        self.machine, self.processes, self.progress = machine, processes, progress
        self.micro_rows = micro_rows
        self.model = Model(Shape.of(config), config.seed).to(machine.device)
        rates = Rates(
            config.optimizer,
            config.matrix_rate,
            config.embedding_rate,
            config.head_rate,
            config.ngram_rate,
            config.weight_decay,
        )
        self.optimizer = Optimizer(self.model, rates, machine.muon_dtype)
        self.state = State(threads=machine.threads, precision=machine.precision)
        if machine.precision == "fp16":
            self.state.loss_scale = LOSS_SCALE
        self.validation = validation(dataset.val, config.evaluation_rows, config.match_features)
        self.on_score: Callable[[Trainer], None] | None = None
        self.board = tensorboard(folder) if config.tensorboard and processes.first else None

    # ---- one step

    def update(self, sampler: Sampler, factor: float) -> float | None:
        """One update; the mean loss in nats, or None when a stop was asked for before it was complete."""
        rows = self.processes.rows(self.config.rows)
        batch = sampler.batch(self.state.updates, rows)
        total = torch.zeros(2, dtype=torch.float64)
        torch.manual_seed(self.config.seed + self.state.updates * self.processes.count + self.processes.rank)
        self.model.zero_grad(set_to_none=True)
        for micro in batch.split(self.micro_rows):
            if self.processes.count == 1 and self.progress.stopping:
                return None
            loss = self._loss(micro)
            (loss * self.state.loss_scale).backward()  # type: ignore[no-untyped-call]
            total += torch.tensor([loss.item(), micro.asked], dtype=torch.float64)
        self.processes.sum([total])
        gradients = self._gradients()
        self.processes.sum(gradients)
        mean = float(total[0] / total[1].clamp(min=1))
        if self._may_step(gradients, mean):
            self.optimizer.step(factor, 1.0 / (float(total[1]) * self.state.loss_scale))
        self.state.optimizer_steps = self.optimizer.steps
        self.state.updates += 1
        self.state.step += 1
        self.state.characters += int(total[1])
        return mean

    def _gradients(self) -> list[Tensor]:
        """All gradients; whole tensors where processes are to add them up."""
        for weight in self.model.parameters():
            if weight.grad is not None and weight.grad.is_sparse and self.processes.count > 1:
                weight.grad = weight.grad.to_dense()
        return [w.grad for w in self.model.parameters() if w.grad is not None]

    def _loss(self, batch: Batch) -> Tensor:
        batch = batch.to(self.machine.device)
        with self.machine.autocast():
            return self.model.loss(batch.ids, batch.pairs, batch.targets)

    def _may_step(self, gradients: list[Tensor], mean: float) -> bool:
        """False where fp16 overflowed: the step is left out and the loss scale halved.
        Raises where the loss itself is no number any more, or no scale helps."""
        if not math.isfinite(mean):
            raise MiniatureMemoryError(
                f"The loss is {mean} at update {self.state.updates}; nothing of this step was kept.",
                "Try a lower train.matrix_rate, or train.precision=fp32; "
                "the checkpoint before it is whole, and the same command goes on from there.",
            )
        if self.machine.precision != "fp16":
            return True
        if not torch.isfinite(torch.stack([g.sum() for g in gradients])).all():
            self.state.loss_scale /= 2
            if self.state.loss_scale < LEAST_SCALE:
                raise MiniatureMemoryError(
                    f"The gradients overflow fp16 at any scale (update {self.state.updates}).",
                    "Set train.precision=fp32; the same command then goes on from the checkpoint before.",
                )
            return False
        if (self.state.updates + 1) % 1000 == 0:
            self.state.loss_scale *= 2
        return True

    # ---- many

    def run(self, sampler: Sampler, kind: str, steps: int, of: int) -> None:
        """Goes on with ``kind`` until it has made ``steps`` ``of`` its steps (the trunk may end early)."""
        config, state = self.config, self.state
        every = max(1, of // config.evaluations)
        saved = time.monotonic()
        begun = time.monotonic()
        label = "Training" if kind == "trunk" else "Settling"
        with self.progress.bar(label, of) as bar:
            if state.step:
                bar.advance(state.step)
            while state.step < steps and not state.done:
                warmup = config.warmup if kind == "trunk" and state.phase == 0 else 0
                factor = rate_factor(state.step, warmup, 0, of if kind == "decay" else 0)
                started = time.monotonic()
                before = state.characters
                loss = self.update(sampler, factor)
                if loss is None:
                    self._save_and_stop(begun)
                    raise KeyboardInterrupt
                seconds = time.monotonic() - started
                speed = (state.characters - before) / seconds
                self._log(kind, loss=loss, rate=factor, seconds=seconds, characters_per_second=speed)
                weight = min(0.98, state.step / (state.step + 10))
                old = state.train_average
                state.train_average = loss if math.isinf(old) else weight * old + (1 - weight) * loss
                if state.step % every == 0 or state.step == of:
                    self._score(kind)
                due = config.checkpoint_steps and state.step % config.checkpoint_steps == 0
                late = not config.checkpoint_steps and time.monotonic() - saved > config.checkpoint_seconds
                if due or late:
                    state.seconds, begun = state.seconds + time.monotonic() - begun, time.monotonic()
                    self.save()
                    saved = time.monotonic()
                if self.processes.agree(self.progress.stopping):
                    self.progress.stopping = True
                try:
                    bar.advance(1, note=f"loss {state.train_average:.3f}, {speed:,.0f} characters/s")
                except KeyboardInterrupt:
                    self._save_and_stop(begun)
                    raise
        state.seconds += time.monotonic() - begun

    def _save_and_stop(self, begun: float) -> None:
        self.state.seconds += time.monotonic() - begun
        self.save()
        self.progress.say(f"Saved after {self.state.updates:,} updates; the same command goes on from here.")

    # ---- scores

    @torch.no_grad()
    def score(self, batches: dict[str, Batch]) -> dict[str, float]:
        """Nats a character of each kind of validation rows."""
        self.model.eval()
        scores = {}
        for kind, batch in batches.items():
            total = sum(float(self._loss(micro)) for micro in batch.split(16))
            scores[kind] = total / max(1, batch.asked)
        self.model.train()
        return scores

    def _score(self, kind: str) -> None:
        state = self.state
        scores = self.score(self.validation)
        if not scores:
            return
        mean = sum(scores.values()) / len(scores)
        figures = {f"val_{name}_nats": nats for name, nats in scores.items()}
        figures |= {f"val_{name}_bits": nats / math.log(2) for name, nats in scores.items()}
        self._log(kind, **figures, train_nats=state.train_average)
        if mean < state.best - SMALL_GAIN:
            state.best, state.without_gain, state.train_at_best = mean, 0, state.train_average
        else:
            state.without_gain += 1
        if mean > state.best + OVERFIT and state.train_average < state.train_at_best and not state.overfit:
            state.overfit = True
            self.progress.say(
                f"OVERFITTING: the validation loss rose to {mean:.3f} from {state.best:.3f} while the "
                "training loss fell. More text, a smaller model or fewer steps would help."
            )
        if kind == "trunk" and state.without_gain >= self.config.patience:
            state.done = True
            self.progress.say(
                f"No gain on the validation text in {state.without_gain} scores: the trunk ends here, "
                "and the rate falls."
            )
        if self.on_score is not None and self.processes.first:
            self.on_score(self)

    # ---- what is written

    def _log(self, kind: str, **figures: float) -> None:
        if self.processes.first:
            head = {"update": self.state.updates, "phase": self.state.phase, "kind": kind}
            line = head | {name: round(value, 6) for name, value in figures.items()}
            with open(self.folder / "metrics.jsonl", "a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            if self.board is not None:
                for name, value in figures.items():
                    self.board.add_scalar(name, value, self.state.updates)

    def save(self, name: str = "step") -> None:
        """A checkpoint of now; ``trunk`` for the one that later data starts from."""
        if self.processes.first:
            folder = self.folder / "checkpoints"
            tensors = {n: w.detach() for n, w in self.model.named_parameters()} | self.optimizer.state()
            checkpoint.save(folder, f"{name}-{self.state.updates:07d}", tensors, asdict(self.state))
            checkpoint.prune(folder)
        self.processes.wait()

    def load(self, found: checkpoint.Checkpoint, whole_log: bool = False) -> None:
        """Goes on from a checkpoint; lines of the log that it doesn't know are dropped, unless it is the
        trunk from which a later phase branches."""
        names = State.__dataclass_fields__
        state = State(**{name: value for name, value in found.state.items() if name in names})
        if (state.threads, state.precision) != (self.machine.threads, self.machine.precision):
            self.progress.say(
                f"The run was begun with {state.threads} threads in {state.precision}; this goes on with "
                f"{self.machine}. The last digits will differ."
            )
            state.threads, state.precision = self.machine.threads, self.machine.precision
        tensors = found.load()
        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                weight.copy_(tensors[name])
        self.optimizer.load(tensors, state.optimizer_steps)
        self.state = state
        if self.processes.first and not whole_log:
            self.forget_later_lines()

    def forget_later_lines(self) -> None:
        """Takes out of the log what came after the checkpoint that this run goes on from (or had none)."""
        path = self.folder / "metrics.jsonl"
        kept = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            try:
                if json.loads(line)["update"] <= self.state.updates:
                    kept.append(line + "\n")
            except (ValueError, KeyError):
                continue  # a line cut short by a kill
        path.write_text("".join(kept), encoding="utf-8")
