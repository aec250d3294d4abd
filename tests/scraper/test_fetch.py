"""The stage: every address gets its verdict, in order, once; what is refused leaves nothing behind."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import RedirectResponse, Response

from miniature_memory.config import Config
from miniature_memory.document import content_hash
from miniature_memory.errors import DiskFull
from miniature_memory.progress import Progress
from miniature_memory.scraper import evidence
from miniature_memory.scraper.extract import Extracted, extract
from miniature_memory.scraper.fetch import fetch, stage
from miniature_memory.scraper.frontier import Frontier
from miniature_memory.workspace import Workspace
from tests.scraper.conftest import Server

QUIET = Progress(quiet=True)
WORDS = (
    "The ferry left the pier at noon, and Marta folded the letter and put it back in the drawer of the desk."
)


def story(name: str, paragraphs: int = 12, head: str = "") -> str:
    text = "".join(
        f"<p>Of {name}, part {number}: {WORDS} She said nothing of it.</p>" for number in range(paragraphs)
    )
    body = f"<body><article><h1>{name}</h1>{text}</article></body>"
    return f"<html><head><title>{name}</title>{head}</head>{body}</html>"


def config(**changes: Any) -> Config:
    fetch_settings = {"browser": "never", "timeout": 5, "concurrency": 6, "attempts": 3} | changes
    return Config.model_validate({"fetch": fetch_settings})


@pytest.fixture(autouse=True)
def extract_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real extractor without its child processes, which take a second to start."""
    if "whole" in request.node.name:
        return

    class Here:
        def __init__(self, *_: object) -> None: ...

        async def __aenter__(self) -> Here:
            return self

        async def __aexit__(self, *_: object) -> None: ...

        async def extract(self, html: str, url: str = "") -> Extracted:
            return extract(html, url)

    monkeypatch.setattr(stage, "ExtractPool", Here)


def put(workspace: Workspace, *urls: str) -> None:
    for url in urls:
        assert Frontier(workspace.ledger).add(url, "boats", "list")


def verdicts(workspace: Workspace) -> dict[str, str]:
    lines = (line for line in Frontier(workspace.ledger).lines() if "url" in line)
    return {str(line["url"]).partition(".test")[2]: str(line["reason"] or line["status"]) for line in lines}


def test_each_address_gets_its_verdict_and_the_sum_is_whole(server: Server, workspace: Workspace) -> None:
    site = {
        "/one": story("one"),
        "/moved": RedirectResponse("/moved-on"),
        "/moved-on": story("moved"),
        "/same": story("one"),
        "/short": "<p>Too short.</p>",
        "/optout": story("optout", head='<meta name="robots" content="noai">'),
        "/header": Response(story("header"), headers={"X-Robots-Tag": "noai"}, media_type="text/html"),
        "/login": '<form><input type="password"></form>',
        "/paid": story(
            "paid", head='<script type="application/ld+json">{"isAccessibleForFree": false}</script>'
        ),
        "/private/x": story("private"),
        "/screened": story("Twelve") + "<p>She was twelve years old.</p>",
        "/pdf": Response(b"%PDF", media_type="application/pdf"),
        "/robots.txt": Response("User-agent: *\nDisallow: /private", media_type="text/plain"),
    }
    server.handlers.update({f"a.test{path}": answer for path, answer in site.items()})
    busy = [Response("", 429, {"Retry-After": "1"}), Response("", 500)]
    server.handlers["a.test/busy"] = lambda _: (
        busy.pop(0) if busy else Response(story("busy"), media_type="text/html")
    )
    paths = [path for path in site if path not in ("/moved-on", "/robots.txt")]
    put(workspace, *(f"http://a.test{path}" for path in [*paths, "/busy", "/none"]))
    figures = fetch(workspace, config(), QUIET, server.grant("a.test"))
    assert verdicts(workspace) == {
        "/one": "fetched",
        "/moved": "fetched",
        "/same": "exact_duplicate",
        "/short": "too_short",
        "/optout": "opt_out",
        "/header": "opt_out",
        "/login": "login",
        "/paid": "paywall",
        "/private/x": "robots",
        "/pdf": "content_type",
        "/busy": "fetched",
        "/none": "not_found",
    }
    assert figures["refused"] == 1 and "/private/x" not in server.paths()
    assert figures["new"] == 13 == figures["fetched"] + sum(figures["rejected"].values()) + figures["refused"]

    documents = list(workspace.ledger.documents())
    assert [document.title for document in documents] == ["one", "moved", "busy"]
    for document in documents:
        text = workspace.raw_path(document.id).read_text()
        assert content_hash(text) == document.id and WORDS in text
    assert documents[1].lineage["final_url"] == "http://a.test/moved-on"
    (warc,) = workspace.evidence.iterdir()
    assert [url for url, _, _ in evidence.read(warc)] == [
        "http://a.test/one",
        "http://a.test/moved-on",
        "http://a.test/busy",
    ]
    workspace.close()
    for path in workspace.root.rglob("*"):
        if path.is_file():
            assert b"welve" not in path.read_bytes() and b"screened" not in path.read_bytes()

    seen = len(server.seen)
    assert fetch(workspace, config(), QUIET, server.grant("a.test"))["new"] == 0
    assert len(server.seen) == seen

    assert evidence.drop(workspace, lambda url: url.endswith("/one")) == 1
    assert evidence.drop(workspace, lambda url: url.endswith("/moved")) == 1  # by the address that led to it
    assert [url[-4:] for url, _, _ in evidence.read(warc)] == ["busy"]


