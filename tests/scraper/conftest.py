"""Small real servers on loopback, and names that lead to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Handler = Callable[[Request], Response]


class Server:
    """Answers by path; ``seen`` holds every request as ``METHOD host path?query``."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}
        self.seen: list[str] = []
        self.headers: list[dict[str, str]] = []
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = int(self._server.servers[0].sockets[0].getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    async def _answer(self, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        self.seen.append(f"{request.method} {request.headers['host']} {request.url.path}{query}")
        self.headers.append(dict(request.headers))
        handler = self.handlers.get(request.headers["host"] + request.url.path)
        handler = handler or self.handlers.get(request.url.path)
        if handler is None:
            return Response("nothing here", 404)
        answer = handler if isinstance(handler, Response | str | bytes) else handler(request)
        if hasattr(answer, "__await__"):
            answer = await answer
        return answer if isinstance(answer, Response) else Response(answer, media_type="text/html")

    def paths(self) -> list[str]:
        return [line.split(" ")[2] for line in self.seen]

    def grant(self, *names: str) -> dict[str, tuple[str, int]]:
        return dict.fromkeys(names, ("127.0.0.1", self.port))

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.stop()
