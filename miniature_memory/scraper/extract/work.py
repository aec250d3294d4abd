"""Which story does a chapter belong to? The same answer for all its chapters and pages."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlsplit

from miniature_memory.scraper.extract.metadata import Facts, host_of

_ORDINAL = r"(?:\d{1,4}|[ivxlc]{1,7}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_MARK = r"(?:chapters?|chap|ch|parts?|pt|episodes?|ep|pages?|book|volume|vol|section|act|scene|installment)"
# "Chapter 3", "part-two", "Ch. IV: The Ferry"; the chapter's own title after it belongs to it
_IN_TITLE = re.compile(
    rf"[\s,(\[:;|–—-]*\b{_MARK}\.?\s*(?:no\.?|#)?\s*{_ORDINAL}\b(?:\s*(?:of"
    rf"|/)\s*\d+)?[)\]]*(?:\s*[:.–—-]\s*[^|»]*)?"
    rf"|\s*[(\[#]\s*\d{{1,4}}(?:\s*(?:of|/)\s*\d+)?\s*[)\]]?\s*$"
    rf"|\b(?:prologue|epilogue|interlude)\b(?:\s*[:.–—-]\s*[^|»]*)?",
    re.I,
)
_SEGMENT = re.compile(rf"(?:^|.*?[-_.]){_MARK}[-_.]?{_ORDINAL}(?:$|[-_.].*)|(?:prologue|epilogue)", re.I)
_SLUG_TAIL = re.compile(rf"[-_.]*\b{_MARK}[-_.]?{_ORDINAL}(?:$|[-_.].*)|[-_.](?:prologue|epilogue)$", re.I)
_WEAK_TAIL = re.compile(rf"[-_.](?:book|act|scene|section|pages?|volume|vol)[-_.]?{_ORDINAL}$", re.I)
_MARK_ALONE = re.compile(rf"{_MARK}", re.I)
_PAGE_KEYS = frozenset(
    [
        "page",
        "p",
        "chapter",
        "ch",
        "chap",
        "part",
        "pt",
        "start",
        "offset",
        "post",
        "pg",
        "view",
        "style",
        "highlight",
        "sid",
    ]
)
_TRACKING = re.compile(r"utm_|fbclid|gclid|ref$|amp$|share")


def work_of(facts: Facts, url: str) -> str:
    """``host/story`` (or the story alone where the host is unknown); empty when nothing at all is known."""
    return _work_of(facts, url).strip("/")


def _work_of(facts: Facts, url: str) -> str:
    address = url or facts.canonical
    site = host_of(address) or slug(facts.site_name)
    title, titled = story_title(facts.full_title)
    if facts.series:
        part = slug(story_title(facts.series.rstrip("/").rpartition("/")[2])[0])
        if part:
            return f"{site}/{part}"
    path, numbered = _story_path(address, titled)
    if numbered and path:
        return f"{site}/{path}"
    if titled or facts.serial:
        part = title if titled and title else _last_crumb(facts)
        if part:
            return f"{site}/{slug(part)}"
    return f"{site}/{path or slug(title)}" if path or title else site


def story_title(title: str) -> tuple[str, bool]:
    """(title without its chapter, whether it named one)."""
    rest = _IN_TITLE.sub("", title, count=1).strip(" ,:;|–—-»\t")
    return (rest, True) if rest != title.strip(" ,:;|–—-»\t") else (title, False)


def slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:120]


def _last_crumb(facts: Facts) -> str:
    names = [
        name
        for name in facts.crumbs
        if not story_title(name)[1] and name not in (facts.title, facts.full_title)
    ]
    return names[-1] if len(names) > 1 else ""


def _story_path(url: str, titled: bool) -> tuple[str, bool]:
    """(the address's path without dates, chapter and page, whether it named a chapter or page)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", False
    segments = [unquote(s) for s in parts.path.split("/") if s]
    if segments:
        segments[-1] = re.sub(r"\.(?:html?|php|aspx?|jsp|txt)$", "", segments[-1], flags=re.I)
    while segments and re.fullmatch(r"\d{4}|\d{1,2}", segments[0]):  # a blog's /2024/05/
        segments.pop(0)
    if segments and segments[-1] in ("index", ""):
        segments.pop()
    numbered = False
    for at, segment in enumerate(segments):
        following = segments[at + 1] if at + 1 < len(segments) else ""
        if at and _MARK_ALONE.fullmatch(segment) and following:
            segments, numbered = segments[:at], True
            break
        # "…-borrowed-book-217": a word of the title and an article's number, unless the title counts, too
        if _SEGMENT.fullmatch(segment) and (titled or not _WEAK_TAIL.search(segment)):
            stem = _SLUG_TAIL.sub("", segment).strip("-_.")
            stem = "" if _SEGMENT.fullmatch(stem) else stem
            if stem or at:
                segments, numbered = [*segments[:at], *([stem] if stem else [])], True
                break
        # /s/8812/3/Lantern-Harbor: a small number right after the story's own
        if at >= 1 and re.fullmatch(r"\d{1,3}", segment) and re.search(r"\d", segments[at - 1]):
            segments, numbered = segments[:at], True
            break
        # /story/lantern-harbor/3
        if (
            at >= 1
            and at == len(segments) - 1
            and re.fullmatch(r"\d{1,3}", segment)
            and "-" in segments[at - 1]
        ):
            segments, numbered = segments[:at], True
            break
    keys = []
    for key, value in parse_qsl(parts.query):
        if key.lower() in _PAGE_KEYS:
            numbered = numbered or bool(segments)
        elif not _TRACKING.search(key.lower()):
            keys.append(f"{key}-{value}")
    return "/".join(slug(s) for s in [*segments, *sorted(keys)] if slug(s)), numbered
