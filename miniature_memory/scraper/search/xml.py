"""XML from strangers: no entities, no DTDs, no network, no giants."""

from __future__ import annotations

import zlib
from typing import Any

from miniature_memory.errors import SearchDenied

_MAX_BYTES = 64 << 20


def parse(name: str, body: bytes) -> Any:
    """The root element of ``body`` (gunzipped if need be). Raises ``SearchDenied`` when it is no XML."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(unpacked(body), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise SearchDenied(f"{name}: that address holds no XML.", "Give the address of the file itself.")
    return root


def unpacked(body: bytes) -> bytes:
    """Gunzips, but never beyond a limit: a small file can unfold to gigabytes."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    engine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        return engine.decompress(body, _MAX_BYTES)
    except zlib.error:
        return b""


def local(element: Any) -> str:
    """An element's name without its namespace; empty for comments."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def child_text(element: Any, *names: str) -> str:
    """The text of the first child that has one of ``names``."""
    for child in element:
        if local(child) in names:
            return "".join(child.itertext()).strip()
    return ""
