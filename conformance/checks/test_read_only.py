"""Writes to a server that offers none. Only where the operator allows the attempt."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from conformance import expect
from conformance.headers import Change

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying

OFFERED_BY_NOBODY = Change(flaw="a write to a server that offers none")


def test_writes_are_not_offered(consents: Consents, verifying: Verifying) -> None:
    """A consent reads. What it says is posted, and put under an unused id, which is deleted as well: all refused.

    Nothing is sent that would do harm if it were carried out: no write names a consent that is there.
    """
    known = consents.given("active")
    before = consents.current(known)
    copied = copy.deepcopy(before)
    copied.pop("id", None)

    posted = consents.create(copied, change=OFFERED_BY_NOBODY)
    nobody = consents.unused_id()
    address, body = f"/Consent/{nobody}", {**before, "id": nobody}
    put = consents.request("PUT", address, action="update", body=body, change=OFFERED_BY_NOBODY)
    deleted = consents.request("DELETE", address, action="delete", change=OFFERED_BY_NOBODY)
    after = consents.read(known.id)
    if posted.succeeded and posted.given_id:
        consents.delete(posted.given_id)

    with verifying("oracle-health.writes.are-not-offered", "medicasoft.writes.are-not-offered"):
        for answer in (posted, put, deleted):
            refused = answer.refused or answer.status == 501
            expect.true(refused, "a refusal (405)", answer.described, answer)
            if answer.status != 405:
                answer.note(f"refused with {answer.status} where 405 says it best")
        expect.unchanged(before, after)
