"""What failed calls answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.observed import observes

if TYPE_CHECKING:
    from conformance.model import Exchange
    from conformance.observed import Answers


@observes("nll-2023.errors.failed-call-answers-outcome-only")
def every_failed_call_answers_an_outcome_only(answers: Answers) -> str | None:
    """Every refusal that reached the application (so not 401, and not of HEAD) has an OperationOutcome as its body."""

    def fault(answer: Exchange) -> str | None:
        if not 400 <= (answer.status or 0) < 600 or answer.status == 401 or answer.method == "HEAD":
            return None
        body = _parsed(answer.response_body)
        kind = body.get("resourceType") if isinstance(body, dict) else None
        if kind == "OperationOutcome":
            return None
        return f"{answer.status} with {kind or 'no FHIR resource'}"

    return answers.none_may(fault, expected="an OperationOutcome and nothing else in every refusal")


def _parsed(body: str | None) -> Any:
    try:
        return json.loads(body or "")
    except ValueError:
        return None
