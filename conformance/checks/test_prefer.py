"""The Prefer header of a write: what the answer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect
from conformance.headers import Change, setting, without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.recorder import Verifying

END = "2031-12-02"


def test_asking_for_no_body(consents: Consents, verifying: Verifying) -> None:
    """With return=minimal a create and a close succeed and answer without a body."""
    for answer in _writes(consents, setting("Prefer", "return=minimal")):
        with verifying("r4.prefer.minimal-has-no-body"):
            expect.success(answer)
            expect.true(not answer.content, "no body", answer.described, answer)


def test_asking_for_the_consent(consents: Consents, verifying: Verifying) -> None:
    """With return=representation a create and a close answer the consent just as a read shows it."""
    for answer in _writes(consents, setting("Prefer", "return=representation")):
        id_ = answer.requested_id or answer.given_id or ""
        read = consents.read(id_)
        with verifying("r4.prefer.representation-has-the-resource"):
            expect.success(answer)
            expect.equal(expect.resource_type(answer, "Consent").get("id"), id_, "the id", answer)
            expect.same_content(answer.consent, read, leaving_out=("text",))


def test_asking_for_an_outcome(consents: Consents, verifying: Verifying) -> None:
    """With return=OperationOutcome a create and a close answer an outcome without errors; unasked they do not."""
    for answer in _writes(consents, setting("Prefer", "return=OperationOutcome")):
        with verifying("r4.prefer.operation-outcome-on-request"):
            expect.success(answer)
            expect.outcome_without_errors(answer)
    for answer in _writes(consents, without("Prefer")):
        with verifying("r4.prefer.operation-outcome-on-request"):
            expect.success(answer)
            expect.true(answer.resource_type != "OperationOutcome", "a Consent or no body", answer.described, answer)


def _writes(consents: Consents, change: Change) -> Iterator[Answer]:
    """A create and, where it is offered, a close with this change; both work without it."""
    known, plain = consents.given("active"), consents.given("active")
    yield consents.create(consents.body("active"), kind="active", change=change)
    if consents.may_update:
        consents.closed(plain, end=END)
        yield consents.close(known, end=END, change=change)
