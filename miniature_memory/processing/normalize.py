"""Raw text to cleaned text: the vocabulary's characters, a paragraph a line, scenes marked, nothing of the
site.

The order matters: mojibake is repaired before anything else looks at letters; contacts go while their @, _
and - are still there; lines are made paragraphs before anything asks what a paragraph says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from miniature_memory.processing import artefacts, characters, contacts, segment
from miniature_memory.processing import boilerplate as repeated

if TYPE_CHECKING:
    import re2

VERSION: Final = 2

#: normalising again until nothing changes any more; texts met so far need two rounds, the second to make sure
_ROUNDS: Final = 8

_MARK: Final = re.compile(r"<(?=\|)")
_EN_DASH: Final = re.compile(
    r"(?<=\w) ?[–] ?(?=[^\W\d])|(?<=[^\W\d]) ?[–] ?(?=\w)|(?<=\s)[–-]{1,2}(?=\s)|[–](?=[\"”'’]|$)", re.M
)
_DASH_RUN: Final = re.compile(r"—(?: ?[—-])+")
_SPACED_HYPHEN: Final = re.compile(r" - (?<=\w - )(?=\w)")
_DOTS: Final = re.compile(r"(?: (?=\. \.))?\.(?: ?\.){2,}|…(?: ?[….])+")
_EMPHASIS: Final = re.compile(r"(?<![\w_])_{1,3}(?=\S)([^_\n]{1,400}?)(?<=\S)_{1,3}(?![\w_])")
_STARS: Final = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]{1,400}?)(?<=[^\s*])\1(?![\w*])")
_STAR: Final = re.compile(r"\*[^\s*]")  # (a line of stars and blanks is a scene break)
_ENTITY: Final = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|mdash|ndash|hellip|[lr][sd]quo|#\d{2,5}|#x[0-9a-f]{2,5});", re.I
)
_WIDE: Final = re.compile("[\x80-\x9f\uff01-\uff5e]")  # C1 controls, full-width letters
_UNUSUAL: Final = re.compile("[^\x00-\x7f]+")
_RUN: Final = re.compile(r" {2,}")
_BEFORE: Final = re.compile(r" +(?=[,;!?](?:\s|$))|(?<=\() +| +(?=\))")


@dataclass(frozen=True)
class Cleaned:
    """``text`` ends with a newline (or is empty); ``counts`` says what was done to it."""

    text: str
    counts: dict[str, int] = field(default_factory=dict)


def normalize(text: str) -> str:
    """Cleaned text. Pure and idempotent: ``normalize(normalize(x)) == normalize(x)``.

    A line that is exactly ``<|scene_break|>`` is our own mark and stays; any other ``<|`` is defanged.
    Texts from outside go through ``clean_text``, which defangs that line too.
    """
    return _stable(text, Counter())


def clean_text(raw: str, site: str = "", boilerplate: Collection[int] = ()) -> Cleaned:
    """What the stage ``clean`` does with a raw text: no letters of its can become a control token, and the
    paragraphs go that its site is known to repeat (``boilerplate``: their keys)."""
    counts: Counter[str] = Counter()
    text = _stable(defang(raw, counts), counts)
    if boilerplate:
        less = repeated.without(text, boilerplate, site)
        counts["boilerplate"] = text.count("\n") - less.count("\n")
        text = _stable(less, Counter())
    return Cleaned(text, {name: counts[name] for name in sorted(counts) if counts[name]})


def defang(raw: str, counts: Counter[str] | None = None) -> str:
    if "<|" not in raw:
        return raw
    if counts is not None:
        counts["marks_defanged"] += raw.count("<|")
    return _MARK.sub("< ", raw)


def _stable(text: str, counts: Counter[str]) -> str:
    for _ in range(_ROUNDS):
        again, settled = _once(text, counts)
        counts = Counter()  # what the first round did is what the author's text needed
        if settled or again == text:
            return again
        text = again
    return text


def _once(text: str, counts: Counter[str]) -> tuple[str, bool]:
    """The text normalised, and whether it is plain to see that doing it once more would change nothing:
    every step found nothing to do but to straighten quotes, drop blank lines, and mark scenes."""
    repaired = _repaired(text, counts)
    plain = characters.straight(characters.visible(repaired))
    written = _tidy(
        characters.to_vocabulary(characters.ornaments(_punctuation(contacts.scrub(plain, counts))), counts)
    )
    lines = segment.lines_to_paragraphs(written)
    story, out = artefacts.without(lines)
    counts["artefacts"] += out
    paragraphs = segment.structure(story, counts)
    settled = (
        repaired == text
        and written == plain
        and characters.is_typographic(plain)  # nothing that could look like mojibake the next time
        and segment.only_marked(written, paragraphs)
    )
    return "\n".join(paragraphs) + "\n" if paragraphs else "", settled


def _repaired(text: str, counts: Counter[str]) -> str:
    """Mojibake and left-over HTML entities set right (ftfy, Speer 2019); other texts are not touched."""
    entity = "&" in text and _ENTITY.search(text)
    if not entity and characters.is_typographic(text):
        return text
    import ftfy
    from ftfy.badness import is_bad

    # ftfy's own test of badness, put to what surrounds the unusual characters only
    unusual = [m for m in _UNUSUAL.finditer(text) if m.group() not in characters.TYPOGRAPHIC]
    suspects = (text[max(m.start() - 3, 0) : m.end() + 3] for m in unusual)
    wide = any(_WIDE.search(m.group()) for m in unusual)
    if not (entity or wide or any(is_bad(suspect) for suspect in suspects)):
        return text

    config = ftfy.TextFixerConfig(
        unescape_html=True,
        fix_latin_ligatures=False,
        fix_character_width=True,
        uncurl_quotes=False,
        fix_line_breaks=False,
        normalization=None,
        explain=False,
    )
    fixed = ftfy.fix_text(text, config)
    if fixed != text:
        counts["repaired"] += 1
    return fixed


def _punctuation(text: str) -> str:
    if "–" in text or " - " in text or " -- " in text:
        text = _EN_DASH.sub("—", text)
    if text.count("_") > text.count(segment.SCENE_BREAK):
        text = _EMPHASIS.sub(r"\1", text)
    if _STAR.search(text):
        text = _STARS.sub(r"\2", text)
    return text


@cache
def _untidy() -> re2._Regexp:
    """What ``_tidy`` sets right holds one of these."""
    import re2

    return re2.compile(r"\.\.|\. \.|… ?[.…]|--|— ?[—-]| —|— | - |  | [,;!?)]|\( ")


def _tidy(text: str) -> str:
    if "<|" in text and text.count("<|") != f"\n{text}\n".count(f"\n{segment.SCENE_BREAK}\n"):
        text = "\n".join(
            line if line == segment.SCENE_BREAK else _MARK.sub("< ", line) for line in text.split("\n")
        )
    if not _untidy().search(text):
        return text
    if ".." in text or ". ." in text or "……" in text or "… …" in text:
        text = _DOTS.sub("…", text)
    if "--" in text or "—" in text:
        text = _DASH_RUN.sub("—", text.replace("--", "—")).replace(" —", "—").replace("— ", "—")
    if " - " in text:
        text = _SPACED_HYPHEN.sub("—", text)
    if "  " in text:
        text = _RUN.sub(" ", text)
    if " ," in text or " ;" in text or " !" in text or " ?" in text or "( " in text or " )" in text:
        text = _BEFORE.sub("", text)
    return text
