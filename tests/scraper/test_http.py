"""Plain HTTP: every hop asked for, every bound kept."""

from __future__ import annotations

import asyncio
import gzip
from itertools import pairwise
from typing import Any

import pytest
from starlette.responses import RedirectResponse, Response, StreamingResponse

from miniature_memory.config import FetchConfig
from miniature_memory.errors import FetchError
from miniature_memory.scraper.egress import Egress
from miniature_memory.scraper.fetch.http import Client, Later, Page, decode, retry_after
from miniature_memory.scraper.fetch.politeness import Politeness
from tests.scraper.conftest import Server


def get(server: Server, *urls: str, **settings: Any) -> list[Page | FetchError]:
    names = [f"{name}.test" for name in ("a", "b", "shut")]

    async def go() -> list[Page | FetchError]:
        config = FetchConfig(**({"timeout": 3, "max_page_mb": 0.1} | settings))
        grants = server.grant(*names)
        results: list[Page | FetchError] = []
        async with Egress(grants) as egress, Client(egress, config, Politeness(0, grants)) as client:
            for url in urls:
                try:
                    results.append(await client.page(url))
                except FetchError as error:
                    results.append(error)
        return results

    return asyncio.run(go())


def reason(server: Server, url: str, **settings: Any) -> str:
    (result,) = get(server, url, **settings)
    assert isinstance(result, FetchError)
    return result.reason


def test_redirects_are_followed_and_each_host_is_asked(server: Server) -> None:
    server.handlers["a.test/old"] = RedirectResponse("http://b.test/new#part")
    server.handlers["b.test/new"] = "<p>here</p>"
    (page,) = get(server, "http://a.test/old")
    assert isinstance(page, Page) and page.url == "http://b.test/new" and page.html == "<p>here</p>"
    order = [line for line in server.seen if "robots" in line or "/old" in line or "/new" in line]
    assert order == [
        "GET a.test /robots.txt",
        "GET a.test /old",
        "GET b.test /robots.txt",
        "GET b.test /new",
    ]


def test_a_redirect_into_a_disallowed_path_is_not_followed(server: Server) -> None:
    server.handlers["b.test/robots.txt"] = "User-agent: *\nDisallow: /new"
    server.handlers["a.test/old"] = RedirectResponse("http://b.test/new")
    server.handlers["b.test/new"] = "<p>here</p>"
    assert reason(server, "http://a.test/old") == "robots"
    assert "/new" not in server.paths()


def test_a_redirect_inwards_is_forbidden(server: Server) -> None:
    server.handlers["a.test/in"] = RedirectResponse("http://169.254.169.254/latest")
    server.handlers["a.test/self"] = RedirectResponse(f"{server.url}/secret")
    assert reason(server, "http://a.test/in") == "forbidden_address"
    assert reason(server, "http://a.test/self") == "forbidden_address"
    assert "/secret" not in server.paths()


def test_loops_end(server: Server) -> None:
    server.handlers["a.test/1"] = RedirectResponse("/2")
    server.handlers["a.test/2"] = RedirectResponse("/1")
    server.handlers["a.test/n"] = lambda request: RedirectResponse(f"/n?x={len(server.seen)}")
    assert reason(server, "http://a.test/1") == "redirect_loop"
    assert reason(server, "http://a.test/n") == "redirect_loop"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "login"),
        (402, "paywall"),
        (403, "http_403"),
        (404, "not_found"),
        (410, "gone"),
        (418, "http_418"),
    ],
)
def test_refusals_are_final(server: Server, status: int, expected: str) -> None:
    server.handlers["a.test/x"] = Response("", status)
    (error,) = get(server, "http://a.test/x")
    assert isinstance(error, FetchError) and (error.reason, error.transient) == (expected, False)


def test_passing_faults_say_how_long(server: Server) -> None:
    server.handlers["a.test/x"] = Response("", 429, {"Retry-After": "12"})
    (error,) = get(server, "http://a.test/x")
    assert isinstance(error, Later) and (error.reason, error.after, error.transient) == ("http_429", 12, True)


def test_bounds_on_size_count_what_is_unpacked(server: Server) -> None:
    bomb = gzip.compress(b"<p>" + b" " * 50_000_000)
    server.handlers["a.test/bomb"] = Response(
        bomb, headers={"Content-Encoding": "gzip"}, media_type="text/html"
    )
    assert len(bomb) < 100_000
    assert reason(server, "http://a.test/bomb") == "too_large"


def test_a_page_without_end_is_final_and_one_without_answer_may_come_back(server: Server) -> None:
    async def trickle() -> Any:
        for _ in range(100):
            yield b"x"
            await asyncio.sleep(0.05)

    async def silent(_: Any) -> Response:
        await asyncio.sleep(2)
        return Response("late")

    server.handlers["a.test/endless"] = lambda _: StreamingResponse(trickle(), media_type="text/html")
    server.handlers["a.test/silent"] = silent
    endless, silence = get(server, "http://a.test/endless", "http://a.test/silent", timeout=0.5)
    assert isinstance(endless, FetchError) and (endless.reason, endless.transient) == ("timeout", False)
    assert isinstance(silence, FetchError) and (silence.reason, silence.transient) == ("timeout", True)


def test_only_pages_are_pages(server: Server) -> None:
    server.handlers["a.test/pdf"] = Response(b"%PDF", media_type="application/pdf")
    server.handlers["a.test/text"] = Response("One.\n\nTwo <3.", media_type="text/plain")
    assert reason(server, "http://a.test/pdf") == "content_type"
    (page,) = get(server, "http://a.test/text")
    assert isinstance(page, Page) and "<p>Two &lt;3.</p>" in page.html


def test_no_cookie_is_kept(server: Server) -> None:
    server.handlers["a.test/x"] = Response("<p>x", headers={"Set-Cookie": "id=1"}, media_type="text/html")
    get(server, "http://a.test/x", "http://a.test/x")
    assert all("cookie" not in headers for headers in server.headers)


def test_a_host_that_is_not_there(server: Server) -> None:
    assert reason(server, "http://nobody.invalid/x") == "unreachable"


def test_a_host_is_asked_one_request_at_a_time_and_politely() -> None:
    async def go() -> tuple[list[float], int]:
        politeness, starts, at_once, most = Politeness(0.1), [], 0, 0

        async def one() -> None:
            nonlocal at_once, most
            async with politeness.turn("h"):
                at_once += 1
                most = max(most, at_once)
                starts.append(asyncio.get_running_loop().time())
                await asyncio.sleep(0.02)
                at_once -= 1

        await asyncio.gather(*(one() for _ in range(3)))
        return starts, most

    starts, most = asyncio.run(go())
    assert most == 1
    assert all(later - earlier >= 0.11 for earlier, later in pairwise(starts))


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("é".encode(), "text/html", "é"),
        ("é".encode("latin-1"), "text/html; charset=ISO-8859-1", "é"),
        ("“é”".encode("cp1252"), "text/html; charset=iso-8859-1", "“é”"),
        (b'<meta charset="koi8-r">' + "ж".encode("koi8-r"), "text/html", '<meta charset="koi8-r">ж'),
        ("é".encode("utf-16"), "text/html", "é"),
        (b"\x93x\x94", "text/html; charset=nonsense", "“x”"),
    ],
)
def test_texts_are_decoded_as_browsers_do(body: bytes, content_type: str, expected: str) -> None:
    assert decode(body, content_type) == expected


def test_retry_after_in_both_forms() -> None:
    assert retry_after("120") == 120
    assert retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == 0
    assert retry_after("soon") is None
