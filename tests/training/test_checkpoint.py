from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from miniature_memory.errors import Damaged
from miniature_memory.progress import Progress
from miniature_memory.training import checkpoint


class Heard(Progress):
    """Keeps what was said."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def write(folder: Path, updates: int, name: str = "step", **other: Any) -> Path:
    state = {"updates": updates, "kind": "trunk", "done": False} | other
    tensors = {"weight": torch.full((50, 50), float(updates))}
    return checkpoint.save(folder, f"{name}-{updates:07d}", tensors, state)


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    write(tmp_path, 3, best=float("inf"))
    found = checkpoint.newest(tmp_path, Heard())
    assert found is not None
    assert found.state["updates"] == 3 and found.state["best"] == float("inf")
    assert found.load()["weight"][7, 7] == 3.0
    assert not list(tmp_path.glob(".*"))


def test_nothing_saved_is_no_checkpoint(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path / "none", Heard()) is None


@pytest.mark.parametrize("harm", ["flip", "cut", "state", "tensors gone"])
def test_a_damaged_one_is_refused_and_the_one_before_it_used(tmp_path: Path, harm: str) -> None:
    write(tmp_path, 3)
    last = write(tmp_path, 6)
    if harm == "flip":
        data = bytearray(last.read_bytes())
        data[-100] ^= 1
        last.write_bytes(data)
    elif harm == "cut":
        last.write_bytes(last.read_bytes()[:-1])
    elif harm == "state":
        last.with_suffix(".json").write_text('{"updates": 6')
    else:
        last.unlink()
    progress = Heard()
    found = checkpoint.newest(tmp_path, progress)
    assert found is not None and found.state["updates"] == 3
    assert any("0000006" in line for line in progress.lines)


def test_when_none_is_whole_it_says_so_instead_of_beginning_anew(tmp_path: Path) -> None:
    write(tmp_path, 3).write_bytes(b"")
    with pytest.raises(Damaged, match="restart"):
        checkpoint.newest(tmp_path, Heard())


def test_tensors_without_their_state_are_no_checkpoint(tmp_path: Path) -> None:
    """A kill between the two files leaves tensors alone."""
    write(tmp_path, 3)
    write(tmp_path, 6).with_suffix(".json").unlink()
    found = checkpoint.newest(tmp_path, Heard())
    assert found is not None and found.state["updates"] == 3


def test_the_last_two_and_the_trunk_are_kept(tmp_path: Path) -> None:
    for updates in (2, 4, 6, 8):
        write(tmp_path, updates)
    write(tmp_path, 5, "trunk", done=True)
    write(tmp_path, 7, "trunk", done=True)
    (tmp_path / ".step-9.tmp").write_bytes(b"half")
    checkpoint.prune(tmp_path)
    kept = sorted(f.name for f in tmp_path.iterdir())
    stems = ["step-0000006", "step-0000008", "trunk-0000007"]
    assert kept == sorted(f"{stem}.{end}" for stem in stems for end in ("json", "safetensors"))


def test_the_one_that_went_furthest_wins(tmp_path: Path) -> None:
    write(tmp_path, 9, "trunk", done=True)
    write(tmp_path, 9, done=True, kind="decay")
    found = checkpoint.newest(tmp_path, Heard())
    assert found is not None and found.state["kind"] == "decay"
    trunk = checkpoint.newest(tmp_path, Heard(), "trunk-*.json")
    assert trunk is not None and trunk.state["kind"] == "trunk"


FULL_DISK = """
import resource, signal, sys, torch
from pathlib import Path
from miniature_memory.errors import DiskFull
from miniature_memory.training import checkpoint
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
state = {"updates": 1, "kind": "trunk", "done": False}
checkpoint.save(folder, "step-0000001", {"w": torch.ones(1000)}, state)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    checkpoint.save(folder, "step-0000002", {"w": torch.ones(100_000)}, state | {"updates": 2})
except DiskFull as error:
    print(error)
"""


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, timeout=180
    )
    assert "no room for a checkpoint" in done.stdout, done.stderr
    assert sorted(f.name for f in tmp_path.iterdir()) == ["step-0000001.json", "step-0000001.safetensors"]
    assert json.loads((tmp_path / "step-0000001.json").read_text())["updates"] == 1
