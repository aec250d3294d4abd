from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from miniature_memory import screen
from miniature_memory.inference.model_directory import write_model_directory
from miniature_memory.serve import create_app
from tests.inference import oracle

HERE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    model: Path = tmp_path_factory.mktemp("serve") / "model"
    config = oracle.config(match=True)
    write_model_directory(model, oracle.weights(config), config, {})
    return TestClient(create_app(model), base_url=HERE)


def events(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    answer = client.post("/story", json=asked)
    assert answer.status_code == 200, answer.text
    return [json.loads(part.removeprefix("data: ")) for part in answer.text.split("\n\n") if part]


def passing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights write random letters, which the screen rightly distrusts; the page is tested here."""
    monkeypatch.setattr(screen.StreamGuard, "feed", lambda self, text: text)
    monkeypatch.setattr(screen.StreamGuard, "finish", lambda self: "")
    monkeypatch.setattr(screen, "check", lambda text: screen.Verdict(False, None))


def test_the_page_comes_with_a_strict_policy(client: TestClient) -> None:
    answer = client.get("/")
    assert "rolling summary" in answer.text or "summary" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_story_is_streamed_with_its_summaries(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    passing(monkeypatch)
    told = events(client, prompt="Ida Marlow locked the boathouse. ", length=400, seed=3)
    kinds = [event["event"] for event in told]
    assert kinds.count("summary") >= 2 and kinds[-1] == "done"
    assert len("".join(event["text"] for event in told if event["event"] == "token")) == 400


def test_the_same_seed_gives_the_same_story(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    passing(monkeypatch)
    first, again, other = (events(client, length=200, seed=seed) for seed in (5, 5, 6))
    assert first == again != other


def test_a_refused_prompt_gives_no_text(client: TestClient) -> None:
    told = events(client, prompt="The boy was nine years old and went to school.", length=300)
    assert [event["event"] for event in told] == ["error"]
    assert "boy" not in json.dumps(told)


def test_other_pages_and_other_names_are_turned_away(client: TestClient) -> None:
    asked = {"prompt": "", "length": 10}
    assert client.post("/story", json=asked, headers={"Origin": "http://evil.test"}).status_code == 403
    assert client.post("/story", json=asked, headers={"Host": "evil.test"}).status_code == 400
    assert (
        client.post("/story", content="prompt=x", headers={"Content-Type": "text/plain"}).status_code == 415
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": 3},
        {"prompt": "x" * 20_001},
        {"length": "many"},
        {"temperature": -1},
        {"seed": "x"},
        ["no", "object"],
    ],
)
def test_bad_requests_are_told_so(client: TestClient, asked: Any) -> None:
    answer = client.post("/story", json=asked)
    assert answer.status_code == 400 and answer.json()["error"]


def test_after_an_error_the_next_story_is_written(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert events(client, memory="nothing")[0]["event"] == "error"
    passing(monkeypatch)
    assert events(client, length=50)[-1]["event"] == "done"
