"""Guesses why a check failed, from its exchange. A guess helps a reader to start; it never weighs in a verdict."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.model import Exchange

_MOMENT = re.compile(r"(\d{4}(?:-\d\d){0,2})(?:T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?(?![\d-])")
"""Day, time of day and offset of a FHIR date or dateTime."""
_BY_STATUS = {
    401: "The server did not take the token. Is it valid, and the one for this system ([auth] in target.toml)?",
    403: "The token is valid but may not do this: look at its role and scopes ([auth] in target.toml).",
    405: "The server does not offer this method at this address: look at the dialect (update) and the claims.",
    406: "The server cannot answer in the media type that was asked for: look at media_types in [dialect].",
    409: "The server sees a conflict with what it has stored.",
    412: "A precondition did not hold: look at if_match in [dialect].",
    413: "The request was too large for the server or something in front of it.",
    415: "The server does not take the media type that was sent: look at media_types in [dialect].",
    429: "The server limits the rate of requests: set a request rate in [http].",
    501: "The server says that it does not support what was asked for: look at the claims.",
    503: "The server was not available: it may be limiting the rate of requests ([http] in target.toml).",
}


def likely(exchange: Exchange | None, *, expected: str = "", actual: str = "") -> str:
    """One or two sentences, or nothing when neither the exchange nor what differs gives a hint."""
    if exchange is None:
        return ""
    return (
        _of_outcome(expected, actual)
        or _of_exchange(exchange, expected)
        or _of_moments(_MOMENT.findall(expected), _MOMENT.findall(actual))
    )


def _of_exchange(exchange: Exchange, expected: str) -> str:
    if exchange.status is None:
        return f"There was no answer: {exchange.problem or 'the connection ended'}."
    if exchange.problem:
        return f"The answer was not whole: {exchange.problem}."
    if _is_page(exchange):
        return "A web page came back. Something in front of the server answered, or the base URL is not a FHIR base."
    refusing = expected.startswith(("a refusal", "status 4", "4"))
    if refusing and exchange.method == "PUT" and exchange.status == 201 and not exchange.flawed:
        return "The server took the PUT for a create (update as create): it stored what it should have refused."
    return _by_status(exchange, exchange.status)


def _of_outcome(expected: str, actual: str) -> str:
    """A code of the server's own where FHIR wants one of its own; the words are those of the suite's rule."""
    if expected == "a well-formed OperationOutcome" and actual.startswith("the code "):
        return (
            "A code of the server's own stands in issue.code, whose value set is required (FHIR R4, "
            "valueset-issue-type.html); issue.details.coding is the place for it."
        )
    return ""


def _of_moments(expected: list[tuple[str, str, str]], actual: list[tuple[str, str, str]]) -> str:
    """What became of a date or time on its way, when each side tells exactly one."""
    if len(expected) != 1 or len(actual) != 1 or expected == actual:
        return ""
    (day, clock, offset), (other_day, other_clock, other_offset) = expected[0], actual[0]
    if clock and (day, clock) == (other_day, other_clock):
        became = f"its offset {offset} " + (f"became {other_offset}" if other_offset else "was dropped")
        return f"The time of day was kept, and {became if offset else f'{other_offset} was added'}: another moment."
    if not clock and other_clock:
        return "A date covers the whole day (FHIR R4, datatypes.html#Period); it was stored as one moment of it."
    if clock and not other_clock:
        return "The time was cut off: what is left is a whole day or longer."
    return ""


def _by_status(exchange: Exchange, status: int) -> str:
    if 200 <= status < 300 and exchange.flawed:
        return f"The request was wrong on purpose ({exchange.flawed}) and was taken."
    if 300 <= status < 400 and status != 304:
        where = exchange.header("location")
        to = f" to {where}" if where else ""
        return f"The server redirects{to}. Redirects are not followed: test the address that answers."
    if status >= 500 and status not in _BY_STATUS:
        request_id = next((value for name, value in exchange.request_headers if name.lower() == "x-request-id"), "")
        where = f" for the request id {request_id}" if request_id else ""
        return f"The server broke down over this request: look into its log{where}."
    return "" if exchange.flawed else _BY_STATUS.get(status, "")


def said(exchange: Exchange | None) -> str:
    """What the server itself says in an OperationOutcome: the texts of its issues."""
    body = exchange.response_body if exchange else None
    if not body or "OperationOutcome" not in body or len(body) > 200_000:
        return ""
    try:
        outcome = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    texts = [_text(issue) for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []
    return " · ".join(dict.fromkeys(text for text in texts if text))[:400]


def _text(issue: dict[str, Any]) -> str:
    details = issue.get("details")
    text = issue.get("diagnostics") or (details.get("text") if isinstance(details, dict) else None) or issue.get("code")
    return text if isinstance(text, str) else ""


def _is_page(exchange: Exchange) -> bool:
    kind = exchange.header("content-type") or ""
    body = (exchange.response_body or "").lstrip()[:100].lower()
    return "text/html" in kind or body.startswith(("<!doctype html", "<html"))
