"""Every form of one run, side by side in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model import UsageError
from conformance.report import html, junit, markdown, results, script, table, testreport

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Report


def write_all(report: Report, folder: Path) -> list[Path]:
    """results.json and all that is made from it, compared with the run that the folder held before.

    Returns the paths, results.json first.
    """
    previous = _comparable(report, folder)
    return [results.write(report, folder), *write_forms(report, folder, previous)]


def write_forms(report: Report, folder: Path, previous: Report | None = None) -> list[Path]:
    """What is made from results.json: the page, the summary for CI, the table, JUnit XML, the TestReport, scripts."""
    return [
        html.write(report, folder / "report.html", previous),
        markdown.write(report, folder / "summary.md"),
        table.write(report, folder / "requirements.csv"),
        junit.write(report, folder / "junit.xml"),
        testreport.write(report, folder / "TestReport.json"),
        *script.write_all(report, folder / "findings"),
    ]


def _comparable(report: Report, folder: Path) -> Report | None:
    """The run that lies in the folder, if it is one of the same pack and target."""
    if not (folder / results.FILE_NAME).exists():
        return None
    try:
        previous = results.read(folder)
    except UsageError:
        return None  # of another version, or damaged: the new run matters more
    embedded = previous.target.get("embedded") and report.target.get("embedded")
    same = embedded or previous.target.get("base_url") == report.target.get("base_url")
    return previous if same and previous.pack == report.pack else None
