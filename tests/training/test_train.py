from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from miniature_memory.config import Config
from miniature_memory.errors import ConfigError, MiniatureMemoryError, MissingInput
from miniature_memory.inference.container import read_arrays
from miniature_memory.progress import Progress
from miniature_memory.training import fit, phases, trainer
from miniature_memory.training.device import Machine
from miniature_memory.training.plan import Phase
from miniature_memory.training.train import train
from miniature_memory.workspace import Workspace
from tests.training.conftest import tiny
from tests.training.prepared import write_dataset

QUIET = Progress(quiet=True)


class Heard(Progress):
    """Keeps what was said; asks for a stop after ``stop`` steps, as the first Ctrl-C does."""

    left: int | None = None

    def __init__(self, stop: int | None = None) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []
        self.left = stop

    def say(self, text: str) -> None:
        self.lines.append(text)

    @property
    def stopping(self) -> bool:  # type: ignore[override]
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0

    @stopping.setter
    def stopping(self, value: bool) -> None:
        self.left = -1 if value else self.left


def run_of(workspace: Workspace) -> Path:
    run = workspace.latest_run
    assert run is not None
    return run


def weights(workspace: Workspace) -> dict[str, np.ndarray[Any, Any]]:
    return read_arrays(run_of(workspace) / "model" / "model.safetensors")


def log(workspace: Workspace) -> list[dict[str, Any]]:
    """The log without its times."""
    run = next(workspace.runs.glob("tiny-*"))
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in x.items() if k not in ("seconds", "characters_per_second")} for x in lines]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def test_it_learns_and_releases_a_model_that_can_be_loaded(workspace: Workspace) -> None:
    figures = train(workspace, tiny(steps=60, samples=True), QUIET)
    assert figures["new"] == figures["steps"] == 60
    assert figures["val_plain_nats"] < 2.9  # a uniform guess costs 5.1, the letters' frequencies 3.0
    assert figures["val_plain_bits"] == pytest.approx(figures["val_plain_nats"] / np.log(2), abs=1e-3)
    assert figures["characters_seen"] > 30_000 and figures["characters_per_second"] > 0
    run = run_of(workspace)
    config = json.loads((run / "model" / "config.json").read_text())
    assert config["screen_version"] == "test" and config["match_features"]
    assert weights(workspace)["lm_head.weight"].shape == (170, 32)
    scores = [line for line in log(workspace) if "val_plain_nats" in line]
    assert scores[-1]["val_plain_nats"] < scores[0]["val_plain_nats"]
    assert (run / "config.yaml").read_text().count("steps: 60")
    assert len(list((run / "samples").glob("update-*.txt"))) == 4


def test_again_with_nothing_new_it_says_so_and_changes_nothing(workspace: Workspace) -> None:
    train(workspace, tiny(), QUIET)
    before = weights(workspace)
    progress = Heard()
    figures = train(workspace, tiny(), progress)
    assert figures["new"] == 0 and figures["steps"] == 30
    assert any("nothing to train" in line for line in progress.lines)
    assert same(before, weights(workspace))


@pytest.mark.parametrize("stop", [5, 40, 70])
def test_interrupted_and_resumed_equals_uninterrupted_to_the_last_bit(
    workspace: Workspace, tmp_path: Path, stop: int
) -> None:
    """In the trunk, at its end, in the decay (the flag is asked some three times a step)."""
    config = tiny(dropout=0.1)
    train(workspace, config, QUIET)
    other = Workspace(tmp_path / "other")
    write_dataset(other.processed)
    with pytest.raises(KeyboardInterrupt):
        train(other, config, Heard(stop))
    figures = train(other, config, QUIET)
    assert 0 < figures["new"] < 30
    assert same(weights(workspace), weights(other))
    assert log(workspace) == log(other)


def test_a_kill_between_checkpoint_and_release_only_releases(workspace: Workspace) -> None:
    train(workspace, tiny(), QUIET)
    before = weights(workspace)
    (run_of(workspace) / "figures.json").unlink()
    figures = train(workspace, tiny(), QUIET)
    assert figures["new"] == 0 and figures["steps"] == 30
    assert same(before, weights(workspace))


