"""Common Crawl's URL index: which pages of a site exist (`example.org/stories/*`), from its latest crawl."""

from __future__ import annotations

import json

from miniature_memory.errors import SearchDenied, SearchTransient
from miniature_memory.scraper.search.seam import Hit, Provider, text


class CommonCrawl(Provider):
    name = "common_crawl"
    default_base_url = "https://index.commoncrawl.org"
    asks_for = "address patterns such as example.org/stories/*"

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        """The cursor is ``crawl page pages``: the crawl stays the same while a query is read."""
        if cursor:
            crawl, page, pages = cursor.split(" ")
        else:
            crawl, page = self._latest(), "0"
            pages = self._pages(crawl, query)
        if int(page) >= int(pages):
            return [], None
        wanted = {"fl": "url,timestamp", "filter": ["=status:200", "=mime:text/html"]}
        response = self.ask(
            "GET",
            f"{self.base_url}/{crawl}-index",
            params={"url": query, "output": "json", "page": page, **wanted},
        )
        if response.status_code == 404:  # "No Captures found"
            return [], None
        if response.status_code != 200:
            raise self.fail(response)
        hits: dict[str, Hit] = {}  # the index holds each capture of a page
        for line in response.text.splitlines():
            try:
                item = json.loads(line)
            except ValueError:
                raise SearchTransient("common_crawl: the answer is no JSON lines.") from None
            url = text(item.get("url")) if isinstance(item, dict) else ""
            if url:
                hits.setdefault(url, Hit(url, published=text(item.get("timestamp"))))
        following = int(page) + 1
        return list(hits.values()), f"{crawl} {following} {pages}" if following < int(pages) else None

    def _latest(self) -> str:
        response = self.ask("GET", f"{self.base_url}/collinfo.json")
        if response.status_code != 200:
            raise self.fail(response)
        try:
            return str(response.json()[0]["id"])
        except (ValueError, LookupError, TypeError):
            raise SearchDenied("common_crawl: the list of crawls can't be read.") from None

    def _pages(self, crawl: str, query: str) -> str:
        response = self.ask(
            "GET",
            f"{self.base_url}/{crawl}-index",
            params={"url": query, "output": "json", "showNumPages": "true"},
        )
        if response.status_code == 404:
            return "0"
        if response.status_code != 200:
            raise self.fail(response)
        try:
            return str(int(json.loads(response.text.splitlines()[0])["pages"]))
        except (ValueError, LookupError, TypeError):
            raise SearchTransient("common_crawl: the number of pages can't be read.") from None
