"""Each adapter speaks its service's protocol, tells its errors apart, and never gives a key away."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from miniature_memory.config import Config, SearchConfig
from miniature_memory.errors import QuotaSpent, SearchDenied, SearchError, SearchTransient
from miniature_memory.scraper.search import PROVIDERS, Hit, missing, provider
from tests.scraper.conftest import Server

KEYS = dict.fromkeys(("GOOGLE_API_KEY", "GOOGLE_CSE_ID", "BRAVE_API_KEY", "SERPER_API_KEY"), "s3cret")


def all_hits(name: str, server: Server, query: str = "boats", pages: int = 20) -> list[list[Hit]]:
    """Every page of results, from the first to the end."""
    config = SearchConfig(provider=name, base_url=server.url)
    found, cursor = [], ""
    with provider(config, KEYS) as service:
        for _ in range(pages):
            hits, following = service.request(query, cursor)
            found.append(hits)
            if following is None:
                return found
            cursor = following
    raise AssertionError("it never ends")


def test_google(server: Server) -> None:
    def answer(request: Any) -> Response:
        q = request.query_params
        assert (q["key"], q["cx"], q["q"], q["lr"]) == ("s3cret", "s3cret", "boats", "lang_en")
        start = int(q["start"])
        items = [{"link": f"https://e.org/{start}", "title": "t", "snippet": "s"}]
        return JSONResponse({"items": items, "queries": {"nextPage": [{"startIndex": start + 10}]}})

    server.handlers["/customsearch/v1"] = answer
    pages = all_hits("google", server)
    assert len(pages) == 10  # start=91 is the last that Google answers
    assert pages[0] == [Hit("https://e.org/1", "t", "s")]


def test_brave(server: Server) -> None:
    def answer(request: Any) -> Response:
        assert request.headers["x-subscription-token"] == "s3cret"
        offset, count = int(request.query_params["offset"]), int(request.query_params["count"])
        assert offset <= 9 and count <= 20
        result = {
            "url": f"https://e.org/{offset}",
            "title": "t",
            "description": "d",
            "page_age": "2020-01-01",
        }
        return JSONResponse({"query": {"more_results_available": True}, "web": {"results": [result]}})

    server.handlers["/res/v1/web/search"] = answer
    pages = all_hits("brave", server)
    assert len(pages) == 10
    assert pages[9] == [Hit("https://e.org/9", "t", "d", "2020-01-01")]


def test_searxng(server: Server) -> None:
    def answer(request: Any) -> Response:
        page = int(request.query_params["pageno"])
        assert request.query_params["format"] == "json"
        results = [{"url": f"https://e.org/{page}", "title": "t", "content": None}] if page < 3 else []
        return JSONResponse({"results": results})

    server.handlers["/search"] = answer
    assert [len(page) for page in all_hits("searxng", server)] == [1, 1, 0]


def test_searxng_without_json_says_what_to_do(server: Server) -> None:
    server.handlers["/search"] = PlainTextResponse("Forbidden", 403)
    with pytest.raises(SearchDenied, match=r"settings\.yml"):
        all_hits("searxng", server)


def test_serper(server: Server) -> None:
    async def answer(request: Any) -> Response:
        body = json.loads(await request.body())
        assert request.headers["x-api-key"] == "s3cret"
        organic = [{"link": f"https://e.org/{body['page']}"}] if body["page"] < 3 else []
        return JSONResponse({"organic": organic})

    server.handlers["/search"] = answer
    assert [hit.url for page in all_hits("serper", server) for hit in page] == [
        "https://e.org/1",
        "https://e.org/2",
    ]


def test_common_crawl(server: Server) -> None:
    server.handlers["/collinfo.json"] = JSONResponse([{"id": "CC-MAIN-2026-40"}, {"id": "CC-MAIN-2026-36"}])

    def index(request: Any) -> Response:
        q = request.query_params
        assert q["url"] == "e.org/stories/*"
        if "showNumPages" in q:
            return PlainTextResponse('{"pages": 2, "pageSize": 5, "blocks": 9}')
        lines = [{"url": f"https://e.org/stories/{q['page']}", "timestamp": "20260901000000"}] * 2
        return PlainTextResponse("\n".join(json.dumps(line) for line in lines))

    server.handlers["/CC-MAIN-2026-40-index"] = index
    pages = all_hits("common_crawl", server, "e.org/stories/*")
    assert [[hit.url for hit in page] for page in pages] == [
        ["https://e.org/stories/0"],
        ["https://e.org/stories/1"],
    ]


def test_common_crawl_that_knows_nothing(server: Server) -> None:
    server.handlers["/collinfo.json"] = JSONResponse([{"id": "CC-MAIN-2026-40"}])
    server.handlers["/CC-MAIN-2026-40-index"] = PlainTextResponse('{"message": "No Captures found"}', 404)
    assert all_hits("common_crawl", server, "e.org/*") == [[]]


def test_sitemaps(server: Server) -> None:
    ns = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    index = "".join(
        f"<sitemap><loc>{url}</loc></sitemap>"
        for url in (f"{server.url}/one.xml.gz", "http://elsewhere.example/x.xml", f"{server.url}/two.txt")
    )
    server.handlers["/robots.txt"] = PlainTextResponse(f"User-agent: *\nSitemap: {server.url}/index.xml")
    server.handlers["/index.xml"] = f"<?xml version='1.0'?><sitemapindex {ns}>{index}</sitemapindex>"
    one = f"<urlset {ns}><url><loc>https://e.org/1</loc><lastmod>2024-05-06</lastmod></url></urlset>"
    server.handlers["/one.xml.gz"] = Response(gzip.compress(one.encode()), media_type="application/gzip")
    server.handlers["/two.txt"] = PlainTextResponse("https://e.org/2\nhttps://e.org/3\n")
    hits = [hit for page in all_hits("sitemap", server, server.url) for hit in page]
    assert [hit.url for hit in hits] == ["https://e.org/1", "https://e.org/2", "https://e.org/3"]
    assert hits[0].published == "2024-05-06"


RSS = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><rss><channel>
<item><title>One</title><link>/1</link><description>&lt;b&gt;bold&lt;/b&gt; words &e;</description></item>
<item><guid isPermaLink="true">https://e.org/2</guid></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="{next}"/>
<entry><title>A</title><link rel="edit" href="/no"/><link href="/3"/><summary>s</summary>
<published>2024-01-01</published></entry></feed>"""


