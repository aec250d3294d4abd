"""From a page's HTML to the story that it holds.

Several extractors only *locate* the story (`locate`); our own serializer writes it from the DOM (`blocks`),
so that paragraphs and scene breaks survive. `isolate` runs all this in child processes with limits.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extracted:
    """What a page holds; unknown facts are empty strings.

    ``text`` is the story: paragraphs separated by a blank line, a scene break as a line ``* * *``; empty
    when the page holds none. ``language`` is a two-letter code, ``published`` an ISO date, ``licence``
    an address or a short name, ``site`` the host, ``work`` site and story (the same for all its chapters).
    ``extractor`` says who located the text; ``needs_browser`` that scripts seem to build the page.
    """

    text: str
    title: str
    author: str
    language: str
    published: str
    licence: str
    site: str
    work: str
    extractor: str
    needs_browser: bool


def extract(html: str, url: str = "") -> Extracted:
    """The story of a page. ``html`` is decoded text; ``url`` tells site and work. Bad HTML raises nothing."""
    from miniature_memory.scraper.extract.page import extract_page

    return extract_page(html, url)
