"""From an address to a raw document: plain HTTP first, a browser where it must be, one way out for both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from miniature_memory.config import Config
    from miniature_memory.progress import Progress
    from miniature_memory.workspace import Workspace


def fetch(
    workspace: Workspace,
    config: Config,
    progress: Progress,
    grants: Mapping[str, tuple[str, int]] | None = None,
) -> dict[str, Any]:
    """The stage: every new address that is due becomes a document, is rejected with a reason, or waits.

    ``grants`` are names that may be reached at one address each although it is not public (the demo's web).
    """
    import asyncio

    from miniature_memory.scraper.fetch.stage import Run

    return asyncio.run(Run(workspace, config, progress, grants or {}).go())
