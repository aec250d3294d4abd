"""One page, step by step: parse, read its facts, take away what nobody sees, locate, trim, write."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement

from miniature_memory.scraper.extract import Extracted, furniture, metadata, threads
from miniature_memory.scraper.extract.blocks import blocks, write
from miniature_memory.scraper.extract.dom import names, parse, prune
from miniature_memory.scraper.extract.locate import Page, locate
from miniature_memory.scraper.extract.work import work_of

THIN = 500  # characters of prose outside links: with scripts, and less than this, the page is built by them
_MOUNT = re.compile(
    r"(?:^|\s)(?:root|app|__next|__nuxt|___gatsby|svelte|main-?app|app-?root|react-?root|mount)(?=$|\s)"
)
_WANTS_SCRIPTS = re.compile(
    r"(?:enable|requires?|turn on|needs?|without|activate)\W+(?:\w+\W+){0,2}java ?script"
    r"|java ?script\W+(?:\w+\W+){0,3}(?:enabled|required|disabled)",
    re.I,
)


def extract_page(html: str, url: str = "") -> Extracted:
    """`extract`, with everything it needs imported."""
    root = parse(html)
    if root is None:
        return Extracted("", "", "", "", "", "", metadata.host_of(url), metadata.host_of(url), "", False)
    facts = metadata.read(root, url)
    scripted = _scripts(root)
    prune(root)
    page = Page(root, blocks(root))
    starter, bodies = threads.starter_posts(root, url)
    if bodies:
        found, extractor = [b for body in bodies for b in blocks(body)], "thread"
        facts.author = starter
    else:
        chosen, extractor = locate(page)
        found = [page.blocks[i] for i in chosen]
    story = write(furniture.trim(found, facts.title, facts.author))
    return Extracted(
        text=story,
        title=facts.title,
        author=facts.author,
        language=facts.language,
        published=facts.published,
        licence=facts.licence,
        site=metadata.host_of(url or facts.canonical),
        work=work_of(facts, url),
        extractor=extractor if story else "",
        needs_browser=scripted and _is_thin(page, story),
    )


def _scripts(root: HtmlElement) -> bool:
    """Whether scripts could build the page: one that runs, not a data block."""
    kinds = ("", "module", "text/javascript", "application/javascript")
    return any((s.get("type") or "").lower() in kinds for s in root.iter("script")) or any(
        _WANTS_SCRIPTS.search("".join(n.itertext())) for n in root.iter("noscript")
    )


def _is_thin(page: Page, story: str) -> bool:
    prose = sum(max(0, len(b.text) - b.links) for b in page.blocks if b.kind == "text")
    if min(prose, len(story)) < THIN:
        return prose < THIN or _has_empty_mount(page.root) or _asks_for_scripts(page)
    return False


def _has_empty_mount(root: HtmlElement) -> bool:
    return any(
        _MOUNT.search(names(element)) and len(element) == 0 and not (element.text or "").strip()
        for element in root.iter(etree.Element)
    )


def _asks_for_scripts(page: Page) -> bool:
    return any(_WANTS_SCRIPTS.search(b.text) for b in page.blocks)
