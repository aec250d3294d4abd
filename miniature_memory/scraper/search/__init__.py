"""Where candidates come from: one small adapter a service, all on one seam.

``provider(config.search)`` makes the chosen one; ``missing`` says what it lacks on this machine. Keys come
from the environment alone. How to add one: a module with a subclass of ``Provider``, a line in
``PROVIDERS``, its name in ``SearchConfig.provider``, and a test against a local server that speaks its
protocol.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module

from miniature_memory.config import Config, SearchConfig
from miniature_memory.scraper.search.seam import Grants, Hit, Provider

__all__ = ["PROVIDERS", "Hit", "Provider", "missing", "provider"]

PROVIDERS = {
    "brave": "brave:Brave",
    "common_crawl": "common_crawl:CommonCrawl",
    "feed": "feed:Feed",
    "google": "google:Google",
    "list": "plain_list:PlainList",
    "searxng": "searxng:Searxng",
    "serper": "serper:Serper",
    "sitemap": "sitemap:Sitemap",
}


def kind(name: str) -> type[Provider]:
    module, _, attribute = PROVIDERS[name].partition(":")
    found: type[Provider] = getattr(import_module(f"miniature_memory.scraper.search.{module}"), attribute)
    return found


def provider(
    config: SearchConfig, environment: Mapping[str, str] | None = None, grants: Grants | None = None
) -> Provider:
    """The chosen provider, ready to be asked; a context manager that closes its connections.

    ``grants`` maps names of the demo's web to their address.
    """
    return kind(config.provider)(config, os.environ if environment is None else environment, grants or {})


def missing(config: Config, environment: Mapping[str, str] | None = None) -> list[str]:
    """What the chosen provider lacks, as sentences for a person; empty when it can be asked."""
    environment = os.environ if environment is None else environment
    search, chosen = config.search, kind(config.search.provider)
    lacks = [
        f"The environment variable {name} is not set; {search.provider} needs it ({chosen.where_to_get})."
        for name in chosen.keys
        if not environment.get(name)
    ]
    if chosen.needs_base_url and not search.base_url:
        lacks.append(f"search.base_url is not set; {search.provider} needs the address of an instance.")
    if not search.queries and not config.demo.enabled:
        lacks.append(f"search.queries is empty; {search.provider} needs {chosen.asks_for}.")
    return lacks
