"""What a page says about itself: JSON-LD first, then Open Graph and meta tags, then what a reader sees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

_STORY_TYPES = re.compile(
    r"Article|BlogPosting|ShortStory|Chapter|Book|CreativeWork|DiscussionForumPosting|SocialMediaPosting"
    r"|Novel|Story"
)
_OTHER_WORKS = re.compile(r"WebSite|Organization|Person|Blog$|ImageObject|BreadcrumbList|Comment|Review")
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_BYLINE = re.compile(r"^\s*(?:(?:written|post|posted|story|published|a story)\s+)?by\s*:?\s+", re.I)
_TITLE_JOINT = re.compile(r"\s+(?:[|–—·•»«\-]+|:{1,2})\s+|\s*[|»«]\s*|:\s+")


@dataclass
class Facts:
    """Facts of a page; unknown ones are empty.

    ``full_title`` is the title before it was cut down to what the page shows, ``series`` names the story
    that a chapter is part of.
    """

    title: str = ""
    full_title: str = ""
    author: str = ""
    published: str = ""
    language: str = ""
    licence: str = ""
    site_name: str = ""
    series: str = ""
    canonical: str = ""
    crumbs: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    serial: bool = False


def read(root: HtmlElement, url: str = "") -> Facts:
    """Reads the facts; before `prune`, since JSON-LD stands in scripts."""
    facts = Facts()
    items = list(_linked_data(root))
    for item in items:
        _take_linked_data(item, facts)
    meta = _meta(root)
    facts.site_name = meta.get("og:site_name", "")
    facts.canonical = _href(root, "canonical") or meta.get("og:url", "")
    facts.series = facts.series or meta.get("og:novel:book_name", "") or meta.get("book:title", "")
    host = host_of(url or facts.canonical)
    facts.title = strip_site(facts.title, facts.site_name, host) or _title(root, meta, facts.site_name, host)
    facts.full_title = fold(facts.title)
    facts.title = _shown_title(root, facts.full_title)
    facts.author = facts.author or _author(root, meta)
    facts.published = iso_date(
        facts.published
        or meta.get("article:published_time", "")
        or meta.get("date", "")
        or meta.get("dc.date", "")
        or _first(root, "//time/@datetime")
    )
    html = root if root.tag == "html" else None
    facts.language = _language(
        (html.get("lang") or html.get("xml:lang") or "" if html is not None else "")
        or facts.language
        or meta.get("og:locale", "")
        or meta.get("content-language", "")
        or meta.get("dc.language", "")
    )
    facts.licence = (
        facts.licence
        or _href(root, "license")
        or _first(root, "//a[contains(concat(' ', @rel, ' '), ' license ')]/@href")
        or meta.get("dc.rights", "")
        or meta.get("license", "")
    )
    facts.crumbs = facts.crumbs or _crumbs(root)
    facts.serial = bool(_href(root, "next") or _href(root, "prev"))
    for name in ("title", "author", "licence", "series", "site_name"):
        setattr(facts, name, fold(getattr(facts, name))[:300])
    return facts


def fold(text: str) -> str:
    """A fact on one line."""
    return " ".join(text.replace("\u200b", "").split())


def iso_date(text: str) -> str:
    """``YYYY-MM-DD`` when the text holds one, else nothing."""
    found = _DATE.search(text.replace("T", " ", 1) if "T" in text else text)
    return found[0] if found and "01" <= found[2] <= "12" and "01" <= found[3] <= "31" else ""


def host_of(url: str) -> str:
    """The host without ``www.``; its port stays (two loopback sites are two sites)."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower().removeprefix("www.")
    except ValueError:
        return ""


def _linked_data(root: HtmlElement) -> Iterator[dict[str, Any]]:
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        text = re.sub(r"^\s*(?://)?\s*<!(?:\[CDATA\[|--)|(?://)?\s*(?:\]\]|--)>\s*$", "", script.text or "")
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        waiting = [data]
        while waiting:
            item = waiting.pop(0)
            if isinstance(item, list):
                waiting[:0] = item[:200]
            elif isinstance(item, dict):
                yield item
                for key in ("@graph", "mainEntity"):
                    if isinstance(item.get(key), (list, dict)):
                        waiting.append(item[key])


