"""The header matrix: each cell repeats a documented request with one change to one header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect
from conformance.headers import change_of

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Kept
    from conformance.headers import Change
    from conformance.recorder import Verifying
    from conformance.scenarios import HeaderCell

END = "2031-12-02"


def test_header_matrix(consents: Consents, verifying: Verifying, cell: HeaderCell) -> None:
    """The request works as documented. With one header changed it does what the cell says, and nothing half done."""
    kind = cell.kind or "active"
    known, again = consents.given(kind), consents.given(kind)
    before = consents.current(known)
    _send(consents, cell, again, control=True)

    answer = _send(consents, cell, known)
    after = consents.read(known.id)

    with verifying(*cell.requirements):
        if cell.expect == "refused" or (cell.expect == "clean" and not answer.succeeded):
            expect.refused(answer)
            expect.unchanged(before, after)
            _nothing_created(consents, answer)
        else:
            expect.success(answer)
            if cell.expect != "accepted" and cell.base == "close":
                expect.same_state(answer.sent or {}, after.consent, period=consents.period_of, by=after)


def _send(consents: Consents, cell: HeaderCell, known: Kept, *, control: bool = False) -> Answer:
    """The cell's request; as a positive control without the change, `NotTestable` when that does not work."""
    change = change_of(cell, plain=control)
    answer = _request(consents, cell, known, change)
    if control and not answer.succeeded:
        raise consents.untestable(f"the unchanged request does not work: {answer.described}")
    return answer


def _request(consents: Consents, cell: HeaderCell, known: Kept, change: Change) -> Answer:
    if cell.base == "read":
        return consents.read(known.id, change=change)
    if cell.base == "search":
        return consents.search([consents.of_patient(known.patient)], change=change)
    if cell.base == "create":
        return consents.create(consents.body(known.kind), kind=known.kind, change=change)
    return consents.close(known, end=END, change=change)


def _nothing_created(consents: Consents, answer: Answer) -> None:
    """A refused create has left no consent of its patient behind, where searching by patient is offered."""
    if answer.exchange.method == "POST" and answer.sent is not None and consents.offers("search:patient"):
        patient = str(answer.sent["patient"]["reference"])
        with_patient = consents.find(consents.of_patient(patient))
        created = [match for match in with_patient.matches if match.get("patient") == answer.sent["patient"]]
        expect.equal(len(created), 0, "consents of the refused create's patient:", with_patient.first)
