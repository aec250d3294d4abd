"""Contacts out: e-mail addresses, links, handles and telephone numbers give way to neutral placeholders.

Rules are narrow on purpose: a story's "12 - 14 people" or "in 1914-1918" must stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

PLACEHOLDERS: Final = {"email": "[email]", "link": "[link]", "handle": "[handle]", "phone": "[phone]"}

_DOTS = r"(?:\.|\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?|\s+dot\s+)"
_AT = r"(?:\s?[\[({]\s?(?:at|@)\s?[\])}]\s?|@|\s+at\s+)"
_TOP = (
    r"(?:com|org|net|info|io|me|co|tv|ly|gg|app|dev|blog|site|online|shop|store|edu|gov|test|example|invalid|"
    r"uk|us|de|fr|es|it|nl|se|no|dk|fi|pl|ru|jp|cn|in|au|ca|ch|at|be|br|eu|ie|nz|za|xyz|club|page|social|link)"
)
# every run is bounded, so that a line of a hundred megabytes costs a hundred megabytes' time
_LABELS = r"[a-z0-9-]{1,63}"
_EMAIL: Final = re.compile(
    rf"(?<![\w.+-])(?:mailto:)?[a-z0-9][\w.+-]{{0,63}}(?:@|\s?[\[({{]\s?(?:at|@)\s?[\])}}]\s?)"
    rf"{_LABELS}(?:{_DOTS}{_LABELS}){{0,4}}{_DOTS}[a-z]{{2,24}}(?![\w-])"
    rf"|(?<![\w.+-])[a-z0-9][\w.+-]{{0,63}}\s+at\s+{_LABELS}\s+dot\s+[a-z]{{2,10}}\b",
    re.I,
)
_LINK: Final = re.compile(
    rf"\b(?:https?|ftp)://[^\s<>\"'\]]+|\bwww\.[^\s<>\"'\]]+"
    rf"|(?<![\w@./-])(?:{_LABELS}\.){{1,5}}{_TOP}/[^\s<>\"'\]]*"
    rf"|(?<![\w@./-])(?=[\w.-]*[a-z])(?:{_LABELS}\.){{1,5}}(?:com|org|net|info|io|tv|gg|co\.uk)(?![\w-])(?!\.\w)",
    re.I,
)
_HANDLE: Final = re.compile(
    r"(?<![\w@.])@[A-Za-z_][\w.]{1,38}\w|(?<![\w/])/?[ur]/[A-Za-z0-9_-]{3,30}\b|\b[A-Za-z][\w.]{1,31}#\d{4}\b"
)
_LABELLED: Final = re.compile(
    r"\b((?:twitter|instagram|insta|discord|telegram|snapchat|skype|facebook|tumblr|tiktok|kik|ig|patreon|ko-fi)"
    r"\s*(?:id|handle|name|account)?\s*[:=]\s*)(?!\[handle\])[\w.-]{3,40}",
    re.I,
)
# Telephone numbers: with a country code, with an area code in brackets, in groups by - . or space, or after
# a word
# that says so. A range of years, a date, a sum of money or a long plain number is none.
_PHONE: Final = re.compile(
    r"(?<![\w.,/$€£:-])(?:"
    r"(?:\+|00)\d{1,3}[ .()/-]{0,2}(?:\d[ .()/-]{0,2}){6,12}\d"
    r"|\(\d{2,5}\)[ .-]?\d{2,4}(?:[ .-]?\d{2,4}){1,3}"
    r"|0\d{2,4}[ ./-]\d{3,4}(?:[ .-]?\d{2,4}){1,2}"
    r"|1?[ .-]?\d{3}([ .-])\d{3}\1\d{4}"
    r"|555[-.]\d{4}"
    r")(?![\w-]|[.,]\d)"
)
_CALLED: Final = re.compile(
    r"\b((?:tel|telephone|phone|mobile|cell|whatsapp|fax|call|text|dial)(?:\s*(?:number|no))?\s*[.:]*\s*(?:me|us)?\s*"
    r"(?:at|on)?\s*:?\s*)(\d(?:[ .()/-]{0,2}\d){5,13})(?![\w-])",
    re.I,
)
# What any match needs; each begins with a sign that prose seldom has, so the search costs next to nothing.
_SPELT: Final = (" dot ", " Dot ", " DOT ", "(at", "[at", "{at", "( at", "[ at", "{ at", "(AT", "[AT", "{AT")
_DOTTED: Final = re.compile(r"\.\w|://")
_LABEL: Final = re.compile(r"[:=] ?[\w.-]{3}")
_SIX_DIGITS: Final = re.compile(r"\d(?:[ .()/-]{0,2}\d){5}")


def scrub(text: str, counts: Counter[str] | None = None) -> str:
    """``text`` with its contacts replaced; ``counts`` gets how many of each kind."""
    counts = Counter() if counts is None else counts
    # each search is preceded by a cheap one that most stories fail
    if "@" in text or any(sign in text for sign in _SPELT):
        text = _put(_EMAIL, "email", text, counts)
    if _DOTTED.search(text):
        text = _put(_LINK, "link", text, counts)
    if "@" in text or "/" in text or "#" in text:
        text = _put(_HANDLE, "handle", text, counts)
    if _LABEL.search(text):
        text, n = _LABELLED.subn(lambda m: m.group(1) + PLACEHOLDERS["handle"], text)
        counts["handle"] += n
    if _SIX_DIGITS.search(text):
        text = _put(_PHONE, "phone", text, counts)
        text, n = _CALLED.subn(lambda m: m.group(1) + PLACEHOLDERS["phone"], text)
        counts["phone"] += n
    return text


def _put(pattern: re.Pattern[str], kind: str, text: str, counts: Counter[str]) -> str:
    def placeholder(found: re.Match[str]) -> str:
        # the sentence's own full stop is no part of an address
        tail = re.search(r"[.,;:!?)]*$", found.group())
        return PLACEHOLDERS[kind] + (tail.group() if tail and kind in ("link", "handle", "email") else "")

    text, n = pattern.subn(placeholder, text)
    counts[kind] += n
    return text
