"""Which check verifies which requirement, read from the source: complete, and without ids that nobody knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import conformance
from conformance import coverage, packs

ROOT = Path(conformance.__file__).parent
PACKS = {name: packs.load(name) for name in packs.available()}
KNOWN = {row.id for pack in PACKS.values() for row in pack.catalogue.requirements}


def test_no_check_names_a_requirement_that_no_pack_has() -> None:
    named = {id: place for place, ids in coverage.functions().items() for id in ids}  # noqa: A001 - FHIR's own word
    assert {id: place for id, place in named.items() if id not in KNOWN} == {}  # noqa: A001 - the same


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_each_requirement_has_a_check_or_a_reason(pack: packs.Pack) -> None:
    places = coverage.places(pack)
    bare = [row.id for row in pack.catalogue.requirements if row.id not in places and row.not_tested is None]
    assert bare == []


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_what_is_not_tested_has_no_check(pack: packs.Pack) -> None:
    places = coverage.places(pack)
    assert [row.id for row in pack.catalogue.requirements if row.not_tested is not None and row.id in places] == []


def test_each_check_verifies_something() -> None:
    """A check without ids would never be run, and nobody would notice."""
    silent = []
    for file in sorted((ROOT / "checks").glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                tables = {"cell", "scenario", "finding"} & {argument.arg for argument in node.args.args}
                if not tables and not coverage.functions().get((f"checks/{file.name}", node.name)):
                    silent.append(f"{file.name}::{node.name}")
    assert silent == []


def test_ids_are_literal() -> None:
    """`verifying(...)` takes strings, or the ids of a row: anything else would be invisible to the index."""
    hidden = []
    for file in sorted((ROOT / "checks").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "verifying":
                for argument in node.args:
                    row = isinstance(argument, ast.Starred) and ast.unparse(argument).endswith(".requirements")
                    if not row and not isinstance(argument, ast.Constant):
                        hidden.append(f"{file.name}:{node.lineno}: {ast.unparse(argument)}")
    assert hidden == []


def test_the_index_finds_every_call() -> None:
    """It looks at `with` statements and decorators only; a call anywhere else would be missed."""
    for folder in ("checks", "observed"):
        for file in sorted((ROOT / folder).glob("*.py")):
            for function in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(function, ast.FunctionDef):
                    called = {
                        argument.value
                        for node in ast.walk(function)
                        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                        if node.func.id in coverage.CALLS
                        for argument in node.args
                        if isinstance(argument, ast.Constant)
                    }
                    assert set(coverage.literal_ids(function)) == called, f"{file.name}::{function.name}"


def test_what_was_left_out_is_known_by_function_and_by_row() -> None:
    pack = PACKS["nll-2023"]
    places = coverage.places(pack)
    everything = {
        f"conformance/{place.file}::{place.name}" if place.line else f"conformance/checks/x.py::x[{place.name}]"
        for found in places.values()
        for place in found
    }
    assert coverage.left_out(pack, everything) == {}
    assert set(coverage.left_out(pack, set())) == set(places)
    row = next(cell for cell in pack.header_cells if cell.requirements)
    missing = coverage.left_out(pack, {one for one in everything if not one.endswith(f"[{row.name}]")})
    assert set(missing) == set(row.requirements)
    assert f"headers.toml: {row.name}" in missing.values()
