"""Where the adults-only screen stands in collecting: nothing of a page is stored before it passed here."""

from __future__ import annotations

from collections.abc import Iterable

from miniature_memory import screen
from miniature_memory.scraper.addresses import readable


def refuses(url: str, texts: Iterable[str] = (), html: str = "") -> str | None:
    """The rule that refuses an address, short texts (title, snippet) or a whole page; None lets them pass."""
    verdict = screen.check_words(readable(url))
    if verdict.reject:
        return verdict.rule or "error"
    for text in texts:
        if text and (verdict := screen.check(text)).reject:
            return verdict.rule or "error"
    if html and (verdict := screen.check_html(html)).reject:
        return verdict.rule or "error"
    return None


VERSION = screen.VERSION
