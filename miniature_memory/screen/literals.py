"""Sentences in code: what a script, a style sheet or an address would put on the page.

Code is no text, and words in it ("children", "age") mean nothing; but a quoted text that reads like
a sentence is what a reader may come to see, and what the page's raw bytes hold.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote_to_bytes

_PROSE = re.compile(r"[^\W\d_]+[,;:]? [^\W\d_]+[,;:]? \W?\w")  # two words and the beginning of a third
_QUOTED = re.compile(
    r"""  "([^"\\\n]*(?:\\.[^"\\\n]*)*)"
        | '([^'\\\n]*(?:\\.[^'\\\n]*)*)'
        | `([^`\\]*(?:\\.[^`\\]*)*)`""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u\{?([0-9a-fA-F]{1,6})\}?|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTENT = re.compile(r"""content\s*:([^;{}]*)""", re.IGNORECASE)
_STYLE_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6}) ?")
_ADDRESS = re.compile(r"\s*data:text/[^,]{0,100},", re.IGNORECASE)


def is_prose(text: str) -> bool:
    """Whether some words stand side by side, as in a sentence and not as in code."""
    return _PROSE.search(text) is not None


def quoted(code: str) -> list[str]:
    """The quoted texts of a script that read like sentences; pieces joined by "+" are one."""
    texts: list[str] = []
    end = -1
    for literal in _QUOTED.finditer(code):
        text = _plain(literal[1] or literal[2] or literal[3] or "")
        if code[end : literal.start()].strip() == "+":
            texts[-1] += text
        else:
            texts.append(text)
        end = literal.end()
    return [text for text in texts if is_prose(text)]


def _plain(literal: str) -> str:
    """A literal with its escapes undone."""

    def undo(m: re.Match[str]) -> str:
        code = int(m[1] or m[2] or "20", 16)
        return " " if m[3] in ("n", "r", "t", "\n") else m[3] or chr(min(code, 0x10FFFF))

    return _ESCAPE.sub(undo, literal) if "\\" in literal else literal


def written_by_style(sheet: str) -> list[str]:
    """What a style sheet's ``content`` puts on the page."""
    found = ["".join(map("".join, _QUOTED.findall(value))) for value in _CONTENT.findall(sheet)]
    return [_STYLE_ESCAPE.sub(lambda m: chr(min(int(m[1], 16), 0x10FFFF)), text) for text in found if text]


def embedded(address: str) -> str | None:
    """The page that an address holds in itself ("data:text/html,..."), if it does."""
    head = _ADDRESS.match(address)
    if head is None:
        return None
    data = unquote_to_bytes(address[head.end() :])
    if ";base64" in head[0].lower():
        data = base64.b64decode(data + b"=" * (-len(data) % 4))
    return data.decode("utf-8", "replace")
