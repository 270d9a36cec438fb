"""DELETE [base]/Consent/[id]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

END = "2031-12-02"


def test_deleting_twice(consents: Consents, verifying: Verifying) -> None:
    """A consent of this run is deleted, and deleted again: both succeed, the second may say that there is nothing."""
    known = consents.given("active")

    for again in (False, True):
        answer = consents.delete(known.id) if again else _deleted(consents, known)
        noted = (404, 410) if again else ()

        with verifying("r4.delete.answers-success"):
            expect.status(answer, 200, 202, 204, noted=noted)
            expect.true(answer.status != 204 or not answer.content, "204 without a body", answer.described, answer)


def test_reading_what_was_deleted(consents: Consents, verifying: Verifying) -> None:
    """A consent reads. After its deletion it is gone, or nobody knows that it was there."""
    known = consents.given("active")
    consents.current(known)
    _delete(consents, known)

    read = _once_gone(consents, known)

    with verifying("r4.delete.then-gone-from-read"):
        expect.status(read, 410, 404)


def test_finding_what_was_deleted(consents: Consents, verifying: Verifying) -> None:
    """Searches find a consent: by its patient, with its status, by its id. After its deletion none of them does."""
    known = consents.given("active")
    near = consents.of_patient(known.patient)
    queries = [[near]]
    if consents.offers("search:status") and known.body.get("status"):
        queries.append([near, ("status", str(known.body["status"]))])
    if consents.offers("search:_id"):
        queries.append([("_id", known.id)])
    queries = [query for query in queries if known.id in consents.find(*query, include=[known.id], tolerant=True).ids]
    if not queries:
        raise consents.untestable("no search finds a consent that exists")
    _delete(consents, known)

    for query in queries:
        found = consents.find(*query, until=lambda found: known.id not in found.ids, tolerant=True)
        with verifying("r4.delete.then-gone-from-search"):
            expect.matches(found, exclude=[known.id])


def test_deleting_where_nothing_is_deleted(consents: Consents, verifying: Verifying) -> None:
    """The system never deletes consents. A DELETE of a consent of this run is refused, and it reads as before."""
    known = consents.given("active")
    before = consents.current(known)

    answer = consents.delete(known.id)
    after = consents.read(known.id)

    with verifying("r4.delete.blanket-refusal-status"):
        expect.status(answer, 405, noted={401, 403, 404, 501})
        expect.unchanged(before, after)


def _delete(consents: Consents, known: Kept) -> None:
    answer = _deleted(consents, known)
    if not answer.succeeded:
        raise consents.untestable(f"the consent could not be deleted: {answer.described}")


def _deleted(consents: Consents, known: Kept) -> Answer:
    """DELETE it; where something about this consent forbids it (409, http.html#delete), again once it is closed."""
    answer = consents.delete(known.id)
    if answer.status != 409 or not consents.may_update or not consents.close_some_way(known, end=END).succeeded:
        return answer
    again = consents.delete(known.id)
    again.note(f"an active consent is not deleted, a closed one is: {answer.described}")
    return again if again.succeeded else answer


def _once_gone(consents: Consents, known: Kept) -> Answer:
    """A read of what was deleted; 202 promises nothing at once, so as long as `settle` says it is tried again."""
    return consents.settled(lambda: consents.read(known.id), lambda read: read.status != 200)
