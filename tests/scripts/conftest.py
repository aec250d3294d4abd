from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from miniature_memory.scripts.cli import main

MM = Callable[..., tuple[int, str, str]]


@pytest.fixture
def mm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> MM:
    """Runs ``mm`` in this process: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mm", *map(str, arguments)])
        try:
            main()
            code: object = 0
        except SystemExit as end:
            code = end.code or 0
        told = capsys.readouterr()
        assert isinstance(code, int), code
        assert "Traceback" not in told.err
        return code, told.out, told.err

    return run
