"""One page in the browser: what it may ask for, when it is done, and how it ends when it overruns."""

from __future__ import annotations

import asyncio
import html
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from miniature_memory.errors import FetchError
from miniature_memory.scraper.addresses import canonical
from miniature_memory.scraper.fetch.http import Page

if TYPE_CHECKING:
    from miniature_memory.scraper.fetch.browser import Browser

_BLOCKED = {"image", "font", "media", "texttrack", "eventsource", "manifest", "websocket", "ping"}
_FRAMES = 4  # inner documents of a page that are asked for
# What a document shows that its markup lacks: shadow roots, what is typed into fields, texts of style sheets.
_UNWRITTEN = """() => {
    const found = [], todo = [document]
    while (todo.length && found.length < 20000) {
        const root = todo.pop()
        if (root.host) found.push(root.innerHTML)
        for (const element of root.querySelectorAll('*')) {
            if (element.shadowRoot) todo.push(element.shadowRoot)
            if (typeof element.value === 'string' && element.value) found.push(element.value)
            for (const side of ['::before', '::after']) {
                const said = getComputedStyle(element, side).content
                if (said.length > 3 && said !== 'none' && said !== 'normal') found.push(said)
            }
        }
    }
    return found
}"""
_OPEN_ROOTS = """{
    const attach = Element.prototype.attachShadow
    Element.prototype.attachShadow = function (init) { return attach.call(this, { ...init, mode: 'open' }) }
}"""
_STEP = 0.1  # seconds between two looks at a page that is being built
_CALM = 3  # looks without a change
_PATIENCE = 3.0  # seconds for a page that shows no story yet


