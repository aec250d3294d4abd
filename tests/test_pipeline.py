"""The whole way on a small story web, as a user runs it; scored against what the web knows of itself."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from miniature_memory.demo import StoryWeb
from miniature_memory.ledger import Ledger
from miniature_memory.workspace import Workspace

pytestmark = pytest.mark.e2e
SMALL = (
    *(
        "--set",
        "demo.stories=48",
        "--set",
        "train.preset=nano",
        "--set",
        "train.steps=350",
        "--set",
        "train.rows=4",
    ),
    *("--set", "train.samples=false", "--set", "evaluate.characters=3000", "--set", "evaluate.stories=1"),
)


def mm(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "miniature_memory", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert not check or done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def hashes(root: Path) -> dict[str, str]:
    """What must be the same: the cleaned and the processed data."""
    files = [path for name in ("cleaned", "processed") for path in (root / "dataset" / name).rglob("*")]
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
        if path.is_file()
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    root = tmp_path_factory.mktemp("whole") / "space"
    return root, mm("run", "--workspace", root, *SMALL)


def test_the_terminal_shows_all_that_a_user_wants_to_know(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    root, done = finished
    for title in (
        "The funnel",
        "Training",
        "Evaluation",
        "A story (seed",
        "Memory and time",
        "Where everything lies",
    ):
        assert title in done.stdout, title
    assert str(root) in done.stdout
    assert (root / "dataset/metadata/urls.jsonl").exists()
    run = root / "runs" / (root / "runs/latest").read_text().strip()
    assert (run / "report.html").exists() and (run / "model/model.int8.safetensors").exists()
    [story] = (run / "samples").glob("story-*.txt")
    assert len(story.read_text()) >= 1900


def test_the_right_verdict_on_every_page(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    root, _ = finished
    ledger = Ledger(root / "dataset/metadata/manifest.sqlite")
    got = {
        str(row[0]): str(row[3] or "kept") if row[1] == "fetched" else str(row[2])
        for row in ledger.connection.execute(
            "SELECT u.url, u.status, u.reason, d.rule FROM urls u"
            " LEFT JOIN decisions d ON d.document_id = u.document_id AND d.stage = 'validate'"
        )
    }
    same = {"gone": "not_found"}
    wrong = []
    kept = found = right = 0
    for page in StoryWeb(48, 1).pages():
        verdict = got.get(page.url, "screen" if ledger.is_refused(page.url) else "not found by the search")
        verdict = same.get(verdict, verdict)
        if verdict != page.verdict:
            wrong.append((page.url, page.kind, page.verdict, verdict))
        found += verdict == "kept"
        kept += page.verdict == "kept"
        right += verdict == page.verdict == "kept"
    ledger.close()
    assert right / kept >= 0.98 and right / found >= 0.98, wrong
    assert not [row for row in wrong if row[2] == "screen"], wrong


def test_the_funnel_adds_up(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    root, _ = finished
    funnel = json.loads(mm("status", "--workspace", root, "--json").stdout)["funnel"]
    urls, documents = funnel["urls"], funnel["documents"]
    parts = urls["new"] + urls["fetched"] + sum(urls["rejected"].values()) + urls["refused"]
    assert urls["found"] == parts > 48
    assert documents["in"] == documents["kept"] + sum(documents["rejected"].values())


def test_again_with_nothing_new_ends_in_seconds_and_says_so(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    root, _ = finished
    before, began = hashes(root), time.monotonic()
    done = mm("run", "--workspace", root, *SMALL)
    assert time.monotonic() - began < 30
    assert "Nothing new" in done.stdout
    assert hashes(root) == before


def test_only_train_does_nothing_else(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    root, _ = finished
    skips = ("--skip-validation", "--skip-cleaning", "--skip-preparation")
    figures = json.loads(mm("run", "--workspace", root, *SMALL, *skips, "--json").stdout)
    assert set(figures) == {"train", "peak_mb", "seconds", "funnel"}
    assert figures["train"]["new"] == 0


def test_more_stories_are_the_only_new_ones_and_training_goes_on(
    finished: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    root, _ = finished
    before = (root / "dataset/processed/train.txt").read_bytes()
    latest = (root / "runs/latest").read_text()
    larger = [word.replace("demo.stories=48", "demo.stories=64") for word in SMALL]
    figures = json.loads(mm("run", "--workspace", root, *larger, "--json").stdout)
    assert 16 <= figures["discover"]["new"] <= 30
    assert 10 <= figures["validate"]["new"] <= 24
    assert (root / "dataset/processed/train.txt").read_bytes().startswith(before)
    assert figures["train"]["new"] > 0
    assert (root / "runs/latest").read_text() == latest
    assert hashes(rebuilt(root, tmp_path / "space")) == hashes(root)


def rebuilt(root: Path, copy: Path) -> Path:
    """The same raw data in another workspace, processed at once and by one process."""
    shutil.copytree(root, copy)
    for made in ("cleaned", "processed", "rejected", "metadata/near"):
        shutil.rmtree(copy / "dataset" / made)
    space = Workspace(copy)
    for stage in ("validate", "clean"):
        space.ledger.reset(stage)
    space.close()
    skip = ("discovery", "fetching", "training", "generation", "evaluation", "report")
    mm("run", "--workspace", copy, *SMALL, *(f"--skip-{word}" for word in skip), "--executor", "serial")
    return copy


def test_killed_anywhere_it_goes_on_to_the_same_bytes(
    finished: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    root = tmp_path / "space"
    few = [
        word.replace("demo.stories=48", "demo.stories=24").replace("steps=350", "steps=30") for word in SMALL
    ]
    command = [sys.executable, "-m", "miniature_memory", "run", "--workspace", str(root), *few, "--quiet"]
    chance = random.Random(1)
    for _ in range(8):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(chance.uniform(1, 14))
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    mm("run", "--workspace", root, *few, "--skip-generation", "--skip-evaluation")
    straight = tmp_path / "straight"
    mm("run", "--workspace", straight, *few, "--skip-training", "--skip-generation", "--skip-evaluation")
    assert hashes(root) == hashes(straight)


def test_ctrl_c_finishes_the_step_and_says_how_to_go_on(tmp_path: Path) -> None:
    root = tmp_path / "space"
    command = [sys.executable, "-m", "miniature_memory", "run", "--workspace", str(root), *SMALL]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on from here" in err and "Traceback" not in err


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    space = Workspace(tmp_path / "space")
    with space.lock():
        done = mm("run", "--workspace", space.root, *SMALL, check=False)
    assert done.returncode == 1 and "in use by" in done.stderr


def test_forgotten_is_gone_everywhere_and_stays_away(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    root, _ = finished
    status: dict[str, Any] = {}
    space = Workspace(root)
    document = next(iter(space.ledger.kept("validate")))
    text = space.raw_path(document.id).read_text(encoding="utf-8")
    line = max(text.splitlines(), key=len)
    space.close()
    url = document.lineage["url"]
    status = json.loads(mm("forget", url, "--workspace", root, "--json", *SMALL).stdout)
    assert status["documents"] >= 1
    assert line not in (root / "dataset/processed/train.txt").read_text(encoding="utf-8")
    skip = ("--skip-training", "--skip-generation", "--skip-evaluation", "--skip-report")
    mm("run", "--workspace", root, *SMALL, *skip)
    left = [
        path
        for path in (root / "dataset").rglob("*")
        if path.is_file() and (url.encode() in path.read_bytes() or document.id in path.name)
    ]
    assert left == []
