"""From raw text to training data: ``validate``, ``clean``, ``prepare``; and ``remove``, ``lineage``.

Everything here is a function of (raw text, code, configuration). The stages stand in ``processing.validate``,
``processing.clean`` and ``processing.prepare``; what they do to one document is pure and runs anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from miniature_memory.workspace import Workspace


def remove(workspace: Workspace, ids: Iterable[str]) -> dict[str, Any]:
    """Removes documents and their twins everywhere but in the evidence (see ``forget.remove``)."""
    from miniature_memory.processing.forget import remove as run

    return run(workspace, ids)


def lineage(workspace: Workspace, document_id: str) -> dict[str, Any]:
    """Where a document came from and where it went (see ``forget.lineage``)."""
    from miniature_memory.processing.forget import lineage as run

    return run(workspace, document_id)
