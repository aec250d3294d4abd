"""Serper: Google's results through a paid service."""

from __future__ import annotations

from miniature_memory.errors import QuotaSpent
from miniature_memory.scraper.search.seam import Hit, Provider, dicts, page_number, text

_LAST_PAGE = 10


class Serper(Provider):
    name = "serper"
    default_base_url = "https://google.serper.dev"
    keys = ("SERPER_API_KEY",)
    where_to_get = "https://serper.dev"
    metered = True

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        page = page_number(cursor, 1)
        response = self.ask(
            "POST",
            f"{self.base_url}/search",
            json={"q": query, "page": page, "hl": self.config.language},
            headers={"X-API-KEY": self.secrets["SERPER_API_KEY"]},
        )
        if response.status_code in (400, 402, 403) and "credit" in response.text.lower():
            raise QuotaSpent("serper: the account has no credits left.", "Top it up at https://serper.dev.")
        if response.status_code != 200:
            raise self.fail(response)
        hits = [
            Hit(text(i.get("link")), text(i.get("title")), text(i.get("snippet")), text(i.get("date")))
            for i in dicts(self.json(response).get("organic"))
        ]
        return hits, str(page + 1) if hits and page < _LAST_PAGE else None
