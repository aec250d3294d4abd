"""What a page says, tags and all: the readings of its text that the gate looks at."""

from __future__ import annotations

import re

_TAG = re.compile(r"<[^<>]*>")


def readings(html: str) -> list[str]:
    """The page as texts: with tags as breaks, and with tags left out (words across a seam)."""
    return [html, _TAG.sub(" ", html), _TAG.sub("", html)]
