# ruff: noqa: INP001 - beside the script that uses it
"""How a function of the suite can be made to see less: deliberate weakenings, derived from its source.

A weakening is a copy of a module's syntax tree in which one function is changed in one place. Only the code of that
function is compiled and put in place of its own, so that whoever has imported it meets the weaker one.
"""

from __future__ import annotations

import ast
import copy
import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FunctionType

Function = ast.FunctionDef
OTHERWISE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
NEUTRAL = {"None": ("None",), "bool": ("True", "False"), "str": ("''",), "int": ("0",)}
"""What a function of that type returns when it has not looked, as source."""

COMPLAINTS = (ast.Raise, ast.Yield, ast.YieldFrom, ast.Call)
"""What stands below an `if` that looks for something wrong."""


@dataclass(frozen=True, slots=True)
class Weakening:
    """One change of one function: `place` is module and qualified name, `number` counts those of a function."""

    module: str
    function: str
    number: int
    line: int
    what: str

    @property
    def place(self) -> str:
        return f"{self.module}.{self.function}"

    @property
    def public(self) -> bool:
        return not any(part.startswith("_") for part in self.function.split("."))


@cache
def _tree(module: str) -> tuple[ast.Module, str]:
    path = Path(str(importlib.import_module(module).__file__))
    return ast.parse(path.read_text("utf-8")), str(path)


def functions(module: str) -> Iterator[tuple[str, Function]]:
    """Each function and method of a module by its qualified name; what is defined inside one belongs to it."""
    for node in _tree(module)[0].body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, ast.FunctionDef))


def weakenings(module: str) -> Iterator[Weakening]:
    """All of them, function by function; the first of each takes its whole body away where that has a meaning."""
    for name, function in functions(module):
        for number, (line, what, _) in enumerate(_changed(function)):
            yield Weakening(module, name, number, line, what)


def code_of(weakening: Weakening) -> CodeType:
    """The code of the function with this weakening in it."""
    tree, path = _tree(weakening.module)
    (original,) = [node for name, node in functions(weakening.module) if name == weakening.function]
    _, _, changed = list(_changed(original))[weakening.number]
    return compiled(tree, path, weakening.function, original, changed)


def compiled(tree: ast.Module, path: str, name: str, original: Function, changed: Function) -> CodeType:
    """The code of one function of a module in which it was exchanged."""

    class Exchange(ast.NodeTransformer):
        def visit_FunctionDef(self, node: Function) -> Function:
            return changed if node is original else node

    whole = compile(ast.fix_missing_locations(Exchange().visit(_shallow(tree))), path, "exec")
    return next(code for code in _inside(whole) if code.co_qualname == name)


def marked(module: str, name: str, mark: str) -> CodeType:
    """The code of a function that first calls a built-in name with its place; to find out who reaches it."""
    tree, path = _tree(module)
    (original,) = [node for one, node in functions(module) if one == name]
    changed = copy.deepcopy(original)
    changed.body.insert(_after_docstring(changed), ast.parse(f"{mark}({f'{module}.{name}'!r})").body[0])
    return compiled(tree, path, name, original, changed)


def function_at(module: str, name: str) -> FunctionType:
    """The function itself, below what decorates it."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = vars(found)[part]
    for way in ("fget", "func", "__func__"):
        found = getattr(found, way, found)
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found  # type: ignore[no-any-return]


def _changed(function: Function) -> Iterator[tuple[int, str, Function]]:
    """(line, what was done, the changed function), each once."""
    seen = {ast.unparse(function)}
    for line, what, changed in (*_emptied(function), *_altered(function)):
        text = ast.unparse(changed)
        if text not in seen:
            seen.add(text)
            yield line, what, changed


def _emptied(function: Function) -> Iterator[tuple[int, str, Function]]:
    told = ast.unparse(function.returns) if function.returns is not None else "None"
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function)):
        values: tuple[str, ...] = ("(yield from ())",)
    elif told in NEUTRAL:
        values = NEUTRAL[told]
    elif told.endswith("| None"):
        values = ("None",)
    elif told.startswith(("list", "tuple", "dict", "set", "frozenset")):
        values = (f"{told.partition('[')[0]}()",)
    else:
        values = ("None",)
    for value in values:
        changed = copy.deepcopy(function)
        changed.body = [*changed.body[: _after_docstring(changed)], *ast.parse(f"return {value}", mode="exec").body]
        yield function.lineno, f"returns {value} at once", changed


def _altered(function: Function) -> Iterator[tuple[int, str, Function]]:
    """One place after the other; places are found again in a copy by their order."""
    no_matter = set(_of_notes(function))
    for index, node in enumerate(ast.walk(function)):
        if node in no_matter:
            continue
        for what in _ways(node):
            changed = copy.deepcopy(function)
            found = list(ast.walk(changed))[index]
            _alter(changed, found, what)
            yield getattr(node, "lineno", function.lineno), f"{what}: {ast.unparse(node).splitlines()[0]}", changed


def _ways(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Raise):
        yield "no raise"
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _mentions(node.value):
        yield "no call"
    elif isinstance(node, ast.If):
        if any(isinstance(inner, COMPLAINTS) for statement in node.body for inner in ast.walk(statement)):
            yield "never"
        yield "negated"
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield "compared otherwise"
    elif isinstance(node, ast.BoolOp):
        yield "and for or, or for and"
        yield "without its last part"


def _of_notes(function: Function) -> Iterator[ast.AST]:
    """What decides nothing but whether a note is written."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.If)
            and not node.orelse
            and all(
                isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and _mentions(one.value)
                for one in node.body
            )
        ):
            yield node
            yield from ast.walk(node.test)


def _mentions(call: ast.Call) -> bool:
    """Whether a call writes a note, which no verdict depends on."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in {"note", "met"}


def _alter(function: Function, node: ast.AST, what: str) -> None:
    if isinstance(node, ast.Raise | ast.Expr):
        _put(function, node, ast.Pass())
    elif isinstance(node, ast.If):
        node.test = ast.Constant(value=False) if what == "never" else ast.UnaryOp(op=ast.Not(), operand=node.test)
    elif isinstance(node, ast.Compare):
        node.ops = [OTHERWISE[type(node.ops[0])]()]
    elif isinstance(node, ast.BoolOp) and what.startswith("without"):
        node.values = node.values[:-1]
        if len(node.values) == 1:
            _put(function, node, node.values[0])
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()


def _put(function: Function, old: ast.AST, new: ast.AST) -> None:
    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return new if node is old else self.generic_visit(node)

    Put().visit(function)


def _after_docstring(function: Function) -> int:
    return int(ast.get_docstring(function, clean=False) is not None)


def _shallow(tree: ast.Module) -> ast.Module:
    """A copy whose lists can be changed; functions in it are the same objects, which nothing changes."""
    body = [
        ast.ClassDef(**{**_fields(node), "body": list(node.body)}) if isinstance(node, ast.ClassDef) else node
        for node in tree.body
    ]
    return ast.Module(body=body, type_ignores=[])


def _fields(node: ast.AST) -> dict[str, Any]:
    places = {name: getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    return dict(ast.iter_fields(node)) | places


def _inside(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from _inside(constant)
