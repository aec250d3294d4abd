"""Notes, watermarks and furniture at a story's edges go; the story's own first and last words stay."""

from __future__ import annotations

import pytest

from miniature_memory.scraper.extract import extract
from tests.scraper.extract.pages import GOLD, PARAGRAPHS, STORY, prose


def page(head: str = "", tail: str = "", body: str = "") -> str:
    return f"<html><head><title>{STORY}</title></head><body><div class=text>{head}{body or prose()}{tail}</div></body></html>"  # noqa: E501


@pytest.mark.parametrize(
    "note",
    [
        "<p>A/N: I wrote this one on a train, so forgive the typos.</p>",
        "<p><b>Author's Note</b></p><p>Written for the winter exchange.</p>",
        "<p>Author’s note: hello again, everybody.</p><hr>",
        "<h3>Notes:</h3><p>For R., who asked about the judge.</p><hr>",
        "<p>Hello everyone, here is the new chapter at last. Thank you for all your comments and reviews!"
        "</p>",
        "<p>Disclaimer: all of the people in this story are made up.</p>",
        "<h2>The Clock at Sandvik</h2><p>by Ines Halloway</p>",
        "<p>Posted on March 3, 2021</p>",
        "<p>Rating: General | Words: 412</p>",
        "<p>Tags: harbour, clocks, slow</p>",
        '<p><a href="/1">« Previous</a> | <a href="/i">Index</a> | <a href="/3">Next »</a></p>',
        "<p>Estimated reading time: 4 minutes</p>",
    ],
)
def test_what_stands_above_a_story_goes(note: str) -> None:
    assert extract(page(head=note)).text == GOLD


@pytest.mark.parametrize(
    "note",
    [
        "<p>Author's note: thank you for staying with me until the end.</p>",
        "<hr><p>Thanks for reading! The next chapter comes on Sunday.</p>",
        "<p>Thank you for reading. If you enjoyed it, please vote and leave a comment.</p>",
        "<p>A/N</p><p>This was hard to write.</p><p>The clock is real, by the way.</p>",
        "<p>~*~</p><p>I hope you enjoyed this chapter. Let me know what you think in the comments!</p>",
        "<p>To be continued…</p>",
        "<p>Next chapter: The Judge's Hat</p>",
        '<p><a href="/3">Next Chapter</a></p>',
        "<p>Share this:</p><ul><li><a href='#'>Twitter</a></li><li><a href='#'>Facebook</a></li></ul>",
        "<p>Subscribe to my newsletter to get new stories by mail.</p>",
        "<p>This story was first published on Lamplight Fiction.</p>",
        "<p>Read more at lamplight.example</p>",
        "<p>© 2023 Ines Halloway. All rights reserved.</p>",
        "<p>Posted in Fiction | 3 comments</p>",
        "<p>We use cookies to make this site work. Accept</p>",
        "<h3>Related stories</h3><ul><li><a href='/a'>Salt</a></li><li><a href='/b'>The Locks</a></li></ul>",
        "<p>New chapters every Friday.</p>",
        "<p>Filed under: harbours</p>",
    ],
)
def test_what_stands_below_a_story_goes(note: str) -> None:
    assert extract(page(tail=note)).text == GOLD


@pytest.mark.parametrize(
    "mark",
    [
        "Read more stories at lamplight.example",
        "Read the full story on www.lamplight.example/clock",
        "This chapter was first published on Loft Serials.",
        "If you encounter this story elsewhere, it was taken without permission.",
        "The author's tale has been misappropriated; report any instances of this story.",
        "Unauthorized duplication: this text belongs to its site.",
        "Visit lamplight.example for more.",
        "Advertisement",
        "Continue reading below",
        "lamplight.example",
    ],
)
def test_a_watermark_goes_from_the_middle(mark: str) -> None:
    marked = prose().replace("<p>The owner", f"<p>{mark}</p><p>The owner")
    assert extract(page(body=marked)).text == GOLD


def test_a_watermark_goes_from_a_paragraphs_end() -> None:
    marked = (
        prose()
        .replace("in their hand.", "in their hand.")
        .replace("come to her hand.</p>", "come to her hand. Read more at lamplight.example.</p>")
    )
    assert extract(page(body=marked)).text == GOLD


@pytest.mark.parametrize(
    "line",
    [
        "By morning nobody in the harbour could say who had rung the bell.",
        "Thank you for the letter, she wrote, and for the key that was in it.",
        "Note by note the old song came back to him through the wall.",
        "Read it again, the judge said, and this time mind the commas.",
        "Next morning the page was gone from the ledger.",
        "“Thanks for reading it to me,” said the judge.",
        "The story was found in the clock's case, folded eight times over.",
        "He shared this with nobody.",
        "In March 1911 the ferry had been new.",
        "Chapter and verse, he knew them all, and he said so to the baker.",
        "“This story was first published in my head,” she said.",
        "Follow the wall to the end, he had told her, and don't look down.",
    ],
)
@pytest.mark.parametrize("place", ["head", "middle", "tail"])
def test_a_story_sentence_that_looks_like_one_stays(line: str, place: str) -> None:
    own = f"<p>{line}</p>"
    html = {
        "head": page(head=own),
        "middle": page(body=prose().replace("<p>The owner", f"{own}<p>The owner")),
        "tail": page(tail=own),
    }[place]
    text = extract(html).text
    assert line in text
    assert all(paragraph in text for paragraph in PARAGRAPHS)


def test_a_heading_inside_the_story_stays() -> None:
    body = prose(scene="<h3>The Judge's Hat</h3>")
    assert extract(page(body=body)).text == GOLD.replace("* * *", "The Judge's Hat")


def test_a_numbered_section_inside_the_story_stays() -> None:
    assert extract(page(body=prose(scene="<p>2</p>"))).text == GOLD.replace("* * *", "2")
