"""The stage that finds addresses: every query is screened, and so is all that a service says of a result."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from miniature_memory.config import Config
from miniature_memory.errors import ConfigError, QuotaSpent, Refused, SearchError, SearchTransient
from miniature_memory.ledger import Ledger
from miniature_memory.progress import Progress
from miniature_memory.scraper import gate
from miniature_memory.scraper.addresses import canonical
from miniature_memory.scraper.frontier import Frontier, write_urls_jsonl
from miniature_memory.workspace import Workspace

if TYPE_CHECKING:
    from miniature_memory.scraper.search import Hit, Provider

_TRIES = 4
_PATIENCE = 60.0  # seconds that a service may ask us to wait before the query is left for another run
_FRESH_HOURS = 24  # a finished query of a metered service is not paid for again before
_DEMO_QUERIES = ("stories",)


def discover(
    workspace: Workspace,
    config: Config,
    progress: Progress,
    grants: Mapping[str, tuple[str, int]] | None = None,
) -> dict[str, Any]:
    """Asks the chosen provider every query and stores the new addresses, in the order of the results.

    Raises ``Refused`` for a query that the screen refuses (before anything is asked), ``ConfigError`` when
    the provider lacks something, ``SearchDenied``; a spent quota or a failing service ends the search with
    a word.
    """
    from miniature_memory.scraper.search import missing, provider

    queries = config.search.queries or (list(_DEMO_QUERIES) if config.demo.enabled else [])
    lacks = missing(config)
    if lacks:
        raise ConfigError(
            "The search can't begin:\n" + "\n".join(f"  - {each}" for each in lacks),
            "README, section Real use, lists the providers and what each needs; `mm doctor` checks them.",
        )
    for query in queries:
        rule = gate.refuses("", (query,))
        if rule is not None:
            raise Refused(rule, "search query")
    with provider(config.search, grants=grants) as service:
        search = _Search(workspace.ledger, config, progress, service)
        trouble: SearchError | None = None
        try:
            for query in queries:
                try:
                    search.ask(query)
                except QuotaSpent as error:
                    progress.say(f"The search ends early: {error.message}")
                    trouble = error
                    break
                except SearchTransient as error:
                    progress.say(f"A query is left for the next run: {error.message}")
                    trouble = error
        finally:
            write_urls_jsonl(workspace)
    if trouble is not None and not search.counts["requests"] and not search.counts["skipped"]:
        raise trouble
    counts = search.counts
    return {
        "new": counts["new"],
        "results": counts["results"],
        "known": counts["known"],
        "refused": counts["refused"],
        "unusable": counts["unusable"],
        "requests": counts["requests"],
        "skipped_queries": counts["skipped"],
    }


class _Search:
    def __init__(self, ledger: Ledger, config: Config, progress: Progress, service: Provider) -> None:
        self.ledger, self.config, self.progress, self.service = ledger, config, progress, service
        self.frontier = Frontier(ledger)
        self.budget = Budget(ledger, service.name, config.search.budget if service.metered else None)
        self.counts: Counter[str] = Counter()

    def ask(self, query: str) -> None:
        """One query, page by page. What a page brought and where the next begins are stored in one step."""
        limit = self.config.search.results_per_query
        key = "search:" + self.ledger.keyed_hash(
            f"{self.service.name} {self.service.base_url} {limit} {query}"
        )
        state: dict[str, Any] = json.loads(self.ledger.meta(key) or "{}")
        if state.get("finished"):
            if self.service.metered and state["finished"] > _hours_ago(_FRESH_HOURS):
                self.counts["skipped"] += 1
                return
            state = {}
        cursor, found = str(state.get("cursor", "")), int(state.get("found", 0))
        seen: set[str] = set()
        with self.progress.bar("Searching", limit) as bar:
            while True:
                hits, following = self._request(query, cursor)
                hits = hits[: limit - found]
                found += len(hits)
                addresses = {hit.url for hit in hits}
                # some services give their last page again and again instead of an end
                done = following is None or found >= limit or (bool(hits) and addresses <= seen)
                seen |= addresses
                finished = datetime.now(UTC).isoformat() if done else ""
                with self.ledger.transaction():
                    self._store(hits, query)
                    self.ledger.set_meta(
                        key, json.dumps({"cursor": following or "", "found": found, "finished": finished})
                    )
                bar.advance(len(hits))  # raises KeyboardInterrupt once somebody wants us to stop
                if done or following is None:
                    return
                cursor = following

    def _request(self, query: str, cursor: str) -> tuple[list[Hit], str | None]:
        for attempt in range(1, _TRIES + 1):
            self.budget.spend()
            try:
                answer = self.service.request(query, cursor)
            except SearchTransient as error:
                wait = 0.5 * 2**attempt if error.retry_after is None else error.retry_after
                if attempt == _TRIES or wait > _PATIENCE:
                    raise
                time.sleep(wait)
            else:
                self.counts["requests"] += 1
                return answer
        raise AssertionError

    def _store(self, hits: list[Hit], query: str) -> None:
        for hit in hits:
            self.counts["results"] += 1
            url = canonical(hit.url)
            if url is None:
                self.counts["unusable"] += 1
                continue
            rule = gate.refuses(url, (hit.title, hit.snippet))
            if rule is not None:
                self.counts["refused"] += not self.ledger.is_refused(url)
                self.ledger.refuse(url, rule, gate.VERSION, "discover")
            elif self.frontier.add(url, query, self.service.name):
                self.counts["new"] += 1
            else:
                self.counts["known"] += 1


class Budget:
    """Requests to a metered service in 30 days, counted before they are made. ``limit`` None: no limit."""

    def __init__(self, ledger: Ledger, name: str, limit: int | None) -> None:
        self.ledger, self.name, self.limit = ledger, name, limit

    @property
    def spent(self) -> int:
        return sum(self._days().values())

    def spend(self) -> None:
        """Raises ``QuotaSpent`` when the budget is used up."""
        if self.limit is None:
            return
        days = self._days()
        if sum(days.values()) >= self.limit:
            raise QuotaSpent(
                f"our own budget for {self.name} is spent ({self.limit} requests in 30 days).",
                "Raise search.budget, or go on with what was found.",
            )
        today = datetime.now(UTC).date().isoformat()
        days[today] = days.get(today, 0) + 1
        self.ledger.set_meta(f"requests:{self.name}", json.dumps(days))

    def _days(self) -> dict[str, int]:
        days: dict[str, int] = json.loads(self.ledger.meta(f"requests:{self.name}") or "{}")
        since = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
        return {day: count for day, count in days.items() if day > since}


def _hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
