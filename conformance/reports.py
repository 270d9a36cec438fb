"""Every artefact of a run, side by side in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Report


def write_all(report: Report, folder: Path) -> list[Path]:
    """results.json and every form that is made from it; returns their paths, results.json first."""
    from conformance.report.forms import write_all as write  # noqa: PLC0415 - Jinja2 takes its time

    return write(report, folder)
