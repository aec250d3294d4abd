"""Discovery screens what it asks and what it is told, pays for nothing twice, and goes on after a kill."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from miniature_memory.config import Config, SearchConfig
from miniature_memory.errors import ConfigError, QuotaSpent, Refused, SearchDenied
from miniature_memory.progress import Progress
from miniature_memory.scraper.discover import Budget, discover
from miniature_memory.scraper.frontier import Frontier
from miniature_memory.workspace import Workspace
from tests.scraper.conftest import Server

QUIET = Progress(quiet=True)


def config(**search: Any) -> Config:
    return Config(
        search=SearchConfig(
            **{"provider": "searxng", "base_url": "http://search.test", "queries": ["boats"]} | search
        )
    )


def engine(server: Server, results: list[dict[str, str]], size: int = 10) -> dict[str, tuple[str, int]]:
    def answer(request: Any) -> Response:
        first = size * (int(request.query_params["pageno"]) - 1)
        return JSONResponse({"results": results[first : first + size]})

    server.handlers["search.test/search"] = answer
    return server.grant("search.test")


def urls(workspace: Workspace) -> list[str]:
    return [str(line["url"]) for line in Frontier(workspace.ledger).lines() if "url" in line]


def test_results_become_new_addresses_once(server: Server, workspace: Workspace) -> None:
    results = [
        {"url": f"https://e.org/{n}?utm_source=s#x", "title": "A boat", "content": "c"} for n in range(25)
    ]
    grants = engine(server, results)
    first = discover(workspace, config(), QUIET, grants)
    assert first["new"] == 25 and urls(workspace)[:2] == ["https://e.org/0", "https://e.org/1"]
    results.append({"url": "https://e.org/25", "title": "Another boat"})
    second = discover(workspace, config(), QUIET, grants)
    assert (second["new"], second["known"]) == (1, 25)
    assert workspace.urls_jsonl.read_text().count("\n") == 26


def test_a_query_that_the_screen_refuses_is_never_asked(server: Server, workspace: Workspace) -> None:
    grants = engine(server, [])
    with pytest.raises(Refused) as error:
        discover(workspace, config(queries=["boats", "she was twelve years old"]), QUIET, grants)
    assert "twelve" not in str(error.value)
    assert server.seen == []


def test_results_are_screened_before_they_are_stored(server: Server, workspace: Workspace) -> None:
    told = "She was twelve years old."
    results = [
        {"url": "https://e.org/title", "title": told},
        {"url": "https://e.org/snippet", "title": "x", "content": told},
        {"url": "https://e.org/she-was-twelve-years-old", "title": "x"},
        {"url": "https://e.org/fine", "title": "A grown-up story"},
    ]
    figures = discover(workspace, config(), QUIET, engine(server, results))
    assert (figures["new"], figures["refused"]) == (1, 3)
    workspace.close()
    for path in workspace.root.rglob("*"):
        if path.is_file():
            assert b"twelve" not in path.read_bytes() and b"e.org/title" not in path.read_bytes()
    again = discover(workspace, config(), QUIET, engine(server, results))
    assert (again["new"], again["refused"]) == (0, 0)


def test_a_query_stops_at_its_limit(server: Server, workspace: Workspace) -> None:
    results = [{"url": f"https://e.org/{n}", "title": "t"} for n in range(100)]
    assert discover(workspace, config(results_per_query=15), QUIET, engine(server, results))["new"] == 15


def test_a_service_that_repeats_its_last_page_is_left(server: Server, workspace: Workspace) -> None:
    server.handlers["search.test/search"] = JSONResponse(
        {"results": [{"url": "https://e.org/1", "title": "t"}]}
    )
    figures = discover(workspace, config(), QUIET, server.grant("search.test"))
    assert (figures["new"], figures["requests"]) == (1, 2)


def test_a_passing_fault_is_waited_out_as_long_as_the_service_says(
    server: Server, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("miniature_memory.scraper.discover.time.sleep", slept.append)
    answers = [Response("", 429, {"Retry-After": "3"}), Response("", 503)]
    good = engine(server, [{"url": "https://e.org/1", "title": "t"}])
    usual = server.handlers["search.test/search"]
    server.handlers["search.test/search"] = lambda request: answers.pop(0) if answers else usual(request)
    assert discover(workspace, config(), QUIET, good)["new"] == 1
    assert slept == [3.0, 2.0]


def test_a_killed_search_goes_on_where_it_stood(server: Server, workspace: Workspace) -> None:
    results = [{"url": f"https://e.org/{n}", "title": "t"} for n in range(40)]
    grants = engine(server, results)
    usual = server.handlers["search.test/search"]

    def dying(request: Any) -> Response:
        return Response("", 401) if request.query_params["pageno"] == "3" else usual(request)

    server.handlers["search.test/search"] = dying
    with pytest.raises(SearchDenied):
        discover(workspace, config(), QUIET, grants)
    assert len(urls(workspace)) == 20
    server.handlers["search.test/search"] = usual
    server.seen.clear()
    assert discover(workspace, config(), QUIET, grants)["new"] == 20
    assert "pageno=3" in server.seen[0]


def brave(server: Server, **search: Any) -> Config:
    return config(**{"provider": "brave", "base_url": server.url} | search)


def test_the_budget_ends_before_the_quota(
    server: Server, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAVE_API_KEY", "k")

    def answer(request: Any) -> Response:
        result = {
            "url": f"https://e.org/{request.query_params['q']}/{request.query_params['offset']}",
            "title": "t",
        }
        return JSONResponse({"query": {"more_results_available": True}, "web": {"results": [result]}})

    server.handlers["/res/v1/web/search"] = answer
    figures = discover(workspace, brave(server, queries=["a", "b"], budget=12), QUIET)
    assert figures["requests"] == 12 == len(server.seen)
    assert Budget(workspace.ledger, "brave", 12).spent == 12
    server.seen.clear()
    again = discover(workspace, brave(server, queries=["a"], budget=12), QUIET)
    assert again["skipped_queries"] == 1 and server.seen == []  # finished a moment ago: not paid for again
    with pytest.raises(QuotaSpent, match="budget"):
        discover(workspace, brave(server, queries=["new"], budget=12), QUIET)


def test_what_is_missing_is_a_mistake_in_the_settings(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRAVE_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="BRAVE_API_KEY"):
        discover(workspace, Config(search=SearchConfig(provider="brave", queries=["x"])), QUIET)
