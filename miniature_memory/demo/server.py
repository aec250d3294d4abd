"""The story web on loopback: all hosts on one port, told apart by their Host header.

It runs in a child process, so that it costs the crawler neither memory nor the interpreter's lock, and it
ends when its
parent does, even by kill -9: it watches a pipe that only the parent holds open.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from miniature_memory.demo import sites
from miniature_memory.demo.pages import HOSTS, TLD, Entry, Page, entries, page
from miniature_memory.demo.search import Index
from miniature_memory.errors import MiniatureMemoryError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c636060606000000005"
    "0001a5f645400000000049454e44ae426082"
)
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n%%EOF\n"
)
_ROBOTS = {
    "harbour-blog": "User-agent: *\nDisallow: /private/\nDisallow: /wp-admin/\n",
    "oldpress": "User-agent: *\nDisallow: /private/\n",
    "closed": "User-agent: *\nDisallow: /\n",
    "slow-lane": "User-agent: *\nCrawl-delay: 1\nAllow: /\n",
    "search": "User-agent: *\nAllow: /\n",
}  # the others have no robots.txt: all is allowed


class StoryWeb:
    """A running story web; ``with StoryWeb(640, seed=1) as web: ... web.port``.

    ``grants`` maps each of its host names to its loopback address, for the egress proxy's one exception.
    """

    def __init__(self, stories: int, seed: int = 1) -> None:
        self.stories, self.seed = stories, seed
        self.port = 0
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def grants(self) -> dict[str, tuple[str, int]]:
        """Host name to (address, port)."""
        return dict.fromkeys(HOSTS, ("127.0.0.1", self.port))

    @property
    def search_url(self) -> str:
        """The base address of its search engine, which speaks SearXNG's JSON protocol."""
        return f"http://search.{TLD}"

    def pages(self) -> Iterator[Page]:
        """Every page with its right verdict and gold text, in the order of arrival."""
        return (page(self.seed, entry) for entry in entries(self.seed, self.stories))

    def start(self) -> StoryWeb:
        """Start serving; returns when the port answers. Raises :class:`MiniatureMemoryError` if it can't."""
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        command = [
            sys.executable,
            "-m",
            "miniature_memory.demo",
            "--port",
            "0",
            "--stories",
            str(self.stories),
        ]
        self._child = subprocess.Popen(
            [*command, "--seed", str(self.seed), "--child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            self.stop()
            raise MiniatureMemoryError(
                "The story web did not start.",
                f"Run `python -m miniature_memory.demo --stories {self.stories}` by hand to see why.",
            )
        self.port = int(json.loads(line)["port"])
        return self

    def stop(self) -> None:
        """Stop serving; harmless when it does not run."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        child.terminate()
        child.wait(timeout=10)
        if child.stdout is not None:
            child.stdout.close()

    def __enter__(self) -> StoryWeb:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()


class Site:
    """The ASGI application: finds a page by host and path, and behaves as its kind says."""

    def __init__(self, stories: int, seed: int) -> None:
        self.seed = seed
        self._rows = list(entries(seed, stories))
        self._at = {(row.host, row.path): row for row in self._rows}
        self._of_site: dict[str, list[Entry]] = {}
        self._place: dict[str, int] = {}
        for row in self._rows:
            if row.verdict == "screen":  # nobody links to them, or their titles would stand on other pages
                continue
            siblings = self._of_site.setdefault(row.site, [])
            self._place[row.url] = len(siblings)
            siblings.append(row)
        self._index = Index(self._rows)
        self._visits: dict[str, int] = {}

    async def answer(self, request: Request) -> Response:
        """One response to one request."""
        from starlette.responses import PlainTextResponse, RedirectResponse, Response

        host = request.headers.get("host", "").partition(":")[0].lower()
        path, name = request.url.path, host.removesuffix(f".{TLD}")
        if host == "localhost" or host == "127.0.0.1":
            return self._directory()
        if host not in HOSTS:
            return PlainTextResponse("No such host here.", 404)
        if path == "/robots.txt":
            text = _ROBOTS.get(name)
            return PlainTextResponse(text or "Not found", 200 if text else 404)
        if path == "/ai.txt" and name == "quiet":
            return PlainTextResponse("User-Agent: *\nDisallow: /\n")
        if path.startswith("/static/"):
            return Response(_PIXEL, media_type="image/png")
        if name == "search":
            return self._search(request)
        if path == "/sitemap.xml":
            return self._sitemap(host)
        if path == "/":
            return self._page(sites.listing(_site_of(host), self._of_site.get(_site_of(host), [])[-40:]))
        if path.startswith("/api/"):
            row = self._at.get((host, path.removeprefix("/api").removesuffix(".json")))
            return (
                Response(sites.story_json(self.seed, row), media_type="application/json") if row else _lost()
            )
        if path.startswith("/moved-on/"):
            return RedirectResponse(f"http://mirror.{TLD}{path.replace('/moved-on/', '/arrived/')}", 302)
        if path.startswith("/loop-back/"):
            return RedirectResponse(path.replace("/loop-back/", "/loop/"), 302)
        if path.startswith("/arrived/"):
            row = self._at.get((f"go.{TLD}", path.replace("/arrived/", "/moved/")))
            return self._told(row) if row else _lost()
        row = self._at.get((host, path)) or self._at.get((host, path + "/"))
        return await self._behave(row) if row else _lost()

    async def _behave(self, row: Entry) -> Response:
        from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

        visits = self._visits[row.url] = self._visits.get(row.url, 0) + 1
        if row.kind == "missing":
            return _lost()
        if row.kind == "gone":
            return PlainTextResponse("This thread was removed by its author.", 410)
        if row.kind == "busy" and visits == 1:
            return PlainTextResponse("Too many requests", 429, {"Retry-After": "1"})
        if row.kind == "hiccup" and visits == 1:
            return PlainTextResponse("Internal error", 500)
        if row.kind == "slow":
            await asyncio.sleep(1.5)
        if row.kind == "endless":
            return StreamingResponse(_endless(), media_type="text/html")
        if row.kind == "huge":
            return StreamingResponse(_huge(), media_type="text/html")
        if row.kind == "bomb":
            return Response(_bomb(), media_type="text/html", headers={"Content-Encoding": "gzip"})
        if row.kind == "pdf":
            return Response(_PDF, media_type="application/pdf")
        if row.kind == "image":
            return Response(_PIXEL, media_type="image/png")
        target = {
            "moved": row.path.replace("/moved/", "/moved-on/"),
            "loop": row.path.replace("/loop/", "/loop-back/"),
            "metadata": "http://169.254.169.254/latest/meta-data/",
            "loopback": "http://127.0.0.1:22/",
        }.get(row.kind)
        if target:
            return RedirectResponse(target, 301)
        headers = {"header-noai": {"X-Robots-Tag": "noai, noindex"}, "header-tdm": {"tdm-reservation": "1"}}
        response = self._told(row)
        response.headers.update(headers.get(row.kind, {}))
        return response

    def _told(self, row: Entry) -> Response:
        siblings, place = self._of_site[row.site], self._place.get(row.url, 0)
        before = siblings[place - 1] if place else None
        after = siblings[place + 1] if place + 1 < len(siblings) else None
        if row.site == "serial":  # only chapters of the same work follow each other
            before = before if before and before.work == row.work else None
            after = after if after and after.work == row.work else None
        more = siblings[max(0, place - 5) : place]
        text = sites.html(self.seed, row, {"previous": before, "next": after, "more": more})  # type: ignore[dict-item]
        if row.site == "oldpress":
            from starlette.responses import Response

            return Response(text.encode("cp1252", "xmlcharrefreplace"), headers={"content-type": "text/html"})
        return self._page(text)

    def _page(self, text: str) -> Response:
        from starlette.responses import HTMLResponse

        return HTMLResponse(text)

    def _search(self, request: Request) -> Response:
        from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse

        query = request.query_params
        if request.url.path != "/search" or not query.get("q"):
            return HTMLResponse("<h1>Search</h1><form action=/search><input name=q></form>")
        if query.get("format", "html") not in ("html", "json"):
            return PlainTextResponse("Forbidden", 403)
        pageno = query.get("pageno", "1")
        answer = self._index.answer(query["q"], int(pageno) if pageno.isdigit() else 1)
        if query.get("format") == "json":
            return JSONResponse(answer)
        found = "".join(
            f'<li><a href="{escape(hit["url"])}">{escape(hit["title"])}</a> {escape(hit["content"])}</li>'
            for hit in answer["results"]
        )
        return HTMLResponse(f"<h1>{escape(query['q'])}</h1><ol>{found}</ol>")

    def _sitemap(self, host: str) -> Response:
        from starlette.responses import Response

        rows = self._of_site.get(_site_of(host), [])
        body = "".join(f"<url><loc>{escape(row.url)}</loc></url>" for row in rows if row.kind == "story")
        kind = "http://www.sitemaps.org/schemas/sitemap/0.9"
        text = f'<?xml version="1.0"?><urlset xmlns="{kind}">{body}</urlset>'
        return Response(text, media_type="application/xml")

    def _directory(self) -> Response:
        sizes = {host: len(self._of_site.get(_site_of(host), [])) for host in HOSTS}
        lines = "".join(f"<li>http://{host}/ ({size} pages)</li>" for host, size in sizes.items())
        text = f"<h1>The story web</h1><p>Ask with one of these Host headers:</p><ul>{lines}</ul>"
        return self._page(text)


def _site_of(host: str) -> str:
    from miniature_memory.demo.pages import SITE_OF_HOST

    return SITE_OF_HOST.get(host, "")


def _lost() -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(
        "<title>Page not found</title><h1>404</h1><p>The page you are looking for is not here.</p>", 404
    )


async def _endless() -> AsyncIterator[bytes]:
    yield b"<!doctype html><title>Please wait</title><p>One moment"
    while True:
        await asyncio.sleep(0.5)
        yield b" ."


async def _huge() -> AsyncIterator[bytes]:
    yield b"<!doctype html><title>The whole archive on one page</title>"
    row = b"<p>" + b"The tide came in and the tide went out. " * 1600 + b"</p>\n"
    for _ in range(1000):
        yield row
        await asyncio.sleep(0)


def _bomb() -> bytes:
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    row = b"<p>The tide came in and the tide went out.</p>\n" * 20_000
    return b"".join(packer.compress(row) for _ in range(70)) + packer.flush()


def serve(stories: int, seed: int, port: int, *, child: bool) -> None:
    """Serve until interrupted, or, as a child, until the parent's pipe closes."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Route

    site = Site(stories, seed)
    app = Starlette(routes=[Route("/{path:path}", site.answer, methods=["GET", "HEAD"])])
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(256)
    address: tuple[str, int] = listener.getsockname()
    if child:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        sys.stdout.write(json.dumps({"port": address[1]}) + "\n")
        sys.stdout.flush()
    else:
        sys.stdout.write(f"The story web of {stories} stories is at http://127.0.0.1:{address[1]}/\n")
        for host in HOSTS:
            sys.stdout.write(f"  curl -H 'Host: {host}' http://127.0.0.1:{address[1]}/\n")
        sys.stdout.flush()
    config: Any = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off", http="h11")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
