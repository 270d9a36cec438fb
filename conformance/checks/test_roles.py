"""What a role may do and see, and what nobody may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect
from conformance.headers import Change, setting

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying

END = "2031-12-02"


def test_a_role_that_may_not_close(consents: Consents, verifying: Verifying) -> None:
    """One role closes a consent. A role that may not close is refused, and the consent stays as it was.

    So it is when that role prefers the representation; what the refusal then answers is looked at with all others. And
    so it is when it sets an end and nothing else, where that is how the first role can close a consent too.
    """
    known = consents.given("dose")
    before = consents.current(known)
    other = consents.with_token("other-role")
    consents.closed(consents.given("dose"), end=END)
    by_its_end = _closes_by_an_end(consents)

    flaw = "a role that may not close"
    answers = [
        other.close(known, end=END, change=change)
        for change in (Change(flaw=flaw), setting("prefer", "return=representation", flaw=flaw))
    ]
    if by_its_end:
        answers.append(other.close(known, end=END, by="period", change=Change(flaw=flaw)))
    after = consents.read(known.id)

    with verifying("nll-2023.authorization.role-decides"):
        for answer in answers:
            expect.refused(answer, best=403)
        expect.unchanged(before, after)


def test_a_role_that_may_fetch(consents: Consents, verifying: Verifying) -> None:
    """A consent reads. To a role that may fetch and not close, it reads as well."""
    known = consents.given("dose")
    consents.current(known)

    answer = consents.with_token("other-role").read(known.id)

    with verifying("nll-2023.authorization.fetching-role-may-fetch"):
        expect.status(answer, 200)
        expect.equal(answer.consent.get("id"), known.id, "the id", answer)


def test_a_create_by_nobody(consents: Consents, verifying: Verifying) -> None:
    """A dose consent can be created. By nobody, without x-provenance, it is refused, and nothing is stored.

    The representation is preferred; what the refusal then answers is looked at with all others.
    """
    consents.given("dose")
    body = consents.body("dose")

    flaw = "no x-provenance"
    change = Change(without=("x-provenance",), setting=(("prefer", "return=representation"),), flaw=flaw)
    answer = consents.create(body, kind="dose", change=change)

    with verifying("nll-2023.headers.provenance-absent"):
        expect.refused(answer)
        if consents.offers("search:patient"):
            expect.equal(consents.stored_from(body), [], "consents made from the refused body:", answer)


def _closes_by_an_end(consents: Consents) -> bool:
    """Whether the role of the target closes a consent by setting an end and nothing else."""
    known = consents.given("dose")
    if not consents.close(known, end=END, by="period").succeeded:
        return False
    return consents.shows_closing(known, consents.current(known))