def test_documents_come_in_the_order_of_arrival_whichever_page_was_first(
    server: Server, workspace: Workspace
) -> None:
    async def slow(request: Any) -> Response:
        number = int(request.url.path[1:])
        await asyncio.sleep(0.05 * (8 - number))
        return Response(story(f"story {number}"), media_type="text/html")

    names = [f"h{number}.test" for number in range(8)]
    for number in range(8):
        server.handlers[f"h{number}.test/{number}"] = slow
    put(workspace, *(f"http://h{number}.test/{number}" for number in range(8)))
    fetch(workspace, config(concurrency=8), QUIET, server.grant(*names))
    assert [document.title for document in workspace.ledger.documents()] == [f"story {n}" for n in range(8)]


def test_a_long_wait_is_left_to_a_later_run_and_the_others_go_on(
    server: Server, workspace: Workspace
) -> None:
    server.handlers["a.test/wait"] = Response("", 503, {"Retry-After": "900"})
    server.handlers["b.test/fine"] = story("fine")
    put(workspace, "http://a.test/wait", "http://b.test/fine")
    figures = fetch(workspace, config(), QUIET, server.grant("a.test", "b.test"))
    assert (figures["fetched"], figures["waiting"]) == (1, 1)
    assert fetch(workspace, config(), QUIET, server.grant("a.test", "b.test"))["new"] == 0
    (row,) = workspace.ledger.connection.execute("SELECT * FROM urls WHERE status = 'new'").fetchall()
    assert row["attempts"] == 1 and row["not_before"] > row["found_at"]


def test_a_page_that_needs_a_browser_waits_for_one(server: Server, workspace: Workspace) -> None:
    server.handlers["a.test/app"] = (
        "<p>Please turn on scripts to read this story.</p><div id=root></div><script src=/app.js></script>"
    )
    put(workspace, "http://a.test/app")
    figures = fetch(workspace, config(browser="never"), QUIET, server.grant("a.test"))
    assert (figures["new"], figures["waiting"]) == (0, 1)
    assert verdicts(workspace) == {"/app": "needs_browser"}


def test_a_redirect_to_what_was_forgotten_stays_forgotten(server: Server, workspace: Workspace) -> None:
    server.handlers["a.test/x"] = RedirectResponse("/forgotten")
    server.handlers["a.test/forgotten"] = story("forgotten")
    put(workspace, "http://a.test/x")
    workspace.ledger.bury("http://a.test/forgotten", "url")
    fetch(workspace, config(), QUIET, server.grant("a.test"))
    assert verdicts(workspace) == {"/x": "forgotten"} and not list(workspace.ledger.documents())
    assert "/forgotten" not in server.paths()


def test_new_pages_of_a_forgotten_author_stay_away(server: Server, workspace: Workspace) -> None:
    server.handlers["a.test/hers"] = story("hers", head='<meta name="author" content="Ines Halloway">')
    server.handlers["a.test/his"] = story("his", head='<meta name="author" content="Orrin Vale">')
    put(workspace, "http://a.test/hers", "http://a.test/his")
    workspace.ledger.bury("Ines Halloway", "author")
    fetch(workspace, config(), QUIET, server.grant("a.test"))
    assert verdicts(workspace)["/hers"] == "forgotten"
    assert [document.author for document in workspace.ledger.documents()] == ["Orrin Vale"]


def test_a_redirect_to_what_was_refused_is_refused_unasked(server: Server, workspace: Workspace) -> None:
    server.handlers["a.test/x"] = RedirectResponse("/refused")
    put(workspace, "http://a.test/x")
    workspace.ledger.refuse("http://a.test/refused", "age", "1", "fetch")
    assert fetch(workspace, config(), QUIET, server.grant("a.test"))["refused"] == 1
    assert verdicts(workspace) == {} and "/refused" not in server.paths()


