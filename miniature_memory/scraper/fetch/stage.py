"""The stage: addresses in, documents out, in the order of arrival whichever page came first.

Pages are worked on several at once, but documents are recorded strictly in the order of ``urls.seq``: each
waits in memory until all addresses before it are decided (at most ``WINDOW`` addresses and ``HELD_BYTES``
ahead); what brings no document is decided at once. So the documents are the same each time for the same web,
killed in between or not. A decision is one transaction; what stood on the disk before it (raw text, evidence)
is known to the ledger and swept after a kill.
"""

from __future__ import annotations

import asyncio
import errno
import json
import sqlite3
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from miniature_memory.config import Config
from miniature_memory.document import Document
from miniature_memory.errors import DiskFull, FetchError, MiniatureMemoryError, MissingExtra
from miniature_memory.ledger import now
from miniature_memory.progress import Bar, Progress
from miniature_memory.scraper import gate
from miniature_memory.scraper.addresses import host_of
from miniature_memory.scraper.egress import Egress
from miniature_memory.scraper.evidence import Capture, Evidence
from miniature_memory.scraper.extract import Extracted
from miniature_memory.scraper.extract.isolate import ExtractPool
from miniature_memory.scraper.fetch.browser import Browser, browsers
from miniature_memory.scraper.fetch.http import Client, Later, Page
from miniature_memory.scraper.fetch.politeness import Politeness
from miniature_memory.scraper.fetch.signs import Signs, read_signs
from miniature_memory.scraper.frontier import NEEDS_BROWSER, Entry, Frontier, write_urls_jsonl
from miniature_memory.workspace import Workspace, atomic_write

WINDOW = 512  # addresses ahead of the oldest undecided one
HELD_BYTES = 64 << 20  # of outcomes that wait for their turn
PATIENCE = 30.0  # seconds; a longer wait is left to a later run
_BATCH_SECONDS = 0.5  # decisions are gathered for so long: each batch costs a few fsyncs
_PENDING = "raw_pending"


@dataclass(slots=True)
class Outcome:
    """What became of an address: exactly one of a document, a reason, a rule, or a time to try again."""

    document: Document | None = None
    capture: Capture | None = None
    reason: str = ""
    rule: str = ""
    later: float | None = None
    hops: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        size = len(self.document.text) if self.document else 0
        return size + (len(self.capture.answer.body) + len(self.capture.rendered) if self.capture else 0)


