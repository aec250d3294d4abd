"""A book's text becomes chapters: headings found, tables of contents and licence texts left out.

Text comes as paragraphs. A heading is a paragraph of its own that says CHAPTER I, Chapter 1. Title, Letter 3,
ADVENTURE I, VII. THE TITLE, or a bare numeral in its right turn. A book without headings is cut at scene
breaks and paragraph ends into parts of about ``PART`` characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from miniature_memory.scraper.extract.blocks import BREAK_LINE, is_break, split_lines, tidy

PART = 20_000  # characters of a part where there are no chapters
LONG = 60_000  # a longer chapter is cut into parts, too
PROSE = 1000  # front matter with less prose than this is no chapter

_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen"
    " eighteen nineteen twenty thirty forty fifty first second third fourth fifth sixth seventh eighth ninth "
    "tenth last"
).replace(" ", "|")
_ROMAN = r"(?=[ivxlc])(?:c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})(?<=[ivxlc])"
_ROMAN_CAPITALS = (
    _ROMAN.replace("ivxlc", "IVXLC")
    .replace("c{", "C{")
    .replace("xc|xl|l?x{", "XC|XL|L?X{")
    .replace("ix|iv|v?i{", "IX|IV|V?I{")
)
_NUMBER = rf"(?:\d{{1,3}}|{_ROMAN}|(?:the )?(?:{_NUMBER_WORDS})(?:[ -](?:{_NUMBER_WORDS}))?)"
_WHOLE = r"(?:volume|vol\.|book|part|epoch|period|act)"
_CHAPTER = r"(?:chapter|chap\.?|letter|adventure|stave|canto|scene|section|episode|tale|story|night|day)"
_WEAK = re.compile(
    r"(?:the )?(?:letter|scene|section|episode|tale|story|night|day|part|book|act|period)\b", re.I
)
_NAMED = (
    r"(?:prologue|epilogue|prelude|finale|interlude|introduction|preface|conclusion|postscript|foreword"
    r"|afterword|preamble)"
)
_MARKED = re.compile(
    rf"(?:(?:the )?(?:{_WHOLE}|{_CHAPTER})\s+(?:the )?{_NUMBER}\b(?!\s+(?:of|was|is|had"
    rf"|and)\b)[^a-z0-9]{{0,4}}.{{0,110}}"
    rf"|(?:the )?(?:{_NUMBER_WORDS})\s+(?:{_WHOLE}|{_CHAPTER})\W*|{_NAMED}\W*(?:\n.{{0,100}})?)",
    re.I | re.S,
)
_WHOLE_MARK = re.compile(rf"(?:the )?(?:{_WHOLE}\s|(?:{_NUMBER_WORDS})\s+{_WHOLE})", re.I)
_SHOUTED = re.compile(rf"(?:{_ROMAN_CAPITALS}|\d{{1,3}})[.:]?[ \n]+[^a-z]{{3,110}}")
_BARE = re.compile(rf"(?:{_ROMAN_CAPITALS}|\d{{1,3}})\.?")
_CONTENTS = re.compile(r"(?:table of )?contents\W*|(?:list of )?illustrations\W*|chapters?\W*", re.I)
_THE_END = re.compile(
    r"\W*(?:the end|finis|fin|end of (?:the )?(?:book|novel|story|(?:final|last) volume))\W*", re.I
)
_START = re.compile(
    r"^\W*START OF (?:THE |THIS )?PROJECT GUTENBERG.*$|^\*END\*?THE SMALL PRINT.*$", re.I | re.M
)
_END = re.compile(
    r"^\W*END OF (?:THE |THIS )?PROJECT GUTENBERG.*$|^\W*End of (?:the )?Project Gutenberg['’]s? .*$",
    re.I | re.M,
)
_CREDIT = re.compile(
    r"^\W*(?:produced by|e-?text prepared by|transcribed (?:by|from)|this e-?text was|credits?:)", re.I
)
_HEADER = re.compile(r"^(Title|Author|Language):[ \t]*(.+(?:\n[ \t]{2,}.+)*)", re.M)
_ILLUSTRATION = re.compile(r"\[(?:illustration|frontispiece|footnote|transcriber)[^\]]*\]", re.I)
_EMPHASIS = re.compile(r"(?<![\w_])_(?!\s)([^_]{1,400}?)(?<!\s)_(?![\w_])")
_PROSE_END = re.compile(r"[.!?…\"”’:;,—-]$")
_BYLINE = re.compile(r"(?:written )?by\s+(.{3,60})", re.I)


@dataclass
class Chapter:
    """``title`` may be empty; ``paragraphs`` are the text, scene breaks among them."""

    title: str = ""
    paragraphs: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        kept = list(self.paragraphs)
        while kept and kept[-1] == BREAK_LINE:
            kept.pop()
        while kept and kept[0] == BREAK_LINE:
            kept.pop(0)
        return "\n\n".join(p for i, p in enumerate(kept) if not (p == BREAK_LINE and i and kept[i - 1] == p))

    @property
    def size(self) -> int:
        return sum(map(len, self.paragraphs))


@dataclass
class Book:
    """What a plain text says about itself, and its chapters."""

    title: str
    author: str
    language: str
    chapters: list[Chapter]


def read_text(text: str, name: str) -> Book:
    """A plain text file as a book; ``name`` (the file's stem) stands in for a missing title."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    head, body = _without_licence(text)
    facts = {key.lower(): " ".join(value.split()) for key, value in _HEADER.findall(head)}
    paragraphs = to_paragraphs(body)
    title, author = facts.get("title", ""), facts.get("author", "")
    if not title:
        title, author = _title_page(paragraphs)
    language = facts.get("language", "")
    return Book(
        title or name,
        author,
        "en" if language.lower().startswith("english") else language.lower() if len(language) == 2 else "",
        split(paragraphs),
    )


def to_paragraphs(text: str) -> list[str]:
    """Paragraphs of plain text: hard wraps joined, emphasis marks and pictures' places gone."""
    text = _ILLUSTRATION.sub("", text)
    result: list[str] = []
    for piece in split_lines(text):
        paragraph = _EMPHASIS.sub(r"\1", tidy(piece))
        if paragraph:
            result.append(BREAK_LINE if is_break(paragraph) else paragraph)
    return result


def split(paragraphs: list[str]) -> list[Chapter]:
    """Chapters in order; at least one when there is any prose."""
    paragraphs = _without_end_matter(paragraphs)
    marks = _headings(paragraphs)
    chapters = _cut(paragraphs, marks)
    chapters = _without_contents(chapters)
    return [part for chapter in chapters for part in parts(chapter)]


def _without_licence(text: str) -> tuple[str, str]:
    start, end = _START.search(text), None
    head = text[: start.end()] if start else ""
    body = text[start.end() :] if start else text
    for found in _END.finditer(body):
        if found.start() > 0.3 * len(body) or not start:
            end = found
            break
    if end and (start or end.start() > 0.5 * len(body)):
        body = body[: end.start()]
    return head, body


def _title_page(paragraphs: list[str]) -> tuple[str, str]:
    title = author = ""
    for at, paragraph in enumerate(paragraphs[:8]):
        line = paragraph.replace("\n", " ")
        byline = _BYLINE.fullmatch(line)
        if byline:
            author = byline[1]
            break
        if re.fullmatch(r"by", line, re.I) and at + 1 < len(paragraphs) and len(paragraphs[at + 1]) < 60:
            author = paragraphs[at + 1]
            break
        if not title and len(line) <= 80 and not is_heading(paragraph):
            title = line
        elif len(line) > 200:
            break
    if title and not author and _PROSE_END.search(title):
        return "", ""  # a story that simply begins
    return _plain_case(title), _plain_case(re.sub(r"\s*[\[(]?\d{4}[\])]?\s*$", "", author))


def _plain_case(name: str) -> str:
    return name.title().replace("’S", "’s").replace("'S", "'s") if name.isupper() else name


def is_heading(paragraph: str) -> bool:
    if len(paragraph) > 130 or paragraph.count("\n") > 3:
        return False
    line = paragraph.strip()
    if _MARKED.fullmatch(line):
        # "Part one of me wanted to stay." is a sentence: a heading goes on with a capital, or not at all
        rest = re.sub(rf"^(?:the )?(?:{_WHOLE}|{_CHAPTER})\s+(?:the )?{_NUMBER}\b\W*", "", line, flags=re.I)
        if rest and _WEAK.match(line) and _PROSE_END.search(line):
            return False
        return not rest or (
            line[0].isupper()
            and (rest[0].isupper() or not rest[0].isalpha())
            and not rest.rstrip().endswith((",", ";"))
        )
    return bool(_SHOUTED.fullmatch(line)) and any(c.isalpha() for c in line[4:])


def _headings(paragraphs: list[str]) -> dict[int, str]:
    """Index → title of the paragraphs that begin a chapter."""
    marked = {i: p for i, p in enumerate(paragraphs) if is_heading(p)}
    starts = list(marked)
    bodies = [b - a for a, b in zip(starts, [*starts[1:], len(paragraphs)], strict=False)]
    bare = _in_turn(paragraphs)
    long = sum(length > 3 for length in bodies)
    if long >= 2 and len(bare) < 3 * long:
        return marked
    return {**marked, **bare} if len(bare) >= 2 else marked if any(length > 3 for length in bodies) else {}


def _in_turn(paragraphs: list[str]) -> dict[int, str]:
    """Bare numerals that count up (or start again): chapters of a book that only numbers them."""
    found: dict[int, str] = {}
    last = 0
    for i, paragraph in enumerate(paragraphs):
        if len(paragraph) <= 8 and _BARE.fullmatch(paragraph):
            value = _value(paragraph.rstrip("."))
            if value == last + 1 or value in (1, 2):
                found[i], last = paragraph, value
    return found


def _value(numeral: str) -> int:
    if numeral.isdigit():
        return int(numeral)
    worth = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
    total = 0
    for this, following in zip(numeral, numeral[1:] + " ", strict=True):
        total += -worth[this] if worth.get(following, 0) > worth[this] else worth[this]
    return total


def _cut(paragraphs: list[str], marks: dict[int, str]) -> list[Chapter]:
    chapters = [Chapter()]
    for i, paragraph in enumerate(paragraphs):
        if i in marks:
            title = " ".join(paragraph.split())
            above = chapters[-1]
            if above.title and not above.paragraphs and not _WHOLE_MARK.match(title):
                # VOLUME II / CHAPTER I; but one line of a table of contents after another is none
                whole = (
                    above.title
                    if _WHOLE_MARK.match(above.title) and not re.search(_CHAPTER, above.title, re.I)
                    else ""
                )
                above.title = f"{whole.rstrip('.')}. {title}" if whole else title
            else:
                chapters.append(Chapter(title))
        elif marks and _BARE.fullmatch(paragraph):
            chapters[-1].paragraphs.append(BREAK_LINE)  # a numbered section within a chapter
        elif chapters[-1].title and not chapters[-1].paragraphs and _is_title_line(paragraph):
            chapters[-1].title = f"{chapters[-1].title.rstrip('.')}. {' '.join(paragraph.split())}"
        else:
            chapters[-1].paragraphs.append(paragraph)
    return chapters


def _is_title_line(paragraph: str) -> bool:
    if len(paragraph) > 140 or paragraph == BREAK_LINE or paragraph[0] in "\"“'‘":
        return False
    if paragraph.isupper():
        return True
    words = [w for w in re.findall(r"[^\W\d_]+", paragraph) if len(w) > 3]
    return (
        len(paragraph) <= 70
        and not _PROSE_END.search(paragraph)
        and bool(words)
        and all(w[0].isupper() for w in words)
    )


def _without_contents(chapters: list[Chapter]) -> list[Chapter]:
    """Without title page and table of contents: what stands before the first chapter with prose."""
    front, rest = chapters[0], chapters[1:]
    while len(rest) > 1 and _prose(rest[0]) < 150:
        rest = rest[1:]
    opening = Chapter("", _from_first_prose(front.paragraphs))
    if not rest:
        return [opening if opening.size else Chapter("", front.paragraphs)]
    kept = [opening] if _prose(opening) >= PROSE else []
    return kept + [chapter for chapter in rest if chapter.size]


def _from_first_prose(paragraphs: list[str]) -> list[str]:
    for i, paragraph in enumerate(paragraphs):
        if _is_prose(paragraph):
            return [p for p in paragraphs[i:] if not _CONTENTS.fullmatch(p)]
    return []


def _is_prose(paragraph: str) -> bool:
    if len(paragraph) < 120 or _CREDIT.match(paragraph):
        return False
    letters = [c for c in paragraph if c.isalpha()]
    return sum(c.isupper() for c in letters) < 0.2 * len(letters) and bool(
        re.search(r"[.!?…][\"”’]?(?:\s|$)", paragraph)
    )


def _prose(chapter: Chapter) -> int:
    return sum(
        len(p) for p in chapter.paragraphs if (len(p) >= 60 or _PROSE_END.search(p)) and not p.isupper()
    )


def _without_end_matter(paragraphs: list[str]) -> list[str]:
    total = sum(map(len, paragraphs)) or 1
    left = 0
    for i in range(len(paragraphs) - 1, -1, -1):
        if left > 0.1 * total:
            break
        if len(paragraphs[i]) < 60 and _THE_END.fullmatch(paragraphs[i]):
            return paragraphs[:i]
        left += len(paragraphs[i])
    return paragraphs


def parts(chapter: Chapter) -> Iterator[Chapter]:
    """The chapter itself, or parts of about `PART` characters, cut at a scene break when one is near."""
    if chapter.size <= (LONG if chapter.title else 1.5 * PART):
        yield chapter
        return
    goal = chapter.size / max(1, round(chapter.size / PART))
    part, number, size, left = Chapter(_numbered(chapter.title, 1)), 1, 0, chapter.size
    for paragraph in chapter.paragraphs:
        at_break = paragraph == BREAK_LINE and size >= 0.7 * goal
        if part.paragraphs and (at_break or size >= 1.15 * goal) and left > 0.5 * goal:
            yield part
            number += 1
            part, size = Chapter(_numbered(chapter.title, number)), 0
        part.paragraphs.append(paragraph)
        size += len(paragraph)
        left -= len(paragraph)
    yield part


def _numbered(title: str, number: int) -> str:
    return f"{title} ({number})" if title else f"Part {number}"
