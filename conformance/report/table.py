"""The requirements of a run with their verdicts as CSV, for spreadsheets and for joining with a vendor's own lists."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from conformance.report.summary import decisive, why

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Judged, Report

COLUMNS = (
    "id",
    "level",
    "basis",
    "set",
    "verdict",
    "reason",
    "expected",
    "actual",
    "notes",
    "text",
    "source",
    "checks",
)


def render(report: Report) -> str:
    """The whole table, a header line first."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")  # RFC 4180
    lines.writerow(COLUMNS)
    lines.writerows([_cell(cell) for cell in _row(judged)] for judged in report.requirements)
    return written.getvalue()


def write(report: Report, path: Path) -> Path:
    """Write the table; returns its path. With a byte order mark, or Excel would take it for Latin-1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render(report).encode("utf-8-sig", "backslashreplace"))
    return path


def _row(judged: Judged) -> tuple[str, ...]:
    requirement, check = judged.requirement, decisive(judged)
    return (
        requirement.id,
        requirement.level.value,
        requirement.basis.value,
        requirement.set,
        judged.verdict.value,
        why(judged),
        check["expected"] if check else "",
        check["actual"] if check else "",
        "; ".join(judged.notes),
        requirement.text,
        requirement.source,
        " ".join(dict.fromkeys(check["nodeid"] for check in judged.checks)),
    )


def _cell(text: str) -> str:
    """What a server sent must not become a formula in somebody's spreadsheet (OWASP, CSV injection)."""
    text = text.replace("\0", "")
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
