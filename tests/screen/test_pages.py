"""A page is refused wherever the sentence hides in it, and no page may stall the screen."""

from __future__ import annotations

import time

import pytest

from miniature_memory.screen import check_html

SENTENCE = "The cook, aged twelve, sang."
LINE = "<p>The miller, a man of fifty, ground corn by the river all day long.</p>\n"
REST = LINE * 1400  # with what is planted on both sides, about 200 kB

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
    "middle": f"{REST}<p>{SENTENCE}</p>{REST}",
    "comment": f"{REST}<!-- {SENTENCE} -->",
    "template": f"<template><p>{SENTENCE}</p></template>{REST}",
    "declared shadow": f"{REST}<div><template shadowrootmode=closed><p>{SENTENCE}</p></template></div>",
    "script": f"{REST}<script>document.write('<p>{SENTENCE}</p>')</script>",
    "script in pieces": f"{REST}<script>p.innerText = 'The cook, ' + \"aged \" + `twelve, sang.`</script>",
    "script with escapes": f"{REST}<script>p.innerText = 'The cook, aged \\u0074welve,\\nsang.'</script>",
    "script with tags": f"{REST}<script>p.innerHTML = 'The cook, aged twe<b>lve</b>, sang.'</script>",
    "handler": f"{REST}<p onclick=\"this.append('{SENTENCE}')\">x</p>",
    "style": f"<style>h2::after {{ content: '{SENTENCE}' }}</style>{REST}",
    "style in pieces": f"<style>h2::after {{ content: 'The cook, aged ' 'twelve, sang.' }}</style>{REST}",
    "style with escapes": f"<style>h2::after {{ content: 'The cook, aged \\74 welve, sang.' }}</style>{REST}",
    "style of a tag": f"{REST}<p style=\"content: '{SENTENCE}'\">x</p>",
    "address": f'{REST}<iframe src="data:text/html,<p>The%20cook, aged%20twelve, sang.</p>"></iframe>',
    "packed address": f'{REST}<object data="data:text/html;base64,VGhlIGNvb2ssIGFnZWQgdHdlbHZlLCBzYW5nLg"></object>',
    "data of a tag": f"{REST}<div data-teaser='{SENTENCE}'></div>",
    "packed data of a tag": f"{REST}<div data-props='{{&quot;a&quot;: [&quot;{SENTENCE}&quot;]}}'></div>",
    "name in embedded data": f'<script type="application/ld+json">{{"{SENTENCE}": 1}}</script>{REST}',
    "hidden": f"{REST}<p hidden style='display:none'>{SENTENCE}</p>",
    "field": f'{REST}<input value="{SENTENCE}"><textarea>x</textarea>',
    "vector text": f"{REST}<svg><title>{SENTENCE}</title></svg>",
    "frame in a frame": f"<iframe srcdoc=\"<iframe srcdoc='&lt;p&gt;{SENTENCE}&lt;/p&gt;'></iframe>\"></iframe>",
    "after capitals that grow": f"<p>{'İ' * 90}</p><script></script>{SENTENCE}",
    "after a tag full of quotes": "<p " + "a='>' " * 3000 + f">{SENTENCE}</p>",
}


@pytest.mark.parametrize("place", PLANTED)
def test_a_sentence_planted_in_a_page_is_found(place: str) -> None:
    assert check_html(PLANTED[place]).reject
    grown = PLANTED[place]
    for minor, adult in (
        ("twelve", "fifty"),
        ("twe", "fif"),
        ("lve", "ty"),
        ("welve", "wenty"),
        ("&#49;", "&#53;"),
    ):
        grown = grown.replace(minor, adult)
    if "base64" not in grown:
        assert not check_html(grown).reject


def test_code_is_not_text() -> None:
    page = (
        "<style>li:first-child { color: red } .school { margin: 0 }</style>"
        "<script>var children = node.children; if (age < 15) boy('school', \"child-theme kids\");</script>"
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
