"""Brave's Search API: the keyed default."""

from __future__ import annotations

from miniature_memory.errors import QuotaSpent, SearchDenied, SearchTransient
from miniature_memory.scraper.search.seam import Hit, Provider, dicts, page_number, text

_COUNT = 20
_LAST_OFFSET = 9  # counted in pages


class Brave(Provider):
    name = "brave"
    default_base_url = "https://api.search.brave.com"
    keys = ("BRAVE_API_KEY",)
    where_to_get = "https://brave.com/search/api/"
    metered = True

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        offset = page_number(cursor, 0)
        response = self.ask(
            "GET",
            f"{self.base_url}/res/v1/web/search",
            params={
                "q": query[:400],  # the API's own limit
                "count": _COUNT,
                "offset": offset,
                "search_lang": self.config.language,
                "result_filter": "web",
                "text_decorations": "false",
            },
            headers={"X-Subscription-Token": self.secrets["BRAVE_API_KEY"], "Accept": "application/json"},
        )
        code = text(_error(response.text).get("code"))
        if response.status_code == 402 or code in ("QUOTA_LIMITED", "QUOTA_EXCEEDED"):
            raise QuotaSpent("brave: the plan's quota is spent.", "It is renewed with the next month.")
        if response.status_code == 429:
            raise SearchTransient("brave asks us to be slower.", _reset(response.headers))
        if response.status_code == 422 and "TOKEN" in code:
            raise SearchDenied("brave does not know the key.", "Check BRAVE_API_KEY.")
        if response.status_code != 200:
            raise self.fail(response)
        data = self.json(response)
        hits = [
            Hit(
                text(item.get("url")),
                text(item.get("title")),
                text(item.get("description")),
                text(item.get("page_age")),
            )
            for item in dicts((data.get("web") or {}).get("results"))
        ]
        more = (data.get("query") or {}).get("more_results_available") and hits and offset < _LAST_OFFSET
        return hits, str(offset + 1) if more else None


def _error(body: str) -> dict[str, object]:
    import json

    try:
        error = json.loads(body).get("error")
    except (ValueError, AttributeError):
        return {}
    return error if isinstance(error, dict) else {}


def _reset(headers: object) -> float:
    """Seconds until this second's window is over (`X-RateLimit-Reset: 1, 1419704`), or as Retry-After says"""
    from miniature_memory.scraper.fetch.http import retry_after

    get = headers.get  # type: ignore[attr-defined]
    asked = retry_after(get("retry-after", ""))
    first = get("x-ratelimit-reset", "").partition(",")[0].strip()
    return asked if asked is not None else float(first) if first.isdigit() else 1.0
