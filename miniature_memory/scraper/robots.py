"""What a host asks of crawlers: robots.txt (RFC 9309) and its reservations against training.

Reservations that a host can state for all of its pages at once are read beside it: AI preference lines in
robots.txt (`Content-Usage: train-ai=n` of the IETF's aipref drafts, `Content-Signal: ai-train=no`), the TDM
Reservation Protocol's `/.well-known/tdmrep.json`, and `/ai.txt`. A host that shuts out the well-known
crawlers for training has said no to training, whoever asks: their groups count for us too.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from miniature_memory.errors import FetchError

if TYPE_CHECKING:
    from miniature_memory.scraper.fetch.http import Answer

AGENT = "miniature-memory"
TRAINING_AGENTS = (
    "AI2Bot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
    "CCBot",
    "ClaudeBot",
    "Google-Extended",
    "GPTBot",
    "meta-externalagent",
)
MAX_BYTES = 512 << 10  # RFC 9309: at least 500 KiB are read
_REDIRECTS = 5
_DAY = 24 * 3600.0
Get = Callable[[str, int], Awaitable["Answer"]]


@dataclass(frozen=True)
class HostRules:
    """What one origin asks. Each view is a parsed robots file; several may say no."""

    crawl: Any = None
    reservations: tuple[Any, ...] = field(default=())
    delay: float = 0.0

    def allows(self, url: str) -> bool:
        return self.crawl is None or bool(self.crawl.can_fetch(url, AGENT))

    def reserves(self, url: str) -> bool:
        """Whether the page is reserved against training."""
        if any(not view.can_fetch(url, AGENT) for view in self.reservations):
            return True
        return self.crawl is not None and any(not self.crawl.can_fetch(url, name) for name in TRAINING_AGENTS)


class Robots:
    """The rules of every host met in a run, each asked for once a day. ``get(url, max_bytes)`` is one hop."""

    def __init__(self, get: Get) -> None:
        self._get = get
        self._known: dict[str, tuple[float, HostRules]] = {}
        self._stated: dict[str, list[Any]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def rules(self, url: str) -> HostRules:
        """The rules of the origin of ``url``.

        Raises ``FetchError``: ``robots`` (transient) when the host fails to give its robots.txt, which means
        no to everything for now, and whatever the connection itself meets.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        async with self._locks.setdefault(origin, asyncio.Lock()):
            expires, rules = self._known.get(origin, (0.0, HostRules()))
            if time.monotonic() >= expires:
                rules = await self._ask(origin)
                self._known[origin] = (time.monotonic() + _DAY, rules)
            return rules

    async def reserves(self, url: str) -> bool:
        """Whether the host reserves the page against training, in any of those ways. Raises as ``rules``."""
        rules = await self.rules(url)
        if rules.reserves(url):
            return True
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        async with self._locks[origin]:
            views = self._stated.get(origin)
            if views is None:
                views = self._stated[origin] = await self._statements(origin)
        return any(not view.can_fetch(url, AGENT) for view in views)

    async def _statements(self, origin: str) -> list[Any]:
        views = []
        for path, read in (("/.well-known/tdmrep.json", _tdm), ("/ai.txt", _ai_txt)):
            try:
                answer = await self._get(origin + path, MAX_BYTES)
            except FetchError:
                continue  # it states no reservation that could be read
            view = read(answer) if answer.status == 200 else None
            if view is not None:
                views.append(view)
        return views

    async def _ask(self, origin: str) -> HostRules:
        text = await self._robots_txt(origin)
        crawl = _parse(text) if text else None
        delay = float(crawl.crawl_delay(AGENT) or 0) if crawl is not None else 0.0
        preferences = _preferences(text)
        return HostRules(crawl, (preferences,) if preferences is not None else (), delay)

    async def _robots_txt(self, origin: str) -> str:
        """Its text; empty when there is none (4xx). One that is cut at the limit counts as far as it goes."""
        url = origin + "/robots.txt"
        for _ in range(_REDIRECTS + 1):
            answer = await self._get(url, -MAX_BYTES)
            if answer.status >= 500 or answer.status == 429:
                raise FetchError("robots", f"{origin} does not say what robots may do", transient=True)
            if answer.status in (301, 302, 303, 307, 308) and answer.header("location"):
                url = urljoin(url, answer.header("location"))
                continue
            return answer.body.decode("utf-8-sig", "replace") if answer.status == 200 else ""
        return ""  # more than five redirects: as good as not there


def _parse(text: str) -> Any:
    from protego import Protego

    return Protego.parse(text)


def _view(rules: list[tuple[str, bool]]) -> Any:
    """(path pattern, reserved) pairs as a robots file, so that one matcher (longest wins) serves all."""
    if not any(reserved for _, reserved in rules):
        return None
    lines = [f"{'Disallow' if reserved else 'Allow'}: {pattern}" for pattern, reserved in rules]
    return _parse("User-agent: *\n" + "\n".join(lines))


def _preferences(text: str) -> Any:
    """AI preference lines of the group that is ours, else of `*`; lines above any group are everybody's."""
    groups: dict[str, list[tuple[str, bool]]] = {}
    agents: list[str] = ["*"]
    in_head = False
    for line in text.splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            continue
        if name == "user-agent":
            agents = [*agents, value.lower()] if in_head else [value.lower()]
            in_head = True
            continue
        in_head = False
        if name in ("content-usage", "content-signal"):
            # an optional path stands in front of the preferences
            pattern, _, rest = value.partition(" ") if value.startswith("/") else ("/", "", value)
            reserved = reserves_training(rest)
            if reserved is not None:
                for agent in agents:
                    groups.setdefault(agent, []).append((pattern, reserved))
    return _view(groups.get(AGENT) or groups.get("*") or [])


def reserves_training(preferences: str) -> bool | None:
    """Whether `train-ai=n, …` (or `ai-train=no`) reserves the page; None when it says nothing of training."""
    for item in preferences.lower().replace(";", ",").split(","):
        key, _, value = item.strip().partition("=")
        if key.strip() in ("train-ai", "ai-train"):
            return value.strip() in ("n", "no", "?0")
    return None


def _tdm(answer: Answer) -> Any:
    """TDM Reservation Protocol (W3C community group, 2024), the file on the origin server."""

    def rules(data: Any) -> Iterator[tuple[str, bool]]:
        for item in data if isinstance(data, list) else [data]:
            if isinstance(item, dict) and str(item.get("location", "")).startswith("/"):
                yield str(item["location"]).split()[0], str(item.get("tdm-reservation")) == "1"

    try:
        return _view(list(rules(json.loads(answer.body))))
    except (ValueError, RecursionError):
        return None


def _ai_txt(answer: Answer) -> Any:
    """ai.txt has the form of robots.txt; a page in its place (a soft 404) is none."""
    if not answer.header("content-type").startswith("text/plain"):
        return None
    return _parse(answer.body.decode("utf-8-sig", "replace"))
