"""Every artefact of a run, side by side in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Report


def write_all(report: Report, folder: Path) -> list[Path]:
    """results.json, the certification page and the summary for CI; returns their paths, results.json first."""
    from conformance.report import html, markdown, results  # noqa: PLC0415 - Jinja2 takes its time

    folder.mkdir(parents=True, exist_ok=True)
    return [
        results.write(report, folder),
        html.write(report, folder / "report.html"),
        markdown.write(report, folder / "summary.md"),
    ]