def test_a_full_disk_is_said_plainly_and_loses_nothing(
    server: Server, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.handlers["a.test/x"] = story("x")
    put(workspace, "http://a.test/x")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(evidence, "_write", full)
    with pytest.raises(DiskFull):
        fetch(workspace, config(), QUIET, server.grant("a.test"))
    monkeypatch.undo()
    assert fetch(workspace, config(), QUIET, server.grant("a.test"))["fetched"] == 1
    assert len(list(workspace.raw_text.iterdir())) == 1


def test_the_first_interruption_finishes_what_is_under_way(server: Server, workspace: Workspace) -> None:
    progress = Progress(quiet=True)

    def answer(request: Any) -> Response:
        if request.url.path == "/3":
            progress.stopping = True
        return Response(story(f"boat number {request.url.path[1:]}"), media_type="text/html")

    for number in range(10):
        server.handlers[f"a.test/{number}"] = answer
    put(workspace, *(f"http://a.test/{number}" for number in range(10)))
    with pytest.raises(KeyboardInterrupt):
        fetch(workspace, config(concurrency=1), progress, server.grant("a.test"))
    assert len(list(workspace.ledger.documents())) == 4
    second = fetch(workspace, config(), QUIET, server.grant("a.test"))
    assert second["new"] == 6
    titles = [document.lineage["url"][-1] for document in workspace.ledger.documents()]
    assert titles == [str(number) for number in range(10)]


CHILD = """
import sys
from tests.scraper.test_fetch import QUIET, config
from miniature_memory.scraper.extract import Extracted, extract
from miniature_memory.scraper.fetch import fetch, stage
from miniature_memory.workspace import Workspace
workspace = Workspace(sys.argv[1])
with workspace.lock():
    fetch(workspace, config(concurrency=4), QUIET, {"a.test": ("127.0.0.1", int(sys.argv[2]))})
"""


@pytest.mark.slow
def test_killed_again_and_again_nothing_is_lost_and_nothing_doubled(
    server: Server, workspace: Workspace
) -> None:
    async def answer(request: Any) -> Response:
        await asyncio.sleep(0.02)
        return Response(story(f"boat number {request.url.path[1:]}"), media_type="text/html")

    count = 60
    for number in range(count):
        server.handlers[f"a.test/{number}"] = answer
    put(workspace, *(f"http://a.test/{number}" for number in range(count)))
    workspace.close()
    root = Path(__file__).parents[2]
    kills = 0
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(workspace.root), str(server.port)],
            cwd=root,
            start_new_session=True,
        )
        before = len(server.seen)
        while process.poll() is None and len(server.seen) < before + 25:
            time.sleep(0.02)
        if process.poll() is not None:
            break
        time.sleep(0.07 * (kills % 4))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    assert kills >= 2 and process.returncode == 0
    urls = [document.lineage["url"] for document in workspace.ledger.documents()]
    assert urls == [f"http://a.test/{number}" for number in range(count)]
    files = sorted(path.name for path in workspace.raw_text.iterdir())
    assert files == sorted(f"{document.id}.txt" for document in workspace.ledger.documents())
    (warc,) = workspace.evidence.iterdir()
    assert [url for url, _, _ in evidence.read(warc)] == urls


def test_evidence_keeps_its_bounds(server: Server, workspace: Workspace) -> None:
    for number in range(5):
        server.handlers[f"a.test/{number}"] = story(f"story {number}", 30)
    put(workspace, *(f"http://a.test/{number}" for number in range(5)))
    fetch(workspace, config(evidence_mb=0.003), QUIET, server.grant("a.test"))
    kept = [document.lineage["evidence"] for document in workspace.ledger.documents()]
    assert len(kept) == 5 and kept[0] and not kept[-1]


@pytest.mark.parametrize("torn", [b"", b"half a record"])
def test_what_a_killed_run_wrote_ahead_is_swept(server: Server, workspace: Workspace, torn: bytes) -> None:
    server.handlers["a.test/1"] = story("one")
    server.handlers["a.test/2"] = story("two")
    put(workspace, "http://a.test/1")
    fetch(workspace, config(), QUIET, server.grant("a.test"))
    (warc,) = workspace.evidence.iterdir()
    whole = warc.read_bytes()
    warc.write_bytes(whole + torn)
    orphan = content_hash("never decided")
    workspace.raw_path(orphan).write_text("never decided")
    workspace.ledger.set_meta("raw_pending", f'["{orphan}"]')
    put(workspace, "http://a.test/2")
    fetch(workspace, config(), QUIET, server.grant("a.test"))
    assert warc.read_bytes().startswith(whole)
    assert [url[-1] for url, _, _ in evidence.read(warc)] == ["1", "2"]
    assert not workspace.raw_path(orphan).exists()


@pytest.mark.slow
def test_the_demo_web_gives_the_same_documents_each_time(tmp_path: Path) -> None:
    from miniature_memory.config import load
    from miniature_memory.demo import StoryWeb
    from miniature_memory.scraper.discover import discover

    settings = load("demo", sets=["demo.stories=12", "fetch.browser=never", "fetch.timeout=3"])
    found = []
    for name in ("one", "two"):
        workspace = Workspace(tmp_path / name)
        with StoryWeb(12, settings.demo.seed) as web:
            discover(workspace, settings, QUIET, web.grants)
            fetch(workspace, settings, QUIET, web.grants)
            pages = {page.url: page for page in web.pages()}
        documents = list(workspace.ledger.documents())
        found.append([(document.id, document.title, document.work) for document in documents])
        assert len(documents) >= 5
        for document in documents:  # nothing that should have been turned away here came through
            assert pages[document.lineage["url"]].verdict in (
                "kept", "language", "near_duplicate", "not_narrative", "too_short",
            )  # fmt: skip
        workspace.close()
    assert found[0] == found[1]
