"""EPUB: a zip with a spine of XHTML documents, read in memory under hard limits; nothing goes to disk."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from urllib.parse import unquote

from lxml import etree

from miniature_memory.scraper.extract.blocks import Block, blocks, write
from miniature_memory.scraper.extract.dom import parse, prune
from miniature_memory.scraper.importer import book as books
from miniature_memory.scraper.importer.decode import declared_charset, decode

MEMBER_MB, BOOK_MB, MEMBERS, RATIO = 16, 128, 20_000, 300  # beyond any of these it is a bomb, not a book
_NO_STORY = re.compile(
    r"(?:title ?page|half ?title|cover|copyright(?: page)?|(?:table of )?contents|toc|nav(?:igation)?"
    r"|colophon|imprint"
    r"|dedication|acknowledge?ments?|about the (?:author|publisher|type)|also by.*|by the same author"
    r"|praise for.*"
    r"|newsletter|uncopyright|(?:end)?notes|footnotes|index|glossary|bibliography|list of illustrations"
    r"|licen[cs]e"
    r"|the full project gutenberg.*|transcriber.s notes?)\W*",
    re.I,
)
_NO_STORY_TYPE = re.compile(
    r"\b(?:toc|cover|titlepage|halftitlepage|copyright-page|imprint|colophon|dedication|landmarks|endnotes"
    r"|footnotes|index|loi)\b"
)


def read_epub(data: bytes, name: str) -> books.Book:
    """The book; raises ``Skipped`` with "damaged", "protected" or "too_large"."""
    from miniature_memory.scraper.importer.readers import Skipped

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive, name)
    except (
        zipfile.BadZipFile,
        KeyError,
        etree.LxmlError,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeError,
    ):
        raise Skipped("damaged") from None
    except RuntimeError:  # zipfile's word for an encrypted member
        raise Skipped("protected") from None


def _read(archive: zipfile.ZipFile, name: str) -> books.Book:
    from miniature_memory.scraper.importer.readers import Skipped

    members = archive.infolist()
    if len(members) > MEMBERS or sum(m.file_size for m in members) > BOOK_MB << 20:
        raise Skipped("too_large")
    if "META-INF/encryption.xml" in archive.namelist() and b"CipherReference" in _member(
        archive, "META-INF/encryption.xml"
    ):
        fonts_only = not re.search(rb"URI=\"[^\"]+\.x?html?\"", _member(archive, "META-INF/encryption.xml"))
        if not fonts_only:
            raise Skipped("protected")
    container = _xml(_member(archive, "META-INF/container.xml"))
    paths = container.xpath("//*[local-name()='rootfile']/@full-path")
    package_path = str(paths[0]) if isinstance(paths, list) and paths else ""
    package = _xml(_member(archive, package_path))
    chapters: list[books.Chapter] = []
    for path in _spine(package, posixpath.dirname(package_path)):
        try:
            raw = _member(archive, path)
        except KeyError:
            continue  # the spine names what the archive lacks
        _take(raw, chapters)
    total = [p for c in chapters for p in ([c.title] if c.title else []) + c.paragraphs]
    if len(chapters) <= 2 and sum(c.size for c in chapters) > books.LONG:
        chapters = books.split(total)  # the whole book in one document
    else:
        chapters = [part for chapter in chapters for part in books.parts(chapter)]
    if not any(chapter.size for chapter in chapters):
        raise Skipped("no_story")
    language = _fact(package, "language").lower()[:2]
    return books.Book(_fact(package, "title") or name, _fact(package, "creator"), language, chapters)


def _member(archive: zipfile.ZipFile, path: str) -> bytes:
    """One member, never more of it than the limits allow, whatever its header claims."""
    from miniature_memory.scraper.importer.readers import Skipped

    info = archive.getinfo(path)
    limit = min(MEMBER_MB << 20, max(RATIO * info.compress_size, 1 << 20))
    with archive.open(info) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise Skipped("too_large")
    return data


def _xml(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    root = etree.fromstring(data, parser)
    if root is None:
        raise KeyError("empty")
    return root


def _fact(package: etree._Element, name: str) -> str:
    found = package.xpath(f"//*[local-name()='metadata']//*[local-name()='{name}']/text()")
    return " ".join(str(found[0]).split())[:200] if isinstance(found, list) and found else ""


def _spine(package: etree._Element, folder: str) -> list[str]:
    items = {item.get("id"): item for item in package.iter("{*}item")}
    paths = []
    for reference in package.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or reference.get("linear") == "no" or "nav" in (item.get("properties") or "").split():
            continue
        if "html" in (item.get("media-type") or "html"):
            href = unquote((item.get("href") or "").partition("#")[0])
            paths.append(posixpath.normpath(posixpath.join(folder, href)))
    return paths


def _take(raw: bytes, chapters: list[books.Chapter]) -> None:
    """One document of the spine: a chapter, or the rest of the one before it."""
    html = decode(raw, declared_charset(raw))
    root = parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", html)) if html else None
    if root is None:
        return
    kinds = " ".join(e.get("epub:type") or e.get("type") or "" for e in root.iter("body", "section"))
    prune(root)
    found = [b for b in blocks(root) if b.kind != "image"]
    title = _title(found)
    if _NO_STORY_TYPE.search(kinds) or _NO_STORY.fullmatch(title) or "Project Gutenberg License" in title:
        return
    rest = found[_title_blocks(found) :]
    if sum(b.links for b in rest) > 0.5 * sum(len(b.text) for b in rest):
        return  # a table of contents by another name
    paragraphs = [p for p in write(rest).split("\n\n") if p]
    paragraphs = [p for p in paragraphs if not re.match(r"\*\*\* ?(?:START|END) OF ", p)]
    if not paragraphs:
        if title:
            chapters.append(books.Chapter(title))  # PART TWO, on a page of its own
        return
    if title and chapters and not chapters[-1].paragraphs:
        chapters[-1].title = f"{chapters[-1].title.rstrip('.')}. {title}"
        chapters[-1].paragraphs = paragraphs
    elif title or not chapters:
        chapters.append(books.Chapter(title, paragraphs))
    else:
        chapters[-1].paragraphs += paragraphs


def _title_blocks(found: list[Block]) -> int:
    """How many blocks at the top are headings."""
    count = 0
    while count < len(found) and (
        found[count].kind == "heading" or (count == 0 and books.is_heading(found[0].text))
    ):
        count += 1
    return count


def _title(found: list[Block]) -> str:
    return " ".join(". ".join(b.text for b in found[: _title_blocks(found)]).split())[:200]
