"""Our own serializer, first half: a tree becomes a list of blocks (paragraphs, headings, breaks, images).

Every layout that stories come in ends in the same blocks: `<p>`, `<div>` a line, `<br><br>`, layout tables,
plain text in `<pre>`. `write` makes the text of the blocks that were chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lxml.html import HtmlElement

from miniature_memory.scraper.extract.dom import BLOCK, names

Kind = Literal["text", "heading", "break", "image"]
BREAK_LINE = "* * *"

_SPACES = re.compile(r"[ \t\n\r\f]+")
_SPREAD = re.compile(r"[ \t\r\f\v\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile(r"[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb]")
# joiners carry meaning in some scripts, never between letters of ours
_JOINERS = re.compile(r"(?<![\u0600-\u0dff\u2190-\U0001faff])[\u200c\u200d](?![\u0600-\u0dff])")
_ORNAMENT = re.compile(
    r"[\s*~#=_\-–—•·+◆◇◊✦✧❖❦❧§○●□■◼♦♥♡❤♠♣∞†‡⁂⁎※☆★✯✵✶✷✸✹✺✻✼✽✾✿❀❁❂❃|<>/\\.:^°¤⸻]{1,80}"
    r"|[\W_]*(?:[ox0]{3}|x(?:[\s\W_]+x)+|o(?:[\s\W_]+o)+|-+[ox]-+)[\W_]*"
    r"|[\[(<*~=\-\s]*(?:scene|line|page|time|section)[\s-]*(?:break|skip|divider)[\])>*~=\-\s]*",
    re.I,
)
_NOT_ORNAMENT = re.compile(r"[\s.:]*|[-<>/\\|+=^]")  # "..." is a silence somebody keeps
_ORNAMENT_NAME = re.compile(
    r"\b(?:scene[-_]?(?:break|divider|separator)|section[-_]?break|story[-_]?break|text[-_]?divider|divider"
    r"|asterism"
    r"|ornament|fleuron|dinkus|wp-block-separator)\b"
)
_ORNAMENT_IMAGE = re.compile(
    r"divider|separator|scene.?break|section.?break|linebreak|ornament|fleuron|flourish|asterism|dinkus|/hr\b"
    r"|\* ?\* ?\*|~ ?~ ?~",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!?…:;—*。！？][\"'”’»)\]*」』]*$|[\"”»」』]$")


@dataclass(slots=True)
class Block:
    """``node`` is the block-level element it came from, ``links`` the characters inside links."""

    text: str
    kind: Kind
    node: HtmlElement
    links: int = 0


def is_break(text: str) -> bool:
    """Whether a line is a scene break: asterisks, tildes, ornaments, "oOo", "[scene break]"."""
    return bool(_ORNAMENT.fullmatch(text)) and not _NOT_ORNAMENT.fullmatch(text)


def blocks(root: HtmlElement) -> list[Block]:
    """The blocks of a tree, in reading order."""
    walker = _Walker()
    walker.element(root)
    walker.flush(root)
    return walker.found


def write(chosen: Iterable[Block]) -> str:
    """Paragraphs separated by a blank line; breaks between them once, none at the edges."""
    lines: list[str] = []
    pending = False
    for block in chosen:
        if block.kind == "break":
            pending = bool(lines)
        elif block.text and block.kind != "image":
            if pending:
                lines.append(BREAK_LINE)
                pending = False
            lines.append(block.text)
    return "\n\n".join(lines)


class _Walker:
    def __init__(self) -> None:
        self.found: list[Block] = []
        self.buffer: list[str] = []
        self.images: list[str] = []
        self.linked: list[str] = []
        self.anchors = self.preformatted = 0
        self.heading = False

    def element(self, element: HtmlElement) -> None:
        tag = element.tag
        if not isinstance(tag, str):
            return
        if tag == "br":
            self.buffer.append("\n")
            return
        if tag == "hr" or (tag == "div" and element.get("role") == "separator"):
            self.flush(element.getparent())
            self.found.append(Block(BREAK_LINE, "break", element))
            return
        if tag == "img":
            self._image(element)
            return
        if tag in ("rt", "rp") or (tag == "sup" and _is_footnote_mark(element)):
            return
        style = element.get("style") or ""
        block = tag in BLOCK or "display:block" in style.replace(" ", "")
        preformatted = tag == "pre" or "pre-wrap" in style or "pre-line" in style
        if block:
            parent = element.getparent()
            self.flush(parent if parent is not None else element)
            before, outer = len(self.found), self.heading
            self.heading = outer or tag in ("h1", "h2", "h3", "h4", "h5", "h6")
        self.preformatted += preformatted
        self.anchors += tag == "a"
        if tag == "q":
            self.buffer.append("“")
        self._text(element.text)
        for child in element:
            self.element(child)
            self._text(child.tail)
        if tag == "q":
            self.buffer.append("”")
        if block:
            self.flush(element)
            self.heading = outer
            if len(self.found) == before and _ORNAMENT_NAME.search(names(element)):
                self.found.append(Block(BREAK_LINE, "break", element))
        self.anchors -= tag == "a"
        self.preformatted -= preformatted

    def _text(self, text: str | None) -> None:
        if not text:
            return
        if not self.preformatted:
            text = _SPACES.sub(" ", text)
        self.buffer.append(text)
        if self.anchors:
            self.linked.append(tidy(text))

    def _image(self, element: HtmlElement) -> None:
        alt = (element.get("alt") or "").strip()
        if len(alt) == 1 and alt.isupper():
            self.buffer.append(alt)  # an illuminated capital
        else:
            self.images.append(f"{element.get('src') or element.get('data-src') or ''} {alt}".strip())

    def flush(self, node: HtmlElement) -> None:
        """Ends the running text: it becomes one block or several."""
        text, images, linked = "".join(self.buffer), self.images, self.linked
        if text or images:
            self.buffer, self.images, self.linked = [], [], []
            paragraphs = [text for text in map(tidy, split_lines(text)) if text]
            for paragraph in paragraphs:
                kind: Kind = "break" if is_break(paragraph) else "heading" if self.heading else "text"
                links = sum(len(link) for link in linked if link in paragraph)
                self.found.append(Block(paragraph, kind, node, min(links, len(paragraph))))
            if not paragraphs:
                for image in images:
                    self.found.append(
                        Block(image, "break" if _ORNAMENT_IMAGE.search(image) else "image", node)
                    )


def tidy(text: str) -> str:
    """Spaces folded, invisible characters gone; the lines of a verse stay lines."""
    text = _JOINERS.sub("", _INVISIBLE.sub("", text))
    lines = (_SPREAD.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def split_lines(text: str) -> list[str]:
    """Paragraphs of text whose line ends are all that is known (`<br>` layouts, plain text files).

    Blank lines always part; single line ends part when the lines look like paragraphs (long, or ended like
    sentences, or indented), are joined when they look like a hard wrap, and stay for a verse.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" not in text:
        return [text]
    parts = re.split(r"\n(?:[\s\u00a0\u200b]*\n)+", text)
    result: list[str] = []
    for part in parts:
        lines = [line for line in part.split("\n") if tidy(line)]
        if len(lines) < 2 or _are_paragraphs(lines):
            result.extend(lines)
        elif _are_indented(lines):
            result.extend(_join_at_indents(lines))
        elif _is_hard_wrap(lines):
            result.append(" ".join(line.strip() for line in lines))
        else:
            result.extend(_ornaments_apart(lines))
    return result


