"""A server that any claim could be held against, but which shows no CapabilityStatement."""

from __future__ import annotations

from conformance import proof
from conformance.clock import SetClock
from conformance.model import RunVerdict, Verdict
from conformance.reference import ReferenceServer


def test_the_missing_statement_is_its_failure() -> None:
    clock = SetClock()
    with ReferenceServer("r4", faults=("metadata-missing",), clock=clock.now, listen=False) as server:
        within = proof.Within(server, clock)
        within.target = {name: value for name, value in server.target.items() if name != "claims"}
        report = proof.run("--pack", "r4", within=within)

    assert report.verdict is RunVerdict.NOT_CONFORMANT
    failed = [row.requirement.id for row in report.requirements if row.verdict is Verdict.FAIL]
    assert failed == ["r4.capabilities.answered"]
