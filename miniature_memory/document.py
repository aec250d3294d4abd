"""The one type that flows through the pipeline."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any


def content_hash(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, in hexadecimal: a document's id and its raw file's name."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Document:
    """A story (or one chapter of it) on its way from a page to the training data.

    ``work`` names the story that a chapter belongs to (site and story, never the chapter):
    train or validation is decided by it. ``lineage`` holds where it came from:
    ``{"url"|"path": …, "evidence": …, "extractor": …}``.
    """

    id: str
    text: str
    source: str
    site: str = ""
    work: str = ""
    title: str = ""
    author: str = ""
    language: str = ""
    published: str = ""
    collected: str = ""
    licence: str = ""
    lineage: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, source: str, **facts: Any) -> Document:
        return cls(id=content_hash(text), text=text, source=source, **facts)

    def with_text(self, text: str) -> Document:
        """The same document, another stage's text; its id stays that of the raw text."""
        return replace(self, text=text)
