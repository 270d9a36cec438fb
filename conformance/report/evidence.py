"""Which exchange is shown where: each once, each long or repeated body once, all within a size that opens at once."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from conformance.report.bodies import cut, laid_out, visible
from conformance.report.curl import command

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.model import Exchange

BODY_LIMIT = 6_000
"""Characters of one body."""
BUDGET = 900_000
"""Characters of all evidence together; what comes later is a line with a reference to results.json."""
HEADER_LIMIT = 240
"""Characters of one header's value; a provenance in base64 is longer than anybody reads."""
INLINE = 1_200
"""Characters of a body that stands in the curl line as well."""
WORTH_SHARING = 300
"""A shorter body is simply shown again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """A body as shown: its text and a note about what was left out, or where the same body already stands."""

    text: str
    note: str = ""
    same_as: str = ""
    anchor: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An exchange as shown. Without `details` it is a line; `same_as` then leads to where it is shown in full."""

    method: str
    path: str
    status: str
    waited: str
    flawed: str
    anchor: str = ""
    details: bool = False
    same_as: str = ""
    request: str = ""
    request_body: Body | None = None
    response: str = ""
    response_body: Body | None = None
    problem: str = ""
    curl: str = ""


class Evidence:
    """Hands out exchanges for display, in the order of the page."""

    def __init__(
        self, exchanges: Mapping[str, Exchange], *, base_url: str = "", budget: int = BUDGET, anchored: bool = True
    ) -> None:
        self._exchanges = exchanges
        self._base = base_url.rstrip("/")
        self._left = budget
        self._anchors = {
            key: f"exchange-{number}" if anchored else "" for number, key in enumerate(sorted(exchanges), 1)
        }
        self._shown: set[str] = set()
        self._bodies: dict[str, str] = {}

    def show(self, key: str, *, again: bool = False) -> Shown:
        """The exchange in full, unless the page has become too long or the exchange was shown before.

        `again` shows it once more, so that its reader need not go elsewhere; long bodies stay where they were.
        """
        exchange, anchor = self._exchanges[key], self._anchors[key]
        if key in self._shown and not again:
            return self._line(exchange, same_as=anchor)
        if self._left <= 0:
            return self._line(exchange)
        if key in self._shown:
            anchor = ""
        self._shown.add(key)
        request = "\n".join([f"{exchange.method} {exchange.url}", *_lines(exchange.request_headers)])
        response = "\n".join([_status_line(exchange.status), *_lines(exchange.response_headers)])
        curl = visible(command(exchange, inline=INLINE))
        self._left -= len(request) + len(response) + len(curl)
        return self._line(
            exchange,
            anchor=anchor,
            details=True,
            request=visible(request),
            request_body=self._body(exchange.request_body, anchor and f"{anchor}-request"),
            response=visible(response),
            response_body=self._body(exchange.response_body, anchor and f"{anchor}-response"),
            problem=visible(exchange.problem or ""),
            curl=curl,
        )

    def lines(self, keys: Iterable[str]) -> list[Shown]:
        """The exchanges as lines: what was asked and what came."""
        return [self._line(self._exchanges[key]) for key in keys]

    def _line(self, exchange: Exchange, **more: Any) -> Shown:
        path = exchange.url.removeprefix(self._base) if self._base else exchange.url
        return Shown(
            method=exchange.method,
            path=cut(visible(path or "/"), 200)[0],
            status=str(exchange.status) if exchange.status is not None else "no response",
            waited=f"{exchange.waited_ms:.0f} ms" if exchange.status is not None else "",
            flawed=visible(exchange.flawed or ""),
            **more,
        )

    def _body(self, text: str | None, anchor: str) -> Body | None:
        if not text:
            return None
        if text in self._bodies:
            return Body(text="", same_as=self._bodies[text])
        if len(text) >= WORTH_SHARING and anchor:
            self._bodies[text] = anchor
        short, note = cut(text, BODY_LIMIT)
        shown = visible(short if note else laid_out(text))
        self._left -= len(shown)
        return Body(text=shown, note=note, anchor=anchor)


def _status_line(status: int | None) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}" if status is not None else "no response"
    except ValueError:
        return f"HTTP {status}"


def _lines(headers: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"{name}: {value}"
        if len(value) <= HEADER_LIMIT
        else f"{name}: {value[:HEADER_LIMIT]}… ({len(value):,} characters)"
        for name, value in headers
    ]
