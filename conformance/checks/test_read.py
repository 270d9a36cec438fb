"""GET [base]/Consent/[id]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying


def test_reading_an_existing_consent(consents: Consents, verifying: Verifying) -> None:
    """Two consents that the server holds are read; each answer is 200 with that Consent."""
    for known in (consents.given("active"), consents.given("active")):
        answer = consents.read(known.id)

        with verifying("r4.read.existing-is-ok"):
            expect.status(answer, 200)
            expect.resource_type(answer, "Consent")
        with verifying("r4.read.id-matches-request"):
            expect.equal(answer.resource.get("id"), known.id, "the id", answer)


def test_reading_an_unknown_id(consents: Consents, verifying: Verifying) -> None:
    """A known consent reads. An id that nobody has answers 404."""
    consents.current(consents.given("active"))

    answer = consents.read(consents.unused_id())

    with verifying("r4.read.unknown-id-is-not-found"):
        expect.status(answer, 404)


def test_an_unknown_id_is_an_error_and_an_empty_search_is_not(consents: Consents, verifying: Verifying) -> None:
    """An id that nobody has is refused, a patient without consents has an empty Bundle; a known consent is found."""
    known = consents.given("active")
    consents.current(known)
    found = consents.find(consents.of_patient(known.patient), include=[known.id])
    unknown = consents.read(consents.unused_id())
    nothing = consents.search([consents.of_patient(consents.patient_without_consents())])

    with verifying("nll-2023.fetch.unknown-id-is-an-error"):
        expect.matches(found, include=[known.id])
        expect.refused(unknown, best=404)
        expect.status(nothing, 200)
        expect.equal(expect.resource_type(nothing, "Bundle").get("entry", []), [], "entries", nothing)
