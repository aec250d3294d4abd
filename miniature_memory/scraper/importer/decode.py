"""Bytes to text, with care: what is no text is said to be none."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_BINARY = re.compile(
    rb"^(?:%PDF|PK\x03\x04|\x89PNG|\xff\xd8\xff|GIF8|\x7fELF|\x1f\x8b|BZh|7z\xbc|Rar!|MZ|\xd0\xcf\x11\xe0"
    rb"|OggS|ID3)"
)


def decode(data: bytes, declared: str = "") -> str | None:
    """The text, or None when the bytes are none. Order: BOM, UTF-8, ``declared``, cp1252, a guess.

    UTF-8 stands before what a page declares: bytes that are UTF-8 by accident are rarer than wrong headers.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _try(data, name)
    if _BINARY.match(data) or len(_CONTROL.findall(data[:65536])) > 0.003 * len(data[:65536]):
        return None
    text = _try(data, "utf-8")
    if text is not None:
        return text
    if declared and declared.lower() not in ("utf-8", "utf8"):
        text = _try(
            data,
            {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252"}.get(declared.lower(), declared),
        )
        if text is not None:
            return text
    high = sum(byte >= 0x80 for byte in data[:200_000])
    if high <= 0.1 * min(len(data), 200_000):  # Western letters among ASCII: an old Windows or Latin-1 file
        text = _try(data, "cp1252")
        if text is not None:
            return text
    return _guess(data)


def declared_charset(data: bytes) -> str:
    """What an HTML page says about its bytes, in its first kilobytes."""
    found = _DECLARED.search(data[:4096])
    return found[1].decode("ascii", "replace") if found else ""


def _try(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None


def _guess(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    return _try(data, best.encoding) if best is not None else None
