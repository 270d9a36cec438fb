"""POST [base]/Consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents, Json
    from conformance.recorder import Verifying


def test_creating_a_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent is created: the answer is 201 and its Location leads to what was sent."""
    answer = consents.create(consents.body("active"), kind="active")
    known = consents.kept(answer, "active")

    with verifying("r4.create.answers-created"):
        expect.status(answer, 201)
    with verifying("r4.create.location-is-sent", "nll-2023.create.answers-with-location"):
        expect.header(answer, "Location")
        expect.true(
            answer.location_id is not None, "Location of the form [base]/Consent/[id]", _location(answer), answer
        )
    with verifying("r4.create.location-leads-to-the-consent"):
        expect.true(
            answer.location_id is not None, "Location of the form [base]/Consent/[id]", _location(answer), answer
        )
        read = consents.read(answer.location_id or known.id)
        expect.status(read, 200)
        expect.same_meaning({"patient": known.body["patient"]}, read)
        expect.equal(_categories(read.consent), _categories(known.body), "the category that was sent,", read)


def test_what_was_created_is_what_is_read(consents: Consents, verifying: Verifying) -> None:
    """A consent with actors and periods is created and changed; each time the meaning reads back as it was sent."""
    known = consents.given("rich")
    first = consents.read(known.id)
    with verifying("r4.write.meaning-survives"):
        expect.same_meaning(known.body, first)

    if consents.may_update:
        changed = consents.closed(known, end="2031-12-02")
        second = consents.read(known.id)
        with verifying("r4.write.meaning-survives"):
            expect.same_meaning(changed.body, second)


def test_a_new_access_consent_is_proposed(consents: Consents, verifying: Verifying) -> None:
    """An access consent is created as proposed and reads so. One sent as active is refused or stored as proposed."""
    proposed = consents.given("access")
    read = consents.read(proposed.id)
    with verifying("nll-2023.create.access-consent-starts-proposed"):
        expect.equal(read.consent.get("status"), "proposed", "the status", read)

    active = [{"op": "replace", "path": "/status", "value": "active"}]
    answer = consents.create(consents.body("access", patch=active), kind="access")
    if answer.succeeded:
        stored = consents.read(consents.kept(answer, "access").id)
        with verifying("nll-2023.create.access-consent-starts-proposed"):
            expect.equal(stored.consent.get("status"), "proposed", "the status of one sent as active", stored)


def _categories(consent: Json) -> list[list[tuple[str, str]]]:
    """System and code of each category; a server may add a display."""
    return [
        [(coding.get("system", ""), coding.get("code", "")) for coding in concept.get("coding", [])]
        for concept in consent.get("category", [])
    ]


def _location(answer: object) -> str:
    return str(answer.header("Location"))  # type: ignore[attr-defined]
