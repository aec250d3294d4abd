"""The web over real HTTP: each special page behaves as it says, and search speaks SearXNG's JSON protocol."""

from __future__ import annotations

import html
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from miniature_memory import screen
from miniature_memory.demo import HOSTS, QUERIES, Page, StoryWeb

STORIES = 160


@pytest.fixture(scope="module")
def web() -> Iterator[StoryWeb]:
    with StoryWeb(STORIES, seed=1) as running:
        yield running


@pytest.fixture(scope="module")
def pages(web: StoryWeb) -> list[Page]:
    return list(web.pages())


@pytest.fixture(scope="module")
def client(web: StoryWeb) -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as made:
        yield made


def ask(web: StoryWeb, client: httpx.Client, url: str, *, method: str = "GET") -> httpx.Response:
    """What the egress proxy does: connect to the granted address, keep the Host header."""
    parts = httpx.URL(url)
    address, port = web.grants[parts.host]
    target = parts.copy_with(host=address, port=port)
    return client.request(method, target, headers={"Host": parts.host})


def one(pages: list[Page], kind: str) -> Page:
    return next(page for page in pages if page.kind == kind)


def everything(web: StoryWeb, client: httpx.Client) -> list[str]:
    found: dict[str, None] = {}
    for query in QUERIES:
        pageno = 1
        while True:
            url = httpx.URL(
                f"{web.search_url}/search", params={"q": query, "format": "json", "pageno": pageno}
            )
            results = ask(web, client, str(url)).json()["results"]
            if not results:
                break
            found |= dict.fromkeys(hit["url"] for hit in results)
            pageno += 1
    return list(found)


def test_search_speaks_searxng(web: StoryWeb, client: httpx.Client) -> None:
    answer = ask(web, client, f"{web.search_url}/search?q=stories+of+the+harbour&format=json").json()
    assert answer["query"] == "stories of the harbour"
    for key in ("answers", "corrections", "infoboxes", "suggestions", "unresponsive_engines"):
        assert answer[key] == []
    assert answer["number_of_results"] >= len(answer["results"]) > 0
    hit = answer["results"][0]
    assert {"url", "title", "content", "engine", "publishedDate", "score", "category"} <= hit.keys()
    assert ask(web, client, f"{web.search_url}/search?q=harbour&format=csv").status_code == 403


def test_search_matches_words(web: StoryWeb, client: httpx.Client) -> None:
    answer = ask(web, client, f"{web.search_url}/search?q=bread+herbs&format=json").json()
    assert all("bread" in hit["title"].lower() for hit in answer["results"])
    assert ask(web, client, f"{web.search_url}/search?q=zeppelin&format=json").json()["results"] == []


def test_a_handful_of_queries_reaches_every_page(
    web: StoryWeb, client: httpx.Client, pages: list[Page]
) -> None:
    assert set(everything(web, client)) == {page.url for page in pages}


def test_growth_adds_results_and_moves_none(web: StoryWeb, client: httpx.Client) -> None:
    url = "http://search.demo.test/search?q=short+story+garden&format=json"
    before = ask(web, client, url).json()["results"]
    with StoryWeb(STORIES + 40, seed=1) as larger:
        after = ask(larger, client, url).json()["results"]
    assert after[: len(before)] == before


def test_every_page_without_special_behaviour_answers(
    web: StoryWeb, client: httpx.Client, pages: list[Page]
) -> None:
    for page in pages[::9]:
        if page.kind in ("story", "near_duplicate", "exact_duplicate", "es", "fr", "de", "howto", "news"):
            assert ask(web, client, page.url).status_code == 200, page.url


@pytest.mark.parametrize("site", ["harbour-blog", "serial", "forum", "oldpress", "quarterly"])
def test_the_gold_text_stands_on_the_page(
    web: StoryWeb, client: httpx.Client, pages: list[Page], site: str
) -> None:
    page = next(p for p in pages if p.host.startswith(site) and p.kind == "story")
    assert page.gold_text is not None
    shown = html.unescape(ask(web, client, page.url).text).replace("\xa0", " ")
    for paragraph in page.gold_text.split("\n\n"):
        assert paragraph == "* * *" or paragraph in shown


def test_the_app_keeps_its_text_out_of_the_html(
    web: StoryWeb, client: httpx.Client, pages: list[Page]
) -> None:
    ways = set()
    for page in (p for p in pages if p.host.startswith("app.") and p.kind == "story"):
        assert page.gold_text is not None
        source = ask(web, client, page.url).text
        first = page.gold_text.split("\n\n")[0]
        assert first not in html.unescape(source)
        told = ask(web, client, re.sub(r"demo\.test", "demo.test/api", page.url) + ".json").json()
        assert "\n\n".join(told["blocks"]) == page.gold_text
        ways.add('id="state"' in source)
    assert ways == {True, False}


def test_busy_and_failing_pages_recover(web: StoryWeb, client: httpx.Client, pages: list[Page]) -> None:
    for kind, status in (("busy", 429), ("hiccup", 500)):
        page = one(pages, kind)
        first = ask(web, client, page.url)
        assert first.status_code == status
        assert kind != "busy" or first.headers["Retry-After"] == "1"
        assert ask(web, client, page.url).status_code == 200
        assert page.verdict == "kept" and page.gold_text


