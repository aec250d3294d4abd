"""Where on a page is the story? Several locators vote on blocks; the one that most agree with wins.

trafilatura and readability-lxml only point: their text is mapped back to our blocks by word shingles, so
what they lose (scene breaks, short lines, first and last paragraphs) comes back from the DOM. (Agreement of
extractors: Bevendorff et al., "An empirical comparison of web content extraction algorithms", SIGIR 2023.)
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from copy import deepcopy

from lxml import etree
from lxml.html import HtmlElement

from miniature_memory.scraper.extract.blocks import Block
from miniature_memory.scraper.extract.dom import names

AGREED = 0.9  # two locators this much alike: a third would not change the choice
_SHINGLE = 3
_WORD = re.compile(r"\w+")

FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:comments?(?:-?list|-?area|-?section|-?wrap\w*|-?form|-?container|-?box|s)?|commentlist"
    r"|disqus\w*|respond|replies|reviews?|"
    r"nav|navigation|navbar|menu|breadcrumbs?|crumbs?|pager|pagination|pagelinks|nav-?links|prev-?next"
    r"|sidebar|side-?bar|widgets?|widget-?area|masthead|site-?(?:header|footer)|footer|colophon|copyright"
    r"|share|sharing|sharedaddy|share-?(?:bar|buttons?|links?)|social(?:-?\w+)?|addtoany\w*|sd-\w+"
    r"|likes?|vote|votes|voting|ratings?|rating-?bar|kudos|tip-?jar|donat(?:e|ion)s?|patreon"
    r"|related(?:-?\w+)?|recommend(?:ed|ations?)?|you-?may-?(?:also-?)?like|more-?(?:stories|posts|from)"
    r"|jp-relatedposts"
    r"|newsletter|subscribe|subscription|sign-?up|optin|cta|promo(?:tion)?s?|sponsor(?:ed)?|advert\w*|ads?"
    r"|adsbygoogle|ad-?(?:box|slot|unit|wrap\w*|container|block)|banner|cookies?(?:-?\w+)?|consent|gdpr|popup"
    r"|modal"
    r"|author-?(?:bio|box|info|card|notes?\w*)|about-?(?:the-?)?author|byline-?box|bio|post-?(?:meta|tags"
    r"|footer)"
    r"|entry-?(?:meta|utility|footer)|tag-?(?:list|cloud)|tags|toolbar|print-?only|skip-?link|signature"
    r"|user-?sig\w*"
    r"|(?:end-?)?notes|chapter-?preface|preface|landmark|watermark|notice|disclaimer|toc"
    r"|table-?of-?contents)(?=$|[\s_-])"
)
_FURNITURE_TAGS = frozenset(("nav", "footer", "figcaption", "aside"))


class Page:
    """A pruned tree, its blocks, and who furnishes what."""

    def __init__(self, root: HtmlElement, found: list[Block]) -> None:
        self.root, self.blocks = root, found
        self.sizes = [len(b.text) if b.kind in ("text", "heading") else 0 for b in found]
        self._furniture: dict[HtmlElement, HtmlElement | None] = {}

    def size(self, chosen: Iterable[int]) -> int:
        """Characters of the chosen blocks."""
        return sum(self.sizes[i] for i in chosen)

    def furniture(self, index: int) -> HtmlElement | None:
        """The outermost element around a block whose tag, class or id says that it is no story."""
        node: HtmlElement | None = self.blocks[index].node
        chain: list[HtmlElement] = []
        while node is not None and node not in self._furniture:
            chain.append(node)
            node = node.getparent()
        outer = self._furniture[node] if node is not None else None
        for element in reversed(chain):
            if (
                outer is None
                and element.tag not in ("html", "body", "article", "main")
                and (
                    element.tag in _FURNITURE_TAGS
                    or element.get("role") in ("navigation", "complementary", "contentinfo")
                    or FURNITURE.search(names(element))
                )
            ):
                outer = element
            self._furniture[element] = outer
        return outer


def locate(page: Page) -> tuple[list[int], str]:
    """Indices of the story's blocks, in order, and the name of the locator that found them."""
    votes = {
        # "fast" leaves out the fallbacks, which are what readability and the others are here for
        "trafilatura": page_map(page, _trafilatura(page.root, fast=True)),
        "readability": page_map(page, _readability(page.root)),
    }
    name = "trafilatura"
    if _alike(page, votes["trafilatura"], votes["readability"]) < AGREED:
        votes["trafilatura"] = page_map(page, _trafilatura(page.root))
        votes["trafilatura-precision"] = page_map(page, _trafilatura(page.root, precision=True))
        votes["density"] = _density(page)
        name = _most_agreed(page, votes)
    chosen = votes[name]
    if not chosen:
        return [], ""
    return complete(page, chosen), name


def _most_agreed(page: Page, votes: dict[str, set[int]]) -> str:
    def support(name: str) -> float:
        return sum(_alike(page, votes[name], other) for key, other in votes.items() if key != name)

    return max(votes, key=support)


def _alike(page: Page, a: set[int], b: set[int]) -> float:
    """F1 of two choices over characters, 0 to 1."""
    total = page.size(a) + page.size(b)
    return 2 * page.size(a & b) / total if total else 0.0


