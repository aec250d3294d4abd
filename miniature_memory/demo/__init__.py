"""The story web that is always there: a small, seeded, believable web of neutral fiction about grown-ups.

It is spoken to over real HTTP, so the whole pipeline can be tried without a key or a network, and it knows
the right
verdict and the gold text of each of its pages.
"""

from __future__ import annotations

from miniature_memory.demo.pages import HOSTS, QUERIES, Page
from miniature_memory.demo.server import StoryWeb
from miniature_memory.demo.stories import Story, story

__all__ = ["HOSTS", "QUERIES", "Page", "Story", "StoryWeb", "story"]
