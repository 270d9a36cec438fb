"""Headers that every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.clock import http_date
from conformance.observed import observes

if TYPE_CHECKING:
    from conformance.model import Exchange
    from conformance.observed import Answers


@observes("nll-2023.headers.request-id-is-returned")
def every_answer_carries_a_request_id(answers: Answers) -> str | None:
    """Every answer of the run, success and refusal alike, carries X-Request-ID with a value."""

    def fault(answer: Exchange) -> str | None:
        value = answer.header("X-Request-ID")
        if value and value.strip():
            return None
        return f"{answer.status} {'without it' if value is None else 'with a blank one'}"

    return answers.none_may(fault, expected="X-Request-ID on every answer")


@observes("r4.headers.date-is-sent")
def every_success_carries_a_date(answers: Answers) -> str | None:
    """Every 2xx of the run has a Date header that is an HTTP date."""

    def fault(answer: Exchange) -> str | None:
        if not 200 <= (answer.status or 0) < 300:
            return None
        value = answer.header("Date")
        if value is None:
            return f"{answer.status} without Date"
        return None if http_date(value) is not None else f"Date: {value}"

    return answers.none_may(fault, expected="a Date header on every success")
