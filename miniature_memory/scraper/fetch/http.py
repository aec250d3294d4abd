"""Plain HTTP, hop by hop: before each the host's robots.txt is asked; the egress decides where it goes."""

from __future__ import annotations

import asyncio
import codecs
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from miniature_memory.config import FetchConfig
from miniature_memory.errors import FetchError
from miniature_memory.scraper.addresses import canonical, host_of
from miniature_memory.scraper.egress import REFUSED_HEADER, Egress
from miniature_memory.scraper.fetch.politeness import Politeness
from miniature_memory.scraper.robots import Robots

_MAX_HOPS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)
_PAGES = ("text/html", "application/xhtml+xml", "text/plain")
_REASONS = {401: "login", 402: "paywall", 404: "not_found", 407: "login", 410: "gone"}


class Later(FetchError):
    """A passing fault; ``after`` (seconds) is what the host asked for, if it did."""

    def __init__(self, reason: str, message: str = "", after: float | None = None) -> None:
        super().__init__(reason, message, transient=True)
        self.after = after


@dataclass(frozen=True, slots=True)
class Answer:
    """One hop's answer, its body decompressed."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class Page:
    """A page that came through: the last answer, its text, and every address on the way."""

    answer: Answer
    html: str
    hops: tuple[str, ...]

    @property
    def url(self) -> str:
        return self.answer.url


class Client:
    """``async with Client(egress, config, politeness) as client: page = await client.page(url)``.

    ``shut`` gives the reason why a page's address may not be asked, or nothing.
    """

    def __init__(
        self,
        egress: Egress,
        config: FetchConfig,
        politeness: Politeness,
        shut: Callable[[str], str] = lambda url: "",
    ) -> None:
        self.egress, self.config, self.politeness, self._shut = egress, config, politeness, shut
        self.robots = Robots(self.once)
        self.max_bytes = int(config.max_page_mb * 1e6)
        self.requests = 0
        self._http: Any = None

    async def __aenter__(self) -> Client:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        self._http = httpx.AsyncClient(
            proxy=self.egress.url,
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # we are nobody, everywhere
            timeout=self.config.timeout,
            headers={
                "User-Agent": self.config.user_agent,
                "Accept": "text/html,application/xhtml+xml;q=0.9,text/plain;q=0.5",
                "Accept-Language": "en;q=0.8,*;q=0.5",
            },
            limits=httpx.Limits(max_connections=4 * self.config.concurrency, keepalive_expiry=10),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def page(self, url: str) -> Page:
        """The page at ``url``, through its redirects. Raises ``FetchError`` with the ledger's reason."""
        hops: list[str] = []
        while True:
            if url in hops or len(hops) >= _MAX_HOPS:
                raise FetchError("redirect_loop", "the redirects never end")
            hops.append(url)
            await self.permit(url)
            answer = await self.once(url, self.max_bytes)
            if answer.status in _REDIRECTS and answer.header("location"):
                following = canonical(answer.header("location"), base=url)
                if following is None:
                    raise FetchError("unreachable", "the redirect leads to no address of the web")
                url = following
                continue
            return Page(answer, _checked(answer), tuple(hops))

    async def permit(self, url: str) -> None:
        """Raises ``FetchError`` (``robots``, ``opt_out``, …) unless we may ask this address."""
        if reason := self._shut(url):
            raise FetchError(reason, "this address is shut")
        rules = await self.robots.rules(url)
        self.politeness.ask(host_of(url), rules.delay)
        if not rules.allows(url):
            raise FetchError("robots", "robots.txt says no")
        if await self.robots.reserves(url):
            raise FetchError("opt_out", "the host reserves its pages against training")

    async def once(self, url: str, max_bytes: int) -> Answer:
        """One hop in this host's turn. A negative ``max_bytes`` cuts a longer body instead of refusing it."""
        async with self.politeness.turn(host_of(url)):
            self.requests += 1
            begun: list[bool] = []
            try:
                async with asyncio.timeout(self.config.timeout):
                    return await self._ask(url, max_bytes, begun)
            except TimeoutError:
                message = f"no whole answer within {self.config.timeout:g} s"
                # a page that came and never ended will not end the next time either
                raise FetchError("timeout", message) if begun else Later("timeout", message) from None

    async def _ask(self, url: str, max_bytes: int, begun: list[bool]) -> Answer:
        import httpx

        try:
            async with self._http.stream("GET", url) as response:
                begun.append(True)
                refused = response.headers.get(REFUSED_HEADER, "")
                if refused.startswith(self.egress.token):
                    raise _refusal(refused.rpartition(" ")[2])
                body = bytearray()
                async for chunk in response.aiter_bytes(65536):
                    body += chunk
                    if len(body) > abs(max_bytes):
                        if max_bytes > 0:
                            raise FetchError("too_large", f"the page is larger than {max_bytes:,} bytes")
                        del body[-max_bytes:]
                        break
                headers = tuple(
                    (k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in response.headers.raw
                )
                return Answer(url, response.status_code, headers, bytes(body))
        except httpx.ProxyError as error:
            # a CONNECT that the egress refused: httpx keeps the status line only
            raise _refusal("address" if "403" in str(error) else "unreachable") from None
        except httpx.TimeoutException:
            raise Later("timeout", "the host takes too long") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError):
            raise Later("unreachable", "the connection failed") from None


def _refusal(reason: str) -> FetchError:
    if reason in ("address", "port", "protocol"):
        return FetchError("forbidden_address", "the address is no public one")
    return Later("unreachable", "the host can't be reached")


def _checked(answer: Answer) -> str:
    status = answer.status
    if status in _PASSING:
        raise Later(f"http_{status}", f"the host answers {status}", retry_after(answer.header("retry-after")))
    if status != 200:
        raise FetchError(_REASONS.get(status, f"http_{status}"), f"the host answers {status}")
    kind = answer.header("content-type").partition(";")[0].strip().lower()
    if (kind and kind not in _PAGES) or (not kind and b"<" not in answer.body[:2000]):
        raise FetchError("content_type", f"{kind or 'something unnamed'} is no page")
    text = decode(answer.body, answer.header("content-type"))
    return _as_page(text) if kind == "text/plain" else text


def _as_page(text: str) -> str:
    """Plain text as the simplest page that says the same."""
    from html import escape

    paragraphs = [escape(part.strip()) for part in re.split(r"\n\s*\n", text) if part.strip()]
    return (
        "<html><body><article>"
        + "".join(f"<p>{part}</p>\n" for part in paragraphs)
        + "</article></body></html>"
    )


def retry_after(value: str) -> float | None:
    """Seconds that a Retry-After header asks for (a number or a date); None when it says nothing clear."""
    value = value.strip()
    if value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)


def decode(body: bytes, content_type: str = "") -> str:
    """A page's text, in the order of the WHATWG: byte order mark, header, meta, UTF-8, else windows-1252."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return body.decode(name, "replace")
    declared = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    found = _CHARSET.search(body[:4096])
    names = [declared.group(1)] if declared else []
    if found:
        names.append(found.group(1).decode("ascii"))
    for name in names:
        try:
            codec = codecs.lookup(name).name
        except LookupError:
            continue
        # on the web latin-1 and ASCII mean windows-1252
        if codec in ("iso8859-1", "ascii"):
            break
        return body.decode(codec, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")
