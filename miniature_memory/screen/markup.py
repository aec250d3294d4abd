"""What a page says, tags and all: the readings of its text that the gate looks at.

Written by hand because it must be linear on broken markup, lose no text however deep it is
nested, and read what an extractor leaves out: titles, alternative texts, descriptions,
embedded data, frames. It reads more than a reader sees; that can only add refusals.
"""

from __future__ import annotations

import html as entities
import json
import re

LONGEST = 16_000_000  # characters of markup

_SPOKEN = frozenset(
    "alt title aria-label aria-description aria-placeholder aria-roledescription aria-valuetext content "
    "placeholder summary label caption value standby download data-title data-caption data-alt data-text".split()
)
_UNSPOKEN = frozenset({"script", "style"})
# Tags inside a sentence; all others break it.
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rb ruby s samp small "
    "span strike strong sub sup time tt u var wbr".split()
)
_NAME = re.compile(r"/?([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]{1,60})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
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
    lower = html.lower()
    while (start := html.find("<", i)) >= 0:
        _text(html[i:start], flowing, seamless)
        if html.startswith("<!--", start):
            # a comment that never ends is no comment
            close = html.find("-->", start) if comments else -1
            comments = close >= 0
            i = close + 3 if comments else start + 4
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
        end = _tag_end(html, name.end())
        tag = name[1].lower()
        closing = html[start + 1] == "/"
        flowing.append("" if tag in _INLINE else "\n\n")
        i = end
        if closing:
            continue
        kind = ""
        for attribute, double, single, bare in _ATTRIBUTE.findall(html[name.end() : end]):
            attribute, value = attribute.lower(), double or single or bare
            if attribute == "srcdoc" and frames:
                inner: list[str] = []
                _read(entities.unescape(value), inner, seamless, aside, frames - 1)
                aside.append("".join(inner))
            elif attribute in _SPOKEN:
                aside.append(entities.unescape(value))
            elif attribute == "type":
                kind = value.lower()
        if tag in _UNSPOKEN and html[end - 2 : end] != "/>":
            close = lower.find(f"</{tag}", end)
            i = len(html) if close < 0 else close
            if "json" in kind:
                aside.append(_strings(html[end:i]))
    _text(html[i:], flowing, seamless)


def _text(text: str, flowing: list[str], seamless: list[str]) -> None:
    flowing.append(text)
    seamless.append(text)


def _tag_end(html: str, i: int) -> int:
    """Behind the tag's ">", which quotes may hide; a quote that never closes hides nothing."""
    end = html.find(">", i)
    if end < 0:
        return len(html)
    inside = html[i:end]
    for quote in "\"'":
        if inside.count(quote) % 2 and re.search(rf"=\s*{quote}[^{quote}]*$", inside):
            close = html.find(quote, end)
            if 0 <= close < end + 20_000:
                return _tag_end(html, close + 1)
    return end + 1


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
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return "\n\n".join(found)
