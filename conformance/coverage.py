"""Which check verifies which requirement, read from the source: ids are literal everywhere."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from conformance.packs import Pack

CALLS = frozenset({"verifying", "observes"})
ROWS = frozenset({"row"})
"""What the tables of `observed` call for each of their rows, with the requirement first and what is expected second."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a requirement is verified: a function of the suite, or a row of a pack's data."""

    file: str
    line: int
    name: str
    title: str


def literal_ids(function: ast.FunctionDef) -> Iterator[str]:
    """The requirement ids that a function verifies: string arguments of `with verifying(…)` and `@observes(…)`."""
    for node in (*function.decorator_list, *_contexts(function.body)):
        if isinstance(node, ast.Call) and _called(node) in CALLS:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _contexts(body: list[ast.stmt]) -> Iterator[ast.expr]:
    """What the `with` statements enter, at any depth. Expressions are not walked: there are ten times as many."""
    for statement in body:
        if isinstance(statement, ast.With):
            yield from (item.context_expr for item in statement.items)
        for part in ("body", "orelse", "finalbody"):
            yield from _contexts(getattr(statement, part, []))
        for inner in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
            yield from _contexts(inner.body)


@cache
def functions() -> dict[tuple[str, str], tuple[str, ...]]:
    """(module file name, function name) → ids, over all modules of the suite."""
    return {(place.file, place.name): ids for place, ids in _functions()}


def places(pack: Pack) -> dict[str, list[Place]]:
    """Requirement id → where it is verified when this pack is chosen."""
    found: dict[str, list[Place]] = {}
    for place, ids in _functions():
        for id in ids:  # noqa: A001 - FHIR's own word
            found.setdefault(id, []).append(place)
    for cell in pack.header_cells:
        for id in cell.requirements:  # noqa: A001 - FHIR's own word
            found.setdefault(id, []).append(Place("headers.toml", 0, cell.name, f"header cell: {cell.name}"))
    for rule in pack.profile.rules if pack.profile else ():
        of = ", ".join((*rule.keys, *rule.paths))
        place = Place("profile.toml", 0, rule.requirement, f"profile rule: {of}")
        found.setdefault(rule.requirement, []).append(place)
    for scenario in pack.scenarios:
        for id in scenario.requirements:  # noqa: A001 - FHIR's own word
            found.setdefault(id, []).append(Place("scenarios", 0, scenario.name, f"scenario: {scenario.title}"))
    return found


def left_out(pack: Pack, made: Collection[str], *, idle: Collection[str] = ()) -> dict[str, str]:
    """Requirement id → a function or a row for it that is not among the node ids of the checks that were made.

    `idle` are names of modules whose checks this run does not make at all, whatever was selected.
    """
    functions = {nodeid.partition("[")[0] for nodeid in made}
    rows = {nodeid.partition("[")[2].removesuffix("]") for nodeid in made}
    missing = {}
    for id, found in places(pack).items():  # noqa: A001 - FHIR's own word
        for place in found:
            if place.file.rpartition("/")[2] in idle:
                continue
            was_made = f"conformance/{place.file}::{place.name}" in functions if place.line else place.name in rows
            if not was_made:
                missing[id] = f"{place.file}: {place.name}"
    return missing


@cache
def _functions() -> tuple[tuple[Place, tuple[str, ...]], ...]:
    found: list[tuple[Place, tuple[str, ...]]] = []
    for folder in ("checks", "observed"):
        root = Path(str(files("conformance") / folder))
        for file in sorted(root.glob("*.py")):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                found += [(Place(f"{folder}/{file.name}", *row), (row[1],)) for row in _rows(node)]
                if isinstance(node, ast.FunctionDef):
                    ids = tuple(dict.fromkeys(literal_ids(node)))
                    if ids:
                        title = (ast.get_docstring(node) or node.name).strip()
                        found.append((Place(f"{folder}/{file.name}", node.lineno, node.name, title), ids))
    return tuple(found)


def _rows(node: ast.stmt) -> Iterator[tuple[int, str, str]]:
    """Line, requirement, and what is expected, of each row of a table: `TABLE = (row("…", "…", …), …)`."""
    table = node.value.elts if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) else ()
    for row in table:
        if isinstance(row, ast.Call) and _called(row) in ROWS:
            requirement, expected = (ast.literal_eval(argument) for argument in row.args[:2])
            yield row.lineno, requirement, f"In all answers: {expected}."


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""
