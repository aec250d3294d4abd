"""Mutation testing of one module: `./dev mutate screen.stream tests/screen/test_stream.py ...`.

Each mutant is the module with one small mistake (a comparison, a number, a condition, a sign turned round, a
line left out). It runs in a child process whose import of the module gives the mutant; the tests given must
fail, or the mutant survives and is printed. Files on the disk stay as they are. First come the tests that ran
the line when there was no mistake, the quickest ahead; only what they all let pass meets the others.
"""

from __future__ import annotations

import ast
import copy
import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

SECONDS = 60  # a mutant that takes longer hangs: that is seen, too
TraceFunction = Any  # what ``sys.settrace`` takes and gives
FIRST = 40  # tests that ran the line are tried before all the others
_TURNED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.And: ast.Or, ast.Or: ast.And, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Break: ast.Continue,
    ast.Continue: ast.Break,
}  # fmt: skip


def _mistakes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand by mistake where a node stands."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _TURNED:
        yield ast.Compare(node.left, [_TURNED[type(node.ops[0])]()], node.comparators)  # type: ignore[list-item]
    elif isinstance(node, ast.BinOp) and type(node.op) in _TURNED:
        yield ast.BinOp(node.left, _TURNED[type(node.op)](), node.right)  # type: ignore[arg-type]
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(_TURNED[type(node.op)](), node.values)  # type: ignore[arg-type]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, (ast.If, ast.While)):
        yield type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, (ast.Break, ast.Continue)):
        yield _TURNED[type(node)]()
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Raise)) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ):
        yield ast.Pass()


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """(the line, where and what, the module with one mistake)."""
    places = [
        (field, index, number)
        for number, parent in enumerate(ast.walk(tree))
        for field, value in ast.iter_fields(parent)
        for index, child in enumerate(value if isinstance(value, list) else [value])
        if isinstance(child, ast.AST)
    ]
    for field, index, number in places:
        value = getattr(list(ast.walk(tree))[number], field)
        child = value[index] if isinstance(value, list) else value
        for mistake in _mistakes(child):
            changed = copy.deepcopy(tree)
            parent = list(ast.walk(changed))[number]
            if isinstance(value, list):
                getattr(parent, field)[index] = ast.copy_location(mistake, child)
            else:
                setattr(parent, field, ast.copy_location(mistake, child))
            line: int = child.lineno
            told = f"line {line}: {ast.unparse(child)[:70]!r} -> {ast.unparse(mistake)[:70]!r}"
            yield line, told.replace("\n", " "), ast.fix_missing_locations(changed)


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutant where the module is imported."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        spec = importlib.util.spec_from_file_location(name, self.path)
        assert spec is not None
        spec.loader = self
        return spec

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)


class _Touched:
    """Notes for each test which lines of a file it runs, and how long it takes."""

    def __init__(self, path: Path) -> None:
        self.file = str(path.resolve())
        self.tests: list[tuple[float, str, list[int]]] = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        lines: set[int] = set()

        def in_file(frame: FrameType, event: str, arg: object) -> TraceFunction:
            lines.add(frame.f_lineno)
            return in_file

        def anywhere(frame: FrameType, event: str, arg: object) -> TraceFunction | None:
            return in_file(frame, event, arg) if frame.f_code.co_filename == self.file else None

        start = time.perf_counter()
        sys.settrace(anywhere)
        yield
        sys.settrace(None)
        self.tests.append((time.perf_counter() - start, item.nodeid, sorted(lines)))


def touching(path: Path, tests: list[str]) -> dict[int, list[str]]:
    """The tests that run each line, the quickest first. Raises ``SystemExit`` if one fails already."""
    found: dict[int, list[str]] = defaultdict(list)
    with tempfile.NamedTemporaryFile("r") as notes:
        child = os.fork()
        if child == 0:
            _quiet()
            plugin = _Touched(path)
            failed = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests], plugins=[plugin])
            Path(notes.name).write_text(json.dumps(sorted(plugin.tests)), encoding="utf-8")
            os._exit(failed)
        if os.waitpid(child, 0)[1] != 0:
            raise SystemExit("The tests fail without any mistake.")
        for _, test, lines in json.load(notes):
            for line in lines:
                found[line].append(test)
    return found


def _quiet() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def is_killed(name: str, path: Path, tree: ast.Module, tests: list[str]) -> bool:
    """Whether the tests see the mistake."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        _quiet()
        sys.meta_path.insert(0, _Instead(name, path, tree))
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
    return os.waitpid(child, 0)[1] != 0


def main(module: str, tests: list[str]) -> int:
    """Prints the survivors as they are found, and how many were killed."""
    path = Path("miniature_memory", *module.split(".")).with_suffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = f"miniature_memory.{module}"
    touched = touching(path, tests)
    found = killed = 0
    for line, told, mutant in mutants(tree):
        found += 1
        first = touched.get(line, [])[:FIRST]
        if (first and is_killed(name, path, mutant, first)) or is_killed(name, path, mutant, tests):
            killed += 1
        else:
            print(f"survived: {told}", flush=True)
    print(f"{module}: {killed} of {found} mutants killed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
