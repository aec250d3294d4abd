"""The address table: every page of the web in the order of its arrival, with its right verdict.

The special cases come first, once; then each story followed by whatever arrived with it (about one page in
nine is no
new story). A larger web has the same table with more rows at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from miniature_memory.demo import others
from miniature_memory.demo.stories import BLOCK, Plan, plan, seat, story

TLD = "demo.test"
Verdict = Literal[
    "kept",
    "too_short",
    "language",
    "not_narrative",
    "exact_duplicate",
    "near_duplicate",
    "robots",
    "opt_out",
    "not_found",
    "paywall",
    "login",
    "screen",
    "redirect_loop",
    "forbidden_address",
    "content_type",
    "too_large",
    "timeout",
]

#: Queries that reach every page by its theme; a preset lists them.
THEMES = (
    "harbour",
    "river",
    "workshop",
    "library",
    "kitchen",
    "garden",
    "railway",
    "theatre",
    "hills",
    "letters",
)
QUERIES = [f"short story {theme}" for theme in THEMES]

_EXTRA = 1_000_000  # stories of the special pages lie outside the numbered ones
_SINGLES = ("blog",) * 4 + ("oldpress",) * 3 + ("forum",) * 2 + ("quarterly",) * 2 + ("app",) * 2
_HOSTS = {
    "blog": "harbour-blog",
    "serial": "serial",
    "forum": "forum",
    "app": "app",
    "oldpress": "oldpress",
    "quarterly": "quarterly",
    "mirror": "mirror",
    "almanac": "almanac",
    "plaza": "plaza",
    "members": "members",
    "closed": "closed",
    "slow": "slow-lane",
    "quiet": "quiet",
    "reserved": "reserved",
    "go": "go",
}
HOSTS = tuple(f"{name}.{TLD}" for name in (*_HOSTS.values(), "search"))
SITE_OF_HOST = {f"{name}.{TLD}": site for site, name in _HOSTS.items()}


@dataclass(frozen=True)
class Page:
    """One address and what must become of it."""

    url: str
    host: str
    kind: str
    verdict: Verdict
    gold_text: str | None
    title: str
    work: str
    twin: str | None = None  # for duplicates: the address of the page that it repeats


@dataclass(frozen=True)
class Entry:
    """A row of the address table; its text is made when somebody asks for it."""

    site: str
    path: str
    kind: str  # story, or what else it is; names the behaviour of special pages
    verdict: Verdict
    title: str
    blurb: str
    theme: str
    work: str
    arrival: str  # the seed of everything random about this page
    number: int | None = None  # the story that it carries
    twin: str | None = None

    @property
    def host(self) -> str:
        return f"{_HOSTS[self.site]}.{TLD}"

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.path}"


def entries(seed: int, stories: int) -> Iterator[Entry]:
    """The table of a web with so many stories."""
    yield from _specials(seed)
    for number in range(stories):
        yield story_entry(seed, number)
        yield from _arrivals(seed, number)


def story_entry(seed: int, number: int) -> Entry:
    """The row of a numbered story."""
    facts = plan(seed, number)
    site = _site(seed, number)
    slug = _slug(facts.title)
    if facts.chapter:
        slug = _slug(facts.title.partition(", Chapter")[0])
        path = f"/{slug}-{facts.first_number}/chapter-{facts.chapter}"
    else:
        path = _path(site, slug, number)
    return _row(seed, site, path, "story", "kept", facts, number)


def text_of(seed: int, entry: Entry) -> str | None:
    """The text that a page carries, as its site sets it: straight or curly quotes. None where there is
    none."""
    if entry.number is None:
        return None
    text = story(seed, entry.number).text
    if entry.kind == "near_duplicate":
        text = others.near_duplicate(text, entry.arrival)
    site = _site(seed, entry.number) if entry.kind in ("near_duplicate", "exact_duplicate") else entry.site
    return _curly(text) if site in ("blog", "serial", "quarterly") else text


def page(seed: int, entry: Entry) -> Page:
    """The row as tests and the evaluation see it, with its gold text when the page should be kept."""
    gold = text_of(seed, entry) if entry.verdict == "kept" else None
    return Page(entry.url, entry.host, entry.kind, entry.verdict, gold, entry.title, entry.work, entry.twin)


def _row(seed: int, site: str, path: str, kind: str, verdict: Verdict, facts: Plan, number: int) -> Entry:
    host = f"{_HOSTS[site]}.{TLD}"
    work = f"{host}/{facts.work}"
    return Entry(
        site, path, kind, verdict, facts.title, facts.blurb, facts.theme, work, f"{seed}:{path}", number
    )


def _site(seed: int, number: int) -> str:
    if number >= _EXTRA:
        return "blog"
    if seat(seed, number).chapter:
        return "serial"
    order = list(_SINGLES)
    Random(f"{seed}:sites:{number // BLOCK}").shuffle(order)
    return order[number % BLOCK]


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower().replace("'", "")).strip("-")[:60].strip("-")


def _path(site: str, slug: str, number: int) -> str:
    year, month = 2009 + number % 13, 1 + number * 7 % 12
    return {
        "blog": f"/{year}/{month:02d}/{slug}-{number}/",
        "forum": f"/threads/{slug}.{1000 + number}/",
        "app": f"/read/{slug}-{number}",
        "oldpress": f"/stories/{number:05d}.htm",
        "quarterly": f"/issue-{number // 40 + 1}/{slug}-{number}",
    }[site]


def _curly(text: str) -> str:
    text = re.sub(r'(^|[\s(\[])"', r"\1“", text)
    return text.replace('"', "”").replace("'", "’")


_OTHERS = (
    ("near_duplicate", "mirror"),
    ("exact_duplicate", "mirror"),
    ("es", "plaza"),
    ("short", "blog"),
    ("howto", "almanac"),
    ("news", "almanac"),
    ("near_duplicate", "mirror"),
    ("fr", "plaza"),
    ("recipe", "almanac"),
    ("product", "almanac"),
    ("exact_duplicate", "mirror"),
    ("talk", "forum"),
    ("review", "quarterly"),
    ("de", "plaza"),
    ("near_duplicate", "mirror"),
    ("short", "forum"),
)
_VERDICTS: dict[str, Verdict] = {"es": "language", "fr": "language", "de": "language", "short": "too_short"}


def _arrivals(seed: int, number: int) -> Iterator[Entry]:
    """The pages that came after a story: one or two in a block of sixteen."""
    block, place = divmod(number, BLOCK)
    rng = Random(f"{seed}:others:{block}")
    places = sorted(rng.sample(range(4, BLOCK), 1 + block % 2))
    if place not in places:
        return
    count = block // 2 * 3 + block % 2 + places.index(place)
    kind, site = _OTHERS[count % len(_OTHERS)]
    if kind.endswith("duplicate"):
        original = story_entry(seed, rng.randrange(block * BLOCK, number))
        path = f"/archive/{_slug(original.title)}-{count}"
        copied: Verdict = "near_duplicate" if kind == "near_duplicate" else "exact_duplicate"
        yield replace(
            original,
            site=site,
            path=path,
            kind=kind,
            verdict=copied,
            twin=original.url,
            arrival=f"{seed}:{path}",
            work=f"mirror.{TLD}{path}",
        )
        return
    yield _plain(seed, kind, site, _VERDICTS.get(kind, "not_narrative"), 500_000 + count)


_TITLES = {
    "es": "El reloj del puerto",
    "fr": "La pendule de l'oncle",
    "de": "Die Werkstatt am Hafen",
    "short": "A note from the shed",
    "howto": "How to restore an old chair in five steps",
    "news": "Quay to close for repairs",
    "product": "Folding table, graphite",
    "recipe": "Rustic bread with herbs",
    "talk": "Error E14 after ten minutes?",
    "review": "Book review: a long road to the sea",
}


def _plain(seed: int, kind: str, site: str, verdict: Verdict, number: int) -> Entry:
    theme = THEMES[number % len(THEMES)]
    title = _TITLES[kind]
    path = f"/{kind}/{_slug(title)}-{number - 500_000}"
    blurb = f"{title}. From our pages on the {theme}."
    return Entry(
        site, path, kind, verdict, title, blurb, theme, f"{_HOSTS[site]}.{TLD}{path}", f"{seed}:{path}"
    )


# kind, site, verdict: each once, whatever the size of the web. The kind names what the server does.
_SPECIALS: tuple[tuple[str, str, Verdict], ...] = (
    ("disallowed", "blog", "robots"),
    ("disallowed", "oldpress", "robots"),
    ("closed", "closed", "robots"),
    ("meta-noai", "blog", "opt_out"),
    ("meta-noindex", "quarterly", "opt_out"),
    ("header-noai", "blog", "opt_out"),
    ("header-tdm", "reserved", "opt_out"),
    ("meta-tdm", "quarterly", "opt_out"),
    ("ai-txt", "quiet", "opt_out"),
    ("missing", "blog", "not_found"),
    ("missing", "oldpress", "not_found"),
    ("gone", "forum", "not_found"),
    ("busy", "blog", "kept"),
    ("busy", "oldpress", "kept"),
    ("hiccup", "blog", "kept"),
    ("slow", "blog", "kept"),
    ("slow", "oldpress", "kept"),
    ("crawl-delay", "slow", "kept"),
    ("crawl-delay", "slow", "kept"),
    ("endless", "go", "timeout"),
    ("moved", "go", "kept"),
    ("loop", "go", "redirect_loop"),
    ("metadata", "go", "forbidden_address"),
    ("loopback", "go", "forbidden_address"),
    ("huge", "go", "too_large"),
    ("bomb", "go", "too_large"),
    ("pdf", "go", "content_type"),
    ("image", "go", "content_type"),
    ("login", "members", "login"),
    ("paywall", "quarterly", "paywall"),
    ("paywall", "members", "paywall"),
    ("screen-body", "blog", "screen"),
    ("screen-title", "blog", "screen"),
    ("screen-alt", "blog", "screen"),
    ("screen-script", "app", "screen"),
    ("screen-plural", "oldpress", "screen"),
    ("screen-school", "forum", "screen"),
)


def _specials(seed: int) -> Iterator[Entry]:
    for index, (kind, site, verdict) in enumerate(_SPECIALS):
        number = _EXTRA + index
        facts = replace(plan(seed, number), theme=THEMES[index % len(THEMES)])
        if kind == "screen-title":
            facts = replace(facts, title=others.refused("title"))
        if kind == "screen-school":
            facts = replace(facts, title=others.refused("title_school"))
        slug = _slug(facts.title)
        folder = {"disallowed": "private", "loop": "loop", "moved": "moved"}.get(kind, "pages")
        suffix = {"pdf": ".pdf", "image": ".png"}.get(kind, "")
        yield _row(seed, site, f"/{folder}/{slug}-{index}{suffix}", kind, verdict, facts, number)
