"""The suite in the log of pytest-html: requirement, level and verdict as columns, the exchanges as extras."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pytest
from pytest_html import extras

from conformance.model import Outcome
from conformance.recorder import unpacked
from conformance.report.extras import fragment

if TYPE_CHECKING:
    from conformance.catalogue import Catalogue
    from conformance.model import CheckRecord

COLUMNS = ("requirement", "level", "verdict")
BEFORE = 2
"""The columns come after pytest-html's own `Result` and `Test`."""


class HtmlLog:
    """Hooks of pytest-html, on the controller. Registered only where `--html` is given."""

    def __init__(self, catalogue: Catalogue, *, base_url: str) -> None:
        self._catalogue = catalogue
        self._base_url = base_url

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[BEFORE:BEFORE] = [
            f'<th class="sortable" data-column-type="{name}">{name.capitalize()}</th>' for name in COLUMNS
        ]

    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        told = [str(value) for name, value in report.user_properties if name == "requirement"]
        rows = [self._row(*one.split()) for one in told] if _record(report) else []
        cells[BEFORE:BEFORE] = [
            f'<td class="col-{name}">{"<br>".join(row[number] for row in rows)}</td>'
            for number, name in enumerate(COLUMNS)
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        record = _record(report)
        if record is None:
            return
        wrong = {id for row in record.findings if row.outcome is not Outcome.HELD for id in row.exchanges[:1]}  # noqa: A001
        own: list[dict[str, Any]] = getattr(report, "extras", [])
        report.extras = own + [  # type: ignore[attr-defined]
            extras.html(fragment(exchange, base_url=self._base_url, opened=exchange.id in wrong))
            for exchange in record.exchanges
        ]

    def _row(self, name: str, verdict: str) -> tuple[str, str, str]:
        requirement = self._catalogue[name]
        return f'<span title="{escape(requirement.text)}">{escape(name)}</span>', str(requirement.level), verdict


def _record(report: pytest.TestReport) -> CheckRecord | None:
    """What the check left behind; None for a report that is not the end of a check."""
    sent = getattr(report, "consent_record", None)
    return unpacked(sent) if sent is not None else None