@pytest.mark.parametrize(("kind", "status"), [("missing", 404), ("gone", 410)])
def test_lost_pages(web: StoryWeb, client: httpx.Client, pages: list[Page], kind: str, status: int) -> None:
    assert ask(web, client, one(pages, kind).url).status_code == status


def test_a_moved_page_is_found_and_a_loop_is_not(
    web: StoryWeb, client: httpx.Client, pages: list[Page]
) -> None:
    url, hops = httpx.URL(one(pages, "moved").url), 0
    while (response := ask(web, client, str(url))).is_redirect:
        url, hops = url.join(response.headers["Location"]), hops + 1
    assert response.status_code == 200 and hops == 2
    loop = one(pages, "loop").url
    away = ask(web, client, loop).headers["Location"]
    assert httpx.URL(loop).join(ask(web, client, str(httpx.URL(loop).join(away))).headers["Location"]) == loop


def test_redirects_to_private_addresses(web: StoryWeb, client: httpx.Client, pages: list[Page]) -> None:
    assert "169.254.169.254" in ask(web, client, one(pages, "metadata").url).headers["Location"]
    assert "127.0.0.1" in ask(web, client, one(pages, "loopback").url).headers["Location"]


def test_robots_and_opt_outs_are_declared(web: StoryWeb, client: httpx.Client, pages: list[Page]) -> None:
    assert "Disallow: /private/" in ask(web, client, "http://harbour-blog.demo.test/robots.txt").text
    assert "Crawl-delay: 1" in ask(web, client, "http://slow-lane.demo.test/robots.txt").text
    assert ask(web, client, "http://serial.demo.test/robots.txt").status_code == 404
    assert one(pages, "disallowed").url.startswith("http://harbour-blog.demo.test/private/")
    assert 'content="noai' in ask(web, client, one(pages, "meta-noai").url).text
    assert 'content="noindex' in ask(web, client, one(pages, "meta-noindex").url).text
    assert "noai" in ask(web, client, one(pages, "header-noai").url).headers["X-Robots-Tag"]
    assert ask(web, client, one(pages, "header-tdm").url).headers["tdm-reservation"] == "1"
    assert 'name="tdm-reservation" content="1"' in ask(web, client, one(pages, "meta-tdm").url).text
    assert "Disallow: /" in ask(web, client, "http://quiet.demo.test/ai.txt").text


def test_wrong_types_walls_and_floods(web: StoryWeb, client: httpx.Client, pages: list[Page]) -> None:
    assert ask(web, client, one(pages, "pdf").url).content.startswith(b"%PDF")
    assert ask(web, client, one(pages, "image").url).headers["content-type"] == "image/png"
    assert "sign in" in ask(web, client, one(pages, "login").url).text.lower()
    wall = ask(web, client, one(pages, "paywall").url).text
    assert "Subscribe now" in wall and '"isAccessibleForFree": false' in wall
    parts = httpx.URL(one(pages, "huge").url)
    target = parts.copy_with(host="127.0.0.1", port=web.port)
    with client.stream("GET", target, headers={"Host": parts.host}) as response:
        size = 0
        for block in response.iter_raw():
            size += len(block)
            if size > 12_000_000:
                break
    assert size > 12_000_000


def test_an_endless_page_never_ends(web: StoryWeb, client: httpx.Client, pages: list[Page]) -> None:
    parts = httpx.URL(one(pages, "endless").url)
    target = parts.copy_with(host="127.0.0.1", port=web.port)
    begun = time.monotonic()
    with client.stream("GET", target, headers={"Host": parts.host}) as response:
        for _ in response.iter_raw():
            if time.monotonic() - begun > 1.2:
                break
        else:
            pytest.fail("the page ended")


def test_pages_for_the_screen_are_refused_and_nobody_links_to_them(
    web: StoryWeb, client: httpx.Client, pages: list[Page]
) -> None:
    refused = [page for page in pages if page.verdict == "screen"]
    assert len(refused) == 6
    for page in refused:
        url = page.url
        if page.host.startswith("app."):
            url = page.url.replace("demo.test/", "demo.test/api/") + ".json"
        assert screen.check(page.title + "\n" + ask(web, client, url).text).reject
        assert page.gold_text is None
    front = ask(web, client, "http://harbour-blog.demo.test/").text
    assert not any(page.title in front for page in refused if page.kind in ("screen-title", "screen-school"))


def test_whole_pages_pass_the_screen(web: StoryWeb, client: httpx.Client, pages: list[Page]) -> None:
    """Not just the stories: menus, comments and advertisements around them too."""
    for page in [p for p in pages if p.kind == "story"][::13]:
        assert not screen.check_html(ask(web, client, page.url).text).reject, page.url


def test_duplicates_name_their_twin(pages: list[Page]) -> None:
    addresses = {page.url for page in pages}
    copies = [page for page in pages if page.verdict in ("exact_duplicate", "near_duplicate")]
    assert copies and all(page.twin in addresses for page in copies)


def test_every_host_is_granted_its_loopback_address(web: StoryWeb) -> None:
    assert web.grants == dict.fromkeys(HOSTS, ("127.0.0.1", web.port))


def test_the_web_dies_with_its_parent(tmp_path: object) -> None:
    code = (
        "from miniature_memory.demo import StoryWeb; import time, sys\n"
        "web = StoryWeb(16).start(); print(web._child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(50):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{child}/stat") as stat:
            if stat.read().rpartition(")")[2].split()[0] == "Z":
                return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the story web outlived its parent")
