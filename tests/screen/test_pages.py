"""A page is refused wherever the sentence hides in it, and no page may stall the screen."""

from __future__ import annotations

import time

import pytest

from miniature_memory.screen import check_html

SENTENCE = "The cook, aged twelve, sang."
LINE = "<p>The miller, a man of fifty, ground corn by the river all day long.</p>\n"
REST = LINE * 1400  # with what is planted, about 100 kB

PLANTED = {
    "start": f"<p>{SENTENCE}</p>{REST}",
    "end": f"{REST}<p>{SENTENCE}</p>",
    "title": f"<title>{SENTENCE}</title>{REST}",
    "alternative text": f'{REST}<img src="x.png" alt="{SENTENCE}">',
    "title attribute with a sign": f'{REST}<a title="a > b" data-title="{SENTENCE}">x</a>',
    "label": f"{REST}<div aria-label='{SENTENCE}'></div>",
    "description": f'<meta name="description" content="{SENTENCE}">{REST}',
    "inline seam": f"{REST}<p>The cook, aged twe<b>lve</b>, sang.</p>",
    "block seam": f"{REST}<p>The cook, aged twe</p><p>lve, sang.</p>",
    "embedded data": f'<script type="application/ld+json">{{"a": [{{"headline": "{SENTENCE}"}}]}}</script>{REST}',
    "broken embedded data": f'<script type="application/ld+json">{{"headline": "{SENTENCE}"</script>{REST}',
    "frame": f'{REST}<iframe srcdoc="&lt;p&gt;{SENTENCE}&lt;/p&gt;"></iframe>',
    "frame's alternative": f"<iframe srcdoc=\"&lt;img alt='{SENTENCE}'&gt;\"></iframe>",
    "entities": f"{REST}<p>The cook, aged &#49;&#50;, sang.</p>",
    "comment that never ends": f"{REST}<!-- <p>{SENTENCE}</p>",
    "after a comment": f"<!-- x --><p>{SENTENCE}</p>",
    "after an empty script": f"<script></script><p>{SENTENCE}</p>",
    "after a style": f"<style>p {{ color: red }}</style><p>{SENTENCE}</p>",
    "after a doctype": f"<!doctype html><p>{SENTENCE}</p>",
    "deep": "<div>" * 5000 + SENTENCE,
    "quote that never closes": f'<p title="x>{SENTENCE}',
    "noscript": f"<noscript>{SENTENCE}</noscript>",
    "bare sign": f"<p>1 < 2</p><p>{SENTENCE}</p>",
}


@pytest.mark.parametrize("place", PLANTED)
def test_a_sentence_planted_in_a_page_is_found(place: str) -> None:
    assert check_html(PLANTED[place]).reject


def test_code_is_not_text() -> None:
    page = (
        "<style>li:first-child { color: red } .school { margin: 0 }</style>"
        "<script>var children = node.children; if (age < 15) boy();</script>"
        f"<body class='school girls'><!-- kids -->{LINE}</body>"
    )
    assert not check_html(page).reject


def test_what_seams_join_is_no_sentence_of_its_own() -> None:
    assert not check_html("<li>Part two</li><li>Ida is forty</li><li>Part nine</li>").reject


@pytest.mark.parametrize("evil", ["<", "<a '", '<a b="', "<!--", "<script>", "&", "<p", "</", '="'])
def test_a_broken_page_takes_no_more_than_its_share_of_time(evil: str) -> None:
    check_html(LINE)
    start = time.process_time()
    check_html(evil * (120_000 // len(evil)))
    assert time.process_time() - start < 5