def page_map(page: Page, text: str) -> set[int]:
    """The blocks whose words the located text holds."""
    lines = [tuple(_WORD.findall(line)) for line in text.split("\n")]
    whole = {line for line in lines if line}
    words = [word for line in lines for word in line]
    shingles = set(_shingles(words))
    chosen: set[int] = set()
    for index, block in enumerate(page.blocks):
        if block.kind not in ("text", "heading"):
            continue
        own = _WORD.findall(block.text)
        if len(own) < _SHINGLE:
            held = tuple(own) in whole
        else:
            grams = list(_shingles(own))
            held = sum(gram in shingles for gram in grams) >= 0.6 * len(grams)
        if own and held:
            chosen.add(index)
    return chosen


def _shingles(words: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(words[i:] for i in range(_SHINGLE)), strict=False)


def complete(page: Page, chosen: set[int]) -> list[int]:
    """The located blocks without furniture, and with what stands among them and belongs to them."""
    inside = sorted(chosen)
    outer = {i: page.furniture(i) for i in inside}
    total = page.size(inside) or 1
    # a class name can lie: an element that holds half of the story is no furniture
    honest = {
        element
        for element in set(outer.values())
        if element is not None and 2 * page.size(i for i in inside if outer[i] is element) > total
    }
    inside = [i for i in inside if outer[i] is None or outer[i] in honest]
    if not inside:
        return []
    root = _common_root(page, inside)
    within = set(root.iter(etree.Element))
    while len(inside) > 1 and page.blocks[inside[0]].node not in within and _is_label(page.blocks[inside[0]]):
        inside.pop(0)  # a site's name in large letters; the story's first line stands with the story
    parents = {_holder(page.blocks[i]) for i in inside if page.blocks[i].kind == "text"}

    def belongs(index: int) -> bool:
        block = page.blocks[index]
        furniture = page.furniture(index)
        if block.node not in within or not (furniture is None or furniture in honest):
            return False
        if block.kind in ("break", "image"):
            return True
        return 2 * block.links <= len(block.text) and _holder(block) in parents

    kept = set(inside)
    first, last = inside[0], inside[-1]
    kept.update(i for i in range(first, last) if belongs(i))
    for step, edge in ((-1, first), (1, last)):
        index = edge + step
        while 0 <= index < len(page.blocks) and belongs(index):
            kept.add(index)
            index += step
    return sorted(kept)


def _is_label(block: Block) -> bool:
    """A line that is hardly a story's: links, or short and not speech."""
    if 2 * block.links > len(block.text):
        return True
    unfinished = not re.search(r"[.!?…\"”’]\s*$", block.text)
    return len(block.text) <= (120 if unfinished else 60) and block.text[0] not in "\"“'‘"


def _holder(block: Block) -> HtmlElement:
    """The container of a block: its paragraph's parent, or the element itself when lines stand bare in it."""
    node = block.node
    parent = node.getparent()
    if (
        node.tag in ("p", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "li")
        and parent is not None
    ):
        return parent
    return node


def _common_root(page: Page, chosen: list[int], share: float = 0.85) -> HtmlElement:
    """The lowest element that holds ``share`` of the chosen characters."""
    weight: dict[HtmlElement, int] = {}
    for index in chosen:
        node: HtmlElement | None = page.blocks[index].node
        while node is not None:
            weight[node] = weight.get(node, 0) + page.sizes[index]
            node = node.getparent()
    goal = share * page.size(chosen)
    root = page.root
    while True:
        following = next((c for c in root if weight.get(c, 0) >= goal), None)
        if following is None or following.tag in ("p", "pre"):
            return root
        root = following


def _trafilatura(root: HtmlElement, precision: bool = False, fast: bool = False) -> str:
    import trafilatura

    _silence("trafilatura")
    text = trafilatura.extract(
        deepcopy(root), include_comments=False, favor_precision=precision, fast=fast, with_metadata=False
    )
    return text or ""


def _readability(root: HtmlElement) -> str:
    from readability import Document
    from readability.readability import Unparseable

    _silence("readability")
    try:
        summary = Document(etree.tostring(root, encoding="unicode", method="html")).summary(html_partial=True)
        tree = etree.fromstring(summary.encode("utf-8"), etree.HTMLParser(encoding="utf-8"))
    except (Unparseable, etree.LxmlError):
        return ""
    return "" if tree is None else "\n".join(map(str, tree.itertext()))


def _density(page: Page) -> set[int]:
    """The container whose own paragraphs hold the most prose: words outside links, long lines above all."""
    score: dict[HtmlElement, float] = {}
    for index, block in enumerate(page.blocks):
        if block.kind == "text" and page.furniture(index) is None:
            prose = max(0, len(block.text) - 3 * block.links - 20)
            holder = _holder(block)
            score[holder] = score.get(holder, 0.0) + prose
            parent = holder.getparent()
            if parent is not None:
                score[parent] = score.get(parent, 0.0) + prose / 2
    if not score:
        return set()
    best = max(score, key=lambda element: score[element])
    within = set(best.iter(etree.Element))
    return {
        i
        for i, b in enumerate(page.blocks)
        if b.node in within
        and b.kind in ("text", "heading")
        and page.furniture(i) is None
        and 2 * b.links < len(b.text)
    }


def _silence(name: str) -> None:
    """A library's log may quote the page; nothing of a page leaves this process but its story."""
    logging.getLogger(name).setLevel(logging.CRITICAL + 1)
