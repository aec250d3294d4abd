"""Readers of the kinds of files: each yields pieces (chapters, pages) or says why there are none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from miniature_memory.config import ExtractConfig
from miniature_memory.errors import FetchError
from miniature_memory.scraper.extract import Extracted
from miniature_memory.scraper.extract.isolate import ExtractPool
from miniature_memory.scraper.extract.work import slug, story_title
from miniature_memory.scraper.importer import book as books
from miniature_memory.scraper.importer.decode import declared_charset, decode

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

TEXT_MB, PAGE_MB, WARC_MB = 64, 16, 20_000  # larger files and records are skipped
_KINDS = {
    **dict.fromkeys((".txt", ".text"), "text"),
    **dict.fromkeys((".md", ".markdown"), "markdown"),
    **dict.fromkeys((".htm", ".html", ".xhtml"), "html"),
    **dict.fromkeys((".warc", ".warc.gz"), "warc"),
    ".epub": "epub",
}
_WHOLE_BOOK = 40_000  # characters: a page as long as this may be a whole book, with chapters


@dataclass
class Piece:
    """A chapter or a page, before the screen has seen it. ``identities`` are what tombstones may name.

    ``markup`` is the page that a story stands on alone; chapters of one file are judged each by itself.
    """

    text: str
    work: str
    title: str = ""
    author: str = ""
    language: str = ""
    published: str = ""
    licence: str = ""
    site: str = ""
    lineage: dict[str, Any] = field(default_factory=dict)
    identities: tuple[str, ...] = ()
    markup: str = ""


class Skipped(Exception):
    """Why a file, or a record in it, gives nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reader:
    """Reads files; pages go through a child process with limits (`ExtractPool`), started at need."""

    def __init__(self, limits: ExtractConfig) -> None:
        self._limits = limits
        self._runner: asyncio.Runner | None = None
        self._pool: ExtractPool | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None and self._pool is not None:
            self._runner.run(self._pool.__aexit__(None, None, None))
            self._runner.close()

    def read(self, path: Path, name: str) -> Iterator[Piece | Skipped]:
        """The pieces of one file. Raises ``Skipped`` when the file as a whole gives none."""
        kind = next((k for end, k in _KINDS.items() if path.name.lower().endswith(end)), None)
        if kind is None:
            raise Skipped("unsupported")
        limit = WARC_MB if kind == "warc" else TEXT_MB
        try:
            size = path.stat().st_size
            if size == 0:
                raise Skipped("empty")
            if size > limit << 20:
                raise Skipped("too_large")
            if kind == "warc":
                yield from self._warc(path, name)
                return
            data = path.read_bytes()
        except OSError:
            raise Skipped("unreadable") from None
        if kind == "epub":
            yield from self._epub(data, path.stem, name)
        elif kind == "html":
            if len(data) > PAGE_MB << 20:
                raise Skipped("too_large")
            yield from self._page(data, declared_charset(data), "", path.stem, {"path": name})
        else:
            yield from self._text(data, path.stem, name, kind == "markdown")

    # -- text ---------------------------------------------------------------------------------

    def _text(self, data: bytes, stem: str, name: str, markdown: bool) -> Iterator[Piece]:
        text = decode(data)
        if text is None:
            raise Skipped("binary")
        if not text.strip():
            raise Skipped("empty")
        book = books.read_text(plain(text) if markdown else text, _spaced(stem))
        yield from _chapters(book, name)

    # -- pages --------------------------------------------------------------------------------

    def _page(
        self, data: bytes, charset: str, url: str, stem: str, lineage: dict[str, Any]
    ) -> Iterator[Piece | Skipped]:
        html = decode(data, charset)
        if html is None:
            yield Skipped("binary")
            return
        try:
            story = self._extract(html, url)
        except FetchError as error:
            yield Skipped(error.reason)
            return
        if not story.text:
            yield Skipped("needs_browser" if story.needs_browser else "no_story")
            return
        work = (
            story.work
            if story.site
            else f"book/{slug(story_title(story.title or _spaced(stem))[0]) or slug(stem)}"
        )
        chapters = [books.Chapter("", [story.text])]
        if len(story.text) > _WHOLE_BOOK:
            chapters = books.split(story.text.split("\n\n"))
        for number, chapter in enumerate(chapters, 1):
            title = story.title if len(chapters) == 1 else f"{story.title}: {chapter.title}".strip(": ")
            yield Piece(
                chapter.text,
                work,
                title,
                story.author,
                story.language,
                story.published,
                story.licence,
                story.site,
                {**lineage, "extractor": story.extractor, **_place(number, len(chapters))},
                (url, story.site, story.author),
                html if len(chapters) == 1 else "",
            )

    def _extract(self, html: str, url: str) -> Extracted:
        if self._runner is None or self._pool is None:
            self._runner = asyncio.Runner()
            self._pool = ExtractPool(1, self._limits.timeout, self._limits.memory_mb)
        return self._runner.run(self._pool.extract(html, url))

    # -- archives -----------------------------------------------------------------------------

    def _epub(self, data: bytes, stem: str, name: str) -> Iterator[Piece]:
        from miniature_memory.scraper.importer.epub import read_epub

        book = read_epub(data, _spaced(stem))
        yield from _chapters(book, name)

    def _warc(self, path: Path, name: str) -> Iterator[Piece | Skipped]:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed

        with path.open("rb") as stream:
            try:
                for record in ArchiveIterator(stream):
                    if record.rec_type in ("response", "resource"):
                        yield from self._record(record, name)
            except (ArchiveLoadFailed, EOFError, ValueError):
                yield Skipped("unreadable")  # what came before the damage is kept

    def _record(self, record: ArcWarcRecord, name: str) -> Iterator[Piece | Skipped]:
        url = record.rec_headers.get_header("WARC-Target-URI") or ""
        headers = record.http_headers or record.rec_headers
        kind = (headers.get_header("Content-Type") or "").lower()
        status = record.http_headers.get_statuscode() if record.http_headers else "200"
        if "html" not in kind or status != "200":
            return
        data = record.content_stream().read((PAGE_MB << 20) + 1)
        if len(data) > PAGE_MB << 20:
            yield Skipped("too_large")
            return
        if getattr(record.raw_stream, "limit", 0) > 0 and not record.raw_stream.read(1):
            yield Skipped("unreadable")  # the archive ends within this record
            return
        charset = re.search(r"charset=\"?([\w.:-]+)", kind)
        lineage = {"path": name, "url": url}
        yield from self._page(data, charset[1] if charset else declared_charset(data), url, "", lineage)


