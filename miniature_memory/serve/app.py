"""One page and one endpoint. The endpoint reads the writing loop in a thread and streams its events.

What a visitor types is never logged. Requests must name this very host and come from this very page, so that
no other web page, and no name that resolves to loopback, can use the model behind the person's back.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from miniature_memory.errors import MiniatureMemoryError
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.sampler import Settings, released_with
from miniature_memory.inference.write import write

HOST = "127.0.0.1"
MAX_PROMPT = 20_000
MAX_LENGTH = 100_000
#: seconds that a reader may take for one event
_PATIENCE = 60
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
    " connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_KNOBS = ("temperature", "top_p", "min_p", "repetition_penalty", "name_bonus", "seed")


def create_app(model: Path) -> Starlette:
    """The application for one model directory. Raises what ``Engine.load`` raises."""
    engine = Engine.load(model)
    usual, _ = released_with(model)
    busy = threading.Lock()
    page = (resources.files("miniature_memory.serve") / "page.html").read_text(encoding="utf-8")

    async def home(request: Request) -> Response:
        return HTMLResponse(page, headers=_HEADERS)

    async def story(request: Request) -> Response:
        if request.headers.get("origin") not in (None, str(request.base_url).rstrip("/")):
            return JSONResponse({"error": "This page alone may ask."}, status_code=403)
        if not request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({"error": "Send JSON."}, status_code=415)
        try:
            asked = _asked(await request.json(), usual)
        except (ValueError, TypeError, MiniatureMemoryError) as error:
            message = (
                error.message if isinstance(error, MiniatureMemoryError) else "That request makes no sense."
            )
            return JSONResponse({"error": message}, status_code=400)
        if not busy.acquire(blocking=False):
            return JSONResponse(
                {"error": "A story is being written already; stop it first."}, status_code=409
            )
        return StreamingResponse(
            _Writing(engine, asked, busy), media_type="text/event-stream", headers=_HEADERS
        )

    return Starlette(
        routes=[Route("/", home), Route("/story", story, methods=["POST"])],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"], www_redirect=False)],
    )


def serve(model: Path, port: int) -> None:
    """Serves until Ctrl-C. Raises ``MiniatureMemoryError`` when the port is taken."""
    import socket

    import click
    import uvicorn

    app = create_app(model)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise MiniatureMemoryError(
            f"Port {port} can't be used: {error.strerror}.",
            "Choose another: mm serve --port 0 takes a free one.",
        ) from None
    click.echo(f"http://{HOST}:{listener.getsockname()[1]}/  (Ctrl-C ends it)")
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])


def _asked(data: Any, usual: Settings) -> dict[str, Any]:
    """The arguments of ``write`` that a request names, else the model's usual ones. Raises on nonsense."""
    if not isinstance(data, dict):
        raise TypeError
    prompt = data.get("prompt", "")
    if not isinstance(prompt, str) or len(prompt) > MAX_PROMPT:
        raise MiniatureMemoryError(f"A prompt has at most {MAX_PROMPT:,} characters.")
    knobs = {name: type(getattr(usual, name))(data[name]) for name in _KNOBS if data.get(name) is not None}
    return {
        "prompt": prompt,
        "settings": replace(usual, **knobs),
        "length": min(max(int(data.get("length", 2000)), 0), MAX_LENGTH),
        "memory": str(data.get("memory", "summary")),
    }


class _Writing:
    """The loop in a thread of its own, read as server-sent events; it ends when its reader goes."""

    def __init__(self, engine: Any, asked: dict[str, Any], busy: threading.Lock) -> None:
        self._engine, self._asked, self._busy = engine, asked, busy
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=64)
        self._gone = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    async def __aiter__(self) -> AsyncIterator[str]:
        try:
            while (event := await anyio.to_thread.run_sync(self._events.get)) is not None:
                yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
        finally:
            self._gone.set()
            while not self._events.empty():  # a full queue would keep the thread from seeing that we went
                self._events.get_nowait()

    def _work(self) -> None:
        try:
            for event in self._told():
                self._events.put(event, timeout=_PATIENCE)
                if self._gone.is_set():
                    return
        except queue.Full:
            return
        finally:
            self._busy.release()
        self._events.put(None, timeout=_PATIENCE)

    def _told(self) -> Iterator[dict[str, Any]]:
        try:
            for event in write(self._engine, **self._asked):
                yield {"event": type(event).__name__.removesuffix("Event").lower(), **asdict(event)}
        except MiniatureMemoryError as error:
            yield {"event": "error", "text": error.message, "hint": error.hint}
