"""GET [base]/Consent?…: the Bundle that comes back, and what it has after a write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import expect, meaning
from conformance.found import Found
from conformance.headers import Change

if TYPE_CHECKING:
    from conformance.client import Consents, Json
    from conformance.recorder import Verifying


def test_a_search_answers_a_searchset(consents: Consents, verifying: Verifying) -> None:
    """A search for a known consent answers 200 with a Bundle of type searchset."""
    known = consents.given("active")
    answer = consents.search(consents.selecting(known))

    with verifying("r4.search.answers-a-searchset"):
        expect.status(answer, 200)
        expect.equal(expect.resource_type(answer, "Bundle").get("type"), "searchset", "the Bundle's type", answer)


def test_a_search_without_matches(consents: Consents, verifying: Verifying) -> None:
    """A search finds a known consent. For a patient without consents it answers 200 and a searchset without matches."""
    consents.findable(consents.given("active"))

    answer = consents.search([consents.of_patient(consents.patient_without_consents())])

    with verifying("r4.search.no-match-is-an-empty-set"):
        expect.status(answer, 200)
        total = expect.resource_type(answer, "Bundle").get("total", 0)
        expect.equal(len(consents.paged(answer).matches), 0, "the number of matches", answer)
        expect.true(str(total) == "0", "a total of 0 or none", f"the total {total}", answer)


@pytest.mark.parametrize(
    ("name", "value"),
    [("_count", "many"), ("_sort", "no-such-parameter"), ("_summary", "perhaps"), ("_elements", "noSuchElement")],
)
def test_a_result_that_cannot_be_made(consents: Consents, verifying: Verifying, name: str, value: str) -> None:
    """A search works. With a wish that no server can meet it is refused, or done without; 200 never means an error."""
    known = consents.given("active")
    parameters = consents.selecting(known)
    if consents.search(parameters).status != 200:
        raise consents.untestable("the search does not work without the wish")

    answer = consents.search([*parameters, (name, value)], change=Change(flaw=f"{name} without meaning"))

    with verifying("r4.search.failure-is-not-ok"):
        expect.true(
            answer.status != 200 or answer.resource_type == "Bundle",
            "a refusal (4xx or 5xx), or 200 with a searchset",
            answer.described,
            answer,
        )
    with verifying("r4.errors.bad-input-is-not-a-server-error"):
        if answer.status != 501:  # what is not implemented
            expect.no_server_error(answer)


def test_a_consent_stands_once_in_its_current_version(consents: Consents, verifying: Verifying) -> None:
    """A patient has two consents, and one is closed if that is possible. A search lists each of them once."""
    patient = consents.patient() if consents.may_create else None
    known = consents.given("active", patient=patient)
    expected = [known.id]
    if consents.may_create:
        expected.append(consents.given("active", patient=patient).id)
    if consents.may_update:
        consents.close(known, end="2031-12-02")

    found = consents.find(*consents.selecting(known), include=expected)

    with verifying("r4.search.full-urls-are-unique"):
        for page in found.pages:
            listed = [match.get("id") for match in Found((page,)).matches]
            for id_ in expected:
                expect.true(listed.count(id_) < 2, f"Consent/{id_} once", f"it {listed.count(id_)} times", page)


@pytest.mark.parametrize("kind", ["active", "rich"], ids=["plain", "rules-within-rules"])
def test_a_new_consent_is_found(consents: Consents, verifying: Verifying, kind: str) -> None:
    """A consent is created for a patient of its own; a search for the patient finds it within the settle time."""
    known = consents.given(kind)
    found = consents.find(consents.of_patient(known.patient), include=[known.id])

    with verifying("r4.search.fresh-consent-is-found"):
        expect.matches(found, include=[known.id])


def test_a_changed_consent_is_found_as_it_is_now(consents: Consents, verifying: Verifying) -> None:
    """A consent is found, and then closed. The search lists it as it was closed, or as a read shows it by now."""
    known = consents.given("active")
    near = consents.of_patient(known.patient)
    consents.findable(known)
    closed = consents.closed(known, end="2031-12-02")
    shown = [closed.body, consents.current(known)]  # a server that stores something else is blamed elsewhere

    def current(found: Found) -> bool:
        listed = [match for match in found.matches if match.get("id") == known.id]
        return any(not _stale(body, match, consents) for match in listed for body in shown)

    found = consents.find(near, until=current)
    with verifying("r4.search.result-is-the-current-content"):
        expect.matches(found, include=[known.id])
        expect.true(current(found), "the consent as it was closed", "the consent as it was before", *found.pages)
    before, after = known.body.get("status"), shown[-1].get("status")
    if before != after and consents.offers("search:status"):
        judged = consents.find(near, ("status", str(after)), include=[known.id])
        old = consents.find(near, ("status", str(before)), until=lambda found: known.id not in found.ids, tolerant=True)
        with verifying("r4.search.result-is-the-current-content"):
            expect.matches(judged, include=[known.id])
            expect.matches(old, exclude=[known.id])


def _stale(now: Json, listed: Json, consents: Consents) -> bool:
    """Whether what is listed has another status or period than the consent has now."""
    periods = consents.period_of(now), consents.period_of(listed)
    return now.get("status") != listed.get("status") or bool(meaning.lost_period("period", *periods))
