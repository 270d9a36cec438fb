"""The requirements of a run with their verdicts as JUnit XML, for CI servers: a test case per requirement.

pytest's own `--junitxml` has a test case per check instead. Source of the form: the schema of Jenkins' xunit plug-in,
which is what CI servers agree on.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from conformance.model import Verdict
from conformance.report.bodies import visible
from conformance.report.results import SUITE
from conformance.report.summary import ON_RECORD, WORDS, decisive, target_name, why

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Judged, Report

ELEMENTS = {
    Verdict.ERROR: "error",
    Verdict.FAIL: "failure",
    Verdict.STALE_DEVIATION: "failure",
    Verdict.NOT_TESTABLE: "error",
    Verdict.NOT_RUN: "error",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.NOT_TESTED: "skipped",
}
"""JUnit knows three ways not to pass; the others pass. The verdict itself stands in a property."""
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render(report: Report) -> str:
    """The whole document."""
    root = ET.Element("testsuites", {"name": SUITE})
    sets: dict[str, list[Judged]] = {}
    for judged in report.requirements:
        sets.setdefault(judged.requirement.set, []).append(judged)
    for name, together in sets.items():
        _suite(root, name, together, report)
    _count(root, list(root))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def write(report: Report, path: Path) -> Path:
    """Write the document; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(report), encoding="utf-8")
    return path


def _suite(root: ET.Element, name: str, together: list[Judged], report: Report) -> None:
    suite = ET.SubElement(root, "testsuite", {"name": name, "timestamp": _text(report.started)})
    properties = {
        "suite": f"{SUITE} {report.suite}",
        "pack": report.pack,
        "requirement-set": report.requirement_set,
        "target": target_name(report),
        "mode": report.mode,
        "verdict": report.verdict.value,
    }
    _properties(suite, properties)
    cases = [_case(suite, judged) for judged in together]
    suite.set("tests", str(len(cases)))
    for element, word in COUNTED.items():
        suite.set(word, str(sum(case.find(element) is not None for case in cases)))


def _case(suite: ET.Element, judged: Judged) -> ET.Element:
    requirement, check = judged.requirement, decisive(judged)
    case = ET.SubElement(suite, "testcase", {"classname": requirement.topic, "name": requirement.id})
    told = {
        "verdict": judged.verdict.value,
        "level": requirement.level.value,
        "basis": requirement.basis.value,
        "source": requirement.source,
    }
    _properties(case, told)
    lines = [f"{requirement.level}: {requirement.text}", why(judged)]
    if check and check["expected"]:
        lines[1:] = [f"expected: {check['expected']}", f"actual: {check['actual']}"]
    said = "\n".join(_text(line) for line in [*lines, *judged.notes] if line)
    element = _element(judged)
    if element:
        message = why(judged) or WORDS[judged.verdict]
        ET.SubElement(case, element, {"type": judged.verdict.value, "message": _text(message)}).text = said
    elif judged.verdict is not Verdict.PASS or judged.notes:
        ET.SubElement(case, "system-out").text = said
    return case


def _element(judged: Judged) -> str | None:
    excluded = judged.verdict is Verdict.NOT_RUN and judged.reason.startswith(ON_RECORD)
    return "skipped" if excluded else ELEMENTS.get(judged.verdict)


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    element = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(element, "property", {"name": name, "value": _text(value)})


def _count(root: ET.Element, suites: list[ET.Element]) -> None:
    for word in ("tests", *COUNTED.values()):
        root.set(word, str(sum(int(suite.get(word, "0")) for suite in suites)))


def _text(text: str) -> str:
    """What XML 1.0 can hold."""
    return visible(text)
