"""Who gets a consent and who may change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect
from conformance.headers import setting, without

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying

NOBODY = without("Authorization", flaw="no token")


def test_without_a_token_there_is_no_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent reads and is found with the token. Without a token neither a read nor a search gives it."""
    known = consents.given("active")
    consents.current(known)
    read = consents.read(known.id, change=NOBODY)
    found = consents.search([consents.of_patient(known.patient)], change=NOBODY)

    with verifying("security.token.absent-gets-no-consent"):
        expect.no_consent(read, known.id)
        expect.no_consent(found, known.id)


def test_a_write_without_authority_changes_nothing(consents: Consents, verifying: Verifying) -> None:
    """A token that nobody issued closes nothing: the consent reads as before with the right token."""
    known = consents.given("active")
    before = consents.current(known)
    consents.close(known, end="2031-12-02", change=setting("Authorization", "Bearer not-a-token", flaw="no real token"))
    read = consents.read(known.id)

    with verifying("security.write.unauthorised-changes-nothing"):
        expect.unchanged(before, read)
