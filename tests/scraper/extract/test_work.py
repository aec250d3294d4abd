"""All chapters of a story, on whatever kind of site, are one work; different stories are not."""

from __future__ import annotations

import pytest

from miniature_memory.scraper.extract.metadata import Facts
from miniature_memory.scraper.extract.work import work_of

CHAPTERS = [
    [("The Lamp, Chapter 1: Dusk", "https://a.example/the-lamp/chapter-1"), ("The Lamp, Chapter 2: Dawn", "https://a.example/the-lamp/chapter-2/")],
    [("Dusk", "https://a.example/works/5512/chapters/9001"), ("Dawn", "https://a.example/works/5512/chapters/9002"), ("The Lamp", "https://a.example/works/5512")],  # noqa: E501
    [("The Lamp", "https://b.example/s/8812/1/The-Lamp"), ("The Lamp", "https://b.example/s/8812/2/The-Lamp")],
    [("The Lamp – Part 1", "https://c.example/2023/11/the-lamp-part-1.html"), ("The Lamp – Part Two", "https://c.example/2024/02/the-lamp-part-two.html")],
    [("The Lamp", "https://d.example/story/the-lamp"), ("The Lamp", "https://d.example/story/the-lamp?page=2"), ("The Lamp", "https://www.d.example/story/the-lamp/3")],  # noqa: E501
    [("The Lamp (1/3)", "https://e.example/post/77120"), ("The Lamp (2/3)", "https://e.example/post/90211")],
    [("Chapter 3 - Dusk - The Lamp | Loft", "https://f.example/fiction/88/the-lamp/chapter/1012/dusk"), ("Chapter 4 - Dawn - The Lamp | Loft", "https://f.example/fiction/88/the-lamp/chapter/1013/dawn")],  # noqa: E501
    [("The Lamp: Prologue", "https://g.example/the-lamp-prologue/"), ("The Lamp: Chapter One", "https://g.example/the-lamp-chapter-one/")],
]  # fmt: skip


@pytest.mark.parametrize("chapters", CHAPTERS, ids=lambda c: c[0][1])
def test_chapters_are_one_work(chapters: list[tuple[str, str]]) -> None:
    works = {work_of(Facts(title=t, full_title=t), url) for t, url in chapters}
    assert len(works) == 1
    assert "/" in works.pop()


def test_stories_of_one_site_are_different_works() -> None:
    addresses = [
        "https://a.example/the-lamp/chapter-1", "https://a.example/the-clock/chapter-1", "https://a.example/works/5512",
        "https://a.example/works/5513", "https://a.example/viewtopic.php?f=4&t=310", "https://a.example/viewtopic.php?f=4&t=311",
        "https://a.example/2023/11/salt.html", "https://a.example/2023/11/locks.html", "https://b.example/the-lamp/chapter-1",
        "https://a.example/stories/12", "https://a.example/stories/13",
    ]  # fmt: skip
    assert len({work_of(Facts(title="A story", full_title="A story"), url) for url in addresses}) == len(
        addresses
    )


def test_a_series_that_the_page_names_wins() -> None:
    one = work_of(Facts(title="Dusk", full_title="Dusk", series="The Lamp"), "https://a.example/p/1")
    two = work_of(Facts(title="Dawn", full_title="Dawn", series="The Lamp"), "https://a.example/p/2")
    assert one == two == "a.example/the-lamp"


def test_a_work_is_known_without_an_address() -> None:
    assert work_of(Facts(title="The Lamp", full_title="The Lamp, Chapter 2"), "") == "the-lamp"
