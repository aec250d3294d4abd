"""The egress reaches public addresses and granted names, and nothing else, whatever the road."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from miniature_memory.scraper.egress import REFUSED_HEADER, Egress, is_public

INNER = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1",
    "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:0:53aa:64c::1", "2001:db8::1", "2002:7f00:1::1", "fc00::1",
    "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "3fff::1", "not an address",
]  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_inner_mapped_and_translated_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"])
def test_hosts_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


def ask(urls: list[str], grants: Any = None, **options: Any) -> list[Any]:
    """What a client behind the egress gets: (status, reason of refusal, body) or the error's name."""

    async def go() -> list[Any]:
        answers: list[Any] = []
        async with Egress(grants, **options) as egress:
            for url in urls:
                async with httpx.AsyncClient(proxy=egress.url, trust_env=False) as client:
                    try:
                        response = await client.get(url)
                    except httpx.HTTPError as error:
                        answers.append(f"{type(error).__name__}: {error}")
                        continue
                    told = response.headers.get(REFUSED_HEADER, "")
                    mine = told.startswith(egress.token)
                    answers.append((response.status_code, told.split(" ")[1] if mine else "", response.text))
        return answers

    return asyncio.run(go())


def test_literal_inner_addresses_are_refused_on_both_roads() -> None:
    plain = ["127.0.0.1", "169.254.169.254", "0x7f000001", "2130706433", "127.1"]
    for answer in ask([f"http://{host}/" for host in plain]):
        assert answer[:2] == (403, "address")
    for answer in ask([f"http://{host}/" for host in ("[::1]", "[::ffff:127.0.0.1]")]):
        assert answer[1] in ("address", "protocol")
    for answer in ask([f"https://{host}/" for host in ("127.0.0.1", "[::1]", "169.254.169.254")]):
        assert "403" in answer


def test_only_the_webs_own_ports() -> None:
    assert ask(["http://93.184.216.34:22/", "http://93.184.216.34:8080/"]) == [(403, "port", "")] * 2


def test_a_granted_name_reaches_its_one_address_and_the_address_itself_stays_shut(server: Any) -> None:
    server.handlers["/hello"] = "hi"
    grants = server.grant("story.test")
    urls = ["http://story.test/hello", f"http://story.test:{server.port}/hello", f"{server.url}/hello"]
    told = ask([*urls, "http://story.test:81/hello", "http://other.story.test/hello"], grants)
    assert told[:2] == [(200, "", "hi")] * 2
    assert told[2][:2] == (403, "port")
    assert told[3][:2] == (403, "port")
    assert told[4][0] == 502
    assert len(server.seen) == 2


def test_a_name_is_judged_by_what_it_resolves_to_and_resolved_once(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        if len(asked) > 1:  # rebinding: the second answer is another one
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    async def target() -> Any:
        return await Egress().target("two-faced.example", 80)

    with pytest.raises(Exception, match="address"):
        asyncio.run(target())
    assert asked == ["two-faced.example"]


def test_no_page_can_forge_a_refusal(server: Any) -> None:
    from starlette.responses import Response

    server.handlers["/forged"] = Response("x", 403, {REFUSED_HEADER: "0123 address"})
    assert ask(["http://story.test/forged"], server.grant("story.test")) == [(403, "", "x")]


def test_a_flood_is_cut_and_can_not_be_taken_for_a_whole_page(server: Any) -> None:
    server.handlers["/flood"] = "x" * 500_000
    (answer,) = ask(["http://story.test/flood"], server.grant("story.test"), max_bytes=100_000)
    assert "Error" in answer
