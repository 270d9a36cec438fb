"""A run as a FHIR R4 TestReport: one test per requirement. Source: https://hl7.org/fhir/R4/testreport.html."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from conformance.model import RunVerdict, Verdict
from conformance.report.bodies import visible
from conformance.report.results import SUITE
from conformance.report.summary import decisive, lead, why

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Judged, Report

RESULTS = {
    Verdict.ERROR: "error",
    Verdict.FAIL: "fail",
    Verdict.STALE_DEVIATION: "fail",
    Verdict.NOT_TESTABLE: "error",
    Verdict.NOT_RUN: "skip",
    Verdict.WARN: "warning",
    Verdict.KNOWN_DEVIATION: "warning",
    Verdict.PASS: "pass",
    Verdict.NOT_APPLICABLE: "skip",
    Verdict.NOT_TESTED: "skip",
}
"""FHIR knows five results; the verdict itself stands in the message, so that nothing is lost."""

_OUTCOMES = {
    RunVerdict.CONFORMANT: ("completed", "pass"),
    RunVerdict.CONFORMANT_WITH_DEVIATIONS: ("completed", "pass"),
    RunVerdict.NOT_CONFORMANT: ("completed", "fail"),
    RunVerdict.INCOMPLETE: ("stopped", "pending"),
}


def to_resource(report: Report) -> dict[str, Any]:
    """The TestReport. It carries no score: counts are never one percentage."""
    status, result = _OUTCOMES[report.verdict]
    return {
        "resourceType": "TestReport",
        "name": _name(f"{report.pack_title or report.pack}: {lead(report)}"),
        "status": status,
        "testScript": {"display": _name(f"{SUITE} {report.suite}, pack {report.pack}, set {report.requirement_set}")},
        "result": result,
        "tester": _name(f"{SUITE} {report.suite}"),
        "issued": report.finished,
        "participant": [
            {"type": "test-engine", "uri": "https://pypi.org/project/consent-conformance/", "display": SUITE},
            {"type": "server", "uri": _uri(str(report.target.get("base_url", ""))) or "about:blank"},
        ],
        "test": [_test(judged) for judged in report.requirements],
    }


def write(report: Report, path: Path) -> Path:
    """Write the TestReport as JSON; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(to_resource(report), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _test(judged: Judged) -> dict[str, Any]:
    check = decisive(judged)
    told = why(judged)
    outcome: dict[str, Any] = {
        "result": RESULTS[judged.verdict],
        "message": _text(f"{judged.verdict.value}: {told}" if told else judged.verdict.value),
    }
    if check:
        outcome["detail"] = _name(check["nodeid"])
    return {
        "name": judged.requirement.id,
        "description": _name(f"{judged.requirement.level} ({judged.requirement.basis}): {judged.requirement.text}"),
        "action": [{"assert": outcome}],
    }


def _text(text: str) -> str:
    """Markdown that FHIR takes: not blank, no control characters."""
    return visible(text).strip() or "-"


def _name(text: str) -> str:
    """A FHIR string on one line."""
    return " ".join(visible(text).split())


def _uri(text: str) -> str:
    """An address without the blanks and control characters that a FHIR uri must not hold."""
    return quote(visible(text), safe="!#$%&'()*+,/:;=?@[]~")
