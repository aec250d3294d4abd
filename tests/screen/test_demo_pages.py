"""Whole pages (navigation, notes, comments, adverts and all) about grown-ups pass; those with a minor don't."""

from __future__ import annotations

from collections import Counter

import httpx

from miniature_memory import screen
from miniature_memory.demo import StoryWeb


def test_whole_pages_of_the_story_web_get_their_right_verdict() -> None:
    wrong: Counter[tuple[str, str | None]] = Counter()
    kept = 0
    with StoryWeb(80, 1) as web, httpx.Client(timeout=20) as client:
        for page in web.pages():
            if page.verdict not in ("kept", "screen", "near_duplicate") or page.kind == "slow":
                continue
            url = httpx.URL(page.url)
            address, port = web.grants[url.host]
            answer = client.get(
                url.copy_with(host=address, port=port, scheme="http"), headers={"Host": url.host}
            )
            if answer.status_code != 200:
                continue
            verdict = screen.check_html(answer.text)
            kept += page.verdict != "screen"
            if page.host.startswith("app."):  # its text comes by script; the rendered page is screened
                continue
            if verdict.reject != (page.verdict == "screen"):
                wrong[page.host, verdict.rule] += 1
    assert kept >= 60
    assert not wrong
