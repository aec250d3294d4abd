"""Forum threads: the story is what the starter posted; what others answered, quotes and signatures go."""

from __future__ import annotations

import re
from collections import Counter

from lxml import etree
from lxml.html import HtmlElement

from miniature_memory.scraper.extract.dom import names, remove

STORY_POST = 350  # characters; a shorter post of the starter is talk ("thanks, more on Sunday")

_ADDRESS = re.compile(
    r"/(?:threads?|topics?|t|forums?|boards?|discussion)(?:/|$)|viewtopic|showthread|[?&](?:t|topic|tid"
    r"|thread)=",
    re.I,
)
_ENGINE = re.compile(
    r"phpbb|vbulletin|xenforo|discourse|simple machines|smf|mybb|invision|fluxbb|punbb|vanilla|flarum|nodebb",
    re.I,
)
_POST = re.compile(
    r"^(?:post|message|forum-?post|thread-?post|topic-?post|topic-?reply|reply|post-?(?:container|wrapper"
    r"|wrap|bg\d?)|comment|cPost|ipsComment|windowbg\d?|bbp-?reply)$",
    re.I,
)
_POST_ID = re.compile(r"^(?:post|p|msg|message|reply|pid|post[-_]?\w*|comment)[-_]?\d+$", re.I)
_AUTHOR = re.compile(
    r"(?:^|[\s_-])(?:author|username|user-?name|poster|bigusername|post-?author|member-?name|nickname"
    r"|screenname|creator|op)(?=$|[\s_-])",
    re.I,
)
_PROFILE = re.compile(
    r"(?:^|[\s_-])(?:post-?profile|profile|user-?(?:info|details|card)|message-?user|poster-?info"
    r"|author-?info|postbit)(?=$|[\s_-])",
    re.I,
)
_BODY = re.compile(
    r"(?:^|[\s_-])(?:content|post-?body|post-?content|post-?text|post-?message|message-?(?:body|content|text)"
    r"|bbwrapper|cooked|entry-?content|body|text|inner|post_message_\d+)(?=$|[\s_-])",
    re.I,
)
_NOT_STORY = re.compile(
    r"(?:^|[\s_-])(?:signature|sig|quote\w*|bbcodeblock\w*|post-?(?:buttons|footer|head|header|meta|date|info"
    r"|number|actions)|postbuttons|notice|attachments?|reactions?|likes?|author|lastedited"
    r"|message-?(?:attribution|footer|lastedit|signature|user)\w*)(?=$|[\s_-])",
    re.I,
)
_CUES = re.compile(
    r"\b(?:joined|posts|registered|location|reply|re:|member|thread|topic|quote|original poster)\b", re.I
)


def starter_posts(root: HtmlElement, url: str = "") -> tuple[str, list[HtmlElement]]:
    """The starter's name and the bodies of the starter's story posts, freed of quotes and signatures.

    Empty when the page is no thread.
    """
    posts = _posts(root)
    if len(posts) < 2:
        return "", []
    authors = [_author(post) for post in posts]
    if not authors[0] or sum(map(bool, authors)) < 0.7 * len(posts):
        return "", []
    if not _is_thread(root, url, posts, authors):
        return "", []
    bodies = [_body(p) for p, author in zip(posts, authors, strict=True) if author == authors[0]]
    sizes = [len(_text(body)) for body in bodies]
    story = [
        body
        for at, body in enumerate(bodies)
        if sizes[at] >= STORY_POST or (at == 0 and max(sizes) < STORY_POST)
    ]
    return authors[0], story


def _posts(root: HtmlElement) -> list[HtmlElement]:
    """The largest family of elements that look like posts and don't contain each other."""
    families: dict[tuple[str, str], list[HtmlElement]] = {}
    for element in root.iter(etree.Element):
        if element.tag not in ("div", "article", "li", "table", "section", "tr", "td"):
            continue
        keys = {
            name.lower().rstrip("0123456789")
            for name in (element.get("class") or "").split()
            if _POST.match(name)
        }
        if _POST_ID.match(element.get("id") or ""):
            keys.add("#id")
        if element.get("data-author"):
            keys.add("@author")
        for key in keys:
            families.setdefault((str(element.tag), key), []).append(element)
    best: list[HtmlElement] = []
    for family in families.values():
        members = set(family)
        outer = [e for e in family if not any(a in members for a in e.iterancestors())]
        if len(outer) >= 2 and _weight(outer) > _weight(best):
            best = outer
    return best


def _weight(posts: list[HtmlElement]) -> int:
    return sum(len(_text(post)) for post in posts if _author(post))


def _author(post: HtmlElement) -> str:
    if post.get("data-author"):
        return str(post.get("data-author")).strip()
    for element in post.iter(etree.Element):
        marks = f"{names(element)} {element.get('itemprop') or ''} {element.get('rel') or ''}"
        if element is not post and _AUTHOR.search(marks):
            text = re.sub(r"^(?:posted |written )?(?:by|author:?)\s+", "", _text(element), flags=re.I)
            link = next((_text(a) for a in element.iter("a") if _text(a)), "")
            name = link if 0 < len(link) <= 60 else text
            if 0 < len(name) <= 60:
                return name
    for element in post.iter(etree.Element):
        if _PROFILE.search(names(element)):
            name = next(
                (_text(e) for e in element.iter("a", "strong", "b", "h3", "h4", "span") if _text(e)), ""
            )
            if 0 < len(name) <= 60:
                return name
    return ""


def _is_thread(root: HtmlElement, url: str, posts: list[HtmlElement], authors: list[str]) -> bool:
    """Two of: a forum's address, a forum's engine, forum words in most posts, answers by others."""
    generator = " ".join(m.get("content") or "" for m in root.iter("meta") if m.get("name") == "generator")
    body = root.find("body")
    engine = _ENGINE.search(
        f"{generator} {root.get('id') or ''} {names(root)} {names(body) if body is not None else ''}"
    )
    spoken = sum(bool(_CUES.search(_text(p)[:400] + _text(p)[-200:])) for p in posts) >= 0.5 * len(posts)
    schema = any("DiscussionForumPosting" in (e.get("itemtype") or "") for e in root.iter(etree.Element))
    others = Counter(authors)
    answered = len(others) > 1
    return bool(_ADDRESS.search(url)) + bool(engine) + spoken + schema + answered >= 2


def _body(post: HtmlElement) -> HtmlElement:
    """The element that holds the post's text."""
    best, size = post, 0
    for element in post.iter(etree.Element):
        if element is post or element.tag not in ("div", "article", "section", "td", "blockquote"):
            continue
        marked = _BODY.search(names(element)) or "text" in (element.get("itemprop") or "").lower()
        if marked and not _NOT_STORY.search(names(element)):
            length = len(_text(element))
            if length > 1.02 * size or (best in element.iterancestors() and length > 0.7 * size):
                best, size = element, length
    for element in list(best.iter(etree.Element)):
        if element is not best and (
            _NOT_STORY.search(names(element))
            or _PROFILE.search(names(element))
            or (element.tag == "blockquote" and _is_quote(element))
        ):
            remove(element)
    return best


def _is_quote(element: HtmlElement) -> bool:
    return element.find(".//cite") is not None or bool(
        re.match(r"\s*\S.{0,60}\b(?:wrote|said|posted)\s*:", _text(element))
    )


def _text(element: HtmlElement) -> str:
    return " ".join("".join(element.itertext()).split())