def _take_linked_data(item: dict[str, Any], facts: Facts) -> None:
    kinds = {kind for kind in _many(item.get("@type")) if isinstance(kind, str)}
    facts.kinds |= kinds
    if "BreadcrumbList" in kinds and not facts.crumbs:
        entries = [e for e in _many(item.get("itemListElement")) if isinstance(e, dict)]
        facts.crumbs = [name for name in (_name(e) or _name(e.get("item")) for e in entries) if name]
    if not any(_STORY_TYPES.search(kind) for kind in kinds):
        if kinds & {"WebPage", "ItemPage"}:
            facts.language = facts.language or _name(item.get("inLanguage"))
            facts.published = facts.published or _name(item.get("datePublished"))
            facts.licence = facts.licence or _name(item.get("license"))
        return
    facts.title = facts.title or _name(item.get("headline")) or _name(item.get("name"))
    authors = [_name(author) for author in _many(item.get("author") or item.get("creator"))]
    facts.author = facts.author or ", ".join(name for name in authors if name)
    facts.published = facts.published or _name(item.get("datePublished"))
    facts.language = facts.language or _name(item.get("inLanguage"))
    facts.licence = facts.licence or _name(item.get("license"))
    for whole in _many(item.get("isPartOf")):
        kind = " ".join(map(str, _many(whole.get("@type")))) if isinstance(whole, dict) else ""
        if not _OTHER_WORKS.search(kind) and "WebPage" not in kind and "#" not in _name(whole):
            facts.series = facts.series or _name(whole)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _name(value: Any) -> str:
    """The text of a JSON-LD value: a string, or an object's name or address."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        return next(
            (
                str(value[k]).strip()
                for k in ("name", "alternateName", "url", "@id")
                if isinstance(value.get(k), str)
            ),
            "",
        )
    if isinstance(value, list) and value:
        return _name(value[0])
    return ""


def _meta(root: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        key = (
            element.get("property")
            or element.get("name")
            or element.get("http-equiv")
            or element.get("itemprop")
        )
        content = (element.get("content") or "").strip()
        if key and content:
            found.setdefault(key.strip().lower(), content)
    return found


def _first(root: HtmlElement, path: str) -> str:
    found = root.xpath(path)
    if not isinstance(found, list) or not found:
        return ""
    first = found[0]
    return fold(first if isinstance(first, str) else "".join(first.itertext()))


def _href(root: HtmlElement, relation: str) -> str:
    return _first(root, f"//link[contains(concat(' ', @rel, ' '), ' {relation} ')]/@href")


def _title(root: HtmlElement, meta: dict[str, str], site: str, host: str) -> str:
    shown = (
        meta.get("og:title")
        or meta.get("twitter:title")
        or meta.get("dc.title")
        or _first(root, "//head/title")
    )
    headings = [fold("".join(h.itertext())) for h in root.iter("h1")]
    headings = [h for h in headings if h and h.lower() != site.lower()]
    return strip_site(shown, site, host) if shown else (headings[0] if headings else _first(root, "//title"))


def _shown_title(root: HtmlElement, title: str) -> str:
    """The longest heading that is the title's beginning or end: what a site adds around it is not shown."""
    shown = [fold("".join(h.itertext())) for h in root.iter("h1", "h2", "h3")]
    parts = {title[: j.start()] for j in _TITLE_JOINT.finditer(title)}
    parts |= {title[j.end() :] for j in _TITLE_JOINT.finditer(title)}
    return max((h for h in shown if h in parts), key=len, default=title)


def strip_site(title: str, site: str, host: str = "") -> str:
    """``"The Lamp | Some Site"`` or ``"Some Site: The Lamp"`` without its site, known by name or by host."""
    title = fold(title)
    joints = list(_TITLE_JOINT.finditer(title))
    for joint in joints[-1:] + joints[:1]:
        before, after = title[: joint.start()], title[joint.end() :]
        if joint is joints[-1] and (_is_site(after, site, host) or "|" in joint[0]):
            return strip_site(before, site, host)
        if joint is joints[0] and _is_site(before, site, host):
            return after
    return title


def _is_site(name: str, site: str, host: str) -> bool:
    plain, known = _letters(name), _letters(site)
    address = _letters(host.partition(":")[0].rpartition(".")[0])
    return bool(plain) and (
        plain == known or (len(plain) > 3 and (plain in address or address == "the" + plain))
    )


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]|^the\b", "", text.lower())


def _author(root: HtmlElement, meta: dict[str, str]) -> str:
    for key in ("author", "dc.creator", "article:author", "book:author", "twitter:creator", "parsely-author"):
        value = meta.get(key, "")
        if value and not value.startswith(("http", "/", "@")):
            return value
    seen = _first(
        root,
        "//*[contains(concat(' ', @rel, ' '), ' author ')]"
        " | //*[@itemprop='author']//*[@itemprop='name'] | //*[@itemprop='author']"
        " | //*[contains(concat(' ', @class, ' '), ' author ') or contains(concat(' ', @class, ' '), ' "
        "byline ')"
        " or contains(concat(' ', @class, ' '), ' by-author ') or contains(concat(' ', @class, ' '), ' "
        "post-author ')]",
    )
    seen = _BYLINE.sub("", seen)
    seen = re.split(r"\s+[»|·•]\s+|\s+on\s+", seen)[0]
    return seen if 0 < len(seen) <= 80 else ""


def _language(tag: str) -> str:
    found = re.match(r"\s*([a-zA-Z]{2,3})(?:[-_]|\s*$|,)", tag)
    if found:
        return found[1].lower()
    return {"english": "en", "german": "de", "french": "fr", "spanish": "es"}.get(tag.strip().lower(), "")


def _crumbs(root: HtmlElement) -> list[str]:
    for element in root.iter(etree.Element):
        marks = (element.get("class"), element.get("id"), element.get("aria-label"))
        if any("breadcrumb" in (mark or "").lower() for mark in marks):
            links = [fold("".join(a.itertext())) for a in element.iter("a")]
            return [name for name in links if name]
    return []
