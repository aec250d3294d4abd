"""What a page says, tags and all: the readings of its text that the gate looks at.

Written by hand because it must be linear on broken markup, lose no text however deep it is
nested, and read what an extractor leaves out: titles, alternative texts, descriptions,
embedded data, frames, and the sentences in scripts, styles and comments (``literals``).
It reads more than a reader sees; that can only add refusals.
"""

from __future__ import annotations

import html as entities
import json
import re
from collections.abc import Callable

from miniature_memory.screen.literals import embedded, is_prose, quoted, written_by_style

LONGEST = 16_000_000  # characters of markup

_SPOKEN = frozenset(
    "alt title aria-label aria-description aria-placeholder aria-roledescription aria-valuetext content "
    "placeholder summary label caption value standby download data-title data-caption data-alt data-text".split()
)
_MAYBE_SPOKEN = ("data-", "aria-")  # what begins so is read where it looks like a sentence
_UNSPOKEN = {tag: re.compile(f"</{tag}", re.IGNORECASE) for tag in ("script", "style")}
# Tags inside a sentence; all others break it.
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rb ruby s samp small "
    "span strike strong sub sup time tt u var wbr".split()
)
_NAME = re.compile(r"/?([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]{1,60})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
_OPENED = {quote: re.compile(rf"=\s*{quote}[^{quote}]*$") for quote in "\"'"}
_AROUND = 200  # characters to each side of a seam
_FRAMES = 3  # frames within frames that are read


def readings(html: str) -> list[str]:
    """The page as texts for the gate.

    The first reads as a reader does: inline tags leave no trace ("fif<b>teen</b>"), others end a
    sentence. The second joins what blocks cut in the middle of a word; the third is what stands
    in attributes, embedded data and frames. Raises ``ValueError`` beyond ``LONGEST``.
    """
    if len(html) > LONGEST:
        raise ValueError("page too large")
    flowing: list[str] = []
    seamless: list[str] = []
    aside: list[str] = []
    _read(html, flowing, seamless, aside, _FRAMES)
    return ["".join(flowing), _seams(seamless), "\n\n".join(aside)]


def _seams(pieces: list[str]) -> str:
    """The surroundings of every seam at which two words, or two halves of one, touch."""
    found: list[str] = []
    text = "".join(pieces)
    at = end = 0
    for piece in pieces:
        if 0 < at < len(text) and piece and text[at - 1].isalnum() and text[at].isalnum():
            start = max(end, at - _AROUND)
            if start > end:
                found.append("\n\n")
            end = max(end, at + _AROUND)
            found.append(text[start:end])
        at += len(piece)
    return "".join(found)


def _read(html: str, flowing: list[str], seamless: list[str], aside: list[str], frames: int) -> None:
    i = 0
    comments = True

    def inner(markup: str) -> None:
        """What a frame or a script would show, as a reading of its own."""
        found: list[str] = []
        if frames:
            _read(markup, found, seamless, aside, frames - 1)
        aside.append("".join(found))

    while (start := html.find("<", i)) >= 0:
        _text(html[i:start], flowing, seamless)
        if html.startswith("<!--", start):
            # a comment that never ends is no comment
            close = html.find("-->", start) if comments else -1
            comments = close >= 0
            i = close + 3 if comments else start + 4
            if comments and is_prose(html[start:close]):
                inner(html[start + 4 : close])
            continue
        name = _NAME.match(html, start + 1)
        if name is None:
            if html[start + 1 : start + 2] in ("!", "?"):
                close = html.find(">", start)
                i = len(html) if close < 0 else close + 1
            else:  # a bare "<" is text
                _text("<", flowing, seamless)
                i = start + 1
            continue
        i = end = _tag_end(html, name.end())
        tag = name[1].lower()
        if tag not in _INLINE:
            flowing.append("\n\n")
        if html[start + 1] == "/":
            continue
        kind = _attributes(html[name.end() : end], aside, inner) if end > name.end() + 1 else ""
        if tag in _UNSPOKEN and html[end - 2 : end] != "/>":
            ending = _UNSPOKEN[tag].search(html, end)
            i = ending.start() if ending else len(html)
            code = html[end:i]
            if tag == "style":
                aside += written_by_style(code)
            elif "json" in kind:
                aside.append(_strings(code))
            else:
                for literal in quoted(code):
                    inner(literal)
    _text(html[i:], flowing, seamless)


def _attributes(inside: str, aside: list[str], inner: Callable[[str], None]) -> str:
    """Read what a tag's attributes say; returns its type."""
    kind = ""
    for attribute, double, single, bare in _ATTRIBUTE.findall(inside):
        attribute, value = attribute.lower(), double or single or bare
        if attribute == "type":
            kind = value.lower()
            continue
        value = entities.unescape(value)
        if attribute == "srcdoc":
            inner(value)
        elif attribute in _SPOKEN:
            aside.append(value)
        elif attribute == "style":
            aside += written_by_style(value)
        elif (page := embedded(value)) is not None:
            inner(page)
        elif attribute.startswith("on"):
            aside += quoted(value)
        elif attribute.startswith(_MAYBE_SPOKEN) and is_prose(value):
            aside.append(_strings(value))
    return kind


def _text(text: str, flowing: list[str], seamless: list[str]) -> None:
    if text:
        flowing.append(text)
        seamless.append(text)


def _tag_end(html: str, i: int) -> int:
    """Behind the tag's ">", which quotes may hide; a quote that never closes hides nothing."""
    while (end := html.find(">", i)) >= 0:
        inside = html[i:end]
        for quote, opened in _OPENED.items():
            if inside.count(quote) % 2 and opened.search(inside):
                close = html.find(quote, end)
                if 0 <= close < end + 20_000:
                    i = close + 1
                    break
        else:
            return end + 1
    return len(html)


def _strings(data: str) -> str:
    """Every string of embedded JSON; what doesn't parse is read as it stands."""
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError):
        return data
    found: list[str] = []
    todo = [loaded]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            todo += [*item, *item.values()]
        elif isinstance(item, list):
            todo += item
    return "\n\n".join(found)
