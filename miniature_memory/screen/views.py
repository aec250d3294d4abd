"""Views: the foldings in which a text is looked at, each with its reason.

A reader sees "fifteen" in many guises that a pattern doesn't: styled letters, look-alikes,
a zero-width space in the middle, an entity, a tag. Each function here undoes one kind.
``views`` gives the plain view always and the others only where they differ, so that
ordinary prose is read once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote

import re2

from miniature_memory.screen.later import later

# Patterns for what few texts hold are compiled when they are needed: ``re`` keeps them.

# Letters that decompose to nothing simpler, and signs that stand for letters or digits.
_PLAIN = {
    "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l",
    "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ı": "i", "ħ": "h", "ŋ": "n", "ſ": "s",
    "’": "'", "‘": "'", "‛": "'", "ʼ": "'", "`": "'", "´": "'", "′": "'",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": '"', "›": '"', "「": '"', "」": '"', "『": '"',
    "』": '"', "。": ".", "、": ",", "…": "...", "⁄": "/", "∕": "/", "\t": " ", "\u2028": "\n", "\u2029": "\n",
    "\u0085": "\n", "\x0b": "\n", "\x0c": "\n", "🔟": "10", "\u3164": "", "\u115f": "", "\u1160": "",
    "\u2800": "", "¼": " and a half", "½": " and a half", "¾": " and a half", "⅓": " and a half",
    "⅔": " and a half", "•": " ", "·": " ", "‧": " ", "∙": " ", "・": " ", "●": " ", "|": " ",
    "%": " percent ", "#": " ", "^": " ", "~": " ", "=": " ", "{": " ", "}": " ",
}  # fmt: skip

# Cyrillic, Greek, Armenian letters that pass for Latin ones, and which.
LOOKALIKES = {
    ord(pair[0]): pair[1]
    for pair in (
        "аa еe оo рp сc уy хx іi јj ѕs ԁd һh ԛq ԝw ьb вb кk мm нh тt гr пn иu ӏl єe ґr ѵv зz эe яr дd лl чy бb шw "
        "αa βb γy εe ηn ιi κk νv οo ρp τt υu χx ωw ϲc ϳj μm πn σo θo ζz δd λl օo սu ոn ցg հh աw քp"
    ).split()
}

_ENTITY_ROUNDS = 3  # "&amp;amp;#49;" is undone; deeper nests are no text that anyone reads
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]{0,2000}>")
_OVERRIDE = "[\u202e\u2067]([^\u202a-\u202e\u2066-\u2069\n]*)[\u202c\u2069]?"
_FIELDS = "|•·●‧∙・¦"  # what parts the fields of a line, not the letters of a word
_EMPHASIS = later(r"(?i)\*\*+|__+|~~+|\[/?(?:b|i|u|s|em|strong|color|size|font)(?:=[^\]\n]{1,20})?\]")
_HUMP = re2.compile("[a-z][A-Z]")
_HUMPS = later(r"\b(?:[A-Z][a-z]{2,}){2,}\b")  # "TwelveYearsOld"
_SUPERSCRIPT = "(?<=[0-9])(?=[¹²³⁰⁴-⁹])"
_PLAIN_SIGNS = re.compile("[\0-\x7f]+")
_HYPHEN_BREAK = re.compile(r"-(?<=[^\W\d_]-) *\n\s*(?=[^\W\d_])")
_BLANKS = re.compile(r"  +")
_PARAGRAPH = re.compile(r"\n[ \n]*")
_GLUE = re.compile(r"[-/+\\](?:(?<=[^\s-].)(?=[^\W\d_])|(?<=[^\W\d_].)(?=\w)|(?<=[0-9] .)(?=[^\W\d_]))")


def _latin(letter: str) -> str:
    """A Latin letter that decomposes to nothing simpler (its table is loaded when one is met)."""
    from anyascii import anyascii

    return str(anyascii(letter))


@cache
def _character(c: str) -> str:
    """One character outside ASCII, folded: styled and foreign digits, marks, invisible ones."""
    if c in _PLAIN:
        return _PLAIN[c]
    if 0x1F150 <= ord(c) <= 0x1F169 or 0x1F170 <= ord(c) <= 0x1F189:  # negative circled and squared letters
        return chr(97 + (ord(c) - 0x1F150) % 32)
    if 0x1F1E6 <= ord(c) <= 0x1F1FF:  # regional indicators
        return chr(97 + ord(c) - 0x1F1E6)
    out = []
    for d in unicodedata.normalize("NFKD", c):
        kind = unicodedata.category(d)
        if kind in ("Mn", "Me", "Cf", "Cc", "Co", "Cn"):
            continue
        if kind[0] == "N" and not d.isascii():
            value = unicodedata.numeric(d, -1)
            # Han numerals are words of a language, not digits; their rules read them.
            out.append(d if unicodedata.category(d) == "Lo" or value != int(value) else str(int(value)))
        elif kind[0] == "L" and not d.isascii() and unicodedata.name(d, "").startswith("LATIN"):
            out.append(_PLAIN.get(d) or _latin(d))  # small capitals, hooks, turned letters
        elif kind == "Pd" or d in "−‐⸺":
            out.append("-")
        elif kind in ("Zs", "Zl", "Zp", "So"):
            out.append(" ")
        else:
            out.append(_PLAIN.get(d, d))
    return "".join(out).lower()


_MARKS = 4  # of those that stand on one letter are ordered, which is slow; they are dropped in the end
_SHORT = 4  # characters; what unfolds to more ("½", "㍿") may stand now and then, not all over a text
_SEVERAL = 1_000
_FEW = 40  # replacing that many characters one after the other beats translating
_ASCII = {ord(c): _PLAIN[c] for c in _PLAIN if c.isascii()} | {
    i: "" for i in range(32) if chr(i) not in "\n\t\r\x0b\x0c"
}


def fold(text: str) -> str:
    """Case, marks, styled letters, digits of every script, dashes and quotes, to plain signs.

    The rules' own words go through the same function, so both sides always agree.
    """
    if "**" in text or "__" in text or "~~" in text or "[" in text:
        text = _EMPHASIS.sub("", text)  # Markdown and forum marks, also within a word
    if _HUMP.search(text):
        text = _HUMPS.sub(lambda m: re.sub("(?<=[a-z])(?=[A-Z])", " ", m[0]), text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for sign in _FIELDS:
        if sign in text:
            text = re.sub(rf"(?<= )[{sign}](?= )", "-", text)
    if not text.isascii():
        foreign = set(_PLAIN_SIGNS.sub("", text))
        if marks := "".join(filter(unicodedata.combining, foreign)):
            text = re.sub(f"([{marks}]{{{_MARKS}}})[{marks}]+", r"\1", text)
        if not foreign.isdisjoint("¹²³⁰⁴⁵⁶⁷⁸⁹"):
            text = re.sub(_SUPERSCRIPT, " ", text)
        text = unicodedata.normalize("NFC", text)
        foreign = set(_PLAIN_SIGNS.sub("", text))
        longer = {c for c in foreign if len(_character(c)) > _SHORT}
        if sum(map(text.count, longer)) > len(text) // _SHORT + _SEVERAL:
            raise OverflowError("a text that unfolds to many times its size")
        if len(foreign) <= _FEW:
            for c in foreign:
                text = text.replace(c, _character(c))
        else:
            text = text.translate({ord(c): _character(c) for c in foreign})
    return text.translate(_ASCII).lower()


def flow(text: str) -> str:
    """A folded text as running words: one space between them, a line for a paragraph."""
    text = _BLANKS.sub(" ", text).replace(" \n", "\n")
    text = _PARAGRAPH.sub(lambda m: "\n" if m[0].count("\n") > 1 else " ", text)
    return _GLUE.sub(" ", text).replace("_", " ").strip()


#: Han characters and kana
ASIAN = "[\u3005-\u30ff\u3400-\u9fff]"


def spaced(text: str) -> str:
    """Han characters and kana as words of their own: those languages write no spaces."""
    return text if text.isascii() else re.sub(ASIAN, r" \g<0> ", text)


def entities(text: str) -> str:
    """Undo HTML entities ("&#49;5", "fif&shy;teen"), also when they were escaped twice."""
    if "&" in text:
        from html import unescape  # a table of 2,200 names

        for _ in range(_ENTITY_ROUNDS):
            text = unescape(text)
    return text


def unordered(text: str) -> str:
    """Show what a reader sees where an override turns the direction of writing."""
    return re.sub(_OVERRIDE, lambda m: m[1][::-1], text)


def joined(text: str) -> str:
    """Words broken at a line's end with a hyphen, made whole."""
    return _HYPHEN_BREAK.sub("", text)


def views(text: str) -> Iterator[str]:
    """Every different folding of a text, the plain one first."""
    text = entities(text)
    forms = [text]
    if "%" in text and (decoded := unquote(text)) != text:  # an address: "fifteen%20years"
        forms.append(decoded)
    if _TAG.search(text):
        from miniature_memory.screen.markup import readings

        forms = readings(text)
    if "\u202e" in text or "\u2067" in text:
        forms += [unordered(form) for form in forms]
    seen: set[str] = set()
    for form in forms:
        folded = fold(form)
        for whole in dict.fromkeys((folded, joined(folded))):
            view = flow(whole)
            if view not in seen:
                seen.add(view)
                yield view
