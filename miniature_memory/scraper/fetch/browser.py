"""Chromium for pages that scripts build (being built): nothing is found yet."""

from __future__ import annotations

from pathlib import Path

from miniature_memory.config import FetchConfig
from miniature_memory.errors import MissingExtra
from miniature_memory.scraper.fetch.http import Client, Page


def find_browser() -> str | None:
    return None


class Browser:
    def __init__(self, client: Client, config: FetchConfig, folder: Path) -> None:
        self.pages = self.restarts = 0

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def render(self, page: Page) -> str:
        raise MissingExtra("no browser")
