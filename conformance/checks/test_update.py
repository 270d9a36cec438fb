"""PUT [base]/Consent/[id]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying


def test_updating_a_consent(consents: Consents, verifying: Verifying) -> None:
    """An existing consent is made inactive, active and inactive again: each PUT answers 200, each read shows it."""
    known = consents.given("active")
    for status in ("inactive", "active", "inactive"):
        answer = consents.update({**known.body, "status": status}, id=known.id, kind=known.kind)
        read = consents.read(known.id)

        with verifying("r4.update.answers-ok"):
            expect.status(answer, 200)
        if answer.succeeded:
            with verifying("r4.update.read-back-is-the-new-content"):
                expect.status(read, 200)
                expect.equal(read.consent.get("status"), status, "the status", read)


def test_updating_an_unknown_id(consents: Consents, verifying: Verifying) -> None:
    """A PUT on a known id works. On an id that nobody has it creates the consent, or is refused and creates nothing."""
    known = consents.given("active")
    consents.closed(known, end="2031-12-02")
    unknown = known.under(consents.unused_id())

    answer = consents.update(unknown.body, kind=unknown.kind)
    read = consents.read(unknown.id)

    with verifying("r4.update.unknown-id-is-consistent"):
        expect.status(answer, 201, 400, 403, 404, 405, 409, 410, 422)
        if answer.succeeded:
            expect.status(read, 200)
        else:
            expect.absent(read)
