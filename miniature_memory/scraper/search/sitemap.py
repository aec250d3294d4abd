"""Sitemaps (sitemaps.org): a sitemap, an index, a plain list, or a site whose robots.txt names them."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from miniature_memory.errors import SearchDenied
from miniature_memory.scraper.addresses import host_of
from miniature_memory.scraper.search.seam import Hit, Provider, is_address
from miniature_memory.scraper.search.xml import child_text, local, parse, unpacked

_MOST_FILES = 1000


class Sitemap(Provider):
    name = "sitemap"
    asks_for = "addresses of sitemaps or sites"

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        """The cursor holds the files that are still to be read, and how many were."""
        if not is_address(query):
            raise SearchDenied(f"sitemap: {query!r} is no address.", "Begin it with https://")
        done, waiting = json.loads(cursor) if cursor else (0, self._start(query))
        if not waiting:
            return [], None
        here, *waiting = waiting
        response = self.ask("GET", here)
        if response.status_code == 404 and done:
            return [], self._next(done, waiting)
        if response.status_code != 200:
            raise self.fail(response)
        body = unpacked(response.content)
        if body.lstrip()[:1] != b"<":
            lines = body.decode("utf-8-sig", "replace").splitlines()
            return [Hit(line.strip()) for line in lines if is_address(line.strip())], self._next(
                done, waiting
            )
        root = parse(self.name, body)
        if local(root) == "sitemapindex":
            # the protocol keeps a sitemap on its own site; a foreign one could point us anywhere
            found = [child_text(item, "loc") for item in root if local(item) == "sitemap"]
            waiting += [url for url in found if host_of(url) == host_of(query)]
            return [], self._next(done, waiting)
        hits = [
            Hit(child_text(item, "loc"), published=child_text(item, "lastmod"))
            for item in root
            if local(item) == "url"
        ]
        return hits, self._next(done, waiting)

    def _start(self, query: str) -> list[str]:
        parts = urlsplit(query)
        if parts.path.strip("/"):
            return [query]
        origin = f"{parts.scheme}://{parts.netloc}"
        response = self.ask("GET", origin + "/robots.txt")
        named = []
        if response.status_code == 200:
            for line in response.text.splitlines():
                key, _, value = line.partition(":")
                if key.strip().lower() == "sitemap" and host_of(value.strip()) == host_of(query):
                    named.append(value.strip())
        return named or [origin + "/sitemap.xml"]

    def _next(self, done: int, waiting: list[str]) -> str | None:
        return json.dumps([done + 1, waiting]) if waiting and done + 1 < _MOST_FILES else None
