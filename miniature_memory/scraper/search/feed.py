"""RSS and Atom feeds, with the pages that an Atom feed links as `next` (RFC 5005)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from miniature_memory.errors import SearchDenied
from miniature_memory.scraper.addresses import host_of
from miniature_memory.scraper.search.seam import Hit, Provider, is_address
from miniature_memory.scraper.search.xml import child_text, local, parse

_TAG = re.compile(r"<[^<>]*>")


class Feed(Provider):
    name = "feed"
    asks_for = "addresses of RSS or Atom feeds"

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        """The cursor is the address of the feed's next page."""
        here = cursor or query
        if not is_address(here):
            raise SearchDenied(f"feed: {query!r} is no address.", "Begin it with https://")
        response = self.ask("GET", here)
        if response.status_code != 200:
            raise self.fail(response)
        root = parse(self.name, response.content)
        hits = [
            hit for item in root.iter() if local(item) in ("item", "entry") if (hit := _hit(item, here)).url
        ]
        following = _link(root, here, "next") or next(
            (
                link
                for channel in root
                if local(channel) == "channel"
                if (link := _link(channel, here, "next"))
            ),
            "",
        )
        more = hits and following and following != here and host_of(following) == host_of(query)
        return hits, following if more else None


def _hit(item: Any, base: str) -> Hit:
    link = _link(item, base, "alternate") or child_text(item, "link") or _permanent(item)
    summary = child_text(item, "description", "summary", "content", "encoded")
    return Hit(
        urljoin(base, link) if link else "",
        child_text(item, "title"),
        _TAG.sub(" ", summary)[:2000],
        child_text(item, "pubdate", "published", "updated", "date"),
    )


def _link(element: Any, base: str, relation: str) -> str:
    """An Atom link; one without `rel` is an alternate."""
    for child in element:
        if local(child) == "link" and child.get("href") and (child.get("rel") or "alternate") == relation:
            return urljoin(base, str(child.get("href")))
    return ""


def _permanent(item: Any) -> str:
    guid = child_text(item, "guid")
    return guid if is_address(guid) else ""