class Run:
    """One run of the stage. ``go`` is its whole life."""

    def __init__(
        self, workspace: Workspace, config: Config, progress: Progress, grants: Mapping[str, tuple[str, int]]
    ) -> None:
        self.workspace, self.config, self.progress, self.grants = workspace, config, progress, grants
        self.ledger = workspace.ledger
        self.frontier = Frontier(self.ledger)
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.tries: dict[int, int] = {}
        self.pending: dict[int, tuple[Entry, float]] = {}  # seq -> entry, when (monotonic)
        self.running: dict[asyncio.Task[Outcome | float], Entry] = {}
        self.order: deque[int] = deque()  # seqs in the order in which their documents are recorded
        self.undecided: set[int] = set()
        self.outcomes: dict[int, tuple[Entry, Outcome]] = {}
        self.held = 0
        self.last_seq = 0
        self.taken = 0
        self.decided_at = time.monotonic()
        self.no_browser = config.fetch.browser == "never" or not browsers()

    async def go(self) -> dict[str, Any]:
        self._sweep()
        due = self.frontier.count(browser=not self.no_browser)
        if not due["due"]:
            if not self.workspace.urls_jsonl.exists():
                write_urls_jsonl(self.workspace)
            return {"new": 0, "fetched": 0, "rejected": {}, "refused": 0, "waiting": due["waiting"]}
        fetch, extract = self.config.fetch, self.config.extract
        async with AsyncExitStack() as stack:
            self.egress = await stack.enter_async_context(Egress(self.grants, int(fetch.max_page_mb * 8e6)))
            self.politeness = Politeness(fetch.delay, self.grants)
            self.client = await stack.enter_async_context(
                Client(self.egress, fetch, self.politeness, self._shut)
            )
            self.pool = await stack.enter_async_context(ExtractPool(2, extract.timeout, extract.memory_mb))
            self.browser = await stack.enter_async_context(
                Browser(self.client, fetch, self.workspace.metadata)
            )
            self.evidence = Evidence(self.workspace, fetch.evidence_mb)
            total = min(due["due"], fetch.max_pages)
            try:
                with self.progress.bar("Fetching", total) as bar:
                    await self._loop(bar)
            finally:
                for task in self.running:
                    task.cancel()
                await asyncio.gather(*self.running, return_exceptions=True)
        write_urls_jsonl(self.workspace)
        if self.progress.stopping:
            raise KeyboardInterrupt
        waiting = self.frontier.count()
        if self.counts[NEEDS_BROWSER]:
            count = self.counts[NEEDS_BROWSER]
            self.progress.say(f"{count} pages wait for a browser; `mm doctor` says how to get one.")
        return {
            "new": self.counts["fetched"] + self.counts["rejected"] + self.counts["refused"],
            "fetched": self.counts["fetched"],
            "rejected": dict(sorted(self.reasons.items())),
            "refused": self.counts["refused"],
            "waiting": waiting["due"] + waiting["waiting"],
            "browser_pages": self.browser.pages,
            "browser_restarts": self.browser.restarts,
            "requests": self.client.requests,
            "megabytes": round(self.egress.bytes_in / 1e6, 2),
            "evidence_mb": round(self.evidence.total / 1e6, 2),
        }

    # -- who is worked on ---------------------------------------------------------------------

    async def _loop(self, bar: Bar) -> None:
        while True:
            if not self.progress.stopping:
                self._take()
                self._launch()
            if not self.running and (self.progress.stopping or not self.pending):
                break
            done, _ = await asyncio.wait(self.running, timeout=self._nap()) if self.running else (set(), ())
            if not self.running:
                await asyncio.sleep(self._nap())
            for task in done:
                self._finish(self.running.pop(task), task.result())
            self._decide(bar)
        self._decide(bar, force=True)

    def _take(self) -> None:
        """Fills the window with addresses that are due."""
        room = min(WINDOW - len(self.order), self.config.fetch.max_pages - self.taken)
        if room < WINDOW // 4 and self.order and room < self.config.fetch.max_pages - self.taken:
            return
        for entry in self.frontier.due(self.last_seq, max(room, 0), browser=not self.no_browser):
            self.order.append(entry.seq)
            self.undecided.add(entry.seq)
            self.pending[entry.seq] = (entry, 0.0)
            self.tries[entry.seq] = entry.attempts
            self.last_seq, self.taken = entry.seq, self.taken + 1

    def _launch(self) -> None:
        """Starts the oldest addresses whose time and whose host's time has come."""
        limit = self.config.fetch.concurrency
        if len(self.running) >= limit:
            return
        clock = time.monotonic()
        busy = {entry.host for entry in self.running.values() if self.politeness.delay(entry.host) > 0}
        head = self.order[0] if self.order else 0
        for seq in sorted(self.pending):
            entry, when = self.pending[seq]
            if when > clock or entry.host in busy or self.politeness.wait(entry.host) > 1:
                continue
            if self.held > HELD_BYTES and seq != head:
                continue
            del self.pending[seq]
            self.running[asyncio.create_task(self._try(entry))] = entry
            if len(self.running) >= limit:
                return
            if self.politeness.delay(entry.host) > 0:
                busy.add(entry.host)

    def _nap(self) -> float:
        """Seconds until something may have changed."""
        return 0.05 if self.pending and len(self.running) < self.config.fetch.concurrency else 0.25

    def _finish(self, entry: Entry, result: Outcome | float) -> None:
        if isinstance(result, float):
            self.pending[entry.seq] = (entry, time.monotonic() + result)
        else:
            self.outcomes[entry.seq] = (entry, result)
            self.held += result.size

    # -- what becomes of an address -----------------------------------------------------------

    async def _try(self, entry: Entry) -> Outcome | float:
        """An outcome, or the seconds to wait before another try."""
        try:
            return await self._work(entry)
        except FetchError as error:
            if error.reason == "screen":
                return Outcome(rule="redirect")
            if not error.transient:
                return Outcome(reason=error.reason)
            tries = self.tries[entry.seq] = self.tries[entry.seq] + 1
            self.frontier.tried(entry)
            asked = error.after if isinstance(error, Later) else None
            wait = float(2 ** (tries - 1) if asked is None else asked)
            if asked is not None:
                self.politeness.pause(entry.host, wait)
            if tries >= self.config.fetch.attempts:
                return Outcome(reason=error.reason)
            return wait if wait <= PATIENCE else Outcome(reason=error.reason, later=wait)
        except (MiniatureMemoryError, sqlite3.Error, OSError):
            raise  # the run's own troubles, not the page's
        except Exception as error:  # one odd page must not end a run of many; its kind shows in the funnel
            return Outcome(reason=f"failed_{type(error).__name__}")

    async def _work(self, entry: Entry) -> Outcome:
        page = await self.client.page(entry.url)
        reading = await self._read(page, page.html, page.answer.headers)
        if isinstance(reading, Outcome):
            return reading
        rendered = ""
        if self._wants_browser(*reading):
            if self.no_browser:
                return Outcome(reason=NEEDS_BROWSER, later=0.0)
            try:
                rendered = await self.browser.render(page)
            except MissingExtra:
                self.no_browser = True
                return Outcome(reason=NEEDS_BROWSER, later=0.0)
            reading = await self._read(page, rendered, ())
            if isinstance(reading, Outcome):
                return reading
        story, signs = reading
        if signs.wall:
            return Outcome(reason=signs.wall)
        if self._is_thin(story):
            return Outcome(reason="too_short")
        if any(name and self.ledger.is_buried(name) for name in (story.author, story.site)):
            return Outcome(reason="forgotten")
        rule = await asyncio.to_thread(gate.refuses, page.url, (story.title, story.author, story.text))
        if rule is not None:
            return Outcome(rule=rule, hops=page.hops)
        return Outcome(
            self._document(entry, page, story, bool(rendered)), Capture(page.answer, rendered, entry.url)
        )

    async def _read(
        self, page: Page, html: str, headers: tuple[tuple[str, str], ...]
    ) -> tuple[Extracted, Signs] | Outcome:
        """A page's story and signs, or what became of it before it could be read."""
        signs = read_signs(html, headers)
        if signs.opt_out:
            return Outcome(reason="opt_out")
        rule = await asyncio.to_thread(gate.refuses, page.url, (), html)
        if rule is not None:
            return Outcome(rule=rule, hops=page.hops)
        return await self.pool.extract(html, page.url), signs

    def _is_thin(self, story: Extracted) -> bool:
        return len(story.text) < max(self.config.extract.min_characters, 1)

    def _wants_browser(self, story: Extracted, signs: Signs) -> bool:
        if self.config.fetch.browser == "always":
            return True
        return not signs.wall and (story.needs_browser or (self._is_thin(story) and signs.scripts))

    def _shut(self, url: str) -> str:
        """Why an address on the way may not even be asked; empty when it may."""
        if self.ledger.is_refused(url) or gate.refuses(url) is not None:
            return "screen"
        return "forgotten" if self.ledger.is_buried(url) or self.ledger.is_buried(host_of(url)) else ""

    def _document(self, entry: Entry, page: Page, story: Extracted, rendered: bool) -> Document:
        return Document.of(
            story.text,
            source="web",
            site=story.site or host_of(page.url),
            work=story.work or page.url,
            title=story.title,
            author=story.author,
            language=story.language,
            published=story.published,
            collected=now(),
            licence=story.licence,
            lineage={
                "url": entry.url,
                **({"final_url": page.url} if page.url != entry.url else {}),
                "extractor": story.extractor,
                "rendered": rendered,
                "screen": gate.VERSION,  # `_work` asked it
            },
        )

    # -- deciding, in order -------------------------------------------------------------------

    def _decide(self, bar: Bar, force: bool = False) -> None:
        if not force and time.monotonic() - self.decided_at < _BATCH_SECONDS:
            return
        batch = [(entry, outcome) for entry, outcome in self.outcomes.values() if outcome.document is None]
        for entry, _ in batch:  # what brings no document need not wait for its turn
            del self.outcomes[entry.seq]
            self.undecided.discard(entry.seq)
        while self.order and (self.order[0] not in self.undecided or self.order[0] in self.outcomes):
            seq = self.order.popleft()
            if seq in self.outcomes:
                batch.append(self.outcomes.pop(seq))
                self.undecided.discard(seq)
                self.held -= batch[-1][1].size
        if batch:
            with _full_disk_is_clear():
                self._store(batch)
            if not self.progress.stopping:  # it would raise; what is under way is finished first
                bar.advance(len(batch), note=f"{self.counts['fetched']} stories")
        self.decided_at = time.monotonic()

    def _store(self, batch: list[tuple[Entry, Outcome]]) -> None:
        documents: dict[str, tuple[Document, Capture]] = {}
        for _, outcome in batch:
            document = outcome.document
            if document is not None and outcome.capture is not None and not self._is_known(document.id):
                documents.setdefault(document.id, (document, outcome.capture))
        if documents:
            self.ledger.set_meta(_PENDING, json.dumps(list(documents)))
        for document, _ in documents.values():
            atomic_write(self.workspace.raw_path(document.id), document.text)
        names = self.evidence.add([capture for _, capture in documents.values()])
        for document, name in zip([document for document, _ in documents.values()], names, strict=True):
            document.lineage["evidence"] = name
        with self.ledger.transaction():
            for entry, outcome in batch:
                self._record(entry, outcome)
            if documents:
                self.evidence.commit()
                self.ledger.set_meta(_PENDING, "[]")

    def _record(self, entry: Entry, outcome: Outcome) -> None:
        if outcome.rule:
            self.frontier.refused(entry, outcome.rule)
            for hop in outcome.hops[1:]:
                self.ledger.refuse(hop, outcome.rule, gate.VERSION, "redirect")
            self.counts["refused"] += 1
        elif outcome.later is not None:
            self.frontier.later(entry, outcome.later, outcome.reason)
            self.counts[NEEDS_BROWSER] += outcome.reason == NEEDS_BROWSER
        elif outcome.document is not None and not self.ledger.is_buried(outcome.document.id):
            if self.frontier.fetched(entry, outcome.document):
                self.counts["fetched"] += 1
            else:
                self._reject("exact_duplicate")
        else:
            reason = outcome.reason or "forgotten"
            self.frontier.rejected(entry, reason)
            self._reject(reason)

    def _reject(self, reason: str) -> None:
        self.counts["rejected"] += 1
        self.reasons[reason] += 1

    def _is_known(self, document_id: str) -> bool:
        query = "SELECT 1 FROM documents WHERE id = ?"
        found = self.ledger.connection.execute(query, (document_id,)).fetchone() is not None
        return found or self.ledger.is_buried(document_id)

    def _sweep(self) -> None:
        """Removes what a killed run had written ahead of its decision."""
        for document_id in json.loads(self.ledger.meta(_PENDING) or "[]"):
            if not self._is_known(document_id):
                self.workspace.raw_path(document_id).unlink(missing_ok=True)
        for torn in self.workspace.raw_text.glob(".*.tmp"):
            with suppress(OSError):
                torn.unlink()


@contextmanager
def _full_disk_is_clear() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        if "full" in str(error) or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "There is no room left on the disk.",
                "Free some space and run the same command again: it goes on where it stopped.",
            ) from error
        raise
