"""Chromium for pages that scripts build, behind the same way out as everything else.

It starts when the first page needs it. A page's main document is the one that plain HTTP already fetched
(hop by hop, with robots), handed over by interception; what its scripts ask for goes through the egress.
Each page has a context of its own, off the record; one that overruns its time or memory loses its renderer,
not the browser.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from miniature_memory.config import FetchConfig
from miniature_memory.errors import FetchError, MissingExtra
from miniature_memory.scraper.fetch.http import Client, Later, Page
from miniature_memory.scraper.fetch.rendering import Rendering

PAGES_AT_ONCE = 2
RENDERER_MB = 500  # private memory of one renderer
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_ARGS = [
    "--proxy-bypass-list=<-loopback>",  # Chromium goes past a proxy for loopback unless told not to
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # names are resolved by the egress alone
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-gpu",
    "--disable-remote-fonts",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disk-cache-size=1",
    "--blink-settings=imagesEnabled=false",
    "--js-flags=--max-old-space-size=256",
    "--renderer-process-limit=2",
    "--mute-audio",
]


def browsers() -> list[str]:
    """Chromium builds on this machine, the leanest first: the system's, then Playwright's own."""
    found = [path for name in _NAMES if (path := shutil.which(name))]
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for pattern in ("chromium_headless_shell-*/*/*headless[_-]shell", "chromium-*/*/chrome"):
        found += [str(path) for path in sorted(cache.glob(pattern), reverse=True) if os.access(path, os.X_OK)]
    return found


def find_browser() -> str | None:
    """The path of the first browser that really starts here; None when none does. Takes a second or two."""
    found = working_browser()
    return found[0] if found else None


def working_browser() -> tuple[str, str] | None:
    """(path, version) of the first browser that really starts and shows a page; for `mm doctor`."""

    if not browsers():
        return None

    async def attempt() -> tuple[str, str] | None:
        from playwright.async_api import async_playwright

        async with async_playwright() as playwright:
            for path in browsers():
                with suppress(Exception):
                    browser = await _launch(playwright, path, None)
                    version = str(browser.version)
                    await browser.close()
                    return path, version
        return None

    return asyncio.run(attempt())


async def _launch(playwright: Any, path: str, proxy: str | None) -> Any:
    """A browser that has shown a page. As root there is no sandbox to be had."""
    sandboxes = [False] if os.geteuid() == 0 else [True, False]
    for sandbox in sandboxes:
        try:
            browser = await playwright.chromium.launch(
                executable_path=path,
                headless=True,
                args=_ARGS,
                chromium_sandbox=sandbox,
                proxy={"server": proxy, "bypass": "<-loopback>"} if proxy else None,
                handle_sigint=False,  # Ctrl-C belongs to the run
                handle_sigterm=False,
                handle_sighup=False,
                timeout=20_000,
            )
            page = await browser.new_page()
            if await page.evaluate("1 + 1") == 2:
                await page.close()
                return browser
            await browser.close()
        except Exception:
            if sandbox == sandboxes[-1]:
                raise
    raise OSError(f"{path} shows no page")


class Browser:
    """``async with Browser(client, config, folder) as browser: html = await browser.render(page)``.

    ``folder`` takes the temporary profile. ``pages`` counts what was rendered, ``restarts`` how often the
    browser had to be started again, ``killed`` renderers that overran.
    """

    def __init__(self, client: Client, config: FetchConfig, folder: Path) -> None:
        self.client, self.config = client, config
        self.folder = folder / ".browser"
        self.pages = self.restarts = self.killed = 0
        self._playwright: Any = None
        self._browser: Any = None
        self._watch: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(PAGES_AT_ONCE)

    async def __aenter__(self) -> Browser:
        _end_orphans(self.folder)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watch is not None:
            self._watch.cancel()
        for thing in (self._browser, self._playwright):
            if thing is not None:
                with suppress(Exception):
                    async with asyncio.timeout(5):
                        await (thing.close() if thing is self._browser else thing.stop())
        _end_orphans(self.folder)

    async def render(self, page: Page) -> str:
        """The document as it stands once the page's scripts have built it.

        Raises ``FetchError`` (``timeout``, ``too_large``, ``crashed``, or what a page's own redirect meets)
        and ``MissingExtra`` when no browser works.
        """
        async with self._places:
            browser = await self._ready()
            self.pages += 1
            try:
                return await Rendering(self, browser, page).html()
            except FetchError:
                raise
            except Exception:
                if not browser.is_connected():
                    raise Later("crashed", "the browser died", after=0.1) from None
                raise FetchError("crashed", "the page's renderer died") from None

    async def restart(self) -> None:
        """Ends the browser; the next page starts another one."""
        browser, self._browser = self._browser, None
        if browser is not None:
            with suppress(Exception):
                async with asyncio.timeout(3):
                    await browser.close()
            _end_orphans(self.folder)
            self.folder.mkdir(parents=True)  # the driver still means to put profiles there

    async def _ready(self) -> Any:
        async with self._starting:
            if self._browser is not None and self._browser.is_connected():
                return self._browser
            if self._browser is not None:
                self.restarts += 1
                await self.restart()
            if self._playwright is None:
                await self._start_driver()
            for path in browsers():
                try:
                    self._browser = await _launch(self._playwright, path, self.client.egress.url)
                except Exception:
                    continue
                return self._browser
            raise MissingExtra(
                "No browser works here.",
                "Install one: `apt install chromium-headless-shell`, or `playwright install --only-shell`.",
            )

    async def _start_driver(self) -> None:
        from playwright.async_api import async_playwright

        self.folder.mkdir(parents=True, exist_ok=True)
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = str(self.folder)  # the driver makes the profile; it inherits our environment
        try:
            self._playwright = await async_playwright().start()
        finally:
            if before is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before
        self._watch = asyncio.create_task(self._watch_memory())

    async def _watch_memory(self) -> None:
        """Ends renderers that take more memory than a page may."""
        import psutil

        while True:
            await asyncio.sleep(0.5)
            with suppress(psutil.Error):
                for process in psutil.Process().children(recursive=True):
                    with suppress(psutil.Error, OSError):
                        memory = process.memory_info()
                        if memory.rss - memory.shared < RENDERER_MB << 20:
                            continue
                        if "--type=renderer" in process.cmdline():
                            process.kill()
                            self.killed += 1


def _end_orphans(folder: Path) -> None:
    """Ends browsers that a killed run left behind (they name our folder) and removes their profiles."""
    if not folder.exists():
        return
    import psutil

    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in part for part in process.info["cmdline"] or ()):
            with suppress(psutil.Error):
                process.kill()
    shutil.rmtree(folder, ignore_errors=True)
