"""An exchange as a piece of HTML for pytest-html's log: `pytest_html.extras.html(fragment(exchange))`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.report.evidence import Evidence
from conformance.report.html import environment

if TYPE_CHECKING:
    from conformance.model import Exchange


def fragment(exchange: Exchange, *, base_url: str = "", opened: bool = False) -> str:
    """The exchange under one line that folds it out; everything that came over the wire is escaped."""
    shown = Evidence({exchange.id: exchange}, base_url=base_url, anchored=False).show(exchange.id)
    exchange_macro: Any = vars(environment().get_template("exchange.html.j2").module)["exchange"]
    return f'<div class="consent-exchange">{exchange_macro(shown, opened)}</div>'
