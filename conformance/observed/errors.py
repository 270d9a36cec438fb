"""What failed calls answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.model import Violation
from conformance.observed import observes
from conformance.observed.bodies import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Exchange
    from conformance.observed import Answers

BELOW_FHIR = frozenset({401, 405, 406, 411, 413, 414, 429, 431, 494})
"""Refusals that a gateway or the web server gives before FHIR is reached (RFC 9110 §15.5, RFC 6585)."""

SEVERITIES = frozenset({"fatal", "error", "warning", "information"})
WORDS_OF_R4 = """
    invalid structure required value invariant security login unknown expired forbidden suppressed processing
    not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly business-rule
    conflict transient lock-error no-store exception timeout incomplete throttled informational
"""
CODES = frozenset(WORDS_OF_R4.split())
"""https://hl7.org/fhir/R4/valueset-issue-type.html"""

CODES_OF_R5 = frozenset({"success", "limited-filter"})
"""https://hl7.org/fhir/R5/valueset-issue-type.html has these besides."""


@observes("nll-2023.errors.failed-call-answers-outcome-only")
def every_failed_call_answers_an_outcome_only(answers: Answers) -> str | None:
    """Every refusal that reached the application has an OperationOutcome as its body."""

    def fault(answer: Exchange) -> str | None:
        return _without_outcome(answer) if 400 <= (answer.status or 0) < 600 else None

    return answers.none_may(fault, expected="an OperationOutcome and nothing else in every refusal")


@observes("r4.errors.carry-an-outcome")
def every_refusal_carries_an_outcome(answers: Answers) -> str | None:
    """Every 4xx that FHIR gives a meaning to, so no 401, 405, 406 or 411, has an OperationOutcome as its body."""

    def fault(answer: Exchange) -> str | None:
        return _without_outcome(answer) if 400 <= (answer.status or 0) < 500 else None

    return answers.none_may(fault, expected="an OperationOutcome in every refusal")


@observes("medicasoft.errors.documented-codes")
def every_refusal_has_a_documented_code(answers: Answers) -> str | None:
    """Every refused read or search answers 400 or 404, authorization, negotiation and what a gateway refuses aside."""

    def fault(answer: Exchange) -> str | None:
        refused = answer.method in {"GET", "HEAD"} and 400 <= (answer.status or 0) < 500
        known = {400, 403, 404, *BELOW_FHIR}
        return f"{answer.status}" if refused and answer.status not in known else None

    return answers.none_may(fault, expected="400 or 404 in every refusal")


@observes("r4.errors.outcome-is-well-formed")
def every_outcome_is_well_formed(answers: Answers) -> str | None:
    """Every OperationOutcome has issues with a severity and a code of FHIR; one that refuses says error or fatal."""
    codes = CODES | (CODES_OF_R5 if answers.release.startswith("5") else frozenset())
    seen = 0
    for answer in answers:
        for outcome in _outcomes(parsed(answer.response_body)):
            seen += 1
            said = _wrong(outcome, codes=codes, refusing=(answer.status or 0) >= 400)
            if said:
                where = f"in the answer to {answer.method} {answer.url}"
                raise Violation("a well-formed OperationOutcome", f"{said} {where}", (answer.id,))
    return None if seen else "no OperationOutcome was met in this run"


@observes("oracle-health.errors.body-forms")
def every_refusal_says_what_it_is(answers: Answers) -> str | None:
    """Every 4xx has no body, words labelled as text, or an OperationOutcome labelled as JSON; other forms are noted."""
    forms: dict[str, None] = {}

    def fault(answer: Exchange) -> str | None:
        if not 400 <= (answer.status or 0) < 500:
            return None
        if not answer.response_body:
            forms["nothing"] = None
            return None
        label = (answer.header("Content-Type") or "").partition(";")[0].strip().lower()
        body = parsed(answer.response_body)
        kind = body.get("resourceType") if isinstance(body, dict) else None
        if kind is None and "html" in label:
            forms["a web page"] = None
        elif isinstance(body, dict) and kind != "OperationOutcome" and "json" in label:
            forms[f"JSON with {kind or 'no FHIR resource'}"] = None
        elif (kind is None and not label.startswith("text/")) or (kind is not None and "json" not in label):
            said = "words" if kind is None else f"an {kind}"
            return f"{answer.status} with {said} labelled {label or 'not at all'}"
        else:
            forms["words" if kind is None else f"an {kind}"] = None
        return None

    answers.none_may(fault, expected="a refusal whose body is what its label says")
    return answers.met("trap.oracle.error-section", f"refusals with {' and '.join(sorted(forms))}") if forms else None


def _without_outcome(answer: Exchange) -> str | None:
    if answer.status in BELOW_FHIR or answer.method == "HEAD":
        return None
    body = parsed(answer.response_body)
    kind = body.get("resourceType") if isinstance(body, dict) else None
    return None if kind == "OperationOutcome" else f"{answer.status} with {kind or 'no FHIR resource'}"


def _outcomes(body: Any) -> Iterator[dict[str, Any]]:
    """The OperationOutcome in a body, or those in the entries of a Bundle."""
    if not isinstance(body, dict):
        return
    if body.get("resourceType") == "OperationOutcome":
        yield body
    entries = body.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        yield from _outcomes(entry.get("resource") if isinstance(entry, dict) else None)


def _wrong(outcome: dict[str, Any], *, codes: frozenset[str], refusing: bool) -> str | None:
    issues = outcome.get("issue")
    if not isinstance(issues, list) or not issues or not all(isinstance(issue, dict) for issue in issues):
        return "no list of issues"
    for issue in issues:
        if str(issue.get("severity")) not in SEVERITIES:
            return _named("severity", issue)
        if str(issue.get("code")) not in codes:
            return _named("code", issue)
    if refusing and not any(issue["severity"] in {"error", "fatal"} for issue in issues):
        return "a refusal without error or fatal issue"
    return None


def _named(element: str, issue: dict[str, Any]) -> str:
    return f"the {element} '{issue[element]}'" if element in issue else f"an issue without {element}"
