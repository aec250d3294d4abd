"""How well the extractor finds articles: scrapinghub's benchmark, our figures beside others'.


``--data DIR`` is a copy of that repository (``ground-truth.json`` and ``html/*.html.gz``), or just these.
The measure is theirs: precision and recall over shingles of four words, each page weighing the same,
F1 of the two means. Every side is computed in the same run.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from miniature_memory.benchmarks import Options, columns
from miniature_memory.errors import Damaged, MissingInput

_WORD = re.compile(r"\w+")


def sides() -> dict[str, Callable[[str], str]]:
    """Name of an extractor → function from HTML to text."""
    import trafilatura
    from lxml import html as lxml_html
    from readability import Document

    from miniature_memory.scraper.extract import extract

    logging.getLogger("readability").setLevel(logging.CRITICAL)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return {
        "ours": lambda page: extract(page).text,
        "trafilatura": lambda page: trafilatura.extract(page, include_comments=False) or "",
        "trafilatura precision": lambda page: (
            trafilatura.extract(page, include_comments=False, favor_precision=True) or ""
        ),
        "readability-lxml": lambda page: "\n".join(
            map(str, lxml_html.fromstring(Document(page).summary(html_partial=True)).itertext())
        ),
    }


def run(options: Options) -> dict[str, Any]:
    """Figures of every side: f1, precision, recall, ms (CPU time a page), failed (pages)."""
    if options.data is None:
        raise MissingInput(
            "The extraction benchmark needs its pages.",
            "Get scrapinghub's article-extraction-benchmark and name the copy with --data DIR.",
        )
    truth, pages = _load(options.data)
    return {name: _score(truth, pages, side) for name, side in sides().items()}


def table(figures: dict[str, Any]) -> str:
    """All sides, one a line."""
    head = ("extractor", "F1", "precision", "recall", "ms/page")
    rows = [
        (name, f"{f['f1']:.4f}", f"{f['precision']:.4f}", f"{f['recall']:.4f}", f"{f['ms']:.1f}")
        for name, f in figures.items()
    ]
    return columns([head, *rows])


def _load(data: Path) -> tuple[dict[str, str], dict[str, str]]:
    try:
        facts: dict[str, Any] = json.loads((data / "ground-truth.json").read_text(encoding="utf-8"))
        truth = {key: fact.get("articleBody", "") for key, fact in facts.items()}
        pages = {
            key: gzip.decompress((data / "html" / f"{key}.html.gz").read_bytes()).decode("utf-8", "replace")
            for key in truth
        }
    except FileNotFoundError as error:
        raise MissingInput(
            f"{error.filename} is not there.",
            "--data must name a copy of scrapinghub's article-extraction-benchmark.",
        ) from None
    except (json.JSONDecodeError, gzip.BadGzipFile, AttributeError) as error:
        raise Damaged(f"The benchmark's data in {data} can't be read: {error}.") from None
    return truth, pages


def _score(truth: dict[str, str], pages: dict[str, str], side: Callable[[str], str]) -> dict[str, float]:
    rows, failed, seconds = [], 0, 0.0
    for key, wanted in truth.items():
        started = time.process_time()
        try:
            text = side(pages[key])
        except Exception:  # whatever a library throws counts as an empty answer
            text, failed = "", failed + 1
        seconds += time.process_time() - started
        rows.append(shingle_score(wanted, text))
    precision = statistics.mean(p for p, _ in rows if p is not None)
    recall = statistics.mean(r for _, r in rows if r is not None)
    return {
        "f1": round(2 * precision * recall / (precision + recall), 4),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "ms": round(1000 * seconds / max(len(truth), 1), 1),
        "failed": failed,
    }


def shingle_score(wanted: str, text: str, n: int = 4) -> tuple[float | None, float | None]:
    """Precision and recall of one page; None where the measure leaves the page out."""
    a, b = _shingles(wanted, n), _shingles(text, n)
    hits, extra, missed = sum((a & b).values()), sum((b - a).values()), sum((a - b).values())
    precision = 1.0 if not extra and not missed else hits / (hits + extra) if hits + extra else None
    recall = 1.0 if not extra and not missed else hits / (hits + missed) if hits + missed else None
    return precision, recall


def _shingles(text: str, n: int) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    grams = (tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1)))
    return Counter(gram for gram in grams if gram)
