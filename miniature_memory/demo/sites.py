"""How each site looks: its template, its habits of setting text, and what clutters its pages."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from miniature_memory.demo import others
from miniature_memory.demo.grammar import sections
from miniature_memory.demo.pages import Entry, text_of
from miniature_memory.demo.stories import SCENE_BREAK, plan

if TYPE_CHECKING:
    from jinja2 import Environment

NAMES = {
    "blog": "The Harbour Blog",
    "serial": "Serial & Sons",
    "forum": "The Long Table",
    "app": "Lamplight Reader",
    "oldpress": "THE OLD PRESS",
    "quarterly": "Wharf Quarterly",
    "mirror": "Story Mirror",
    "almanac": "Daily Almanac",
    "plaza": "Plaza",
    "members": "Members' Room",
    "closed": "Closed Archive",
    "slow": "Slow Lane",
    "quiet": "Quiet Garden",
    "reserved": "Reserved Press",
    "go": "Go",
}
_LOOKS = {
    "mirror": "mirror",
    "closed": "mirror",
    "slow": "mirror",
    "quiet": "mirror",
    "reserved": "mirror",
    "go": "mirror",
    "plaza": "blog",
    "members": "quarterly",
}


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def body(seed: int, entry: Entry) -> list[str]:
    """The paragraphs of a page, scene breaks among them."""
    text = text_of(seed, entry)
    if text is None:
        return others.paragraphs(entry.kind, entry.arrival)
    parts = text.split("\n\n")
    middle = len(parts) // 2
    if entry.kind in ("screen-body", "screen-title"):
        parts[middle:middle] = [others.refused("body")]
    elif entry.kind in ("screen-plural", "screen-school"):
        parts.append(others.refused("body"))
    elif entry.kind == "screen-script":
        parts[middle:middle] = [others.refused("script")]
    elif entry.kind in ("paywall", "login"):
        parts = parts[:2] if entry.kind == "paywall" else []
    return parts


def html(seed: int, entry: Entry, neighbours: dict[str, Entry | None]) -> str:
    """A page as its site serves it. ``neighbours`` are the pages before and after it, and some to
    recommend."""
    rng = Random(entry.arrival + ":page")
    paragraphs = body(seed, entry)
    look = _LOOKS.get(entry.site, entry.site)
    web = sections("web")
    facts = plan(seed, entry.number) if entry.number is not None else None
    context: dict[str, Any] = {
        "entry": entry,
        "site": NAMES[entry.site],
        "host": entry.host,
        "title": entry.title,
        "author": facts.author if facts else "Editorial desk",
        "paragraphs": paragraphs,
        "scene_break": SCENE_BREAK,
        "rng": rng,
        "pick": lambda name: rng.choice(web[name]),
        "some": lambda name, most: rng.sample(web[name], rng.randint(1, most)),
        "menu": web["menu"],
        "neighbours": neighbours,
        "style": rng.randrange(4),
        "watermark_at": rng.randrange(2, max(3, len(paragraphs))) if rng.random() < 0.4 else -1,
        "note": rng.random() < 0.45,
        "date": f"{2009 + rng.randrange(16)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
        "alt": others.refused("alt") if entry.kind == "screen-alt" else "A boat at its mooring",
        "wall": _wall(entry),
        "language": entry.kind if entry.kind in ("es", "fr", "de") else "en",
        "posts": _posts(rng, paragraphs) if look == "forum" else [],
        "inline": _inline(entry, paragraphs, facts.author if facts else "") if look == "app" else "",
    }
    return _templates().get_template(f"{look}.html").render(context)


def listing(site: str, shown: list[Entry]) -> str:
    """A site's front page: its newest stories."""
    return (
        _templates()
        .get_template("listing.html")
        .render(site=NAMES[site], entries=shown, menu=sections("web")["menu"])
    )


def story_json(seed: int, entry: Entry) -> str:
    """What the reader app loads by script."""
    author = plan(seed, entry.number).author if entry.number is not None else ""
    return json.dumps({"title": entry.title, "author": author, "blocks": body(seed, entry)})


def loads_by_request(entry: Entry) -> bool:
    """Half of the app's pages ask an endpoint for their text; the others unpack it from the page."""
    return Random(entry.arrival + ":app").random() < 0.5


def _inline(entry: Entry, paragraphs: list[str], author: str) -> str:
    if loads_by_request(entry):
        return ""
    packed = json.dumps({"title": entry.title, "author": author, "blocks": paragraphs})
    return base64.b64encode(packed.encode()).decode()


def _wall(entry: Entry) -> str:
    if entry.kind in ("paywall", "login"):
        return sections("elsewhere")[entry.kind][0]
    return ""


def _posts(rng: Random, paragraphs: list[str]) -> list[tuple[str, list[str], str]]:
    """A thread: the starter tells the story in one to three posts, others answer in between and after."""
    web = sections("web")
    starter, *readers = rng.sample(web["handle"], 6)
    parts = rng.randint(1, 3) if len(paragraphs) > 9 else 1
    cuts = [len(paragraphs) * i // parts for i in range(parts + 1)]
    posts: list[tuple[str, list[str], str]] = []
    replies = rng.sample(web["reply"], 6)
    for part in range(parts):
        posts.append((starter, paragraphs[cuts[part] : cuts[part + 1]], "starter"))
        for _ in range(rng.randint(1, 2) if part < parts - 1 else rng.randint(1, 3)):
            if replies:
                posts.append((rng.choice(readers), [replies.pop()], "reply"))
    return posts
