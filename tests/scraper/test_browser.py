"""The browser shows what scripts build, goes nowhere the egress does not, and is ended when it overruns."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from starlette.responses import Response

from miniature_memory.config import FetchConfig
from miniature_memory.errors import FetchError, MissingExtra
from miniature_memory.scraper import gate
from miniature_memory.scraper.egress import Egress
from miniature_memory.scraper.fetch import browser as browser_module
from miniature_memory.scraper.fetch.browser import Browser, browsers, find_browser
from miniature_memory.scraper.fetch.http import Client
from miniature_memory.scraper.fetch.politeness import Politeness
from tests.scraper.conftest import Server
from tests.scraper.test_fetch import story

needs_browser = pytest.mark.skipif(not browsers(), reason="no Chromium on this machine")
BUILD = """<div id=root></div><script>
const text = '<p>' + 'A quiet evening. '.repeat(60) + 'END</p>'
setTimeout(() => { document.getElementById('root').innerHTML = text }, 300)
</script>"""


def with_browser(
    server: Server, tmp_path: Path, work: Callable[[Browser, Client], Awaitable[Any]], **settings: Any
) -> Any:
    async def go() -> Any:
        grants = server.grant("a.test", "b.test")
        config = FetchConfig(**({"timeout": 10} | settings))
        async with (
            Egress(grants) as egress,
            Client(egress, config, Politeness(0, grants)) as client,
            Browser(client, config, tmp_path) as browser,
        ):
            return await work(browser, client)

    return asyncio.run(go())


def render(server: Server, tmp_path: Path, path: str, **settings: Any) -> str:
    async def work(browser: Browser, client: Client) -> str:
        return await browser.render(await client.page(f"http://a.test{path}"))

    return str(with_browser(server, tmp_path, work, **settings))


@pytest.mark.browser
@needs_browser
def test_a_browser_is_found_that_really_starts() -> None:
    assert find_browser() == browsers()[0]


@pytest.mark.browser
@needs_browser
def test_a_page_that_scripts_build_is_seen_and_fetched_once(server: Server, tmp_path: Path) -> None:
    server.handlers["a.test/app"] = BUILD
    assert "END" in render(server, tmp_path, "/app")
    assert server.paths().count("/app") == 1
    assert not (tmp_path / ".browser").exists()


@pytest.mark.browser
@needs_browser
def test_data_is_loaded_pictures_and_disallowed_paths_are_not(server: Server, tmp_path: Path) -> None:
    server.handlers["a.test/app"] = """<img src=/i.png><div id=r></div><script src=/app.js></script>"""
    server.handlers["a.test/app.js"] = Response(
        "fetch('/shut/x').catch(() => 0).then(() => fetch('/data.json')).then(a => a.json())"
        ".then(d => { document.getElementById('r').innerHTML = d.text })",
        media_type="text/javascript",
    )
    server.handlers["a.test/data.json"] = Response(
        '{"text": "%s"}' % ("Told. " * 200), media_type="application/json"
    )
    server.handlers["a.test/robots.txt"] = Response("User-agent: *\nDisallow: /shut", media_type="text/plain")
    assert "Told. Told." in render(server, tmp_path, "/app")
    assert "/i.png" not in server.paths() and "/shut/x" not in server.paths()


@pytest.mark.browser
@needs_browser
def test_scripts_reach_nothing_inside(server: Server, tmp_path: Path) -> None:
    roads = [f"{server.url}/in1", f"http://localhost:{server.port}/in2", f"http://[::1]:{server.port}/in3"]
    roads.append(f"http://a.test:{server.port + 1}/in4")
    script = "".join(f"fetch('{road}', {{mode: 'no-cors'}}).catch(() => 0);" for road in roads)
    script += f"new WebSocket('ws://127.0.0.1:{server.port}/in5');"
    tags = f'<iframe src="{server.url}/in6"></iframe><link rel=preload as=script href={server.url}/in7>'
    script += f"document.write('{tags}');"
    server.handlers["a.test/app"] = f"<script>{script}</script>{BUILD}"
    assert "END" in render(server, tmp_path, "/app")
    assert not [path for path in server.paths() if path.startswith("/in")]


SENTENCE = "The cook, aged twelve, sang."
LONG = "<p>" + "A quiet evening by the river. " * 40 + "</p>"
HIDDEN_PLACES = {
    "script": "<script>setTimeout(() => document.body.append('The cook, aged ' + 'twelve, sang.'), 100)"
    "</script>",
    "frame's own text": f'<iframe srcdoc="<p>{SENTENCE}</p>"></iframe>',
    "frame of the same site": '<iframe src="/inner"></iframe>',
    "frame of another site": '<iframe src="http://b.test/inner"></iframe>',
    "frame in a frame": '<iframe src="/outer"></iframe>',
    "frame that a script fills": "<iframe id=f></iframe><script>"
    "document.getElementById('f').contentDocument.write('The cook, aged ' + 'twelve, sang.')</script>",
    "open shadow": "<div id=h></div><script>h.attachShadow({mode: 'open'}).innerHTML ="
    " '<p>The cook, aged ' + atob('dHdlbHZl') + ', sang.'</script>",
    "closed shadow": "<div id=h></div><script>h.attachShadow({mode: 'closed'}).innerHTML ="
    " '<p>The cook, aged ' + atob('dHdlbHZl') + ', sang.'</script>",
    "declared shadow": f"<div><template shadowrootmode=open><p>{SENTENCE}</p></template></div>",
    "template": f"<template><p>{SENTENCE}</p></template>",
    "style": f"<style>h2::after {{ content: '{SENTENCE}' }}</style><h2>x</h2>",
    "style of another file": "<link rel=stylesheet href=/said.css><h2>x</h2>",
    "field": "<textarea id=t></textarea><script>t.value = 'The cook, aged ' + atob('dHdlbHZl') + ', sang.'"
    "</script>",
    "title": f"<script>document.title = '{SENTENCE}'</script>",
    "label": "<p id=l>x</p><script>l.ariaLabel = 'The cook, aged ' + atob('dHdlbHZl') + ', sang.'</script>",
    "unseen": f"<p hidden>{SENTENCE}</p>",
    "noscript": f"<noscript><p>{SENTENCE}</p></noscript>",
}


@pytest.mark.browser
@needs_browser
def test_the_screen_reads_all_that_a_rendered_page_shows(server: Server, tmp_path: Path) -> None:
    """Frames, shadow roots, fields and style sheets, too; and without the sentence the same page passes."""
    inner = f"<p>{SENTENCE}</p>"
    server.handlers |= {"a.test/inner": inner, "b.test/inner": inner}
    server.handlers["a.test/outer"] = '<iframe src="http://b.test/inner"></iframe>'
    server.handlers["a.test/said.css"] = Response(
        f"h2::before {{ content: '{SENTENCE}' }}", media_type="text/css"
    )
    grown = [(SENTENCE, "The cook sang."), ("aged ", "and "), ("twelve", "two"), ("dHdlbHZl", "dHdv")]
    grown += [(address, "/clean") for address in ("/inner", "/outer", "/said")]
    for place, planted in HIDDEN_PLACES.items():
        server.handlers[f"a.test/{place.replace(' ', '-')}"] = f"<title>x</title>{LONG}{planted}"
        for said, instead in grown:
            planted = planted.replace(said, instead)
        server.handlers[f"a.test/clean-{place.replace(' ', '-')}"] = f"<title>x</title>{LONG}{planted}"
    server.handlers |= {"a.test/clean": "<p>The cook sang.</p>", "b.test/clean": "<p>The cook sang.</p>"}

    async def work(browser: Browser, client: Client) -> list[str]:
        wrong = []
        for place in HIDDEN_PLACES:
            for prefix, refused in (("", True), ("clean-", False)):
                page = await client.page(f"http://a.test/{prefix}{place.replace(' ', '-')}")
                if (gate.refuses("", (), await browser.render(page)) is not None) != refused:
                    wrong.append(prefix + place)
        return wrong

    assert with_browser(server, tmp_path, work) == []


@pytest.mark.browser
@needs_browser
def test_a_redirect_by_script_asks_the_next_hosts_robots(server: Server, tmp_path: Path) -> None:
    server.handlers["a.test/go"] = "<script>location.href = 'http://b.test/there'</script>"
    server.handlers["b.test/there"] = BUILD
    assert "END" in render(server, tmp_path, "/go")
    server.handlers["b.test/robots.txt"] = Response("User-agent: *\nDisallow: /", media_type="text/plain")
    with pytest.raises(FetchError) as error:
        render(server, tmp_path, "/go")
    assert error.value.reason == "robots"


@pytest.mark.browser
@needs_browser
def test_a_script_that_never_ends_loses_its_renderer_not_the_browser(server: Server, tmp_path: Path) -> None:
    server.handlers["a.test/loop"] = "<p>x<script>while (true) {}</script>"
    server.handlers["a.test/app"] = BUILD

    async def work(browser: Browser, client: Client) -> tuple[str, str, int]:
        loop, app = await client.page("http://a.test/loop"), await client.page("http://a.test/app")
        results = await asyncio.gather(browser.render(loop), browser.render(app), return_exceptions=True)
        again = await browser.render(app)
        assert "END" in str(results[1]) and "END" in again
        assert isinstance(results[0], FetchError)
        busy = 0
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # renderers end while we count
                busy += process.cpu_percent(0.2) > 50
        return results[0].reason, again, busy + browser.restarts

    reason, _, troubles = with_browser(server, tmp_path, work, timeout=8)
    assert reason == "timeout" and troubles == 0


@pytest.mark.browser
@needs_browser
def test_a_page_that_eats_memory_is_ended(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_module, "RENDERER_MB", 250)
    server.handlers["a.test/fat"] = (
        "<p>x<script>let a = []; setInterval(() => a.push(new Uint8Array(4e7).fill(1)), 50)</script>"
    )
    with pytest.raises(FetchError) as error:
        render(server, tmp_path, "/fat", timeout=20)
    assert error.value.reason == "crashed"


@pytest.mark.browser
@needs_browser
def test_a_browser_that_dies_is_started_again(server: Server, tmp_path: Path) -> None:
    server.handlers["a.test/app"] = BUILD

    async def work(browser: Browser, client: Client) -> int:
        page = await client.page("http://a.test/app")
        await browser.render(page)
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                line = " ".join(process.cmdline())
                if "--type=" not in line and str(tmp_path) in line:
                    process.kill()
        await asyncio.sleep(0.3)
        assert "END" in await browser.render(page)
        return browser.restarts

    assert with_browser(server, tmp_path, work) == 1


def test_without_a_browser_the_page_says_what_to_install(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_module, "browsers", list)
    server.handlers["a.test/app"] = BUILD
    with pytest.raises(MissingExtra, match="Install one"):
        render(server, tmp_path, "/app")


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.scraper import test_browser
class There: url = ""; port = int(sys.argv[2]); grant = test_browser.Server.grant
test_browser.render(There(), Path(sys.argv[1]), "/slow", timeout=60)
"""


