"""Contradictions of the sources: what checks name is on record, and what is on record is met in a run."""

from __future__ import annotations

import ast
from pathlib import Path

import conformance
from conformance import packs, proof

CHECKS = Path(conformance.__file__).parent / "checks"


def named() -> set[str]:
    """The ids that checks hand to `consents.met`."""
    calls = [
        node
        for file in CHECKS.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "met"
    ]
    return {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}


def test_what_checks_name_is_on_record() -> None:
    known = {row.id for name in packs.available() for row in packs.load(name).contradictions}
    assert named() - known == set()


def test_a_contradiction_that_is_met_is_in_the_report() -> None:
    report = proof.against("nll-2023", options=["--only", "nll-2023.close.unknown-id-fails"])
    (row,) = [row for row in report.requirements if row.requirement.id == "nll-2023.close.unknown-id-fails"]
    assert [note for note in row.notes if note.startswith("contradiction trap.nll.unknown-id-status: 404 with an")]
