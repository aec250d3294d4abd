"""Mutation testing of one module: `./dev mutate screen.stream tests/screen/test_stream.py ...`.

Each mutant is the module with one small mistake (a comparison, a number, a condition, a sign turned round, a
line left out). It runs in a child process whose import of the module gives the mutant; the tests given must
fail, or the mutant survives and is printed. Files on the disk stay as they are.
"""

from __future__ import annotations

import ast
import copy
import importlib.abc
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

SECONDS = 60  # a mutant that takes longer hangs: that is seen, too
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


def mutants(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """(where and what, the module with one mistake)."""
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
            told = f"line {child.lineno}: {ast.unparse(child)[:70]!r} -> {ast.unparse(mistake)[:70]!r}"  # type: ignore[attr-defined]
            yield told.replace("\n", " "), ast.fix_missing_locations(changed)


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


def is_killed(name: str, path: Path, tree: ast.Module, tests: list[str]) -> bool:
    """Whether the tests see the mistake."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        sys.meta_path.insert(0, _Instead(name, path, tree))
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
    return os.waitpid(child, 0)[1] != 0


def main(module: str, tests: list[str]) -> int:
    """Prints the survivors as they are found, and how many were killed."""
    path = Path("miniature_memory", *module.split(".")).with_suffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = f"miniature_memory.{module}"
    if is_killed(name, path, tree, tests):
        print("The tests fail without any mistake.")
        return 1
    found = killed = 0
    for told, mutant in mutants(tree):
        found += 1
        if is_killed(name, path, mutant, tests):
            killed += 1
        else:
            print(f"survived: {told}", flush=True)
    print(f"{module}: {killed} of {found} mutants killed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
