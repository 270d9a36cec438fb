"""GET [base]/Consent?…: the Bundle, and what each parameter selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying


def test_a_search_answers_a_searchset(consents: Consents, verifying: Verifying) -> None:
    """A search by patient answers 200 with a Bundle of type searchset."""
    known = consents.given("active")
    answer = consents.search([consents.of_patient(known.patient)])

    with verifying("r4.search.answers-a-searchset"):
        expect.status(answer, 200)
        expect.equal(expect.resource_type(answer, "Bundle").get("type"), "searchset", "the Bundle's type", answer)


def test_a_search_without_matches(consents: Consents, verifying: Verifying) -> None:
    """A search finds a known consent. For a patient without consents it answers 200 and a searchset without matches."""
    known = consents.given("active")
    if known.id not in consents.find(consents.of_patient(known.patient), include=[known.id]).ids:
        raise consents.untestable("the search by patient does not find a consent that exists")

    answer = consents.search([consents.of_patient(consents.patient_without_consents())])

    with verifying("r4.search.no-match-is-an-empty-set"):
        expect.status(answer, 200)
        bundle = expect.resource_type(answer, "Bundle")
        matches = [
            entry for entry in bundle.get("entry", []) if entry.get("search", {}).get("mode", "match") == "match"
        ]
        expect.equal(len(matches), 0, "the number of matches", answer)
        expect.true(bundle.get("total", 0) == 0, "a total of 0 or none", f"total {bundle.get('total')}", answer)


def test_searching_by_patient(consents: Consents, verifying: Verifying) -> None:
    """Two patients have a consent each. A search for either finds that patient's consent and not the other's."""
    mine, other = consents.given("active"), consents.given("active")
    for one, not_that in ((mine, other), (other, mine)):
        with verifying("r4.search.by-patient"):
            found = consents.find(consents.of_patient(one.patient), include=[one.id])
            expect.matches(found, include=[one.id], exclude=[not_that.id])
