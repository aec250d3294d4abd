"""Google's Custom Search JSON API (closed to new customers; ends on 2027-01-01)."""

from __future__ import annotations

from miniature_memory.errors import QuotaSpent
from miniature_memory.scraper.search.seam import Hit, Provider, dicts, page_number, text

_LAST_START = 91  # the API gives at most 100 results
_SPENT = ("dailylimitexceeded", "quotaexceeded", "queries per day")


class Google(Provider):
    name = "google"
    default_base_url = "https://customsearch.googleapis.com"
    keys = ("GOOGLE_API_KEY", "GOOGLE_CSE_ID")
    where_to_get = "https://developers.google.com/custom-search/v1/overview"
    metered = True

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        start = page_number(cursor, 1)
        parameters = {
            "key": self.secrets["GOOGLE_API_KEY"],
            "cx": self.secrets["GOOGLE_CSE_ID"],
            "q": query,
            "num": 10,
            "start": start,
            "lr": f"lang_{self.config.language}",
        }
        response = self.ask("GET", f"{self.base_url}/customsearch/v1", params=parameters)
        if response.status_code in (403, 429) and any(word in response.text.lower() for word in _SPENT):
            raise QuotaSpent("google: today's quota is spent.", "It is renewed at midnight, Pacific time.")
        if response.status_code != 200:
            raise self.fail(response)
        data = self.json(response)
        hits = [
            Hit(text(item.get("link")), text(item.get("title")), text(item.get("snippet")))
            for item in dicts(data.get("items"))
        ]
        more = dicts((data.get("queries") or {}).get("nextPage")) and hits and start + 10 <= _LAST_START
        return hits, str(start + 10) if more else None
