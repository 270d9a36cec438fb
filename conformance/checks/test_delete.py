"""DELETE [base]/Consent/[id]."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from conformance import expect
from conformance.found import objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.answer import Answer
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying


def test_deleting_twice(consents: Consents, verifying: Verifying) -> None:
    """A consent of this run is deleted, and deleted again: both succeed, the second may say that there is nothing."""
    known = consents.given("active")

    for again in (False, True):
        noted = (404, 410) if again else ()

        with verifying("r4.delete.answers-success"):
            answer = consents.delete(known.id) if again else _deleted(consents, known)
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
    """Searches find a consent: by its patient, and by what it holds, and by its id. After its deletion none does."""
    known = consents.given("active")
    near = consents.of_patient(known.patient)
    queries = [[near], *([near, one] for one in _of_its_content(consents, known))]
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


def test_deleting_leaves_others_alone(consents: Consents, verifying: Verifying) -> None:
    """Three patients have a consent each, one of them a second one, where it may. One is deleted: the others stay.

    None of them is the one that was stored last.
    """
    earlier, known, later = (consents.given("active") for _ in range(3))
    second = consents.if_taken("active", patient=known.patient)
    consents.given("active")
    others = [(one, consents.itself(one)) for one in (earlier, later, second) if one and one.id != known.id]
    _delete(consents, known)

    with verifying("r4.delete.removes-only-the-consent-named"):
        for one, before in others:
            expect.unchanged(before, consents.read(one.id))


def test_deleting_where_nothing_is_deleted(consents: Consents, verifying: Verifying) -> None:
    """The system never deletes consents. A DELETE of a consent of this run is refused, and it reads as before."""
    known = consents.given("active")
    before = consents.current(known)

    answer = consents.delete(known.id)
    after = consents.read(known.id)

    with verifying("r4.delete.blanket-refusal-status"):
        expect.status(answer, 405, noted={401, 403, 404, 501})
        expect.unchanged(before, after)


def _of_its_content(consents: Consents, known: Kept) -> Iterator[tuple[str, str]]:
    """Claimed parameters, each with the value that selects the consent: an index may be forgotten."""
    body, start = known.body, consents.period_of(known.body).get("start")
    codes = [coding.get("code") for one in objects(body.get("category")) for coding in objects(one.get("coding"))]
    values = {
        "status": body.get("status"),
        "category": next(filter(None, codes), None),
        "date": str(body.get("dateTime", ""))[:10],
        "period": start and f"ge{start[:10]}",
    }
    for parameter, value in values.items():
        if value and consents.offers(f"search:{parameter}"):
            yield parameter, str(value)


def _delete(consents: Consents, known: Kept) -> None:
    answer = _deleted(consents, known)
    if not answer.succeeded:
        raise consents.untestable(f"the consent could not be deleted: {answer.described}")


def _deleted(consents: Consents, known: Kept) -> Answer:
    """DELETE it; where something about this consent forbids it (409, http.html#delete), again once it is closed."""
    answer = consents.delete(known.id)
    if answer.status != 409 or not consents.may_update:
        return answer
    yesterday = consents.today() - timedelta(days=1)
    if not consents.close_some_way(known, end=yesterday.isoformat()).succeeded:
        return answer
    again = consents.delete(known.id)
    if not again.succeeded:
        return answer
    again.note(f"an active consent is not deleted, a closed one is: {answer.described}")
    return again


def _once_gone(consents: Consents, known: Kept) -> Answer:
    """A read of what was deleted; 202 promises nothing at once, so as long as `settle` says it is tried again."""
    return consents.settled(lambda: consents.read(known.id), lambda read: read.status != 200)
