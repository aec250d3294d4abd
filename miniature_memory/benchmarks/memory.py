"""What is the rolling summary worth? A 256-character window with it, against longer windows without.

``--data DIR`` holds whole books as text files; the last two, or those of ``--held-out DIR``, are asked about
and never learnt from. Without ``--data`` the books are stories of the demo web. Small models of one body are
trained from nothing, each in a process of its own (``memory_models``), asked about the same passages under
every condition (``memory_score``), and let tell stories (``memory_stories``). How many names 60 characters
keep is counted without a model (``memory_names``).

By default one seed and 3 million characters a model; ``--full``: three seeds and 20 million. ``--work DIR``
keeps the finished parts there, so that a run that was stopped goes on; otherwise all is deleted at the end.

Intervals are of 95 %, over the books' passages: blocks of 20 that follow each other are drawn 2,000 times,
the same ones under all conditions, and seeds are averaged.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miniature_memory.benchmarks import Options, columns
from miniature_memory.benchmarks.memory_books import (
    BANDS,
    Passage,
    band,
    blocks,
    find_books,
    open_books,
    write_books,
)
from miniature_memory.benchmarks.memory_names import names_kept
from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.workspace import atomic_write

Figures = dict[str, Any]

SIDES: Final = ("summary", "plain 256", "plain 1024", "plain 512", "written")
DRAWS: Final = 2000


@dataclass(frozen=True)
class Size:
    """How much is done: characters that a model reads, seeds, passages asked, stories and their length."""

    characters: int
    seeds: int
    passages: int
    stories: int
    length: int
    cost_length: int


DEFAULT: Final = Size(3_000_000, 1, 1600, 4, 10_000, 100_000)
FULL: Final = Size(20_000_000, 3, 3200, 8, 10_000, 100_000)


def run(options: Options) -> Figures:
    """``bits`` {condition: bits a character}, ``gains`` {name: [bits, low, high]}, ``recovered_share_1024``
    with its interval, ``names`` {band: {condition: bits a name}}, ``kept`` (``names_kept``), ``written``,
    ``stories``."""
    size = FULL if options.full else DEFAULT
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
        return measure(options.work, options.data, options.held_out, size)
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), options.data, options.held_out, size)


def measure(work: Path, data: Path | None, held_out: Path | None, size: Size) -> Figures:
    """All of it in ``work``; what is finished there is not done again."""
    texts, asked_texts = find_books(data, held_out, small=size.characters < DEFAULT.characters)
    if not (work / "held-out.npz").exists():
        write_books(work, texts, asked_texts)
    jobs = [(side, seed) for seed in range(1, size.seeds + 1) for side in SIDES]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        told = dict(zip(jobs, pool.map(lambda job: _side(work, size, *job), jobs), strict=True))
        model = str(work / "written-1")
        stories = _child(
            work, "memory_stories", model, str(size.stories), str(size.length), str(size.cost_length)
        )
    _, corpus = open_books(work)
    asked = blocks(corpus, size.passages)
    figures = compare(_bits(work, size.seeds), asked)
    figures["written"] |= told["written", 1]
    figures["stories"] = stories
    figures["kept"] = names_kept(asked_texts)
    figures["characters"], figures["seeds"] = size.characters, size.seeds
    return figures


def _side(work: Path, size: Size, side: str, seed: int) -> Figures:
    """Trains and asks one model."""
    told = (work / f"{side.replace(' ', '-')}-{seed}").with_suffix(".json")
    if not told.exists():
        began = time.monotonic()
        sizes = (str(seed), str(size.characters), str(size.passages))
        atomic_write(told, json.dumps(_child(work, "memory_score", side, *sizes)))
        sys.stderr.write(f"{side}, seed {seed}: {time.monotonic() - began:,.0f} s\n")
    figures: Figures = json.loads(told.read_text(encoding="utf-8"))
    return figures


def _child(work: Path, module: str, *arguments: str) -> Figures:
    """What a process of its own, on one thread, printed last."""
    done = subprocess.run(
        [sys.executable, "-m", f"miniature_memory.benchmarks.{module}", str(work), *arguments],
        env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise MiniatureMemoryError(f"{module} {' '.join(arguments)} failed:\n{done.stderr.strip()[-2000:]}")
    figures: Figures = json.loads((done.stdout.strip().splitlines() or ["{}"])[-1])
    return figures


Bits = NDArray[np.float64]


def _bits(work: Path, seeds: int) -> dict[str, Bits]:
    """Condition → bits (seeds, passages, 96). A plain model's window is its condition; ``written`` is
    compared with the algorithm within the model that learnt to write (``written: summary``)."""
    found: dict[str, list[Bits]] = {}
    for seed in range(1, seeds + 1):
        for side in SIDES:
            with np.load(work / f"{side.replace(' ', '-')}-{seed}.npz", allow_pickle=False) as arrays:
                for name in arrays.files:
                    key = {"summary": name, "written": f"written: {name}"}.get(side, side)
                    found.setdefault(key, []).append(arrays[name].astype(np.float64))
    return {name: np.stack(each) for name, each in found.items()}


def compare(bits: dict[str, Bits], asked: Sequence[Sequence[Passage]]) -> Figures:
    """Figures of paired scores; see ``run``."""
    sizes = [len(block) for block in asked]
    ends = np.cumsum([0, *sizes])
    # (conditions) → bits of each block, seeds averaged
    sums = {
        name: np.array([each[:, a:b].mean(axis=0).sum() for a, b in pairwise(ends)])
        for name, each in bits.items()
    }
    count = np.array(sizes) * next(iter(bits.values())).shape[2]
    draws = np.random.default_rng(0).integers(0, len(sizes), (DRAWS, len(sizes)))

    def gain(worse: str, better: str) -> tuple[float, Bits]:
        difference = sums[worse] - sums[better]
        return difference.sum() / count.sum(), difference[draws].sum(axis=1) / count[draws].sum(axis=1)

    pairs = {
        "summary": ("none", "summary"),
        "empty": ("none", "empty"),
        "other": ("none", "other"),
        "oracle": ("none", "oracle"),
        "window 512": ("plain 256", "plain 512"),
        "window 1024": ("plain 256", "plain 1024"),
        "summary against a plain model": ("plain 256", "summary"),
        "written": ("written: none", "written: written"),
        "algorithm beside written": ("written: none", "written: summary"),
    }
    measured = {name: gain(*pair) for name, pair in pairs.items() if set(pair) <= set(sums)}
    figures: Figures = {
        "passages": int(sum(sizes)),
        "bits": {name: round(float(each.mean()), 4) for name, each in bits.items()},
        "gains": {name: _interval(*each) for name, each in measured.items()},
        "names": _names(bits, [p for block in asked for p in block]),
        "written": {},
    }
    for name, (of, by) in {
        "recovered_share_1024": ("summary", "window 1024"),
        "recovered_share_512": ("summary", "window 512"),
        "oracle_share_1024": ("oracle", "window 1024"),
        "share_of_1024_against_a_plain_model": ("summary against a plain model", "window 1024"),
        "written_share": ("written", "algorithm beside written"),
    }.items():
        if of in measured and by in measured:
            share = measured[of][0] / measured[by][0]
            low, high = np.quantile(measured[of][1] / measured[by][1], [0.025, 0.975])
            figures[name] = round(float(share), 3)
            figures[f"{name}_interval"] = [round(float(low), 3), round(float(high), 3)]
    figures["recovered_share_1024_by_seed"] = [
        round(
            float(_mean_gain(bits, "none", "summary", i) / _mean_gain(bits, "plain 256", "plain 1024", i)), 3
        )
        for i in range(len(bits["none"]))
    ]
    return figures


def _mean_gain(bits: dict[str, Bits], worse: str, better: str, seed: int) -> float:
    return float(bits[worse][seed].mean() - bits[better][seed].mean())


def _interval(value: float, drawn: Bits) -> list[float]:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return [round(float(v), 4) for v in (value, low, high)]


def _names(bits: dict[str, Bits], passages: Sequence[Passage]) -> Figures:
    """Band → mentions, and bits a name under every condition."""
    told: Figures = {}
    places: dict[str, list[tuple[int, int, int]]] = {name: [] for name in BANDS}
    for number, passage in enumerate(passages):
        for at, size, ago in passage.names:
            places[band(ago)].append((number, at, size))
    for name, found in places.items():
        if found:
            told[name] = {"mentions": len(found)} | {
                condition: round(
                    float(np.mean([each[:, n, at : at + size].sum(axis=1) for n, at, size in found])), 2
                )
                for condition, each in bits.items()
            }
    return told


_ORDER: Final = (
    "none", "summary", "other", "empty", "oracle", "plain 256", "plain 512", "plain 1024",
    "written: none", "written: summary", "written: written",
)  # fmt: skip
_SAID: Final = {
    "none": "window 256, no summary",
    "summary": "window 256 and the summary",
    "other": "… another book's summary",
    "empty": "… an empty summary",
    "oracle": "… a summary that knows what recurs",
    "plain 256": "plain model, window 256",
    "plain 512": "plain model, window 512",
    "plain 1024": "plain model, window 1,024",
    "written: none": "model that writes, no summary",
    "written: summary": "… the algorithm's summary",
    "written: written": "… its own summary",
}
_BAND_SAID: Final = {
    "first": "first", "near": "< 160", "160": "160–256", "256": "256–1k", "1k": "1k–4k", "4k": "4k +",
}  # fmt: skip


def table(figures: Figures) -> str:
    """The figures as tables to read."""
    bands = [name for name in BANDS if name in figures["names"]]
    rows: list[tuple[str, ...]] = [
        ("bits a character; a name, by its last mention", "bits", *(_BAND_SAID[b] for b in bands))
    ]
    for key in _ORDER:
        if key in figures["bits"]:
            each = (f"{figures['names'][b][key]:.1f}" for b in bands)
            rows.append((_SAID[key], f"{figures['bits'][key]:.4f}", *each))
    rows.append(("mentions", "", *(f"{figures['names'][b]['mentions']:,}" for b in bands)))
    parts = [
        columns(rows),
        *_told_gains(figures),
        columns(_told_stories(figures)),
        columns(_told_kept(figures)),
    ]
    parts.append(
        f"{figures['seeds']} seed(s), {figures['characters']:,} characters a model, "
        f"{figures['passages']:,} passages of 96 characters"
    )
    return "\n\n".join(parts)


def _told_gains(figures: Figures) -> Iterator[str]:
    gains: list[tuple[str, ...]] = [("gain in bits a character", "", "95 %")]
    gains += [
        (name, f"{v:+.4f}", f"{low:+.4f} … {high:+.4f}") for name, (v, low, high) in figures["gains"].items()
    ]
    yield columns(gains)
    shares: list[tuple[str, ...]] = [("share", "", "95 %")]
    for key, said in (
        ("recovered_share_1024", "of what a window of 1,024 gains, by the summary"),
        ("recovered_share_512", "of what a window of 512 gains"),
        ("oracle_share_1024", "of what a window of 1,024 gains, by the oracle"),
        ("share_of_1024_against_a_plain_model", "the same, from the plain model's 256"),
        ("written_share", "of the algorithm's gain, by the model's own summary"),
    ):
        if key in figures:
            low, high = figures[f"{key}_interval"]
            shares.append((said, f"{figures[key]:.2f}", f"{low:.2f} … {high:.2f}"))
    for key, said in (
        ("invented", "of the words of its summaries, stood nowhere"),
        ("as_the_algorithm", "of them, the algorithm has too"),
    ):
        if key in figures["written"]:
            shares.append((said, f"{figures['written'][key]:.3f}", ""))
    yield columns(shares)


def _told_stories(figures: Figures) -> list[tuple[str, ...]]:
    keys: dict[str, Callable[[Any], str]] = {
        "names_recalled": "{:.2f}".format,
        "repetition": "{:.3f}".format,
        "made_up_words": "{:.3f}".format,
        "names_per_1000": "{:.1f}".format,
        "opening_names_in_summary": "{:.2f}".format,
        "summary_changed_a_slide": "{:.2f}".format,
        "characters_per_second": "{:,.0f}".format,
        "slope_mb_per_10k": "{:.3f}".format,
    }
    rows: list[tuple[str, ...]] = [
        (
            "stories",
            "opening's names",
            "repeated",
            "made up",
            "names/1k",
            "kept",
            "changed",
            "chars/s",
            "MB/10k",
        )
    ]
    for name, each in figures["stories"].items():
        if isinstance(each, dict):
            cells = (each.get(key) for key in keys)
            rows.append(
                (name, *("" if c is None else say(c) for c, say in zip(cells, keys.values(), strict=True)))
            )
    return rows


def _told_kept(figures: Figures) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("share of lost names kept", "all", "256–1k ago", "1k–4k", "4k and more")]
    for side, each in sorted(figures["kept"].items(), key=lambda item: -item[1]["kept"]):
        rows.append((side, *(f"{each[key]:.3f}" for key in ("kept", "kept_256", "kept_1024", "kept_4096"))))
    return rows


_STYLE: Final = (
    "<style>svg{background:#fff;font:13px sans-serif}.grid{stroke:#ddd}.line{fill:none;stroke-width:2}"
    ".c0{stroke:#888}.c1{stroke:#c33}.c2{stroke:#e9a23b}.c3{stroke:#69c}.c4{stroke:#247}</style>"
)


def plot(figures: Figures) -> str:
    """Bits a name over how long ago it was last mentioned, as SVG."""
    from miniature_memory.report.plots import lines

    middles = {"near": 80, "160": 208, "256": 640, "1k": 2560, "4k": 8192}
    shown = {
        "plain 256": "window 256",
        "summary": "window 256 and summary",
        "oracle": "… that knows what recurs",
        "plain 512": "window 512",
        "plain 1024": "window 1,024",
    }
    told = [(math.log2(at), figures["names"][b]) for b, at in middles.items() if b in figures["names"]]
    series = [(said, [(x, each[key]) for x, each in told]) for key, said in shown.items()]
    drawn = lines(series, "last mention, log2 of the characters since", "bits a name")
    return drawn.replace(">", f">{_STYLE}", 1)
