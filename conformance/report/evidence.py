"""Which exchange is shown where: each once, each long or repeated body once, all within a size that opens at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from conformance.report.bodies import cut, laid_out, visible
from conformance.report.curl import command
from conformance.report.excerpts import NOTHING, Sought, around, id_within, parted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.model import Exchange
    from conformance.report.difference import Piece

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
COLUMNS = 62
"""Letters of a line in the box of a head or a body on a wide screen; a longer line takes several."""
ROWS_OF_HEAD, ROWS_OF_BODY = 5, 8
"""Lines that such a box shows at once; a longer one says how long it is and opens."""
WRITES = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """A body as shown: its text and a note about what was left out, or where the same body already stands.

    What a finding is about is marked in the pieces; `before` is what stands above it, out of the way.
    """

    text: Sequence[Piece] = ()
    before: str = ""
    long: str = ""
    note: str = ""
    same_as: str = ""
    anchor: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An exchange as shown. Without `details` it is a line; `same_as` then leads to where it is shown in full.

    `about` is the id of the resource that was sent, where the path does not tell it. What is `long` in its box says so.
    """

    method: str
    path: str
    status: str
    waited: str
    flawed: str
    about: str = ""
    anchor: str = ""
    details: bool = False
    same_as: str = ""
    request: str = ""
    request_long: str = ""
    request_body: Body | None = None
    response: str = ""
    response_long: str = ""
    response_body: Body | None = None
    problem: str = ""
    curl: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The write behind what a read shows: its line, and the lines of its body that matter."""

    line: Shown
    excerpt: Sequence[Piece]


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

    def show(self, key: str, *, again: bool = False, sought: Sought = NOTHING) -> Shown:
        """The exchange in full, unless the page has become too long or the exchange was shown before.

        `again` shows it once more, so that its reader need not go elsewhere; long bodies stay where they were.
        Its bodies begin with what is `sought`.
        """
        exchange, anchor = self._exchanges[key], self._anchors[key]
        about = _about(exchange)
        if key in self._shown and not again:
            return self._line(exchange, about=about, same_as=anchor)
        if self._left <= 0:
            return self._line(exchange, about=about)
        if key in self._shown:
            anchor = ""
        self._shown.add(key)
        request = "\n".join([f"{exchange.method} {exchange.url}", *_lines(exchange.request_headers)])
        response = "\n".join([_status_line(exchange.status), *_lines(exchange.response_headers)])
        curl = visible(command(exchange, inline=INLINE))
        self._left -= len(request) + len(response) + len(curl)
        return self._line(
            exchange,
            about=about,
            anchor=anchor,
            details=True,
            request=visible(request),
            request_long=_long(request, ROWS_OF_HEAD),
            request_body=self._body(exchange.request_body, anchor and f"{anchor}-request", sought),
            response=visible(response),
            response_long=_long(response, ROWS_OF_HEAD),
            response_body=self._body(exchange.response_body, anchor and f"{anchor}-response", sought),
            problem=visible(exchange.problem or ""),
            curl=curl,
        )

    def written(self, key: str, others: Sequence[str], sought: Sought) -> Written | None:
        """The last write before a read that sent what is sought; None when there was none or the finding is no read."""
        if self._exchanges[key].method != "GET" or self._left <= 0:
            return None
        found = None
        for exchange in (self._exchanges[other] for other in others if other < key):
            sent = exchange.request_body or ""
            if exchange.method in WRITES and len(sent) <= BODY_LIMIT:
                body = visible(laid_out(sent))
                at = sought.place(body)
                found = (exchange, body, at) if at is not None else found
        if found is None:
            return None
        exchange, body, at = found
        excerpt = around(body, at)
        self._left -= len(excerpt)
        return Written(line=self._line(exchange, about=_about(exchange)), excerpt=sought.pieces(excerpt))

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

    def _body(self, text: str | None, anchor: str, sought: Sought = NOTHING) -> Body | None:
        if not text:
            return None
        if text in self._bodies:
            return Body(same_as=self._bodies[text])
        if len(text) >= WORTH_SHARING and anchor:
            self._bodies[text] = anchor
        short, note = cut(text, BODY_LIMIT)
        shown = visible(short if note else laid_out(text))
        self._left -= len(shown)
        before, rest = parted(shown, sought.place(shown))
        return Body(text=sought.pieces(rest), before=before, long=_long(rest, ROWS_OF_BODY), note=note, anchor=anchor)


def _about(exchange: Exchange) -> str:
    """The id in the body that was sent, where the address does not name it."""
    found = id_within(exchange.request_body)
    return visible(found) if found and found not in exchange.url else ""


def _long(text: str, rows: int) -> str:
    """How long a text is that its box does not show at once, in lines or in characters; empty when it does."""
    lines = text.split("\n")
    if sum(max(1, math.ceil(len(line) / COLUMNS)) for line in lines) <= rows:
        return ""
    return f"{len(lines):,} lines" if len(lines) > rows else f"{len(text):,} characters"


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
