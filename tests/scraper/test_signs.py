"""A page's own word is obeyed: opt-outs and walls."""

from __future__ import annotations

import pytest

from miniature_memory.scraper.fetch.signs import read_signs

STORY = "<p>" + "The ferry left the pier at noon and nobody waved. " * 40 + "</p>"


def page(head: str = "", body: str = STORY) -> str:
    return f"<html><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="robots" content="noai, noimageai">',
        '<META NAME="ROBOTS" CONTENT="index, NOAI">',
        '<meta name="robots" content="noindex">',
        '<meta name="robots" content="none">',
        '<meta name="miniature-memory" content="noindex">',
        '<meta name="tdm-reservation" content="1">',
    ],
)
def test_opt_outs_in_the_page(head: str) -> None:
    assert read_signs(page(head)).opt_out


@pytest.mark.parametrize(
    "head",
    ['<meta name="robots" content="index, follow, noimageai">', '<meta name="googlebot" content="noindex">'],
)
def test_what_speaks_to_others_or_of_pictures_is_none(head: str) -> None:
    assert not read_signs(page(head)).opt_out


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        (("x-robots-tag", "noai"), True),
        (("x-robots-tag", "googlebot: noindex, nofollow"), False),
        (("x-robots-tag", "otherbot: index, miniature-memory: noindex"), True),
        (("x-robots-tag", "unavailable_after: 25 Jun 2031 15:00:00 PST, noindex"), True),
        (("tdm-reservation", "1"), True),
        (("tdm-reservation", "0"), False),
        (("content-usage", "train-ai=n"), True),
    ],
)
def test_opt_outs_in_headers(header: tuple[str, str], verdict: bool) -> None:
    assert read_signs(page(), [header]).opt_out is verdict


def test_the_page_goes_before_its_header() -> None:
    open_page = page('<meta name="tdm-reservation" content="0">')
    assert not read_signs(open_page, [("tdm-reservation", "1")]).opt_out


def test_walls() -> None:
    data = '<script type="application/ld+json">{"@graph": [{"isAccessibleForFree": "False"}]}</script>'
    form = '<form><input type="Password" name="p"></form>'
    assert read_signs(page(data)).wall == "paywall"
    assert read_signs(page(body="<p>Please sign in.</p>" + form)).wall == "login"
    assert read_signs(page(body='<p>It began</p><div class="paywall">Subscribe</div>')).wall == "paywall"
    assert read_signs(page('<meta property="article:content_tier" content="locked">')).wall == "paywall"


def test_a_login_box_beside_a_story_is_no_wall() -> None:
    assert read_signs(page(body='<form><input type="password"></form>' + STORY)).wall == ""


@pytest.mark.parametrize("html", ["", "<", "\x00", "<?xml version='1.0' encoding='utf-8'?><html/>"])
def test_odd_pages_have_no_signs(html: str) -> None:
    assert not read_signs(html).opt_out
