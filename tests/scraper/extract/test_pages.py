"""Whole pages of many makes give their story, to the letter."""

from __future__ import annotations

import base64

import pytest

from miniature_memory.scraper.extract import extract
from tests.scraper.extract.pages import AUTHOR, COMMENTS, GOLD, PAGES, PARAGRAPHS, STORY, prose


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gives_its_story_to_the_letter(name: str) -> None:
    page, url = PAGES[name]
    story = extract(page(), url)
    assert story.text == GOLD
    assert not story.needs_browser
    assert story.extractor
    assert STORY in story.title or story.title == "Chapter 12 - The Ferry"
    assert story.site == url.split("/")[2]


def test_facts_come_from_linked_data() -> None:
    page, url = PAGES["wordpress"]
    story = extract(page(), url)
    assert (story.title, story.author, story.language, story.published) == (STORY, AUTHOR, "en", "2023-11-05")
    assert story.licence == "https://creativecommons.org/licenses/by/4.0/"


def test_broken_linked_data_does_no_harm() -> None:
    page, url = PAGES["wordpress"]
    html = page().replace('"@graph": [', '"@graph": [{,')
    assert extract(html, url).text == GOLD
    assert extract(html, url).author == AUTHOR


def test_a_thread_gives_the_starters_story_and_name() -> None:
    page, url = PAGES["phpbb"]
    story = extract(page(), url)
    assert story.author == "Ines"
    assert story.extractor == "thread"
    assert not any(comment in story.text for comment in COMMENTS)
    assert "nearly done" not in story.text


@pytest.mark.parametrize(
    "scene",
    [
        "<hr>",
        "<p>***</p>",
        "<p style='text-align:center'>* &nbsp; * &nbsp; *</p>",
        "<center>~~~</center>",
        "<p>###</p>",
        "<div>—————</div>",
        "<p>oOo</p>",
        "<p>o0o</p>",
        "<p>-x-</p>",
        "<p>[scene break]</p>",
        "<p>⁂</p>",
        "<p>❦</p>",
        '<div class="scene-break"></div>',
        '<p><img src="/img/divider.png" alt=""></p>',
        '<div role="separator"></div>',
    ],
)
def test_a_scene_break_of_any_make_is_kept(scene: str) -> None:
    assert extract(f"<html><body><article>{prose(scene=scene)}</article></body></html>").text == GOLD


@pytest.mark.parametrize("line", ["…", "...", "“…”", "?", "“Oh.”", "—and then?"])
def test_a_silence_is_no_scene_break(line: str) -> None:
    html = f"<html><body><article>{prose(scene=f'<p>{line}</p>')}</article></body></html>"
    assert extract(html).text == GOLD.replace("* * *", line)


def test_the_same_picture_between_paragraphs_is_a_scene_break_and_another_one_is_not() -> None:
    body = prose().replace("<hr>", '<p><img src="/a/swan.png"></p>')
    body = body.replace("<p>“It will run,”", '<p><img src="/a/swan.png"></p><p>“It will run,”')
    once = prose().replace("<p>The owner", '<p><img src="/photo.jpg"></p><p>The owner')
    assert extract(f"<html><body><article>{body}</article></body></html>").text.count("* * *") == 2
    assert extract(f"<html><body><article>{once}</article></body></html>").text == GOLD


@pytest.mark.parametrize("tag", ["p", "div"])
def test_inline_tags_leave_no_seam(tag: str) -> None:
    body = prose(tag).replace("counting the lamps", "count<i>ing</i> <b>the</b> l<span>a</span>mps")
    body = body.replace("The ferry came", '<span class="dropcap">T</span>he fer\u00adry\u200b came').replace(
        "Is this Sandvik", "Is&nbsp;this <a href='/s'>Sandvik</a>"
    )
    assert extract(f"<html><body><article>{body}</article></body></html>").text == GOLD


@pytest.mark.parametrize(
    "trap",
    [
        "<p hidden>Copied from elsewhere without leave, and this line must not be read.</p>",
        '<p aria-hidden="true">Copied from elsewhere without leave, and this line must not be read.</p>',
        '<p style="display: none !important">Copied from elsewhere, and this line must not be read.</p>',
        '<p style="position:absolute;left:-9999px">Copied from elsewhere, and this must not be read.</p>',
        '<p style="font-size:0">Copied from elsewhere, and this line must not be read.</p>',
        '<p class="zq1">Copied from elsewhere without leave, and this line must not be read.</p>',
        "<script>document.write('Copied from elsewhere')</script>",
        "<!-- Copied from elsewhere without leave -->",
        "<template><p>Copied from elsewhere without leave.</p></template>",
    ],
)
def test_what_a_reader_never_sees_is_not_read(trap: str) -> None:
    body = prose().replace("<p>The owner", f"{trap}<p>The owner")
    html = (
        f"<html><head><style>.zq1{{display:none}}</style></head><body><article>{body}</article></body></html>"
    )
    assert extract(html).text == GOLD