def _are_paragraphs(lines: list[str]) -> bool:
    """Long lines of very different lengths, or lines that all end as sentences do."""
    lengths = [len(tidy(line)) for line in lines]
    ended = sum(bool(_SENTENCE_END.search(tidy(line))) or is_break(tidy(line)) for line in lines)
    longest = max(lengths)
    return ended >= 0.8 * len(lines) and (longest > 90 or (len(lines) == 2 and longest > 60))


def _are_indented(lines: list[str]) -> bool:
    indented = sum(
        line[:2].replace("\u00a0", " ").replace("\u3000", "  ")[:2].strip() == "" for line in lines
    )
    return 0 < indented < len(lines) and max(map(len, lines)) > 45


def _join_at_indents(lines: list[str]) -> list[str]:
    joined: list[str] = []
    for line in lines:
        if joined and line[:2].replace("\u00a0", " ").strip() != "" and not is_break(tidy(line)):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


def _is_hard_wrap(lines: list[str]) -> bool:
    """Lines but the last are nearly as long as the longest, because the next word did not fit."""
    lengths = [len(line.strip()) for line in lines]
    width = max(lengths)
    if not 45 <= width <= 100 or any(is_break(tidy(line)) for line in lines):
        return False
    fits = sum(
        length + 1 + len(following.split()[0]) <= width
        for length, following in zip(lengths[:-1], lines[1:], strict=True)
    )
    return fits <= 0.34 * (len(lines) - 1)


def _ornaments_apart(lines: list[str]) -> list[str]:
    groups: list[list[str]] = [[]]
    for line in lines:
        if is_break(tidy(line)):
            groups += [[line], []]
        else:
            groups[-1].append(line)
    return ["\n".join(group) for group in groups if group]


def _is_footnote_mark(element: HtmlElement) -> bool:
    return bool(re.fullmatch(r"\s*[\[(]?(?:\d{1,3}|[*†‡])[\])]?\s*", "".join(element.itertext())))
