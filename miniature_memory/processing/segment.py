"""Lines into paragraphs and scenes: hard wraps joined, page numbers out, headings and scene breaks found."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import re2

SCENE_BREAK: Final = "<|scene_break|>"
_LONGEST_SPECIAL: Final = 120  # characters of a heading

_ORNAMENT: Final = re.compile(
    r"^(?:(?=.*[*~#=_—+<>§•°|\\/…^%@&:${}-])[\s*~#=_—+<>§•°|\\/.…^%@&:${}oOxX-]{1,80}"
    r"|oOo|OoO|o0o|0o0|xXx|[xX] [xX] [xX]|o o o)$"
)
_SCENE_WORD: Final = re.compile(r"^[\W_]*(?:scene\s+break|line\s+break|page\s*break|break|hr)[\W_]*$", re.I)
_PAGE: Final = re.compile(
    r"^(?:[-—\[({|~]\s*)\d{1,4}(?:\s*[-—\])}|~])$|^(?:page|p\.|pg\.?)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?$|^\d{1,4}\s*/\s*\d{1,4}$",
    re.I,
)
_NUMBER: Final = re.compile(r"^\d{1,4}\.?$")
_ORDINAL = (
    r"(?:\d{1,4}|[ivxlcdm]{1,9}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    r"fifteen|sixteen|seventeen|eighteen|nineteen|"
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]\w+)?|hundred|"
    r"the\s+\w+|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last)"
)
_HEADING: Final = re.compile(
    rf"^[\W_]*(?:(?:chapter|part|book|volume|section|episode|act|letter|canto)\s+{_ORDINAL}\b(?:$|[.:—)\s-].{{0,100}}$)"
    rf"|(?:prologue|epilogue|interlude|foreword|afterword|introduction|preface|postscript)\b.{{0,60}}$)",
    re.I,
)
_ROMAN: Final = re.compile(r"^(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\.?$")
#: whatever is no plain paragraph begins so: looked at first, since most paragraphs are plain
_SPECIAL: Final = re.compile(
    r"[\W_]*(?:chapter|part|book|volume|section|episode|act|letter|canto|prologue|epilogue|interlude|foreword|"
    r"afterword|introduction|preface|postscript|page|p\.|pg|scene|line|break|hr|\d|[ivxlco0\W_]*$)",
    re.I,
)
_STOPS: Final = frozenset(".!?…:;—*")
_CLOSED: Final = frozenset('"»]>')
_HYPHEN: Final = re.compile(r"(?<=[a-z])-$")


def lines_with(pattern: re2._Regexp, text: str) -> list[int]:
    """Numbers of the lines that matches touch, found in one pass over the whole."""
    numbers: dict[int, None] = {}
    at = number = 0
    for found in pattern.finditer(text):
        number += text.count("\n", at, found.start())
        at = found.start()
        numbers |= dict.fromkeys(range(number, number + 1 + text.count("\n", at, found.end())))
    return list(numbers)


def lines_to_paragraphs(text: str) -> list[str]:
    """Paragraphs of a text; a scene break or a heading is one of its own. A wide gap becomes a ``* * *``."""
    lines = [line.strip() for line in text.split("\n")]
    text = "\n".join(lines).strip("\n")
    if "\n\n" not in text:
        lines = [line for line in lines if line]
        return _join(lines) if _wrapped(lines) else lines
    if "\n\n\n" in text:
        blocks = re.split(r"\n{2,}", text)
        gaps = [len(gap) for gap in re.findall(r"\n{2,}", text)]
    else:
        blocks = text.split("\n\n")
        if text.count("\n") == 2 * len(blocks) - 2:  # each is a line
            return blocks
        gaps = [2] * (len(blocks) - 1)
    wide = max(gaps[0], sorted(gaps)[len(gaps) // 2]) + 1
    rare = sum(gap >= wide for gap in gaps) <= max(1, len(gaps) // 8) and len(gaps) >= 8
    # several lines in a block: hard-wrapped prose as a whole, or lines that are meant (verse, a letter's
    # head)
    inner = [block.split("\n") for block in blocks]
    wrapped = _wrapped([line for lines in inner for line in [*lines, ""]])
    paragraphs: list[str] = []
    for i, lines in enumerate(inner):
        joined = len(lines) > 1 and (wrapped or _wrapped(lines))
        paragraphs += _join(lines) if joined else lines
        if rare and i < len(gaps) and gaps[i] >= wide:
            paragraphs.append("* * *")
    return [paragraph for paragraph in paragraphs if paragraph]


def _wrapped(lines: list[str]) -> bool:
    """Were these lines broken by a program at a fixed width? Then most end in the middle of a sentence,
    and all but the last of a paragraph are about equally long."""
    if len(lines) < 4:
        return False
    ends = [line for line, after in pairwise(lines) if line and after]
    if len(ends) < 3:
        return False
    lengths = sorted(map(len, ends))
    widest = lengths[-max(1, len(lengths) // 50)]
    if not 45 <= widest <= 130 or lengths[len(lengths) // 2] < 0.75 * widest:
        return False
    return sum(not closes(line) for line in ends) >= 0.5 * len(ends)


def _join(lines: list[str]) -> list[str]:
    """Wrapped lines as paragraphs: a line that ends a sentence well before the margin ends its paragraph."""
    margin = max(map(len, lines), default=0)
    paragraphs: list[str] = []
    current = ""
    for line in lines:
        if not line or (not _is_plain(line) and (is_break(line) or is_heading(line))):
            paragraphs += [current, line]
            current = ""
            continue
        if current and _HYPHEN.search(current) and line[:1].islower():
            current = current[:-1] + line
        else:
            current = f"{current} {line}".strip()
        if closes(line) and len(line) < 0.75 * margin:
            paragraphs.append(current)
            current = ""
    return [p for p in [*paragraphs, current] if p]


def _is_plain(paragraph: str) -> bool:
    """No break, heading, or page number: seen at a glance."""
    return len(paragraph) > _LONGEST_SPECIAL or not _SPECIAL.match(paragraph)


def is_break(line: str) -> bool:
    """Does a line stand between two scenes? (``* * *``, ``~~~``, ``#``, ``-----``, ``[scene break]``)"""
    if line == SCENE_BREAK:
        return True
    if len(line) > 80 or not line:
        return False
    return bool(_ORNAMENT.match(line) or _SCENE_WORD.match(line))


def is_heading(line: str) -> bool:
    return len(line) <= _LONGEST_SPECIAL and bool(
        _HEADING.match(line) or (_ROMAN.match(line) and line not in ("I", "I."))
    )


def structure(paragraphs: list[str], counts: Counter[str] | None = None) -> list[str]:
    """Paragraphs with ``SCENE_BREAK`` lines: one at each break, one before each heading, none at the ends."""
    if all(map(_is_plain, paragraphs)):
        return paragraphs
    counts = Counter() if counts is None else counts
    found: list[str] = []
    torn = False  # a page number stood in the middle of a sentence
    for paragraph in paragraphs:
        if _is_plain(paragraph) and not torn:
            found.append(paragraph)
        elif _PAGE.match(paragraph) or (_NUMBER.match(paragraph) and found and _open(found[-1])):
            counts["page_numbers"] += 1
            torn = bool(found) and _open(found[-1])
        elif is_break(paragraph) or _NUMBER.match(paragraph):
            counts["scene_breaks"] += 1
            found.append(SCENE_BREAK)
            torn = False
        elif is_heading(paragraph):
            counts["headings"] += 1
            found += [SCENE_BREAK, paragraph]
            torn = False
        elif torn and paragraph[:1].islower():
            found[-1] = f"{found[-1]} {paragraph}"
            torn = False
        else:
            found.append(paragraph)
            torn = False
    kept: list[str] = []
    for paragraph in found:
        if paragraph == SCENE_BREAK and (not kept or kept[-1] == SCENE_BREAK):
            continue
        kept.append(paragraph)
    while kept and kept[-1] == SCENE_BREAK:
        kept.pop()
    return kept


def only_marked(text: str, paragraphs: list[str]) -> bool:
    """Are the paragraphs the text's own lines but for scene breaks, and will they be next time?"""
    lines = [stripped for line in text.split("\n") if (stripped := line.strip())]
    return (
        len(lines) == len(paragraphs)
        and all(a == b or b == SCENE_BREAK for a, b in zip(lines, paragraphs, strict=True))
        and not _wrapped(paragraphs)
    )


def closes(line: str) -> bool:
    """Does a line end where a sentence may?"""
    return line[-1:] in _CLOSED or line.rstrip("\"')]»")[-1:] in _STOPS


def _open(paragraph: str) -> bool:
    """Does a paragraph break off in the middle of a sentence?"""
    return paragraph != SCENE_BREAK and not is_heading(paragraph) and not closes(paragraph)
