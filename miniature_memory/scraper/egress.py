"""The one way out: a loopback proxy that the HTTP client and the browser both use.

It decides when it connects, by the address that a name resolves to, and connects to that very address, so
neither a redirect, nor a name that points inwards, nor one that changes its mind (DNS rebinding) gets past
it. Interception inside a browser can't do that: it never sees the hops of a redirect.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

Grants = Mapping[str, tuple[str, int]]
REFUSED_HEADER = "x-egress-refused"
_HEAD_LIMIT = 64 << 10  # bytes of a request's or an answer's head
_CHUNK = 64 << 10
_HOP_BY_HOP = {b"connection", b"proxy-connection", b"keep-alive", b"te", b"upgrade", b"proxy-authorization"}

# Python's is_global (IANA's registries) lets some of these pass, more or fewer by version; each can carry
# an inner IPv4 address, or is no host
_NEVER = [
    ipaddress.ip_network(block)
    for block in (
        "192.88.99.0/24",  # 6to4 relays
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # IETF protocols, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]


def is_public(address: str) -> bool:
    """Whether ``address`` (an IP literal) is a host on the public internet, said plainly."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(ip in block for block in _NEVER if block.version == ip.version):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_unspecified)


class _Refusal(Exception):
    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class Egress:
    """``async with Egress(grants) as egress: … egress.url``.

    ``grants`` maps a host name to the one (address, port) that it may reach although it is not public; such
    a name never reaches anything else. ``max_bytes`` bounds what one connection may bring in (as it comes
    over the wire), ``timeout`` (seconds) how long it may say nothing. A refusal is an answer whose
    ``REFUSED_HEADER`` begins with ``token``: no page can know it, so none can forge a refusal. ``refused``
    counts by reason.
    """

    def __init__(self, grants: Grants | None = None, max_bytes: int = 64 << 20, timeout: float = 60) -> None:
        self.grants = {name.lower(): target for name, target in (grants or {}).items()}
        self.max_bytes, self.timeout = max_bytes, timeout
        self.token = secrets.token_hex(16)
        self.refused: dict[str, int] = {}
        self.bytes_in = 0
        self.url = ""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Egress:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_LIMIT)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def target(self, host: str, port: int) -> tuple[str, int]:
        """The (address, port) that a connection to ``host`` goes to. Raises ``_Refusal``."""
        host = host.lower().rstrip(".").strip("[]")
        if host in self.grants:
            address, granted = self.grants[host]
            if port not in (80, granted):
                raise _Refusal("port")
            return address, granted
        if port not in (80, 443):
            raise _Refusal("port")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise _Refusal("name", 502) from None
        # every address must be public: a name that mixes inner and outer ones is up to something
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(is_public(address) for address in addresses):
            raise _Refusal("address")
        return addresses[0], port

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except _Refusal as refusal:
            self.refused[refusal.reason] = self.refused.get(refusal.reason, 0) + 1
            with contextlib.suppress(OSError):
                writer.write(
                    f"HTTP/1.1 {refusal.status} Refused\r\n"
                    f"{REFUSED_HEADER}: {self.token} {refusal.reason}\r\n"
                    "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
                )
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        except asyncio.CancelledError:
            pass  # the run ends; nobody waits for this connection
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.timeout)
        request, *fields = head[:-4].split(b"\r\n")
        method, _, rest = request.partition(b" ")
        where, _, version = rest.rpartition(b" ")
        if not version.startswith(b"HTTP/1."):
            raise _Refusal("protocol", 400)
        if method == b"CONNECT":
            host, _, port = where.decode("ascii").rpartition(":")
            there = await self._connect(host, int(port))
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await self._tunnel((reader, writer), there)
            return
        parts = urlsplit(where.decode("ascii"))
        if parts.scheme != "http" or not parts.hostname:
            raise _Refusal("protocol", 400)
        there = await self._connect(parts.hostname, parts.port or 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # one request a connection: a second one on the same pipe could name another host unseen
        kept = [field for field in fields if field.partition(b":")[0].strip().lower() not in _HOP_BY_HOP]
        kept = [field for field in kept if field.partition(b":")[0].strip().lower() != b"host"]
        authority = parts.netloc.rpartition("@")[2].encode("ascii")
        lines = [
            method + b" " + path.encode("ascii") + b" HTTP/1.1",
            b"Host: " + authority,
            b"Connection: close",
            *kept,
        ]
        there[1].write(b"\r\n".join(lines) + b"\r\n\r\n")
        await self._tunnel((reader, writer), there, answer_head=True)

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address, port = await self.target(host, port)
        try:
            return await asyncio.wait_for(
                asyncio.open_connection(address, port, limit=_HEAD_LIMIT), min(self.timeout, 15)
            )
        except (OSError, TimeoutError):
            raise _Refusal("unreachable", 502) from None

    async def _tunnel(self, near: Any, far: Any, answer_head: bool = False) -> None:
        """Carries bytes both ways until the far side is done, is silent for too long, or brings too much."""
        (reader, writer), (far_reader, far_writer) = near, far
        upload = asyncio.create_task(self._upload(reader, far_writer))
        try:
            if answer_head:
                head = await asyncio.wait_for(far_reader.readuntil(b"\r\n\r\n"), self.timeout)
                status, *fields = head[:-4].split(b"\r\n")
                closing = {b"connection", b"keep-alive", b"proxy-connection", REFUSED_HEADER.encode()}
                fields = [f for f in fields if f.partition(b":")[0].strip().lower() not in closing]
                writer.write(b"\r\n".join([status, *fields, b"Connection: close"]) + b"\r\n\r\n")
            received = 0
            while chunk := await asyncio.wait_for(far_reader.read(_CHUNK), self.timeout):
                received += len(chunk)
                self.bytes_in += len(chunk)
                if received > self.max_bytes:
                    writer.transport.abort()  # a cut that can't be taken for an end
                    return
                writer.write(chunk)
                await writer.drain()
        finally:
            upload.cancel()
            far_writer.close()

    async def _upload(self, reader: asyncio.StreamReader, far_writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ConnectionError):
            while chunk := await reader.read(_CHUNK):
                far_writer.write(chunk)
                await far_writer.drain()