def _chapters(book: books.Book, name: str) -> Iterator[Piece]:
    work = f"book/{slug(book.title)}"
    for number, chapter in enumerate(book.chapters, 1):
        title = book.title if len(book.chapters) == 1 else f"{book.title}: {chapter.title}".strip(": ")
        yield Piece(
            chapter.text,
            work,
            title[:300],
            book.author,
            book.language,
            lineage={"path": name, **_place(number, len(book.chapters))},
            identities=(book.author,),
        )


def _place(number: int, count: int) -> dict[str, int]:
    return {"chapter": number, "of": count} if count > 1 else {}


def _spaced(stem: str) -> str:
    return re.sub(r"[_\s]+", " ", stem).strip()


_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.S)
_MARKDOWN = (
    (re.compile(r"<!--.*?-->", re.S), ""),
    (re.compile(r"^(?:```|~~~).*?^(?:```|~~~)[ \t]*$", re.M | re.S), ""),
    (re.compile(r"^[ \t]*(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$", re.M), "\n* * *\n"),
    (re.compile(r"^([^\n#>*-][^\n]{0,100})\n(?:=+|-+)[ \t]*$", re.M), r"\n\1\n"),
    (re.compile(r"^#{1,6}[ \t]+(.*?)[ \t]*#*$", re.M), r"\n\1\n"),
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),
    (re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])"), r"\1"),
    (re.compile(r"^[ \t]*>[ \t]?", re.M), ""),
    (re.compile(r"(\*\*\*|\*\*|\*|__)(?=\S)([^\n]+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?:  +|\\)\n"), "\n"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!-])"), r"\1"),
)


def plain(markdown: str) -> str:
    """Markdown as plain text: marks gone, headings on lines of their own, rules as scene breaks."""
    text = _FRONT_MATTER.sub("", markdown.replace("\r\n", "\n").lstrip("\ufeff"), count=1)
    for pattern, replacement in _MARKDOWN:
        text = pattern.sub(replacement, text)
    return text