@pytest.mark.browser
@needs_browser
def test_after_kill_9_no_browser_stays(server: Server, tmp_path: Path) -> None:
    server.handlers["a.test/slow"] = "<p>x<script>fetch('/never')</script>"

    async def never(_: Any) -> Response:
        await asyncio.sleep(8)
        return Response("")

    def ours() -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            if any(str(tmp_path / ".browser") in part for part in process.info["cmdline"] or ()):
                found.append(process)
        return found

    server.handlers["a.test/never"] = never
    arguments = [sys.executable, "-c", CHILD, str(tmp_path), str(server.port)]
    process = subprocess.Popen(arguments, cwd=Path(__file__).parents[2], start_new_session=True)
    deadline = time.monotonic() + 30
    while "/never" not in server.paths() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ours()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    server.handlers["a.test/app"] = BUILD
    assert "END" in render(server, tmp_path, "/app")  # the next run
    assert ours() == [] and not (tmp_path / ".browser").exists()


@pytest.mark.browser
@needs_browser
def test_the_stage_turns_to_the_browser_where_plain_http_is_not_enough(
    server: Server, tmp_path: Path
) -> None:
    from miniature_memory.config import Config
    from miniature_memory.progress import Progress
    from miniature_memory.scraper import evidence
    from miniature_memory.scraper.fetch import fetch
    from miniature_memory.scraper.frontier import Frontier
    from miniature_memory.workspace import Workspace

    built = story("built").replace("`", "")
    server.handlers["a.test/plain"] = story("plain")
    late = "setTimeout(() => document.body.innerHTML = TEXT, 50)"
    # no reader of this script sees a sentence
    hidden = "'<p>' + atob('U2hlIHdhcyB0d2VsdmUgeWVhcnMgb2xkLiA=').repeat(40)"
    server.handlers["a.test/app"] = f"<title>app</title><script>{late.replace('TEXT', f'`{built}`')}</script>"
    server.handlers["a.test/hidden"] = f"<script>{late.replace('TEXT', hidden)}</script>"
    workspace = Workspace(tmp_path / "ws")
    for path in ("plain", "app", "hidden"):
        Frontier(workspace.ledger).add(f"http://a.test/{path}")
    figures = fetch(workspace, Config(), Progress(quiet=True), server.grant("a.test"))
    assert (figures["fetched"], figures["browser_pages"], figures["refused"]) == (2, 2, 1)
    (warc,) = workspace.evidence.iterdir()
    assert [kind for _, kind, _ in evidence.read(warc)] == ["response", "response", "resource"]
    workspace.close()
    for file in workspace.root.rglob("*"):
        if file.is_file():
            assert b"hidden" not in file.read_bytes() and b"twelve" not in file.read_bytes()
