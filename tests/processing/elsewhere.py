"""Runs the processing stages in a process of its own: other workers, shards, steps, surroundings, or killed.

``python -m tests.processing.elsewhere JSON`` with: workspace, texts (a JSON file), cuts (where the growth
pauses), settings, shards (documents of a task, a batch, a commit), kill (seconds until SIGKILL, or null).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from miniature_memory.workspace import Workspace

ROOT = Path(__file__).parents[2]


def run(
    workspace: Workspace,
    texts: Sequence[str],
    settings: Sequence[str] = ("executor=serial",),
    cuts: Sequence[int] = (),
    shards: tuple[int, int, int] = (16, 1024, 8192),
    kill: float | None = None,
    cwd: Path | None = None,
    **environment: str,
) -> int:
    """Its exit status; the workspace must not be open here."""
    told = workspace.root.with_suffix(".json")
    told.write_text(json.dumps(list(texts)))
    facts = {
        "workspace": str(workspace.root),
        "texts": str(told),
        "settings": [*settings, "prepare.renamed_versions=1"],
        "cuts": list(cuts),
        "shards": shards,
        "kill": kill,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.processing.elsewhere", json.dumps(facts)],
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=600,
    )
    return done.returncode


def main(facts: dict[str, Any]) -> None:
    from miniature_memory.config import load
    from miniature_memory.processing import clean, prepare, validate
    from tests.processing.conftest import add, process

    for module in (validate, clean, prepare):
        module.SMALL = 2  # type: ignore[attr-defined]  # other workers are used for a few documents too
        module.TASK = facts["shards"][0]  # type: ignore[attr-defined]
    for module in (validate, clean):
        module.BATCH = facts["shards"][1]  # type: ignore[attr-defined]
    prepare.COMMIT = facts["shards"][2]
    texts = json.loads(Path(facts["texts"]).read_text())
    workspace, config = Workspace(facts["workspace"]), load(sets=facts["settings"], environment={})
    if facts["kill"] is not None:
        threading.Timer(facts["kill"], os.kill, (os.getpid(), signal.SIGKILL)).start()
    for start, end in zip([0, *facts["cuts"]], [*facts["cuts"], len(texts)], strict=True):
        add(workspace, texts[start:end], first=start)
        process(workspace, config)
    workspace.close()
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