def test_a_story_behind_a_show_button_is_still_the_story() -> None:
    html = (
        f'<html><body><button>Show</button><div id="gate" style="display:none">{prose()}</div></body></html>'
    )
    assert extract(html).text == GOLD


def test_a_print_style_hides_nothing() -> None:
    html = f"<html><head><style>@media print{{.s{{display:none}}}}</style></head><body><div class=s>{prose()}</div></body></html>"  # noqa: E501
    assert extract(html).text == GOLD


@pytest.mark.parametrize(("tag", "depth"), [("div", 300), ("div", 5000), ("font", 400), ("span", 1000)])
def test_deep_nesting_loses_no_text(tag: str, depth: int) -> None:
    html = f"<html><body>{f'<{tag}>' * depth}{prose()}{f'</{tag}>' * depth}</body></html>"
    assert extract(html).text == GOLD


def test_paragraphs_that_are_never_closed_are_not_deep() -> None:
    lines = "".join(f"<p>{p}" if p != "* * *" else "<hr>" for p in PARAGRAPHS)
    html = "<html><body>" + lines * 30 + "</body></html>"
    assert extract(html).text.count("kettle began") == 30


@pytest.mark.parametrize(
    "joint", ["<br><br>", "<br>\n<br/>", "<br>&nbsp;<br>", "</div><div>", "<br>&nbsp;&nbsp;&nbsp;&nbsp;"]
)
def test_lines_are_paragraphs_in_every_layout(joint: str) -> None:
    body = joint.join(PARAGRAPHS)
    assert extract(f"<html><body><div>{body}</div></body></html>").text == GOLD


def test_wrapped_plain_text_is_unwrapped() -> None:
    import textwrap

    body = "\n\n".join("\n".join(textwrap.wrap(p, 72)) for p in PARAGRAPHS)
    assert extract(f"<html><body><pre>{body}</pre></body></html>").text == GOLD


def test_a_verse_keeps_its_lines() -> None:
    verse = "The tide is out,<br>the bell is still,<br>the lamp is low<br>on Gallow Hill."
    body = prose().replace("<p>The owner", f"<p>{verse}</p><p>The owner")
    assert (
        "The tide is out,\nthe bell is still,\nthe lamp is low\non Gallow Hill."
        in extract(f"<html><body><article>{body}</article></body></html>").text
    )


@pytest.mark.parametrize(
    "html",
    [
        '<html><head><script src="/app.js"></script></head><body><div id="root"></div></body></html>',
        '<html><body><noscript>You need to enable JavaScript to run this app.</noscript><div id="app"></div>'
        '<script type="module" src="/main.js"></script></body></html>',
        '<html><body><nav><a href="/">Home</a><a href="/all">All stories</a></nav><main id="__next"></main>'
        "<script>fetch('/api/story/12')</script><footer>Reader, a small app for stories.</footer></body>"
        "</html>",
    ],
)
def test_a_page_built_by_scripts_asks_for_a_browser(html: str) -> None:
    story = extract(html, "https://app.example/read/12")
    assert story.needs_browser


def test_a_full_page_with_scripts_does_not_ask_for_one() -> None:
    html = f"<html><head><script src=/a.js></script></head><body><div id=root><article>{prose()}</article></div></body></html>"  # noqa: E501
    assert not extract(html).needs_browser


def test_a_short_page_without_scripts_does_not_ask_for_one() -> None:
    assert not extract("<html><body><p>Nothing to see here.</p></body></html>").needs_browser


@pytest.mark.parametrize(
    "html",
    ["", " ", "<", "<html>", "\x00", "just text", "<!DOCTYPE html>", "<?xml version='1.0' encoding='utf-16'?><p>x</p>",  # noqa: E501
     "<body><body><table><td><p>", base64.b64encode(bytes(range(256)) * 40).decode(), "</div>" * 2000, "\ud800<p>x</p>"],  # noqa: E501
)  # fmt: skip
def test_no_html_is_too_broken(html: str) -> None:
    story = extract(html, "https://a.example/b")
    assert story.site == "a.example"
    assert len(story.text) < 20_000


def test_an_address_that_is_none_does_no_harm() -> None:
    assert extract(PAGES["blogger"][0](), "http://[broken").text == GOLD