def test_grown_data_goes_on_from_the_trunk_and_only_for_what_is_new(workspace: Workspace) -> None:
    train(workspace, tiny(), QUIET)
    write_dataset(workspace.processed, stories=18)
    progress = Heard()
    figures = train(workspace, tiny(), progress)
    assert any("grown by 6 documents" in line for line in progress.lines)
    assert [seen["document_set"] for seen in figures["data"]] == ["set of 12", "set of 18"]
    kinds = {(line["phase"], line["kind"]) for line in log(workspace)}
    assert kinds == {(0, "trunk"), (0, "decay"), (1, "trunk"), (1, "decay")}
    first = next(line for line in log(workspace) if line["phase"] == 1)
    assert first["rate"] == 1.0  # undecayed, and no second warm-up
    assert first["update"] == 31  # no row is drawn twice
    assert train(workspace, tiny(), QUIET)["new"] == 0


def test_more_steps_go_on_from_the_trunk(workspace: Workspace) -> None:
    train(workspace, tiny(), QUIET)
    figures = train(workspace, tiny(steps=80), QUIET)
    # the trunk has made 18 of its 48 steps, and a decay of 32 follows
    assert figures["new"] == (48 - 18) + 32


def test_data_that_changed_is_refused_and_the_old_run_stays(workspace: Workspace) -> None:
    train(workspace, tiny(), QUIET)
    before = weights(workspace)
    write_dataset(workspace.processed, stories=11)
    with pytest.raises(MiniatureMemoryError, match="removed or changed") as raised:
        train(workspace, tiny(), QUIET)
    assert "train.restart=true" in raised.value.hint
    assert same(before, weights(workspace))
    train(workspace, tiny(restart=True), QUIET)
    assert len(list(workspace.runs.glob("tiny-*"))) == 2
    assert train(workspace, tiny(), QUIET)["new"] == 0


def test_another_recipe_is_another_run(workspace: Workspace) -> None:
    train(workspace, tiny(steps=4), QUIET)
    first = run_of(workspace)
    train(workspace, tiny(steps=4, matrix_rate=0.01), QUIET)
    assert run_of(workspace) != first


def test_accumulation_gives_the_same_model_as_one_batch(workspace: Workspace, tmp_path: Path) -> None:
    train(workspace, tiny(steps=6), QUIET)
    other = Workspace(tmp_path / "other")
    write_dataset(other.processed)
    train(other, tiny(steps=6, micro_rows=1), QUIET)
    one, two = weights(workspace), weights(other)
    assert all(np.abs(one[n] - two[n]).max() < 1e-3 for n in one)


