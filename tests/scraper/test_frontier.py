"""The frontier loses nothing, and of what was refused it keeps a keyed hash alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miniature_memory.document import Document
from miniature_memory.errors import Damaged
from miniature_memory.scraper.frontier import NEEDS_BROWSER, Frontier, read_urls_jsonl, write_urls_jsonl
from miniature_memory.workspace import Workspace


def test_an_address_is_stored_once_in_the_order_of_arrival(workspace: Workspace) -> None:
    frontier = Frontier(workspace.ledger)
    assert frontier.add("https://e.org/b", "boats", "list")
    assert frontier.add("https://e.org/a", "boats", "list")
    assert not frontier.add("https://e.org/b", "ships", "list")
    assert [entry.url for entry in frontier.due()] == ["https://e.org/b", "https://e.org/a"]
    assert [entry.url for entry in frontier.due(after=frontier.due()[0].seq)] == ["https://e.org/a"]


def test_what_was_buried_or_refused_never_comes_back(workspace: Workspace) -> None:
    frontier, ledger = Frontier(workspace.ledger), workspace.ledger
    ledger.bury("https://e.org/gone", "url")
    ledger.bury("shut.example", "host")
    ledger.refuse("https://e.org/no", "age", "1", "fetch")
    for url in ("https://e.org/gone", "https://shut.example/x", "https://e.org/no"):
        assert not frontier.add(url)
    assert frontier.add("https://e.org/fine")


def test_a_page_that_waits_is_not_due(workspace: Workspace) -> None:
    frontier = Frontier(workspace.ledger)
    for name in "abc":
        frontier.add(f"https://e.org/{name}")
    a, b, _ = frontier.due()
    frontier.later(a, 3600, "http_503")
    frontier.later(b, 0, NEEDS_BROWSER)
    assert [entry.url[-1] for entry in frontier.due()] == ["b", "c"]
    assert [entry.url[-1] for entry in frontier.due(browser=False)] == ["c"]
    assert frontier.count(browser=False) == {"due": 1, "waiting": 2}


def test_the_very_same_text_is_one_document(workspace: Workspace) -> None:
    frontier = Frontier(workspace.ledger)
    for name in "ab":
        frontier.add(f"https://e.org/{name}")
    a, b = frontier.due()
    assert frontier.fetched(a, Document.of("text", "web"))
    assert not frontier.fetched(b, Document.of("text", "web"))
    lines = list(frontier.lines())
    assert [(line["status"], line["reason"]) for line in lines] == [
        ("fetched", ""),
        ("rejected", "exact_duplicate"),
    ]
    assert lines[0]["document_id"] == lines[1]["document_id"] != ""


def test_of_a_refused_page_no_byte_stays_in_the_store(workspace: Workspace) -> None:
    frontier = Frontier(workspace.ledger)
    frontier.add("https://e.org/a-very-telling-address", "a-telling-query", "list")
    frontier.add("https://e.org/other", "q", "list")
    frontier.refused(frontier.due()[0], "age")
    assert workspace.ledger.is_refused("https://e.org/a-very-telling-address")
    write_urls_jsonl(workspace)
    workspace.close()
    for path in workspace.root.rglob("*"):
        if path.is_file():
            assert b"telling" not in path.read_bytes(), path
    assert workspace.ledger.funnel()["urls"]["refused"] == 1


def test_the_file_is_the_same_each_time_and_reads_back(workspace: Workspace, tmp_path: Path) -> None:
    frontier = Frontier(workspace.ledger)
    for name in ("b", "a", "c", "d"):
        frontier.add(f"https://e.org/{name}", "boats", "list")
    b, a, c, _ = frontier.due()
    frontier.fetched(b, Document.of("text", "web", title="The Boat"))
    frontier.rejected(a, "not_found")
    frontier.refused(c, "age")
    write_urls_jsonl(workspace)
    first = workspace.urls_jsonl.read_bytes()
    write_urls_jsonl(workspace)
    assert workspace.urls_jsonl.read_bytes() == first
    lines = [json.loads(line) for line in first.splitlines()]
    assert [line.get("url") for line in lines] == [
        "https://e.org/b",
        "https://e.org/a",
        "https://e.org/d",
        None,
    ]
    assert lines[0]["title"] == "The Boat" and lines[3]["rule"] == "age"

    other = Workspace(tmp_path / "other")
    assert read_urls_jsonl(other, workspace.urls_jsonl) == 3
    assert read_urls_jsonl(other, workspace.urls_jsonl) == 0
    again = {line.get("url"): line["status"] for line in Frontier(other.ledger).lines()}
    assert again == {
        "https://e.org/b": "new",  # its document is not here
        "https://e.org/a": "rejected",
        "https://e.org/d": "new",
        None: "refused",
    }
    other.close()


def test_a_broken_line_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "urls.jsonl"
    path.write_text('{"url": "https://e.org/1", "status": "new"}\nnonsense\n')
    with pytest.raises(Damaged, match="line 2"):
        read_urls_jsonl(workspace, path)
    assert Frontier(workspace.ledger).due() == []


def test_reading_back_screens_every_line(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "urls.jsonl"
    path.write_text('{"url": "https://e.org/1", "status": "new", "query": "she was twelve years old"}\n')
    assert read_urls_jsonl(workspace, path) == 0
    assert workspace.ledger.is_refused("https://e.org/1")


def test_forgetting_names_the_documents(workspace: Workspace) -> None:
    frontier = Frontier(workspace.ledger)
    for url in ("https://e.org/a", "https://e.org/b", "https://f.org/c"):
        frontier.add(url)
    for entry in frontier.due():
        frontier.fetched(entry, Document.of(entry.url, "web"))
    assert frontier.forget(url="https://e.org/a") == [Document.of("https://e.org/a", "web").id]
    assert frontier.forget(host="e.org") == [Document.of("https://e.org/b", "web").id]
    assert [line["url"] for line in frontier.lines()] == ["https://f.org/c"]
