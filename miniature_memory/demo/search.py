"""The story web's search engine: word matching over titles, blurbs and tags, answered in SearXNG's JSON
shape."""

from __future__ import annotations

import re
from typing import Any

from miniature_memory.demo.pages import Entry

PAGE_SIZE = 20
_COMMON = re.compile(
    r"(an?|and|by|for|from|in|of|on|or|our|read|short|stor(y|ies)|tales?|fiction|the|to|with|online)$"
)  # every page has these, so they tell nothing
_CONTENT_LIMIT = 280


class Index:
    """An inverted index of all pages. Hits come in the order of arrival, so new pages stand on the last
    result pages."""

    def __init__(self, rows: list[Entry]) -> None:
        self._rows = rows
        self._places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            for word in set(_words(f"{row.title} {row.blurb} {row.theme} {row.site}")):
                self._places.setdefault(word, []).append(place)

    def find(self, query: str) -> list[tuple[int, float]]:
        """Places of the pages that have at least half of the query's telling words, with a score in 0..1."""
        wanted = set(_words(query))
        if not wanted:
            return [(place, 1.0) for place in range(len(self._rows))]
        counts: dict[int, int] = {}
        for word in wanted:
            for place in self._places.get(word, ()):
                counts[place] = counts.get(place, 0) + 1
        return sorted((place, n / len(wanted)) for place, n in counts.items() if 2 * n >= len(wanted))

    def answer(self, query: str, pageno: int) -> dict[str, Any]:
        """One page of results as SearXNG returns it with ``format=json``."""
        hits = self.find(query)
        shown = hits[PAGE_SIZE * (pageno - 1) : PAGE_SIZE * pageno]
        return {
            "query": query,
            "number_of_results": len(hits),
            "results": [
                self._result(self._rows[place], score, rank) for rank, (place, score) in enumerate(shown, 1)
            ],
            "answers": [],
            "corrections": [],
            "infoboxes": [],
            "suggestions": [],
            "unresponsive_engines": [],
        }

    def _result(self, row: Entry, score: float, rank: int) -> dict[str, Any]:
        return {
            "url": row.url,
            "title": row.title,
            "content": row.blurb[:_CONTENT_LIMIT],
            "publishedDate": None,
            "thumbnail": "",
            "engine": "storyweb",
            "template": "default.html",
            "parsed_url": ["http", row.host, row.path, "", "", ""],
            "engines": ["storyweb"],
            "positions": [rank],
            "score": score,
            "category": "general",
        }


def _words(text: str) -> list[str]:
    words = re.findall(r"[a-zà-ÿ]+", text.lower().replace("'s", ""))
    return [word.removesuffix("s") for word in words if not _COMMON.match(word)]
