"""The summary at the end of a run, and ``mm status``: plain text that fits a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from miniature_memory.report.facts import facts, last, sample
from miniature_memory.workspace import Workspace

__all__ = ["evaluated", "facts", "imported", "status", "summary"]

WIDTH = 88


def summary(workspace: Workspace, figures: dict[str, Any]) -> str:
    """What a run did: the funnel, training, a story, memory, and where everything lies."""
    known = facts(workspace)
    ran = [name for name, value in figures.items() if isinstance(value, dict)]
    lines: list[str] = []
    if any(figures[name].get("new") for name in ran) is False:
        lines += ["", "Nothing new: everything is as the last run left it."]
    lines += [
        *_funnel(known["funnel"], last(known, "prepare")),
        *_training(last(known, "train")),
        *_evaluation(last(known, "evaluate")),
    ]
    lines += _story(known)
    peaks = {name: figures[name]["peak_mb"] for name in ran}
    if peaks:
        told = ", ".join(f"{name} {mb:,}" for name, mb in peaks.items())
        lines += _title("Memory and time")
        lines += [f"  peak {figures['peak_mb']:,} MB, all processes together ({told})"]
        lines += [f"  {figures['seconds']:.0f} s"]
    return "\n".join([*lines, *_places(workspace, known), ""])


def status(workspace: Workspace) -> str:
    known = facts(workspace)
    lines = [
        *_funnel(known["funnel"], last(known, "prepare")),
        *_training(last(known, "train")),
        *_evaluation(last(known, "evaluate")),
    ]
    return "\n".join([*lines, *_places(workspace, known), ""])


def imported(figures: dict[str, Any]) -> str:
    """What ``mm import`` took in."""
    refused = figures.get("refused", {})
    skipped = figures.get("skipped", {})
    lines = [f"{figures['new']:,} new documents from {figures['files']:,} files."]
    if refused:
        lines.append(f"Refused by the adults-only screen: {sum(refused.values()):,} ({_reasons(refused)})")
    if skipped:
        lines.append(f"Skipped: {sum(skipped.values()):,} ({_reasons(skipped)})")
    if not figures["new"] + figures.get("known", 0):
        return "\n".join([*lines, "Nothing here reads as a story: give text, HTML, EPUB or WARC files."])
    return "\n".join([*lines, "Next: mm run"])


def evaluated(figures: dict[str, Any]) -> str:
    return "\n".join(_evaluation(figures)).strip()


def _title(text: str) -> list[str]:
    return ["", text, "─" * WIDTH]


def _reasons(counts: dict[str, int], most: int = 12) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{name} {number:,}" for name, number in ordered[:most]]
    rest = sum(number for _, number in ordered[most:])
    return ", ".join(told + ([f"others {rest:,}"] if rest else []))


def _funnel(funnel: dict[str, Any], prepared: dict[str, Any]) -> Iterator[str]:
    urls, documents = funnel["urls"], funnel["documents"]
    rows: list[tuple[str, int, str]] = []
    if urls["found"]:
        rows += [("addresses found", urls["found"], "")]
        rows += [("  fetched", urls["fetched"], "")]
        rows += [("  rejected", sum(urls["rejected"].values()), _reasons(urls["rejected"]))]
        rows += [("  refused", urls["refused"], "by the adults-only screen")]
        rows += [("  waiting", urls["new"], "")] if urls["new"] else []
    rows += [("raw documents", documents["in"], "")]
    rows += [("  kept", documents["kept"], "")]
    rows += [("  rejected", sum(documents["rejected"].values()), _reasons(documents["rejected"]))]
    for name in ("cut", "left_out"):
        if counts := prepared.get(name):
            rows += [(f"  {name.replace('_', ' ')}", sum(counts.values()), _reasons(counts))]
    yield from _title("The funnel")
    widest = max(number for _, number, _ in rows) or 1
    for name, number, told in rows:
        bar = "█" * round(24 * number / widest)
        first, *more = textwrap.wrap(told, WIDTH - 50) or [""]
        yield f"  {name:<17}{number:>8,}  {bar:<24} {first}".rstrip()
        yield from (f"{'':<54}{line}"[1:] for line in more)


def _training(figures: dict[str, Any]) -> Iterator[str]:
    if not figures:
        return
    yield from _title("Training")
    yield from _table(figures, TRAINING)


TRAINING = (
    ("parameters", "parameters", "{:,}"),
    ("steps", "steps", "{:,}"),
    ("characters_seen", "characters read in training", "{:,}"),
    ("train_nats", "training loss, nats a character", "{:.4f}"),
    ("val_memory_nats", "validation loss with the summary, nats a character", "{:.4f}"),
    ("val_memory_bits", "the same in bits a character", "{:.4f}"),
    ("val_plain_bits", "validation without a summary, bits a character", "{:.4f}"),
    ("characters_per_second", "characters a second", "{:,.0f}"),
    ("machine", "on", "{}"),
)
EVALUATION = (
    ("bits_plain", "bits a character, window alone", "{:.4f}"),
    ("bits_summary", "bits a character, with the rolling summary", "{:.4f}"),
    ("bits_other", "bits a character, with another story's summary", "{:.4f}"),
    ("names_recalled", "names of the opening among late names, with the summary", "{:.2f}"),
    ("names_recalled_none", "names of the opening among late names, without", "{:.2f}"),
    ("repetition", "4-grams of words repeated within a story", "{:.3f}"),
    ("real_words", "words that the training text knows", "{:.3f}"),
    ("characters_per_second", "characters a second (INT8)", "{:,.0f}"),
)


def _evaluation(figures: dict[str, Any]) -> Iterator[str]:
    if not figures:
        return
    yield from _title("Evaluation")
    yield from _table(figures, EVALUATION)


def table(figures: dict[str, Any], rows: tuple[tuple[str, str, str], ...]) -> Iterator[tuple[str, str]]:
    """(label, formatted value) of the rows that the figures hold."""
    for key, label, form in rows:
        if figures.get(key) is not None:
            yield label, form.format(figures[key])


def _table(figures: dict[str, Any], rows: tuple[tuple[str, str, str], ...]) -> Iterator[str]:
    yield from (f"  {label:<58} {value:>14}" for label, value in table(figures, rows))


def _story(known: dict[str, Any]) -> Iterator[str]:
    text, figures = sample(known), last(known, "generate")
    if text is None:
        return
    told = f"seed {figures['seed']}, {len(text):,} characters, rolling summary"
    yield from _title(f"A story ({told})")
    for paragraph in text.strip().split("\n"):
        yield from textwrap.wrap(paragraph, WIDTH) or [""]


def _places(workspace: Workspace, known: dict[str, Any]) -> Iterator[str]:
    places = (
        ("training data", workspace.processed / "train.txt"),
        ("addresses", workspace.urls_jsonl),
        ("rejected", workspace.rejected),
        ("model", known["model"]),
        ("report", known["report"]),
    )
    there = [(name, path) for name, path in places if path and workspace.root.joinpath(path).exists()]
    yield from _title("Where everything lies")
    for name, path in [("workspace", workspace.root), *there]:
        yield f"  {name:<15}{path}"
    if known["model"]:
        yield ""
        yield "Next: mm write --length 5000    mm serve    mm run (goes on with what is new)"
