"""What is judged over all answers of a run is judged on something, or not at all."""

from __future__ import annotations

import json

import pytest

from conformance import packs
from conformance.matrix import embedded
from conformance.model import Exchange, Outcome
from conformance.observed import observe, structure
from conformance.observed.bodies import written_ids
from conformance.printed import Examples
from conformance.target import Target

REFUSED = json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]})
SAYING_SO = {"r4.errors.outcome-is-well-formed", "period.clock.is-near-the-runs-clock"}
"""They hold of servers that show no such thing, with a note."""
ABOUT_CONSENTS = {row.requirement for row in structure.TABLE if row.requirement and row.of == "Consent"}


def outcomes(pack: str, *exchanges: Exchange) -> dict[str, Outcome]:
    known = packs.load(pack)
    records = observe(
        {one.id: one for one in exchanges},
        [row.id for row in known.catalogue.requirements],
        target=Target(base_url="http://127.0.0.1/fhir"),
        dialect=known.dialect,
        pack=known,
        examples=Examples(known),
    )
    return {finding.requirement: finding.outcome for record in records for finding in record.findings}


@pytest.mark.parametrize("pack", embedded())
def test_of_no_answer_nothing_is_held(pack: str) -> None:
    held = {id for id, outcome in outcomes(pack).items() if outcome is not Outcome.NOT_TESTABLE}  # noqa: A001
    assert held <= SAYING_SO


@pytest.mark.parametrize("pack", embedded())
def test_without_a_consent_nothing_about_consents_is_held(pack: str) -> None:
    read = Exchange(
        id="1",
        method="GET",
        url="http://127.0.0.1/fhir/Consent/unknown",
        status=404,
        response_headers=(("Content-Type", "application/fhir+json"),),
        response_body=REFUSED,
    )
    found = outcomes(pack, read)
    profile = packs.load(pack).profile
    about = ABOUT_CONSENTS | set(profile.requirements if profile else ())
    assert {found[id] for id in about & set(found)} == {Outcome.NOT_TESTABLE}  # noqa: A001 - FHIR's own word


def test_a_search_by_post_writes_nothing() -> None:
    """Else what it lists would be taken for written by a wrong request, and be judged by nobody."""
    page = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": {"resourceType": "Consent", "id": "1"}}],
    }
    for path, written in (("Consent/_search", set[str]()), ("Consent", {"1"})):
        exchange = Exchange(
            id="1", method="POST", url=f"http://127.0.0.1/fhir/{path}?a=b", status=200, response_body=json.dumps(page)
        )
        assert written_ids(exchange) == written
