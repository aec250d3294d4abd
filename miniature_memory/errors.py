"""Every error that a user can meet, on one page: what happened, and what to do next.

The command line prints ``message`` and ``hint`` and exits with ``exit_code``;
nothing below it ever calls ``exit()``.
"""

from __future__ import annotations


class MiniatureMemoryError(Exception):
    """Root of the tree. Exit code 1: the work failed."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(MiniatureMemoryError):
    """An option or an argument makes no sense (exit code 2)."""

    exit_code = 2


class ConfigError(UsageError):
    """One or more settings are wrong; all of them are listed (exit code 2)."""


class MissingInput(MiniatureMemoryError):
    """A stage needs what an earlier one writes, and it is not there (exit code 3)."""

    exit_code = 3


class Refused(MiniatureMemoryError):
    """The adults-only screen refused a text. The text itself is never part of the error (exit code 4)."""

    exit_code = 4

    def __init__(self, rule: str, where: str) -> None:
        super().__init__(
            f"The adults-only screen refused the {where} (rule: {rule}).",
            "Only fiction about grown-ups is accepted here; this gate has no switch.",
        )
        self.rule = rule


class MissingExtra(MiniatureMemoryError):
    """An optional dependency is not installed; the hint names the command that installs it."""


class WorkspaceLocked(MiniatureMemoryError):
    """Another run holds the workspace."""


class Damaged(MiniatureMemoryError):
    """A file is not what its hash or its format says."""


class DiskFull(MiniatureMemoryError):
    """There is no room to write; nothing that was written before is lost."""


class FetchError(MiniatureMemoryError):
    """A page could not be had. ``transient`` says whether a later try may work."""

    def __init__(self, reason: str, message: str = "", transient: bool = False) -> None:
        super().__init__(message or reason)
        self.reason = reason
        self.transient = transient


class SearchError(MiniatureMemoryError):
    """A search provider failed."""


class SearchTransient(SearchError):
    """It may work later (time-out, 5xx, 429)."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(
            message, "Look at the network and the provider; what was found is kept. Run again to go on."
        )
        self.retry_after = retry_after


class QuotaSpent(SearchError):
    """The provider's quota, or our own budget below it, is spent."""


class SearchDenied(SearchError):
    """The key is missing or wrong, or the service is closed to us."""