class Rendering:
    """One page in its own context."""

    def __init__(self, owner: Browser, browser: Any, page: Page) -> None:
        self.owner, self.browser, self.given = owner, browser, page
        self.client, self.config = owner.client, owner.config
        self.served = False
        self.frames = 0
        self.under_way = 0
        self.received = 0
        self.error: FetchError | None = None
        self.ending: asyncio.Future[None] | None = None
        self.page: Any = None
        self.session: Any = None

    async def html(self) -> str:
        context = await self.browser.new_context(
            user_agent=self.config.user_agent,
            accept_downloads=False,
            service_workers="block",
            viewport={"width": 1024, "height": 768},
        )
        try:
            async with asyncio.timeout(self.config.timeout):
                return await self._show(context)
        except TimeoutError:
            error = self.error or FetchError("timeout", "the page is not done in time")
            await self._crash()
            raise error from None
        finally:
            try:
                async with asyncio.timeout(3):
                    await context.close()
            except Exception:
                await self.owner.restart()

    async def _show(self, context: Any) -> str:
        self.page = page = await context.new_page()
        self.session = await context.new_cdp_session(page)
        await self.session.send("Network.enable")
        self.session.on("Network.dataReceived", self._count)
        page.on("request", lambda _: self._change(1))
        page.on("requestfinished", lambda _: self._change(-1))
        page.on("requestfailed", lambda _: self._change(-1))
        page.on("dialog", lambda dialog: asyncio.ensure_future(_dismiss(dialog)))
        page.on("popup", lambda popup: asyncio.ensure_future(_close(popup)))
        page.on("crash", lambda _: self._fail(FetchError("crashed", "the page's renderer died")))
        await page.add_init_script(_OPEN_ROOTS)
        await page.route("**/*", self._route)
        try:
            await page.goto(self.given.url, wait_until="commit", timeout=self.config.timeout * 1000)
            await self._settle(page)
            shown = await self._content(page)
        except Exception:
            if self.error is not None:
                raise self.error from None
            raise
        if self.error is not None:
            raise self.error
        if len(shown) > self.client.max_bytes:
            raise FetchError("too_large", "the page builds more than a page may hold")
        return shown

    async def _content(self, page: Any) -> str:
        """The document; at its end, each as a frame of its own, what else it shows, for the screen."""
        content: str = await page.content()
        others: list[str] = []
        for frame in page.frames:
            if frame.is_detached() or frame.url.startswith("chrome-error:"):
                continue
            if frame is not page.main_frame:
                others.append(await frame.content())
            others += await frame.evaluate(_UNWRITTEN)
        return content + "".join(f'<iframe srcdoc="{html.escape(other)}"></iframe>' for other in others)

    async def _settle(self, page: Any) -> None:
        """Waits until nothing is under way and the text has stopped growing."""
        started, calm, before = time.monotonic(), 0, -1
        while calm < _CALM and self.error is None:
            await asyncio.sleep(_STEP)
            try:
                ready, length = await page.evaluate(
                    "[document.readyState !== 'loading', document.body ? document.body.innerText.length : 0]"
                )
            except Exception:
                if page.is_closed() or not self.browser.is_connected() or self.error is not None:
                    raise
                calm = 0  # the page went on to another document
                continue
            patient = length < 500 and time.monotonic() - started < _PATIENCE
            calm = calm + 1 if ready and length == before and self.under_way <= 0 and not patient else 0
            before = length
            if time.monotonic() - started > self.config.timeout / 2 and ready and length >= 500:
                return  # it polls or ticks for ever, but there is something to read

    async def _route(self, route: Any) -> None:
        request = route.request
        try:
            if request.is_navigation_request():
                await self._document(route, request)
            elif request.resource_type in _BLOCKED or not await self._may(request.url):
                await route.abort()
            else:
                await route.continue_()
        except FetchError as error:
            self._fail(error)
            with suppress(Exception):
                await route.abort()
        except Exception:
            with suppress(Exception):
                await route.abort()

    async def _document(self, route: Any, request: Any) -> None:
        """Documents come from plain HTTP, so each of their hops is asked for."""
        if request.method != "GET":
            await route.abort()
            return
        if request.frame.parent_frame is not None:
            await self._frame(route, request)
            return
        page = self.given
        if self.served:  # a redirect by script or meta refresh
            url = canonical(request.url)
            if url is None:
                raise FetchError("forbidden_address", "the page leads to no address of the web")
            page = await self.client.page(url)
        self.served = True
        await _fulfill(route, page)

    async def _frame(self, route: Any, request: Any) -> None:
        """A few inner documents are asked for as pages are; those that may not be are left out."""
        url = canonical(request.url)
        self.frames += 1
        try:
            if url is None or self.frames > _FRAMES:
                raise FetchError("forbidden_address", "not asked for")
            async with asyncio.timeout(self.config.timeout / 4):
                page = await self.client.page(url)
        except (FetchError, TimeoutError):
            await route.abort()
        else:
            await _fulfill(route, page)

    async def _may(self, url: str) -> bool:
        try:
            return (await self.client.robots.rules(url)).allows(url)
        except FetchError:
            return False

    def _count(self, event: dict[str, Any]) -> None:
        self.received += int(event.get("dataLength", 0))  # decompressed
        if self.received > 4 * self.client.max_bytes and self.error is None:
            self._fail(FetchError("too_large", "the page loads more than a page may"))
            self.ending = asyncio.ensure_future(self._crash())

    def _change(self, by: int) -> None:
        self.under_way += by

    def _fail(self, error: FetchError) -> None:
        self.error = self.error or error

    async def _crash(self) -> None:
        """Ends this page's renderer, however busy it is."""
        self.owner.killed += 1
        with suppress(Exception):
            async with asyncio.timeout(1):
                await self.session.send("Page.crash")  # never answers when it works


async def _fulfill(route: Any, page: Page) -> None:
    await route.fulfill(
        status=200,
        headers={"content-type": "text/html; charset=utf-8"},
        body=page.html.encode("utf-8", "replace"),
    )


async def _dismiss(dialog: Any) -> None:
    with suppress(Exception):
        await dialog.dismiss()


async def _close(page: Any) -> None:
    with suppress(Exception):
        await page.close()
