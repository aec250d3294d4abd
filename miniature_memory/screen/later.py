"""Patterns that are compiled when they are first used: most texts need few of them, and a writer's first word waits."""

from __future__ import annotations

import re
from typing import Any

import re2


class _Later:
    """Stands for a compiled pattern, and is as quick as that once each of its methods was called."""

    def __init__(self, compile_: Any, pattern: str) -> None:
        self._compile, self._pattern = compile_, pattern

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._compile(self._pattern), name)
        setattr(self, name, method)
        return method


def later(pattern: str) -> Any:
    """A pattern of Python's."""
    return _Later(re.compile, pattern)


def later2(pattern: str) -> Any:
    """A pattern of RE2's, whose time is linear in the text."""
    return _Later(re2.compile, pattern)
