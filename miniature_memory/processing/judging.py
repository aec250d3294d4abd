"""What a worker does for ``validate``: what can be said of documents alone, and their sketches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from miniature_memory.processing import files, language, quality_filter
from miniature_memory.processing.dedup import Sketch, sketches
from miniature_memory.processing.normalize import Cleaned, clean_text
from miniature_memory.processing.words import words_of

TOGETHER = 1 << 15  # characters of documents whose words are looked at together
FOREIGN = 0.02  # share of letters from other scripts from which the raw text's language is heard

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """Documents for a worker: (number, id, site, is the raw text screened already?)."""

    raw: Path
    cleaned: Path
    documents: tuple[tuple[int, str, str, bool], ...]
    limits: quality_filter.Limits


@dataclass(frozen=True, slots=True)
class Judged:
    number: int
    id: str
    reason: str  # '' so far
    figures: Figures
    sketch: Sketch | None = None
    refused_by: str = ""  # the screen's rule, or that it was forgotten
    done: Figures = field(default_factory=dict)  # what the cleaning did to it, for ``clean`` to tell


def judge_documents(task: Task) -> list[Judged]:
    """What can be said of each document alone. Importable; writes nothing but cleaned texts."""
    read = [_read(task, *document) for document in task.documents]
    clean = (one for one in read if isinstance(one, _Clean))
    judged: dict[int, Judged] = {}
    for together in _together(clean):
        judged |= _judge(task, together)
    return [judged[one.number] if isinstance(one, _Clean) else one for one in read]


@dataclass(frozen=True, slots=True)
class _Clean:
    """A document that only its style and other documents can speak against."""

    number: int
    id: str
    site: str
    cleaned: Cleaned
    languages: Mapping[str, float] | None  # where the cleaned text can't tell


def _read(task: Task, number: int, id: str, site: str, screened: bool) -> Judged | _Clean:
    """Cleans a document: what training would see is judged, so that ``clean`` never has to refuse."""
    from miniature_memory import screen

    longest = task.limits.max_characters
    raw, fault = files.read_raw(f"{task.raw}/{id}.txt", id)
    if raw is None:
        return Judged(number, id, "integrity", {"fault": fault})
    cleaned = clean_text(raw) if len(raw) <= longest else Cleaned("")
    for text in (cleaned.text,) if screened else (raw, cleaned.text):
        verdict = screen.check(text)
        if verdict.reject:
            return Judged(number, id, "screen", {}, refused_by=verdict.rule or "error")
    if len(raw) > longest:
        return Judged(number, id, "too_long", {"rule": "max_characters", "characters": len(raw)})
    # what was written in other letters is heard as it was written
    foreign = cleaned.counts.get("transliterated", 0) > FOREIGN * len(raw)
    return _Clean(number, id, site, cleaned, language.vote(words_of(raw))[0] if foreign else None)


def _together(documents: Iterable[_Clean]) -> Iterator[list[_Clean]]:
    """Documents whose words are looked at together: some, if they are short."""
    group: list[_Clean] = []
    characters = 0
    for one in documents:
        if group and characters + len(one.cleaned.text) > TOGETHER:
            yield group
            group, characters = [], 0
        group.append(one)
        characters += len(one.cleaned.text)
    if group:
        yield group


def _judge(task: Task, documents: list[_Clean]) -> dict[int, Judged]:
    """Their verdicts by number. The text of a good one is left where ``clean`` looks for it."""
    words = words_of(*(one.cleaned.text for one in documents))
    languages = {place: one.languages for place, one in enumerate(documents) if one.languages}
    verdicts = quality_filter.judge(words, task.limits, languages)
    columns = documents, verdicts, sketches(words, [one.site for one in documents])
    judged: dict[int, Judged] = {}
    for one, quality, sketched in zip(*columns, strict=True):
        figures = quality.figures
        if quality.reason:
            figures = {"rule": quality.rule, **figures}
            judged[one.number] = Judged(one.number, one.id, quality.reason, figures)
            continue
        data = one.cleaned.text.encode()
        files.write_soon(f"{task.cleaned}/{one.id}.txt", data)
        figures["screened"] = files.digest(data)
        judged[one.number] = Judged(one.number, one.id, "", figures, sketched, done=one.cleaned.counts)
    return judged
