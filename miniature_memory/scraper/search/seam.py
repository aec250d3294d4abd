"""The seam of all providers: ``request(query, cursor) -> (hits, next cursor)``, and typed errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

import httpx

from miniature_memory.config import SearchConfig
from miniature_memory.errors import SearchDenied, SearchTransient
from miniature_memory.scraper.addresses import host_of
from miniature_memory.scraper.fetch.http import retry_after

Grants = Mapping[str, tuple[str, int]]
_MAX_BYTES = 64 << 20
_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """One candidate, as the service tells of it. Only the address is ever stored."""

    url: str
    title: str = ""
    snippet: str = ""
    published: str = ""


class Provider:
    """A search service or a list of addresses.

    ``metered`` ones cost something: the local budget counts their requests. ``keys`` are the environment
    variables that they need. A subclass implements ``request``.
    """

    name: ClassVar[str]
    default_base_url: ClassVar[str] = ""
    keys: ClassVar[tuple[str, ...]] = ()
    where_to_get: ClassVar[str] = ""
    needs_base_url: ClassVar[bool] = False
    metered: ClassVar[bool] = False
    asks_for: ClassVar[str] = "at least one query"

    def __init__(self, config: SearchConfig, environment: Mapping[str, str], grants: Grants) -> None:
        self.config = config
        self.base_url = (config.base_url or self.default_base_url).rstrip("/")
        self.secrets = {key: environment.get(key, "") for key in self.keys}
        self._client = httpx.Client(
            transport=_Transport(grants),
            timeout=config.timeout,
            headers={"User-Agent": "miniature-memory/0.1", "Accept-Encoding": "gzip"},
        )

    def __enter__(self) -> Provider:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        """One page of results and the cursor of the next; None when there is none.

        An empty ``cursor`` begins. Raises ``SearchTransient``, ``QuotaSpent`` or ``SearchDenied``.
        """
        raise NotImplementedError

    # -- what adapters share ------------------------------------------------------------------

    def ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The answer, whatever its status; redirects are followed on the same host only."""
        host = host_of(url)
        for _ in range(_REDIRECTS + 1):
            try:
                response = self._take(method, url, **options)
            except httpx.TimeoutException:
                raise SearchTransient(f"{self.name}: no answer within {self.config.timeout:g} s.") from None
            except (httpx.HTTPError, httpx.InvalidURL):
                raise SearchTransient(f"{self.name}: {host} can't be reached.") from None
            if not response.has_redirect_location:
                return response
            url = urljoin(url, response.headers["location"])
            if host_of(url) != host:
                raise SearchDenied(
                    f"{self.name}: {host} sends us on to {host_of(url)}.",
                    "If that is right, give its address.",
                )
            options.pop("params", None)
        raise SearchDenied(f"{self.name}: the redirects of {host} never end.")

    def _take(self, method: str, url: str, **options: Any) -> httpx.Response:
        """A whole answer of bounded size."""
        with self._client.stream(method, url, **options) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise SearchDenied(f"{self.name}: the answer is larger than {_MAX_BYTES >> 20} MB.")
            headers = [(k, v) for k, v in response.headers.raw if k.lower() != b"content-encoding"]
            return httpx.Response(response.status_code, headers=headers, content=bytes(body))

    def fail(self, response: httpx.Response) -> SearchTransient | SearchDenied:
        """The error for an answer that an adapter can't use. Never carries the key or the query."""
        status = response.status_code
        if status in (408, 425, 429) or status >= 500:
            wait = retry_after(response.headers.get("retry-after", ""))
            return SearchTransient(f"{self.name} answers {status}.", wait)
        hint = f"Check {' and '.join(self.keys)}." if self.keys else "Check search.base_url."
        return SearchDenied(f"{self.name} answers {status}.", hint)

    def json(self, response: httpx.Response) -> dict[str, Any]:
        try:
            data = response.json()
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise SearchTransient(f"{self.name}: the answer is no JSON object.")
        return data


class _Transport(httpx.HTTPTransport):
    """Reaches granted names at their own address; everything else as usual."""

    def __init__(self, grants: Grants) -> None:
        super().__init__(limits=httpx.Limits(max_connections=2))
        self._grants = grants

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = self._grants.get(request.url.host)
        if target is not None:
            request.url = request.url.copy_with(host=target[0], port=target[1])
        return super().handle_request(request)


def page_number(cursor: str, first: int) -> int:
    """A cursor that counts."""
    return int(cursor) if cursor.isdigit() else first


def text(value: Any) -> str:
    """A JSON value as text; anything that is none is empty."""
    return value if isinstance(value, str) else ""


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def is_address(text: str) -> bool:
    return urlsplit(text).scheme in ("http", "https")