def test_feeds_of_both_kinds_without_their_entities(server: Server) -> None:
    server.handlers["/rss"] = RSS
    server.handlers["/atom"] = ATOM.format(next="/atom2")
    server.handlers["/atom2"] = ATOM.format(next="http://elsewhere.example/atom3")
    (rss,) = all_hits("feed", server, f"{server.url}/rss")
    assert [hit.url for hit in rss] == [f"{server.url}/1", "https://e.org/2"]
    assert "bold" in rss[0].snippet and "<" not in rss[0].snippet
    assert Path("/etc/hostname").read_text().strip() not in rss[0].snippet
    assert (
        all_hits("feed", server, f"{server.url}/atom")
        == [[Hit(f"{server.url}/3", "A", "s", "2024-01-01")]] * 2
    )


def test_lists_from_files_and_addresses(server: Server, tmp_path: Path) -> None:
    text = "# mine\nhttps://e.org/1\n\nhttps://e.org/2 # the second\n"
    (tmp_path / "list.txt").write_text(text)
    server.handlers["/list"] = PlainTextResponse(text)
    for query in (str(tmp_path / "list.txt"), f"{server.url}/list"):
        assert [hit.url for hit in all_hits("list", server, query)[0]] == [
            "https://e.org/1",
            "https://e.org/2",
        ]
    with pytest.raises(SearchDenied, match="can't be read"):
        all_hits("list", server, str(tmp_path / "none.txt"))


PATHS = {
    "google": "/customsearch/v1",
    "brave": "/res/v1/web/search",
    "searxng": "/search",
    "serper": "/search",
    "common_crawl": "/collinfo.json",
    "sitemap": "/x",
    "feed": "/x",
    "list": "/x",
}


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@pytest.mark.parametrize(
    ("status", "error"),
    [(429, SearchTransient), (503, SearchTransient), (401, SearchDenied), (418, SearchDenied)],
)
def test_errors_are_told_apart_and_hold_no_key(
    server: Server, name: str, status: int, error: type[SearchError]
) -> None:
    server.handlers[PATHS[name]] = PlainTextResponse("no", status, {"Retry-After": "7"})
    with pytest.raises(error) as told:
        all_hits(name, server, f"{server.url}/x")
    assert "s3cret" not in str(told.value)
    if isinstance(told.value, SearchTransient):
        assert told.value.retry_after == 7


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("google", JSONResponse({"error": {"errors": [{"reason": "dailyLimitExceeded"}]}}, 429)),
        ("brave", JSONResponse({"error": {"code": "QUOTA_LIMITED"}}, 429)),
        ("serper", JSONResponse({"message": "Not enough credits"}, 400)),
    ],
)
def test_a_spent_quota_is_no_passing_fault(server: Server, name: str, response: Response) -> None:
    server.handlers[PATHS[name]] = response
    with pytest.raises(QuotaSpent):
        all_hits(name, server)


def test_brave_waits_for_the_second_not_for_the_month(server: Server) -> None:
    headers = {"X-RateLimit-Reset": "1, 1419704"}
    server.handlers[PATHS["brave"]] = JSONResponse({"error": {"code": "RATE_LIMITED"}}, 429, headers)
    with pytest.raises(SearchTransient) as error:
        all_hits("brave", server)
    assert error.value.retry_after == 1


@pytest.mark.parametrize("name", ["google", "brave", "searxng", "serper"])
def test_an_answer_that_is_no_json_is_a_passing_fault(server: Server, name: str) -> None:
    server.handlers[PATHS[name]] = "<html>maintenance</html>"
    with pytest.raises(SearchTransient):
        all_hits(name, server)


def test_a_key_is_not_carried_to_another_host(server: Server) -> None:
    server.handlers[PATHS["brave"]] = RedirectResponse("http://localhost:9/steal")
    with pytest.raises(SearchDenied):
        all_hits("brave", server)


def test_nobody_there_is_a_passing_fault() -> None:
    config = SearchConfig(provider="searxng", base_url="http://127.0.0.1:9")
    with provider(config, {}) as service, pytest.raises(SearchTransient):
        service.request("x")


def test_what_is_missing_is_said() -> None:
    brave = Config(search=SearchConfig(provider="brave", queries=["x"]))
    assert "BRAVE_API_KEY" in missing(brave, {})[0] and missing(brave, {"BRAVE_API_KEY": "k"}) == []
    google = Config(search=SearchConfig(provider="google"))
    assert len(missing(google, {})) == 3
    assert "base_url" in missing(Config(search=SearchConfig(provider="searxng", queries=["x"])), {})[0]
