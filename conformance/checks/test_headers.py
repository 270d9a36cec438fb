"""Request headers: the header matrix of a pack, and what headers ask for and bring back.

A cell of the matrix repeats a documented request with one change to one header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import expect
from conformance.headers import PLAIN, Change, change_of, setting
from conformance.scenarios import CELL_NAMES

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json, Kept
    from conformance.recorder import Verifying
    from conformance.scenarios import HeaderCell

END = "2031-12-02"


def test_header_matrix(consents: Consents, verifying: Verifying, cell: HeaderCell) -> None:
    """With one header changed, the request does what the cell says, and nothing half done. Unchanged, it works.

    That it works unchanged is not asked where it was carried out changed, and may be.
    """
    if cell.kind == "access" and not consents.offers("access-consent"):
        return
    known = consents.given(cell.kind or "active")
    before = consents.current(known)
    answer = _request(consents, cell, known, change_of(cell, fill=lambda text: _fill(consents, text, known)))
    after = consents.read(known.id)

    optional = cell.expect == "optional"
    ended = after.resource_type == "Consent" and consents.shows_closing(known, after.consent)
    done = answer.succeeded and (ended or cell.base != "close")
    if optional or cell.expect == "refused" or not done:
        plain, in_effect = _unchanged(consents, cell, known, spent=answer.succeeded or ended)
        if not (plain.succeeded and in_effect) and not (optional and done):
            why = "has no effect" if plain.succeeded else "does not work"
            raise consents.untestable(f"the unchanged request {why}: {plain.described}")

    with verifying(*cell.requirements):
        if cell.contradiction:
            consents.met(cell.contradiction, f"{cell.name.replace('-', ' ')}: {answer.described}")
        if optional:
            expect.success(plain)
            expect.true(in_effect, f"a close without {cell.header} that ends the consent", "no effect", plain)
        if cell.expect == "refused" or (cell.expect in {"clean", "optional"} and not answer.succeeded):
            _refused(cell, answer)
            expect.unchanged(before, after)
            _nothing_created(consents, answer)
        else:
            expect.success(answer)
            if cell.expect != "accepted":
                _carried_out(consents, cell, answer, after)


def test_one_context_id_for_several_calls(consents: Consents, verifying: Verifying) -> None:
    """Two consents are closed and read with one common x-context-id: each call works as it does without."""
    first, second = consents.given("dose"), consents.given("dose")
    consents.closed(consents.given("dose"), end=END)
    common = setting("x-context-id", consents.unused_id())

    closes = [consents.close(known, end=END, change=common) for known in (first, second)]
    reads = [consents.read(known.id, change=common) for known in (first, second)]

    with verifying("nll-2023.headers.context-id-is-optional"):
        for answer in (*closes, *reads):
            expect.success(answer)


def test_one_request_id_for_two_calls(consents: Consents, verifying: Verifying) -> None:
    """A consent is closed with an x-request-id. Another one with the same: carried out or refused, each cleanly."""
    first, second = consents.given("dose"), consents.given("dose")
    before = consents.current(second)
    common = consents.unused_id()
    if not consents.close(first, end=END, change=setting("x-request-id", common)).succeeded:
        raise consents.untestable("a consent cannot be closed with an x-request-id of ours")

    answer = consents.close(
        second, end=END, change=setting("x-request-id", common, flaw="x-request-id of another call")
    )
    after = consents.read(second.id)

    with verifying("nll-2023.headers.request-id-malformed"):
        if answer.succeeded:
            expect.same_meaning(answer.sent or {}, after)
        else:
            expect.refused(answer)
            expect.unchanged(before, after)


def test_the_request_id_comes_back(consents: Consents, verifying: Verifying) -> None:
    """A read carries an x-request-id of ours: the answer shows it, or names it in X-Correlation-Id beside its own."""
    known = consents.given("active")
    ours = consents.unused_id()

    answer = consents.read(known.id, change=setting("x-request-id", ours))

    with verifying("nll-2023.headers.request-id-is-ours"):
        expect.status(answer, 200)
        returned, correlated = answer.header("X-Request-ID"), answer.header("X-Correlation-Id")
        if returned != ours and correlated == ours:
            answer.note("the request's id comes back in X-Correlation-Id")
        else:
            expect.equal(returned, ours, "X-Request-ID", answer)


def test_a_request_id_and_no_caching(consents: Consents, verifying: Verifying) -> None:
    """A consent is read: the answer carries an id of the request, and asks caches to ask again."""
    answer = consents.read(consents.given("active").id)

    with verifying("oracle-health.headers.request-id-in-answers"):
        expect.status(answer, 200)
        expect.header(answer, "X-Request-Id")
        control = [part.strip().lower() for part in expect.header(answer, "Cache-Control").split(",")]
        strict = any(part.partition("=")[0] in {"no-cache", "no-store"} for part in control)
        expect.true(strict, "Cache-Control: no-cache", ", ".join(control), answer)


def test_another_origin(consents: Consents, verifying: Verifying) -> None:
    """A consent is read from a page of another origin: the answer allows it, and so does a preflight."""
    known = consents.given("active")
    origin = ("Origin", "https://app.example")
    answer = consents.read(known.id, change=setting(*origin))

    with verifying("oracle-health.cors.any-origin"):
        expect.status(answer, 200)
        allowed = expect.header(answer, "Access-Control-Allow-Origin").strip()
        expect.true(allowed in {"*", origin[1]}, f"Access-Control-Allow-Origin * or {origin[1]}", allowed, answer)
        if not consents.may_write:
            answer.note("a preflight takes OPTIONS, which a read-only run does not send")
            return
        asked = (("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization"))
        plain = Change(without=("Authorization",), setting=(origin, *asked))
        preflight = consents.request("OPTIONS", f"/Consent/{known.id}", action="read", change=plain)
        expect.success(preflight, usual=200)
        headers = expect.header(preflight, "Access-Control-Allow-Headers").lower()
        expect.true("authorization" in headers or "*" in headers, "authorization among the headers", headers, preflight)


def test_a_close_that_prefers_the_representation(consents: Consents, verifying: Verifying) -> None:
    """A consent is closed with prefer return=representation: the answer is the closed consent, as a read shows it."""
    known = consents.given("dose")
    consents.closed(consents.given("dose"), end=END)

    answer = consents.close(known, end=END, change=setting("prefer", "return=representation"))
    read = consents.read(known.id)

    with verifying("nll-2023.headers.prefer-representation"):
        expect.success(answer, usual=200)
        expect.resource_type(answer, "Consent")
        expect.same_meaning(answer.sent or {}, answer)
        expect.same_content(read.consent, answer)


@pytest.mark.parametrize(
    "preference", ["return=OperationOutcome", "return = OperationOutcome"], ids=["plain", "spaced"]
)
def test_a_close_that_prefers_an_outcome(consents: Consents, verifying: Verifying, preference: str) -> None:
    """A consent is closed with the preference, in FHIR's form or the guide's: an OperationOutcome without errors."""
    known = consents.given("dose")
    consents.closed(consents.given("dose"), end=END)

    answer = consents.close(known, end=END, change=setting("prefer", preference))

    with verifying("nll-2023.headers.prefer-operation-outcome"):
        consents.met("trap.nll.prefer-spaces", f"'{preference}': {answer.described}")
        expect.success(answer, usual=200)
        expect.outcome_without_errors(answer)


def _request(consents: Consents, cell: HeaderCell, known: Kept, change: Change) -> Answer:
    if cell.base == "read":
        return consents.read(known.id, change=change)
    if cell.base == "search":
        return consents.search([consents.of_patient(known.patient)], change=change)
    if cell.base == "create":
        return consents.create(consents.body(known.kind), kind=known.kind, change=change)
    return consents.close(known, end=END, change=change)


def _unchanged(consents: Consents, cell: HeaderCell, known: Kept, *, spent: bool) -> tuple[Answer, bool]:
    """The documented request, and whether a success has its effect; on a fresh consent where the known one is spent."""
    if cell.base != "close":
        return _request(consents, cell, known, PLAIN), True
    open_one = consents.given(known.kind) if spent else known
    answer = _request(consents, cell, open_one, PLAIN)
    return answer, not answer.succeeded or consents.shows_closing(open_one, consents.current(open_one))


def _fill(consents: Consents, text: str, known: Kept) -> str:
    """The text of a cell with the names of `CELL_NAMES` replaced."""
    values = {
        "consent-id": known.id,
        "patient-id": known.patient.rpartition("/")[2],
        "other-patient-id": consents.patient().rpartition("/")[2] if "{other-patient-id}" in text else "",
        "token": consents.credentials[1].rpartition(" ")[2] if "{token}" in text else "",
        "uuid": consents.unused_id(),
    }
    for name in CELL_NAMES:
        text = text.replace(f"{{{name}}}", values[name])
    return text


def _refused(cell: HeaderCell, answer: Answer) -> None:
    if cell.status:
        expect.status_of(answer, cell.status, noted=cell.noted)
    else:
        expect.refused(answer)


def _carried_out(consents: Consents, cell: HeaderCell, answer: Answer, after: Answer) -> None:
    """What was to be written reads back; what was to be read is there."""
    sent: Json = answer.sent or {}
    if cell.base == "close":
        expect.same_meaning(sent, after)
    elif cell.base == "create":
        expect.same_meaning(sent, consents.read(consents.kept(answer, cell.kind or "active").id))
    else:
        expect.resource_type(answer, "Consent" if cell.base == "read" else "Bundle")


def _nothing_created(consents: Consents, answer: Answer) -> None:
    """A refused create has left no consent of its patient behind, where searching by patient is offered."""
    if answer.exchange.method == "POST" and answer.sent is not None and consents.offers("search:patient"):
        expect.equal(consents.stored_from(answer.sent), [], "consents made from the refused body:", answer)