def test_a_loss_that_is_no_number_stops_with_the_weights_as_they_were(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = trainer.Trainer._loss

    def sick(self: trainer.Trainer, batch: Any) -> Any:
        return plain(self, batch) * (float("nan") if self.state.updates == 7 else 1.0)

    monkeypatch.setattr(trainer.Trainer, "_loss", sick)
    with pytest.raises(MiniatureMemoryError, match="loss is nan at update 7"):
        train(workspace, tiny(checkpoint_steps=5), QUIET)
    monkeypatch.undo()
    assert train(workspace, tiny(checkpoint_steps=5), QUIET)["new"] == 25


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> Config:
    """Training as on a GPU that has fp16 only; a CPU takes long for it, so few short steps."""
    monkeypatch.setattr(phases, "find", lambda *_: Machine(torch.device("cpu"), "fp16", 1))
    return tiny(steps=16, rows=1, evaluation_rows=1, checkpoint_steps=16)


def test_fp16_halves_its_scale_until_nothing_overflows_and_resumes_to_the_last_bit(
    workspace: Workspace, half: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "LOSS_SCALE", 2.0**14)
    figures = train(workspace, half, QUIET)
    assert figures["machine"].startswith("cpu, fp16") and figures["val_plain_nats"] < 4.5
    state = json.loads((run_of(workspace) / "checkpoints" / "step-0000016.json").read_text())
    skipped = state["updates"] - state["optimizer_steps"]
    assert 0 < skipped < 8 and state["loss_scale"] == 2.0 ** (14 - skipped)
    other = Workspace(tmp_path / "other")
    write_dataset(other.processed)
    with pytest.raises(KeyboardInterrupt):
        train(other, half, Heard(5))  # while it still overflows
    train(other, half, QUIET)
    assert same(weights(workspace), weights(other))
    assert log(workspace) == log(other)


def test_fp16_that_overflows_at_any_scale_is_said(
    workspace: Workspace, half: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "LOSS_SCALE", 2 * trainer.LEAST_SCALE)
    monkeypatch.setattr(trainer.Trainer, "_gradients", lambda self: [torch.tensor(float("inf"))])
    with pytest.raises(MiniatureMemoryError, match="overflow fp16 at any scale") as raised:
        train(workspace, half, QUIET)
    assert "train.precision=fp32" in raised.value.hint


def test_no_gain_on_the_validation_text_ends_the_trunk_early(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.Trainer, "score", lambda self, batches: {"plain": 3.0})
    progress = Heard()
    figures = train(workspace, tiny(evaluations=10, patience=2), progress)
    assert any("No gain" in line for line in progress.lines)
    assert figures["steps"] == 3 + 12  # scores after 1, 2, 3 of 18; the decay is made in full


def test_overfitting_is_said_loudly(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([2.0, 2.1, 2.2, 2.3, 2.4, 2.5] + [2.5] * 50)
    monkeypatch.setattr(trainer.Trainer, "score", lambda self, batches: {"plain": next(scores)})
    progress = Heard()
    figures = train(workspace, tiny(evaluations=6, patience=9), progress)
    assert sum("OVERFITTING" in line for line in progress.lines) == 1
    assert figures["overfits"]


def test_a_preset_that_does_not_fit_is_refused_before_it_starts(workspace: Workspace) -> None:
    config = tiny()
    large = Config.model_validate({"train": {"preset": "max", "memory_mb": 420}})
    with pytest.raises(ConfigError, match="max needs") as raised:
        train(workspace, large, QUIET)
    assert "train.preset=nano" in raised.value.hint
    assert not workspace.runs.exists()
    assert fit.fit_rows(config.train, find_machine()) == 4


def find_machine() -> Any:
    from miniature_memory.training.device import find

    return find(tiny().train)


def test_fewer_rows_at_once_where_memory_is_short() -> None:
    config = Config.model_validate({"train": {"preset": "small", "memory_mb": 800}}).train
    rows = fit.fit_rows(config, find_machine())
    assert 1 <= rows < 16 and config.rows % rows == 0


def test_minutes_become_steps_once_and_are_written_down(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "seconds_per_step", lambda *_: 1.0)
    monkeypatch.setattr(phases, "LOOKS", ())
    with pytest.raises(KeyboardInterrupt):
        train(workspace, tiny(minutes=0.5), Heard(9))
    monkeypatch.setattr(fit, "seconds_per_step", lambda *_: 3.0)
    assert train(workspace, tiny(minutes=0.5), QUIET)["steps"] == int(30 / fit.OVERHEAD)


@pytest.mark.slow
def test_a_plan_in_minutes_keeps_pace_with_the_clock(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few steps at the start promise any speed on a busy machine; the time asked for is what counts."""
    monkeypatch.setattr(fit, "seconds_per_step", lambda *_: 0.0002)
    steps = train(workspace, tiny(minutes=0.05), QUIET)["steps"]
    assert steps < int(3 / (0.0002 * fit.OVERHEAD)) / 2


def test_a_paced_phase_keeps_its_shares_and_what_is_done() -> None:
    phase = Phase({}, 0, trunk=60, decay=40, steps=100, minutes=1, seconds=60)
    assert (phase.paced(0.3, 6).trunk, phase.paced(0.3, 6).decay) == (120, 80)
    assert (phase.paced(6.0, 20).trunk, phase.paced(6.0, 20).decay) == (20, 4)


def test_auto_chooses_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second choice could fall otherwise, and would begin another run."""
    config = Config.model_validate({"train": {"preset": "auto", "threads": 1}}).train
    monkeypatch.setattr(fit, "seconds_per_step", lambda *_: 0.05)
    first = fit.choose_preset_once(tmp_path / "auto.json", config, QUIET)
    monkeypatch.setattr(fit, "seconds_per_step", lambda *_: 50.0)
    assert fit.choose_preset_once(tmp_path / "auto.json", config, QUIET) == first
    longer = Config.model_validate({"train": {"preset": "auto", "threads": 1, "minutes": 31}}).train
    assert fit.choose_preset_once(tmp_path / "auto.json", longer, QUIET).preset == "tiny"


def test_a_trunk_that_ended_early_is_kept_as_the_trunk_even_after_a_kill(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.Trainer, "score", lambda self, batches: {"plain": 3.0})
    settings = {"evaluations": 10, "patience": 2, "checkpoint_steps": 1}
    plain = trainer.Trainer.save

    def killed(self: trainer.Trainer, name: str = "step") -> None:
        if name == "trunk":
            raise MemoryError
        plain(self, name)

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(trainer.Trainer, "save", killed)
        train(workspace, tiny(**settings), QUIET)
    train(workspace, tiny(**settings), QUIET)
    assert list(run_of(workspace).glob("checkpoints/trunk-*.json"))


def test_nothing_new_is_known_without_pytorch(workspace: Workspace) -> None:
    train(workspace, tiny(), QUIET)
    script = SCRIPT.replace(
        "from conftest import tiny", "from conftest import tiny\nsys.modules['torch'] = None"
    )
    arguments = [sys.executable, "-c", script, *command(workspace)[3:]]
    subprocess.run(arguments, check=True, timeout=180)


def test_auto_takes_the_largest_that_sees_enough_text(monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = {"max": 2.0, "small": 0.9, "nano": 0.05, "tiny": 0.01}
    monkeypatch.setattr(fit, "seconds_per_step", lambda config, *_: speeds[config.preset])
    for minutes, preset in [(30, "nano"), (6 * 60, "small"), (24 * 60, "max")]:
        config = Config.model_validate({"train": {"preset": "auto", "minutes": minutes}}).train
        chosen = fit.choose_preset(config, find_machine(), QUIET)
        assert (chosen.preset, chosen.minutes) == (preset, minutes)


def test_no_dataset_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="mm prepare"):
        train(Workspace(tmp_path), tiny(), QUIET)


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.training.conftest import tiny
from miniature_memory.progress import Progress
from miniature_memory.training.train import train
from miniature_memory.workspace import Workspace
progress = Progress(quiet=True)
with progress.finishing_the_step():
    train(Workspace(sys.argv[2]), tiny(**eval(sys.argv[3])), progress)
"""


def command(workspace: Workspace, **settings: Any) -> list[str]:
    here = str(Path(__file__).parent)
    return [sys.executable, "-c", SCRIPT, here, str(workspace.root), repr(settings)]


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_to_the_very_same_weights(
    workspace: Workspace, tmp_path: Path
) -> None:
    settings = {"steps": 120, "checkpoint_steps": 7, "rows": 8}
    train(workspace, tiny(**settings), QUIET)
    other = Workspace(tmp_path / "other")
    write_dataset(other.processed)
    pause = iter([2.5, 3.0, 3.5, 4.0, 4.5])
    for wait in pause:
        child = subprocess.Popen(command(other, **settings), env=os.environ | {"OMP_NUM_THREADS": "1"})
        time.sleep(wait)
        child.kill()
        child.wait()
    train(other, tiny(**settings), QUIET)
    assert same(weights(workspace), weights(other))
    assert log(workspace) == log(other)


@pytest.mark.slow
def test_sigterm_saves_within_five_seconds(workspace: Workspace) -> None:
    child = subprocess.Popen(
        command(workspace, steps=100_000), env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE
    )
    metrics = None
    for _ in range(300):
        time.sleep(0.1)
        metrics = next(workspace.runs.glob("*/metrics.jsonl"), None)
        if metrics and metrics.stat().st_size > 2000:
            break
    asked = time.monotonic()
    child.send_signal(signal.SIGTERM)
    child.wait(timeout=30)
    assert time.monotonic() - asked < 5
    assert list(workspace.runs.glob("*/checkpoints/step-*.json"))


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(workspace: Workspace, tmp_path: Path) -> None:
    train(workspace, tiny(steps=12), QUIET)
    other = Workspace(tmp_path / "other")
    write_dataset(other.processed)
    script = tmp_path / "both.py"
    script.write_text(SCRIPT)
    here = str(Path(__file__).parent)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--nproc-per-node=2",
            "--master-port=29613",
            str(script),
            here,
            str(other.root),
            repr({"steps": 12}),
        ],
        check=True,
        timeout=120,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    one, two = log(workspace), log(other)
    assert len(one) == len(two)
    for a, b in zip(one, two, strict=True):
        assert a["update"] == b["update"]
        for name in ("loss", "val_plain_nats"):
            assert a.get(name) == pytest.approx(b.get(name), abs=2e-4)
