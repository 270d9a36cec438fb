"""What becomes of a consent once its end has passed: it is there as before, and means nothing any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying

OTHER = {"active": "inactive", "inactive": "active"}


def test_an_ended_consent_reads(consents: Consents, verifying: Verifying) -> None:
    """A consent that has not ended can be read, and so can one whose end has passed."""
    if consents.may_create:
        consents.current(consents.given("active"))
    known = consents.expired()

    read = consents.read(known.id)

    with verifying("period.expired.still-reads"):
        expect.status(read, 200)
        expect.equal(read.consent.get("id"), known.id, "the consent", read)


def test_an_ended_consent_is_found(consents: Consents, verifying: Verifying) -> None:
    """A patient has a consent whose end has passed, and maybe another one: the search for the patient finds them."""
    patient = consents.patient() if consents.may_create else None
    if consents.may_create:
        consents.findable(consents.given("active", patient=patient))
    known = consents.expired(patient=patient)

    found = consents.find(consents.of_patient(known.patient), include=[known.id])

    with verifying("period.expired.still-found-by-patient"):
        expect.matches(found, include=[known.id])


def test_the_status_when_the_end_passes(consents: Consents, verifying: Verifying) -> None:
    """A consent is created with an end that is near, and the end passes. Its status is what it was, or inactive."""
    passed = consents.just_expired()
    known = passed or consents.expired()
    sent = known.body.get("status")
    read = consents.read(known.id)

    with verifying("period.expired.status-may-stay-active"):
        if passed is None:
            read.note("an end a moment ahead is refused: looked at a consent that had ended before")
        expect.status(read, 200, noted={404, 410})
        if read.status == 200:
            shown = read.consent.get("status")
            usual = [sent] if sent in {"inactive", None} else [sent, "inactive"]
            if sent is None:
                usual += ["active", "inactive"]
            expect.true(shown in usual, f"the status {' or '.join(map(str, usual))}", f"the status {shown}", read)
            if shown != sent:
                read.note(f"the status became {shown} when the end passed")


def test_searching_an_ended_consent_by_status(consents: Consents, verifying: Verifying) -> None:
    """The end of a consent has passed. As with one that has not ended, only the status that it reads with finds it."""
    patient = consents.patient() if consents.may_create else None
    if consents.may_create:
        control = consents.given("active", patient=patient)
        near = consents.of_patient(control.patient)
        by_status = consents.find(near, ("status", "active"), include=[control.id])
        elsewhere = consents.find(near, ("status", "inactive"), tolerant=True)
        if control.id not in by_status.ids or control.id in elsewhere.ids:
            raise consents.untestable("the search by status does not tell apart consents that have not ended")
    known = consents.expired(patient=patient)
    near = consents.of_patient(known.patient)
    consents.findable(known)
    status = consents.current(known).get("status")
    other = OTHER.get(str(status), "active")
    if status is None:
        raise consents.untestable("the consent reads without status")

    found = consents.find(near, ("status", str(status)), include=[known.id])
    beside = consents.find(near, ("status", other), until=lambda found: known.id not in found.ids, tolerant=True)

    with verifying("period.expired.status-search-agrees-with-read"):
        expect.matches(found, include=[known.id])
        expect.matches(beside, exclude=[known.id])
