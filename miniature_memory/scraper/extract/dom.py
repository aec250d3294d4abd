"""From HTML text to a tree that can be trusted: whole, not too deep, without what a reader never sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

MAX_DEPTH = 180  # libxml2 silently loses the whole text of a page that is nested deeper than 253

VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
# closed by the next one of their kind, so a page that never closes them isn't deep
_SELF_CLOSING = frozenset(["p", "li", "dt", "dd", "tr", "td", "th", "option"])

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|textarea|title)\b.*?</\1\s*>|<(/?)([a-zA-Z][\w:-]*)[^<>]*>",
    re.S | re.I,
)
_DROPPED = [
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "embed",
    "applet",
    "audio",
    "video",
    "canvas",
    "svg",
    "math",
    "map",
    "button",
    "select",
    "textarea",
    "input",
    "datalist",
    "dialog",
    "head",
]
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:px|em|pt|%)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|(?:left|top|text-indent)\s*:\s*-\d{4,}px"
    r"|clip\s*:\s*rect\(\s*(?:0|1px)",
    re.I,
)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_CSS_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CSS_NAME = re.compile(r"(?:[a-z]+)?([.#])([\w-]+)")


def parse(html: str) -> HtmlElement | None:
    """The page's tree; None when there is nothing to parse."""
    html = flatten(html.replace("\x00", ""))
    if not html.strip():
        return None
    # bytes with a declared encoding: a page's own declaration is about bytes that are long decoded
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.ParserError:
        return None
    return None if root is None else cast(HtmlElement, root)


def flatten(html: str, limit: int = MAX_DEPTH) -> str:
    """The same page with the tags below ``limit`` taken away; blocks among them leave a paragraph's end."""
    if html.count("<") < limit:
        return html
    kept: list[str] = []
    open_tags: list[tuple[str, bool]] = []
    last = 0
    for tag in _TAG.finditer(html):
        name = (tag[3] or "").lower()
        if not name or name in VOID:
            continue
        drop = False
        if tag[2]:
            at = next((i for i in range(len(open_tags) - 1, -1, -1) if open_tags[i][0] == name), -1)
            if at >= 0:
                drop = not open_tags[at][1]
                del open_tags[at:]
            else:
                drop = len(open_tags) >= limit
        else:
            if name in _SELF_CLOSING and open_tags and open_tags[-1][0] == name:
                open_tags.pop()
            drop = len(open_tags) >= limit
            if not tag[0].endswith("/>"):
                open_tags.append((name, not drop))
        if drop:
            kept.append(html[last : tag.start()])
            kept.append("<br><br>" if name in BLOCK else "")
            last = tag.end()
    return "".join(kept) + html[last:] if last else html


def prune(root: HtmlElement) -> None:
    """Takes away scripts, controls and hidden elements (but never an element that holds most of the text)."""
    hidden = _hidden_names(root)
    body = root.find("body")
    for tag in _DROPPED:
        for element in list(root.iter(tag)):
            remove(element)
    everything = len("".join((body if body is not None else root).itertext()).strip())
    for element in list(_hidden_elements(root, hidden)):
        # a story behind an age gate or a "show" button is hidden until a click; it is still the story
        if 2 * len("".join(element.itertext()).strip()) < everything:
            remove(element)


def remove(element: HtmlElement) -> None:
    """Takes an element away and leaves the text that follows it."""
    parent = element.getparent()
    if parent is None:
        return
    tail = element.tail
    if tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail
    parent.remove(element)


def names(element: HtmlElement) -> str:
    """Class and id of an element in one lower-case string, for patterns."""
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()


def _hidden_elements(root: HtmlElement, hidden: set[str]) -> Iterator[HtmlElement]:
    for element in root.iter(etree.Element):
        attributes = element.attrib
        if not attributes:
            continue
        style = attributes.get("style")
        if (
            "hidden" in attributes
            or attributes.get("aria-hidden") == "true"
            or (style and _HIDING.search(style))
            or (hidden and not hidden.isdisjoint(_selectors(element)))
        ):
            yield element


def _selectors(element: HtmlElement) -> list[str]:
    found = [f".{name}" for name in (element.get("class") or "").split()]
    identity = element.get("id")
    return [*found, f"#{identity}"] if identity else found


def _hidden_names(root: HtmlElement) -> set[str]:
    """Classes and ids that the page's own style sheets hide (some sites hide their watermarks so).

    Only plain one-name selectors outside of ``@media`` count: a print style must not hide a story.
    """
    found: set[str] = set()
    for sheet in root.iter("style"):
        if sheet.get("media") not in (None, "", "all", "screen"):
            continue
        for selectors, body in _CSS_RULE.findall(_outside_media(_CSS_COMMENT.sub("", sheet.text or ""))):
            if _HIDING.search(body):
                for selector in selectors.split(","):
                    name = _CSS_NAME.fullmatch(selector.strip())
                    if name:
                        found.add(name[1] + name[2])
    return found


def _outside_media(css: str) -> str:
    parts, start = [], 0
    for rule in re.finditer(r"@[\w-]+[^{;]*\{", css):
        if rule.start() < start:
            continue
        depth, at = 1, rule.end()
        while at < len(css) and depth:
            depth += (css[at] == "{") - (css[at] == "}")
            at += 1
        parts.append(css[start : rule.start()])
        start = at
    return "".join(parts) + css[start:]
