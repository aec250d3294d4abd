"""Books and pages come in as chapters of one work, screened before a byte is written, and only once."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from miniature_memory import screen
from miniature_memory.config import Config
from miniature_memory.document import Document, content_hash
from miniature_memory.errors import MissingInput
from miniature_memory.progress import Progress
from miniature_memory.scraper.importer import import_paths
from miniature_memory.scraper.importer.book import read_text
from miniature_memory.scraper.importer.readers import plain
from miniature_memory.workspace import Workspace

CALM = (
    "The surveyor walked along the harbour wall with his long leather tube under one arm, and the wind came "
    "off the "
    "water so steadily that he leaned into it without noticing. At the far end the lamp had been lit already."
)
FORBIDDEN = "She was twelve years old and went to school every morning."


def prose(seed: str, count: int = 8) -> str:
    return "\n\n".join(f"{seed} again, for the {number}th time. {CALM}" for number in range(20, 20 + count))


def take(workspace: Workspace, *paths: Path) -> dict[str, Any]:
    return import_paths(workspace, Config(), list(paths), Progress(quiet=True))


def documents(workspace: Workspace) -> list[Document]:
    return list(workspace.ledger.documents())


def texts(workspace: Workspace) -> list[str]:
    return [workspace.raw_path(d.id).read_text(encoding="utf-8") for d in documents(workspace)]


def write(path: Path, data: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# -- chapters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heads", "titles"),
    [
        (["CHAPTER I", "CHAPTER II", "CHAPTER III"], ["CHAPTER I", "CHAPTER II", "CHAPTER III"]),
        (["Chapter 1. The Wall", "Chapter 2. The Lamp"], ["Chapter 1. The Wall", "Chapter 2. The Lamp"]),
        (["Chapter 1\n\nTHE WALL", "Chapter 2\n\nTHE LAMP"], ["Chapter 1. THE WALL", "Chapter 2. THE LAMP"]),
        (["I", "II", "III", "IV"], ["I", "II", "III", "IV"]),
        (["1.", "2.", "3."], ["1.", "2.", "3."]),
        (["VOLUME I\n\nCHAPTER I", "CHAPTER II", "VOLUME II\n\nCHAPTER I"], ["VOLUME I. CHAPTER I", "CHAPTER II", "VOLUME II. CHAPTER I"]),  # noqa: E501
        (["Letter 1", "Letter 2", "Letter 3"], ["Letter 1", "Letter 2", "Letter 3"]),
        (["ADVENTURE I. THE WALL", "II. THE LAMP", "III. THE CLOCK"], ["ADVENTURE I. THE WALL", "II. THE LAMP", "III. THE CLOCK"]),  # noqa: E501
        (["PROLOGUE", "Chapter One", "Chapter Twenty-Two", "EPILOGUE"], ["PROLOGUE", "Chapter One", "Chapter Twenty-Two", "EPILOGUE"]),  # noqa: E501
        (["BOOK THE FIRST\n\nCHAPTER I.", "CHAPTER II."], ["BOOK THE FIRST. CHAPTER I.", "CHAPTER II."]),
    ],
    ids=lambda value: value[0].replace("\n", " "),
)  # fmt: skip
def test_headings_of_many_makes_begin_chapters(heads: list[str], titles: list[str]) -> None:
    text = "\n\n".join(f"{head}\n\n{prose(f'Section {n}')}" for n, head in enumerate(heads))
    book = read_text(f"THE HARBOUR WALL\n\nby Ines Halloway\n\n{text}", "wall")
    assert [chapter.title for chapter in book.chapters] == titles
    assert [chapter.text for chapter in book.chapters] == [prose(f"Section {n}") for n in range(len(heads))]
    assert (book.title, book.author) == ("The Harbour Wall", "Ines Halloway")


@pytest.mark.parametrize(
    "sentence",
    [
        "Part one of the plan was to wait.",
        "Letter 3 lay on the table, unopened.",
        "Book two chairs for the evening, she had said.",
        "I",
        "“Chapter One,” he read aloud.",
        "Scene by scene the play fell apart.",
    ],
)
def test_a_sentence_is_no_heading(sentence: str) -> None:
    text = f"CHAPTER I\n\n{prose('One')}\n\n{sentence}\n\n{prose('Two')}\n\nCHAPTER II\n\n{prose('Three')}"
    assert [c.title for c in read_text(text, "x").chapters] == ["CHAPTER I", "CHAPTER II"]


def test_a_table_of_contents_is_left_out() -> None:
    contents = "CONTENTS\n\nCHAPTER I The Wall 3\n\nCHAPTER II The Lamp 41\n\nCHAPTER III The Clock 77"
    chapters = "\n\n".join(f"CHAPTER {n}\n\nTHE TITLE\n\n{prose(n)}" for n in ("I", "II", "III"))
    book = read_text(f"The Harbour Wall\n\nBy Ines Halloway\n\n{contents}\n\n{chapters}", "wall")
    assert [c.text for c in book.chapters] == [prose(n) for n in ("I", "II", "III")]
    assert book.chapters[0].title == "CHAPTER I. THE TITLE"


def test_a_licence_around_a_book_is_left_out() -> None:
    text = (
        "The Project Gutenberg eBook of The Harbour Wall\n\nTitle: The Harbour Wall\n\nAuthor: Ines "
        "Halloway\n\nLanguage: English\n\n"
        "*** START OF THE PROJECT GUTENBERG EBOOK THE HARBOUR WALL ***\n\nProduced by many hands\n\nTHE "
        "HARBOUR WALL\n\n"
        f"CHAPTER I\n\n{prose('One')}\n\nCHAPTER II\n\n{prose('Two')}\n\nTHE END\n\nTranscriber's list of "
        f"changes\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK THE HARBOUR WALL ***\n\nChapter 1 of the licence: " + CALM * 9
    )
    book = read_text(text, "pg1")
    assert [c.text for c in book.chapters] == [prose("One"), prose("Two")]
    assert (book.title, book.author, book.language) == ("The Harbour Wall", "Ines Halloway", "en")


def test_wrapped_lines_are_joined_and_emphasis_marks_go() -> None:
    import textwrap

    text = (
        f"It was the _only_ lamp that still burned on the wall. {CALM}\n\n* * *\n\nThen it went out. {CALM}"
    )
    wrapped = "\n\n".join("\n".join(textwrap.wrap(p, 70)) for p in text.split("\n\n"))
    assert read_text(wrapped, "x").chapters[0].text == text.replace("_only_", "only")


def test_a_book_without_headings_is_cut_at_paragraphs_and_breaks() -> None:
    scenes = [prose(f"Scene {n}", 30) for n in range(20)]
    text = "\n\n* * *\n\n".join(scenes)
    chapters = read_text(text, "x").chapters
    assert all(14_000 <= c.size <= 26_000 for c in chapters)
    rest = "\n\n".join(c.text for c in chapters).replace("* * *\n\n", "")
    assert rest == "\n\n".join(scenes)


def test_markdown_marks_go() -> None:
    marked = "---\ntitle: x\n---\n# Chapter 1\n\nA *calm* [wall](http://a.example), **very** calm.\n\n---\n\n> Said he.\n"  # noqa: E501
    assert plain(marked).split() == [
        "Chapter",
        "1",
        "A",
        "calm",
        "wall,",
        "very",
        "calm.",
        "*",
        "*",
        "*",
        "Said",
        "he.",
    ]


# -- taking in --------------------------------------------------------------------------------


def test_a_folder_comes_in_sorted_and_only_once(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "books"
    write(folder / "b.txt", f"CHAPTER I\n\n{prose('B one')}\n\nCHAPTER II\n\n{prose('B two')}")
    write(folder / "a" / "z.md", f"# The Wall\n\n{prose('A')}")
    write(folder / ".hidden.txt", prose("Hidden"))
    first = take(workspace, folder)
    assert (first["files"], first["new"], first["refused"], first["skipped"]) == (2, 3, {}, {})
    assert texts(workspace) == [prose("A"), prose("B one"), prose("B two")] or texts(workspace)[1:] == [
        prose("B one"),
        prose("B two"),
    ]
    assert [d.lineage["path"] for d in documents(workspace)] == ["books/a/z.md", "books/b.txt", "books/b.txt"]
    assert documents(workspace)[1].work == documents(workspace)[2].work == "book/b"
    again = take(workspace, folder)
    assert (again["new"], again["known"]) == (0, 3)
    assert len(documents(workspace)) == 3


def test_names_of_raw_files_are_their_contents_hash(workspace: Workspace, tmp_path: Path) -> None:
    take(workspace, write(tmp_path / "a.txt", prose("A")))
    for path in workspace.raw_text.iterdir():
        assert path.stem == content_hash(path.read_text(encoding="utf-8"))


def test_a_refused_chapter_leaves_no_text_anywhere(workspace: Workspace, tmp_path: Path) -> None:
    assert screen.check(FORBIDDEN).reject
    bad = f"{prose('Bad')}\n\n{FORBIDDEN}"
    book = write(
        tmp_path / "b.txt",
        f"CHAPTER I\n\n{prose('Good')}\n\nCHAPTER II\n\n{bad}\n\nCHAPTER III\n\n{prose('Fine')}",
    )
    figures = take(workspace, book)
    assert (figures["pieces"], figures["new"], sum(figures["refused"].values())) == (3, 2, 1)
    assert workspace.ledger.is_refused(content_hash(bad))
    workspace.close()
    for path in workspace.root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert FORBIDDEN.encode() not in data and content_hash(bad).encode() not in data
    again = take(workspace, book)
    assert again["refused"] == figures["refused"] and again["new"] == 0


def test_a_title_is_screened_with_its_text(workspace: Workspace, tmp_path: Path) -> None:
    page = f"<html><head><title>{FORBIDDEN}</title></head><body><article><p>{prose('A').replace(chr(10) * 2, '</p><p>')}</p></article></body></html>"  # noqa: E501
    figures = take(workspace, write(tmp_path / "a.html", page))
    assert figures["new"] == 0 and sum(figures["refused"].values()) == 1


def test_what_was_forgotten_stays_away(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", prose("A"))
    workspace.ledger.bury(content_hash(prose("A")), "document")
    figures = take(workspace, path)
    assert (figures["new"], figures["skipped"]) == (0, {"forgotten": 1})
    assert not workspace.raw_text.exists() or not any(workspace.raw_text.iterdir())


def test_a_forgotten_authors_books_stay_away(workspace: Workspace, tmp_path: Path) -> None:
    workspace.ledger.bury("Ines Halloway", "author")
    path = write(
        tmp_path / "a.txt",
        f"The Wall\n\nby Ines Halloway\n\nCHAPTER I\n\n{prose('A')}\n\nCHAPTER II\n\n{prose('B')}",
    )
    assert take(workspace, path)["skipped"] == {"forgotten": 2}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "a"), ("utf-8-sig", "b"), ("utf-16", "c"), ("cp1252", "d"), ("utf-32", "e")],
)
def test_encodings_are_recognised(workspace: Workspace, tmp_path: Path, encoding: str, name: str) -> None:
    text = prose("“Café” — the façade’s naïve lamp")
    take(workspace, write(tmp_path / f"{name}.txt", text.encode(encoding)))
    assert texts(workspace) == [text]


def test_what_is_no_text_is_counted_by_reason(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    write(folder / "binary.txt", bytes(range(256)) * 50)
    write(folder / "picture.txt", b"\x89PNG\r\n\x1a\n" + os.urandom(200))
    write(folder / "empty.txt", b"")
    write(folder / "blank.txt", b" \n\n \t\n")
    write(folder / "short.txt", b"A lamp.")
    write(folder / "table.csv", b"a,b\n1,2\n")
    write(folder / "broken.epub", b"PK\x03\x04 not a zip")
    write(folder / "nothing.html", b"<html><body></body></html>")
    write(folder / "good.txt", prose("Good"))
    figures = take(workspace, folder)
    assert figures["new"] == 1
    assert figures["skipped"] == {
        "binary": 2, "damaged": 1, "empty": 2, "no_story": 1, "too_short": 1, "unsupported": 1,
    }  # fmt: skip


def test_a_file_that_cannot_be_read_is_counted(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.txt", prose("A"))

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert take(workspace, path)["skipped"] == {"unreadable": 1}


def test_a_missing_path_is_said_before_anything_is_done(workspace: Workspace, tmp_path: Path) -> None:
    good = write(tmp_path / "a.txt", prose("A"))
    with pytest.raises(MissingInput):
        take(workspace, good, tmp_path / "nowhere")
    assert documents(workspace) == []


# -- pages and archives -----------------------------------------------------------------------


def page(seed: str, title: str) -> str:
    body = "".join(f"<p>{p}</p>" for p in prose(seed).split("\n\n"))
    return (
        f"<html lang=en><head><title>{title}</title><meta name=author content='Ines Halloway'></head><body>"
        f"<nav><a href=/>Home</a></nav><article><h1>{title}</h1>{body}</article><footer>© 2024 Somebody"
        f"</footer></body></html>"
    )


def test_a_page_gives_its_story(workspace: Workspace, tmp_path: Path) -> None:
    take(workspace, write(tmp_path / "p.html", page("Page", "The Wall")))
    assert texts(workspace) == [prose("Page")]
    (document,) = documents(workspace)
    assert (document.title, document.author, document.language, document.work) == (
        "The Wall",
        "Ines Halloway",
        "en",
        "book/the-wall",
    )


def epub(chapters: list[tuple[str, str]], **more: bytes) -> bytes:
    items = "".join(
        f'<item id="c{i}" href="text/c{i}.xhtml" media-type="application/xhtml+xml"/>'
        for i in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>The Harbour Wall</dc:title><dc:creator>Ines Halloway</dc:creator><dc:language>en-GB"
        "</dc:language></metadata>"
        f'<manifest>{items}<item id="nav" properties="nav" href="nav.xhtml" '
        f'media-type="application/xhtml+xml"/></manifest>'
        f'<spine><itemref idref="nav"/>{spine}</spine></package>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
            'full-path="OPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr("OPS/book.opf", package)
        archive.writestr("OPS/nav.xhtml", "<html><body><nav><ol><li>Contents</li></ol></nav></body></html>")
        for i, (title, text) in enumerate(chapters):
            head = f"<h1>{title}</h1>" if title else ""
            body = "".join("<hr/>" if p == "* * *" else f"<p>{p}</p>" for p in text.split("\n\n"))
            archive.writestr(
                f"OPS/text/c{i}.xhtml",
                f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
                f"<body>{head}{body}</body></html>",
            )
        for name, data in more.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_an_epub_gives_its_chapters_in_the_order_of_the_spine(workspace: Workspace, tmp_path: Path) -> None:
    chapters = [
        ("Copyright", "All rights are somebody's."),
        ("The Wall", prose("One") + "\n\n* * *\n\n" + prose("More", 2)),
        ("", prose("Rest", 2)),
        ("The Lamp", prose("Two")),
    ]
    figures = take(workspace, write(tmp_path / "b.epub", epub(chapters)))
    assert figures["new"] == 2
    assert texts(workspace) == [f"{chapters[1][1]}\n\n{chapters[2][1]}", prose("Two")]
    first = documents(workspace)[0]
    assert (first.title, first.author, first.language, first.work) == (
        "The Harbour Wall: The Wall",
        "Ines Halloway",
        "en",
        "book/the-harbour-wall",
    )


def test_a_zip_bomb_is_no_book(workspace: Workspace, tmp_path: Path) -> None:
    bomb = epub([("The Wall", prose("One")), ("Boom", "a" * (40 << 20))])
    assert len(bomb) < 1 << 20
    assert take(workspace, write(tmp_path / "b.epub", bomb))["skipped"] == {"too_large": 1}


def test_an_entity_bomb_expands_to_nothing(workspace: Workspace, tmp_path: Path) -> None:
    data = epub([("The Wall", prose("One"))])
    lol = '<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename.endswith(".opf"):
                content = content.replace(b"<package", lol.encode() + b"<package").replace(
                    b"The Harbour Wall", b"&b;Wall"
                )
            new.writestr(info.filename, content)
    take(workspace, write(tmp_path / "b.epub", out.getvalue()))
    assert "aaaa" not in json.dumps([d.title for d in documents(workspace)])


def warc(path: Path, records: list[tuple[str, str, str, bytes]], gzip: bool) -> Path:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=gzip)
        for url, status, kind, body in records:
            headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=headers)
            )
    return path


@pytest.mark.parametrize("gzip", [True, False])
def test_a_warc_gives_its_pages(workspace: Workspace, tmp_path: Path, gzip: bool) -> None:
    archive = warc(
        tmp_path / ("w.warc.gz" if gzip else "w.warc"),
        [
            (
                "https://a.example/the-wall/chapter-1",
                "200 OK",
                "text/html; charset=utf-8",
                page("One", "The Wall – Chapter 1").encode(),
            ),
            (
                "https://a.example/the-wall/chapter-2",
                "200 OK",
                "text/html; charset=windows-1252",
                page("Café two", "The Wall – Chapter 2").encode("cp1252", "xmlcharrefreplace"),
            ),
            ("https://a.example/gone", "404 Not Found", "text/html", page("Three", "Gone").encode()),
            ("https://a.example/p.png", "200 OK", "image/png", b"\x89PNG"),
        ],
        gzip,
    )
    figures = take(workspace, archive)
    assert (figures["files"], figures["new"]) == (1, 2)
    assert texts(workspace) == [prose("One"), prose("Café two")]
    assert {d.work for d in documents(workspace)} == {"a.example/the-wall"}
    assert documents(workspace)[0].lineage["url"] == "https://a.example/the-wall/chapter-1"


def test_a_torn_warc_gives_what_came_before_the_tear(workspace: Workspace, tmp_path: Path) -> None:
    whole = warc(
        tmp_path / "w.warc.gz",
        [
            (f"https://a.example/{name}", "200 OK", "text/html", page(name, f"The {name}").encode())
            for name in ("Wall", "Lamp", "Clock")
        ],
        True,
    )
    whole.write_bytes(whole.read_bytes()[:-200])
    figures = take(workspace, whole)
    assert (figures["new"], figures["skipped"]) == (2, {"unreadable": 1})
    assert texts(workspace) == [prose("Wall"), prose("Lamp")]


def test_every_piece_is_accounted_for(workspace: Workspace, tmp_path: Path) -> None:
    write(
        tmp_path / "in" / "a.txt",
        f"CHAPTER I\n\n{prose('A')}\n\nCHAPTER II\n\n{prose('B')}\n\n{FORBIDDEN}\n\nCHAPTER III\n\nA short "
        f"one, but said with a full stop at its end, to be sure.",
    )
    write(tmp_path / "in" / "b.txt", prose("C"))
    take(workspace, tmp_path / "in" / "b.txt")
    figures = take(workspace, tmp_path / "in")
    assert figures["pieces"] == figures["new"] + figures["known"] + sum(figures["refused"].values()) + sum(
        figures["skipped"].values()
    )
    assert figures["known"] == 1
