"""What a page says about itself besides its text: opt-outs, walls, scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from miniature_memory.scraper.robots import AGENT, reserves_training

_OPT_OUT = {"noai", "noml", "noindex", "none"}
_WITH_VALUE = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
_SHOWN = "//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript)]"
_WALLS = "contains(@class, 'paywall') or contains(@class, 'regwall') or contains(@id, 'paywall')"
_THIN = 1200  # characters; a wall stands where a story would be, a login box beside one


@dataclass(frozen=True, slots=True)
class Signs:
    """``opt_out``: reserved against training or indexing; ``wall``: "", "login" or "paywall"."""

    opt_out: bool
    wall: str
    scripts: bool


def read_signs(html: str, headers: Iterable[tuple[str, str]] = ()) -> Signs:
    """The signs of a page and of the headers it came with (names in lower case)."""
    tree = _tree(html)
    headers = list(headers)
    metas = [] if tree is None else list(_metas(tree))
    directives = [value for name, value in metas if name in ("robots", AGENT)]
    tags = _for_us(value for name, value in headers if name == "x-robots-tag")
    said = {word.strip().lower() for value in (*directives, *tags) for word in value.split(",")}
    reserved = _tdm(headers, metas)
    usage = [value for name, value in headers if name in ("content-usage", "content-signal")]
    opt_out = bool(said & _OPT_OUT) or reserved or any(reserves_training(value) for value in usage)
    if tree is None:
        return Signs(opt_out, "", False)
    return Signs(
        opt_out, _wall(tree, metas), bool(tree.xpath("boolean(//script[@src or string-length(.) > 40])"))
    )


def _tree(html: str) -> Any:
    from lxml import etree
    from lxml import html as lxml_html

    try:
        return lxml_html.document_fromstring(
            html.replace("\x00", ""), parser=lxml_html.HTMLParser(huge_tree=False)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        # a declared encoding in a decoded text is what lxml complains of
        try:
            return lxml_html.document_fromstring(html.encode("utf-8", "replace"))
        except (etree.ParserError, etree.XMLSyntaxError, ValueError):
            return None


def _metas(tree: Any) -> Iterator[tuple[str, str]]:
    for meta in tree.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").strip().lower()
        if name:
            yield name, (meta.get("content") or "").strip()


def _for_us(values: Iterable[str]) -> Iterator[str]:
    """The directives of X-Robots-Tag headers that speak to everybody or to us."""
    for value in values:
        agent = "*"
        for item in value.split(","):
            head, colon, rest = item.partition(":")
            if colon and head.strip().lower() not in _WITH_VALUE:
                agent, item = head.strip().lower(), rest
            if agent in ("*", AGENT):
                yield item


def _tdm(headers: list[tuple[str, str]], metas: list[tuple[str, str]]) -> bool:
    """TDM Reservation Protocol: what the page says goes before what its header says."""
    for source in (metas, headers):
        said = [value.strip() for name, value in source if name == "tdm-reservation"]
        if said:
            return "1" in said
    return False


def _wall(tree: Any, metas: list[tuple[str, str]]) -> str:
    thin = len(" ".join(" ".join(tree.xpath(_SHOWN)).split())) < _THIN
    if thin and tree.xpath("boolean(//input[translate(@type, 'PASWORD', 'pasword') = 'password'])"):
        return "login"
    if any(_not_free(item) for item in _linked_data(tree)):
        return "paywall"
    tiers = [value.lower() for name, value in metas if name == "article:content_tier"]
    if "locked" in tiers or "metered" in tiers:
        return "paywall"
    return "paywall" if thin and tree.xpath(f"boolean(//body//*[{_WALLS}])") else ""


def _linked_data(tree: Any) -> Iterator[dict[str, Any]]:
    for script in tree.xpath("//script[@type='application/ld+json']"):
        try:
            stack = [json.loads(script.text or "")]
        except (ValueError, RecursionError):
            continue
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                yield item
                stack.extend(item.values())
            elif isinstance(item, list):
                stack.extend(item)


def _not_free(item: dict[str, Any]) -> bool:
    return str(item.get("isAccessibleForFree", "")).strip().lower() in ("false", "http://schema.org/false")
