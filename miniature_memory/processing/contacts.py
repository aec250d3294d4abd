"""Contacts out: e-mail addresses, links, handles and telephone numbers give way to neutral placeholders.

Rules are narrow on purpose: a story's "12 - 14 people" or "in 1914-1918" must stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

from miniature_memory.processing.segment import lines_with

if TYPE_CHECKING:
    import re2

PLACEHOLDERS: Final = {"email": "[email]", "link": "[link]", "handle": "[handle]", "phone": "[phone]"}

_TOP = (
    r"(?:com|org|net|info|io|me|co|tv|ly|gg|app|dev|blog|site|online|shop|store|edu|gov|test|example|invalid|"
    r"uk|us|de|fr|es|it|nl|se|no|dk|fi|pl|ru|jp|cn|in|au|ca|ch|at|be|br|eu|ie|nz|za|ee|pt|gr|"
    r"cz|hu|ro|sk|hr|bg|tr|mx|kr|tw|hk|sg|lu|li|fm|ai|xyz|club|page|social|link)"
)
# networks; what is also a plain word (discord, signal) must be written as a name
_NETWORK = (
    r"(?:twitter|instagram|insta|ig|telegram|snapchat|skype|facebook|tumblr|tiktok|kik|patreon|ko-?fi|bluesky|"
    r"reddit|wattpad|ao3|youtube|twitch|linkedin|whatsapp|mastodon|(?-i:Discord|Threads|Signal|Snap|FB))"
)
# every run is bounded, so that a line of a hundred megabytes costs a hundred megabytes' time
_LABEL = r"[^\W_][\w-]{0,62}"
_USER = r"[^\W_][\w.+'-]{0,63}"
_AT = r"(?:\s?[\[({<]\s?(?:at|@)\s?[\])}>]\s?|[@＠]|\s[@＠]\s|\s-at-\s|(?<=\w)(?-i:\sAT\s))"
_DOT = rf"(?:\.|\s\.\s(?={_TOP}\b)|\s?[\[({{<]\s?(?:dot|\.)\s?[\])}}>]\s?|\s-?dot-?\s)"
_EMAIL: Final = re.compile(
    rf"(?<![\w.+@-])(?:mailto:\s?)?{_USER}{_AT}{_LABEL}(?:{_DOT}{_LABEL}){{0,4}}?{_DOT}[^\W\d_]{{2,24}}(?![\w-]|\.\w)"
    rf"|(?<![\w.+-])[^\W_][\w.]{{0,63}}-at-[^\W_]\w{{0,62}}(?:-dot-\w{{1,63}}){{0,3}}-dot-{_TOP}\b"
    rf"|(?<![\w.+-]){_USER}\sat\s{_LABEL}(?:\sdot\s{_LABEL}){{0,3}}\sdot\s(?:com|org|net|info|edu|co|uk|de|fr|eu|example|test)\b",
    re.I,
)
_LINK: Final = re.compile(
    rf"\b(?:https?|ftp)://[^\s<>\"'\]]+|\bwww\.[^\s<>\"'\]]+"
    rf"|(?<![\w@./-])(?:[a-z0-9-]{{1,63}}\.){{1,5}}{_TOP}/[^\s<>\"'\]]*"
    r"|(?<![\w@./-])(?=[\w.-]{0,200}[a-z])(?:[a-z0-9-]{1,63}\.){1,5}(?:com|org|net|info|io|tv|gg|co\.uk)(?![\w-])(?!\.\w)",
    re.I,
)
_HANDLE: Final = re.compile(
    r"(?<![\w@.])[@＠](?=[\w.-]{0,9}[^\W\d])(?![0-9]{1,2}(?:am|pm|h)\b)\w(?:[\w.-]{0,38}\w)?(?:@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4})?"
    r"|(?<![\w/])/?[ur]/[A-Za-z0-9_-]{3,30}\b"
    r"|\b[^\W\d_][\w.]{1,31}#\d{4,5}\b"
)
_LABELLED: Final = re.compile(
    rf"(?<![\w@])({_NETWORK}(?:\s(?:id|handle|name|username|user|account))?\s?[:=]\s*"
    rf"|(?:my|on|his|her)\s{_NETWORK}(?:\s(?:handle|name))?\s(?:is|as|under)\s"
    rf"|{_NETWORK}\s[-–—]\s(?=\S{{0,30}}[\w][\d_.]\w))"
    r"(\w[\w.-]{1,38}\w)(?!\])",
    re.I,
)
# Telephone numbers: with a country code, with an area code in brackets, in groups by - . or space, or after
# a word that says so. A range of years, a date, a sum of money or a long plain number is none.
_PHONE: Final = re.compile(
    r"(?<![\w.,/$€£:-])(?:(?<!\d )|(?=\())(?:"
    r"(?:\+|00 ?)\d{1,3}[ .()/-]{0,2}(?:\d[ .()/-]{0,2}){6,12}\d"
    r"|\((?!1[0-9]\d\d\)|20\d\d\))\d{2,5}\)[ .-]?(?=(?:[ .-]?\d){5,9}(?!\d))\d{2,4}(?:[ .-]?\d{2,4}){1,3}"
    r"|\(0\)[ .-]?\d{2,5}(?:[ .-]?\d{2,4}){2,3}"
    r"|0\d(?:[ .-]\d\d){4}"
    r"|0\d[ -]\d{3,4}[ -]\d{3,4}(?: \d\d)?"
    r"|0\d{2,4}(?:[ ./-]| / )\d{3,4}(?:[ .-]?\d{2,4}){1,2}"
    r"|0\d{9,10}"
    r"|(?:1[ .-])?[2-9]\d{2}([ .-])\d{3}\1\d{4}"
    r"|[2-9]\d{2}[ .-]\d{3}[.-]\d{4}"
    r"|(?<!number )(?<!serial )(?<!code )(?<!no\. )[2-9]\d{2}[2-9]\d{6}"
    r"|[6-9]\d{4}[ -]\d{5}"
    r"|555[-.]\d{4}"
    r")(?![\w-]|[.,]\d)"
)
_CALLED: Final = re.compile(
    r"\b((?:(?:tel|telephone|phone|mobile|cell|whatsapp|signal|fax)(?:\s?(?:number|no|is))?|call|text|dial|ring|reach|"
    r"number(?:\sis|'s))\s*[.:]*\s*(?:me|us|him|her|them)?\s*(?:at|on|is|under)?\s*:?\s*)"
    r"(\+?\(?\d(?:[ .()/-]{0,3}\d){5,14})(?![\w-])",
    re.I,
)
# What any contact holds, in one pass of linear time: most stories hold nothing of it, and that is all
_SIGNS: Final = (
    r"(?i)[@＠#]|://|www\.|\." + _TOP + r"\b|\sdot\s|-at-|[\[({<] ?at ?[\])}>]|\b[ur]/\w|"
    rf"\d(?:[ .()/-]{{0,2}}\d){{5}}|\b{_NETWORK}\b"
)


@cache
def _signs() -> re2._Regexp:
    import re2

    return re2.compile(_SIGNS)


def scrub(text: str, counts: Counter[str] | None = None) -> str:
    """``text`` with its contacts replaced; ``counts`` gets how many of each kind."""
    suspect = lines_with(_signs(), text)
    if not suspect:
        return text
    counts = Counter() if counts is None else counts
    lines = text.split("\n")
    for number in suspect:
        if _signs().search(lines[number]):
            lines[number] = _scrubbed(lines[number], counts)
    return "\n".join(lines)


def _scrubbed(text: str, counts: Counter[str]) -> str:
    for pattern, kind in ((_EMAIL, "email"), (_LINK, "link"), (_HANDLE, "handle")):
        text = _put(pattern, kind, text, counts)
    text = _put_behind(_LABELLED, "handle", text, counts)
    text = _put(_PHONE, "phone", text, counts)
    return _put_behind(_CALLED, "phone", text, counts)


def _put(pattern: re.Pattern[str], kind: str, text: str, counts: Counter[str]) -> str:
    def placeholder(found: re.Match[str]) -> str:
        # the sentence's own full stop is no part of an address
        address = found.group()
        return PLACEHOLDERS[kind] + address[len(address.rstrip(".,;:!?)")) :]

    text, n = pattern.subn(placeholder, text)
    counts[kind] += n
    return text


def _put_behind(pattern: re.Pattern[str], kind: str, text: str, counts: Counter[str]) -> str:
    """The same for what is known by the words before it, which stay."""
    text, n = pattern.subn(lambda found: found.group(1) + PLACEHOLDERS[kind], text)
    counts[kind] += n
    return text
