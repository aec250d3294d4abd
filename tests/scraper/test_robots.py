"""What hosts ask of crawlers is obeyed: RFC 9309 and the ways to say no to training."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from miniature_memory.errors import FetchError
from miniature_memory.scraper.fetch.http import Answer
from miniature_memory.scraper.robots import MAX_BYTES, Robots, reserves_training


class Host:
    """A host by path: (status, body, headers)."""

    def __init__(self, **files: Any) -> None:
        self.files = {"/" + name.replace("__", "/").replace("_", "."): value for name, value in files.items()}
        self.asked: list[str] = []

    async def get(self, url: str, max_bytes: int) -> Answer:
        path = "/" + url.split("/", 3)[3]
        self.asked.append(path)
        value = self.files.get(path, (404, ""))
        if isinstance(value, Exception):
            raise value
        status, body, *headers = (200, value) if isinstance(value, str) else value
        return Answer(url, status, tuple(headers), body.encode()[: abs(max_bytes)])


def allowed(host: Host, path: str) -> bool:
    return asyncio.run(Robots(host.get).rules("http://h.example" + path)).allows("http://h.example" + path)


def reserved(host: Host, path: str) -> bool:
    return asyncio.run(Robots(host.get).reserves("http://h.example" + path))


def test_our_own_group_goes_before_everybodys() -> None:
    ours = "User-agent: miniature-memory\nDisallow: /private\nAllow: /private/a"
    host = Host(robots_txt=f"User-agent: *\nDisallow: /\n\n{ours}")
    assert allowed(host, "/x") and allowed(host, "/private/a") and not allowed(host, "/private/b")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_no_robots_file_means_yes(status: int) -> None:
    assert allowed(Host(robots_txt=(status, "User-agent: *\nDisallow: /")), "/x")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_host_means_no_for_now(status: int) -> None:
    with pytest.raises(FetchError) as error:
        allowed(Host(robots_txt=(status, "")), "/x")
    assert error.value.reason == "robots" and error.value.transient


def test_redirects_of_the_file_are_followed_five_times() -> None:
    steps: dict[str, Any] = {f"r{n}": (302, "", ("location", f"/r{n + 1}")) for n in range(1, 9)}
    near = Host(robots_txt=(301, "", ("location", "/r5")), **{**steps, "r8": "User-agent: *\nDisallow: /"})
    far = Host(robots_txt=(301, "", ("location", "/r1")), **{**steps, "r9": "User-agent: *\nDisallow: /"})
    assert not allowed(near, "/x")
    assert allowed(far, "/x")


def test_a_giant_file_is_read_as_far_as_the_limit() -> None:
    host = Host(robots_txt="User-agent: *\nDisallow: /no\n" + "#" * MAX_BYTES + "\nDisallow: /late")
    assert not allowed(host, "/no") and allowed(host, "/late")


def test_a_host_is_asked_once() -> None:
    host = Host(robots_txt="User-agent: *\nCrawl-delay: 7")
    robots = Robots(host.get)

    async def go() -> float:
        await asyncio.gather(*(robots.rules(f"http://h.example/{n}") for n in range(5)))
        return (await robots.rules("http://h.example/x")).delay

    assert asyncio.run(go()) == 7
    assert host.asked == ["/robots.txt"]


@pytest.mark.parametrize(
    "line",
    ["Content-Usage: train-ai=n", "Content-Usage: /x train-ai=n", "Content-Signal: search=yes, ai-train=no"],
)
def test_preferences_in_the_robots_file_are_opt_outs(line: str) -> None:
    host = Host(robots_txt=f"User-agent: *\nAllow: /\n{line}")
    assert reserved(host, "/x") and allowed(host, "/x")


def test_a_preference_speaks_to_its_group_and_its_path_only() -> None:
    other = Host(robots_txt="User-agent: otherbot\nContent-Usage: train-ai=n\n\nUser-agent: *\nAllow: /")
    part = Host(robots_txt="User-agent: *\nContent-Usage: /a train-ai=n\nContent-Usage: /a/b train-ai=y")
    assert not reserved(other, "/x")
    assert reserved(part, "/a/x") and not reserved(part, "/a/b/x") and not reserved(part, "/c")


def test_shutting_out_the_training_crawlers_is_an_opt_out() -> None:
    host = Host(
        robots_txt="User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /stories\n\nUser-agent: *\nAllow: /"
    )
    assert reserved(host, "/stories/1") and not reserved(host, "/about")


def test_tdmrep_and_ai_txt() -> None:
    rules = '[{"location": "/open", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]'
    tdm = Host()
    tdm.files["/.well-known/tdmrep.json"] = rules
    ai = Host(ai_txt=(200, "User-Agent: *\nDisallow: /stories", ("content-type", "text/plain")))
    soft = Host(ai_txt=(200, "User-Agent: *\nDisallow: /stories", ("content-type", "text/html")))
    assert reserved(tdm, "/x") and not reserved(tdm, "/open/x")
    assert reserved(ai, "/stories/1") and not reserved(ai, "/other")
    assert not reserved(soft, "/stories/1")


def test_a_broken_statement_states_nothing() -> None:
    host = Host(ai_txt=FetchError("timeout"))
    host.files["/.well-known/tdmrep.json"] = "{not json"
    assert not reserved(host, "/x")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("train-ai=n", True), ("TRAIN-AI=N;x", True), ("train-ai=y", False), ("search=n", None), ("", None)],
)
def test_preferences_are_read(text: str, verdict: bool | None) -> None:
    assert reserves_training(text) is verdict
