"""SearXNG: a metasearch engine of the user's own, without keys (JSON must be enabled in its settings)."""

from __future__ import annotations

from miniature_memory.errors import SearchDenied
from miniature_memory.scraper.search.seam import Hit, Provider, dicts, page_number, text


class Searxng(Provider):
    name = "searxng"
    needs_base_url = True

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        page = page_number(cursor, 1)
        response = self.ask(
            "GET",
            f"{self.base_url}/search",
            params={"q": query, "format": "json", "pageno": page, "language": self.config.language},
        )
        if response.status_code == 403:
            raise SearchDenied(
                "searxng refuses JSON.", "Add `json` under search.formats in the instance's settings.yml."
            )
        if response.status_code != 200:
            raise self.fail(response)
        hits = [
            Hit(
                text(item.get("url")),
                text(item.get("title")),
                text(item.get("content")),
                text(item.get("publishedDate")),
            )
            for item in dicts(self.json(response).get("results"))
        ]
        # SearXNG does not say whether there is a next page: an empty one is the end
        return hits, str(page + 1) if hits else None
