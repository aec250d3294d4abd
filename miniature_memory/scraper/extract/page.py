"""One page, step by step (being built)."""

from __future__ import annotations

from miniature_memory.scraper.extract import Extracted


def extract_page(html: str, url: str = "") -> Extracted:
    return Extracted("", "", "", "", "", "", "", "", "", False)
