"""Headers that every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
