"""The generate stage: a sample story by the last run's model; another seed when the screen stops one."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miniature_memory.errors import MissingInput
from miniature_memory.inference.engine import Engine, Runtime
from miniature_memory.inference.sampler import Settings
from miniature_memory.inference.write import Again, MemoryKind, Refusal, SummaryEvent, Token, attempts
from miniature_memory.workspace import Workspace, atomic_write

if TYPE_CHECKING:
    from miniature_memory.config import Config
    from miniature_memory.progress import Progress

Figures = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A whole story: its text without the prompt, its summaries, the seconds it took; and the rules that
    stopped it and those before it (``refused``: the rule that stopped the last try, or '')."""

    text: str
    summaries: tuple[str, ...]
    seconds: float
    refusals: tuple[str, ...]
    refused: str


def tell(
    engine: Runtime,
    prompt: str,
    settings: Settings,
    length: int,
    memory: MemoryKind = "summary",
    tries: int = 1,
) -> Told:
    """Reads the writing loop to its end."""
    began = time.monotonic()
    text: list[str] = []
    summaries: list[str] = []
    refusals: list[str] = []
    refused = ""
    for event in attempts(tries, engine, prompt, settings, length, memory):
        if isinstance(event, Token):
            text.append(event.text)
        elif isinstance(event, SummaryEvent):
            summaries.append(event.text)
        elif isinstance(event, Refusal):
            refused = event.rule
            refusals.append(refused)
        elif isinstance(event, Again):
            began, text, summaries, refused = time.monotonic(), [], [], ""
    seconds = max(time.monotonic() - began, 1e-9)
    return Told("".join(text), tuple(summaries), seconds, tuple(refusals), refused)


def settings_of(config: Config, seed: int) -> Settings:
    """Sampling settings as configured."""
    g = config.generate
    return Settings(
        temperature=g.temperature,
        top_k=g.top_k,
        top_p=g.top_p,
        min_p=g.min_p,
        repetition_penalty=g.repetition_penalty,
        name_bonus=g.name_bonus,
        seed=seed,
    )


def generate(workspace: Workspace, config: Config, progress: Progress) -> Figures:
    """Writes ``runs/ID/samples/story-SEED.txt``. ``refused``: the rule, when the screen stopped every try."""
    run = workspace.latest_run
    if run is None:
        raise MissingInput(f"There is no trained model in {workspace.root}.", "Train one first: `mm train`.")
    identity = model_identity(run / "model") + config.generate.model_dump_json()
    known = workspace.ledger.known("generate", identity)
    if known and (workspace.root / known["path"]).exists():
        return {**known, "new": 0}
    engine = Engine.load(run / "model")
    g = config.generate
    told = tell(engine, g.prompt, settings_of(config, g.seed), g.length, g.memory, g.tries)
    for seed, rule in enumerate(told.refusals, g.seed):
        progress.say(f"  seed {seed} was stopped by the adults-only screen ({rule})")
    if told.refused:
        return {"new": 1, "tries": g.tries, "refused": told.refused}
    seed = g.seed + len(told.refusals)
    path = run / "samples" / f"story-{seed}.txt"
    atomic_write(path, g.prompt + told.text.strip("\n") + "\n")
    return {
        "new": 1,
        "characters": len(told.text),
        "characters_per_second": round(len(told.text) / told.seconds),
        "seed": seed,
        "tries": len(told.refusals) + 1,
        "last_summary": told.summaries[-1].strip() if told.summaries else "",
        "path": str(path.relative_to(workspace.root)),
        "identity": identity,
    }


def model_identity(model: Path) -> str:
    """A hash of a model directory's configuration and weights."""
    digest = hashlib.sha256()
    for path in sorted(model.glob("*")):
        if path.name == "config.json" or path.suffix == ".safetensors":
            digest.update(path.name.encode())
            with path.open("rb") as handle:
                digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()
