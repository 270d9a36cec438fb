"""Closing a consent: an update that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json, Kept
    from conformance.recorder import Verifying

END = "2031-12-02"


def test_put_to_the_type_address(consents: Consents, verifying: Verifying) -> None:
    """A consent that was just created is closed by PUT [base]/Consent with its id in the body."""
    known = consents.given("dose")

    def put(body: Json) -> Answer:
        return consents.request("PUT", "/Consent", action="update", body=body, kind=known.kind, requested_id=known.id)

    answer = consents.close_some_way(known, end=END, send=put)

    with verifying("nll-2023.close.put-to-the-type-address", "nll-2023.headers.documented-set-is-accepted"):
        expect.success(answer, usual=200)


def test_only_the_consent_named_in_the_body_changes(consents: Consents, verifying: Verifying) -> None:
    """One patient has two consents. The older one is closed by its id: it changes, the newer one does not."""
    patient = consents.patient()
    named = consents.given("dose", patient=patient)
    other = consents.given("dose", patient=patient)
    before = consents.current(other)

    consents.closed(named, end=END)
    after, beside = consents.read(named.id), consents.read(other.id)

    with verifying("nll-2023.close.body-id-selects-the-consent"):
        _ended(consents, named, after)
        expect.unchanged(before, beside)


def test_a_put_replaces_the_whole_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent is stored with an identifier. A PUT without the identifier leaves none behind."""
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{consents.unused_id()}"}
    known = consents.given("dose", patch=[{"op": "add", "path": "/identifier", "value": [identifier]}])
    if not consents.current(known).get("identifier"):
        raise consents.untestable("the server stores no identifier, so nothing can be left out")

    shorter = {name: value for name, value in known.body.items() if name != "identifier"}
    answer = consents.update(shorter, kind=known.kind)
    read = consents.read(known.id)

    with verifying("nll-2023.close.replaces-the-whole-resource"):
        expect.success(answer, usual=200)
        expect.equal(read.consent.get("identifier"), None, "after the PUT without it, an identifier of", read)


def test_closing_an_unknown_consent(consents: Consents, verifying: Verifying) -> None:
    """A known consent can be closed. For an id that nobody has the same request is refused and leaves nothing."""
    known = consents.given("dose")
    unknown = known.under(consents.unused_id())
    consents.closed(known, end=END)

    answer = consents.close(unknown, end=END)

    with verifying("nll-2023.close.unknown-id-fails"):
        expect.refused(answer)
    if verifying.applies("nll-2023.close.unknown-id-creates-nothing"):
        read = consents.read(unknown.id)
        found = consents.find(consents.of_patient(known.patient), include=[known.id])
        with verifying("nll-2023.close.unknown-id-creates-nothing"):
            expect.absent(read)
            expect.matches(found, exclude=[unknown.id])


def test_a_read_after_closing_shows_the_closed_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent is closed; the next read and the next search show what the PUT wrote."""
    known = consents.given("dose")
    closed = consents.closed(known, end=END)

    read = consents.read(known.id)
    found = consents.find(consents.of_patient(known.patient), include=[known.id])

    with verifying("nll-2023.close.read-shows-latest-version"):
        expect.same_state(closed.body, read.consent, period=consents.period_of, by=read)
        expect.matches(found, include=[known.id])
        listed = next(match for match in found.matches if match.get("id") == known.id)
        expect.same_state(closed.body, listed, period=consents.period_of, by=found.first)


def test_closing_a_dose_consent(consents: Consents, verifying: Verifying) -> None:
    """A dose consent reads as open. After the documented close it is inactive, or has the end that was sent."""
    known = consents.given("dose")
    consents.current(known)

    answer = consents.close_some_way(known, end=END)
    read = consents.read(known.id)

    with verifying("nll-2023.close.dose-consent-is-ended"):
        expect.success(answer, usual=200)
        _ended(consents, known, read)


def test_closing_a_proposed_access_consent(consents: Consents, verifying: Verifying) -> None:
    """An access consent reads as proposed. After the documented close it is inactive, or has the end that was sent."""
    known = consents.given("access")
    if consents.current(known).get("status") == "active":
        raise consents.untestable("the access consent reads active before it is closed, not proposed")

    answer = consents.close_some_way(known, end=END)
    read = consents.read(known.id)

    with verifying("nll-2023.close.access-consent-is-ended"):
        expect.success(answer, usual=200)
        _ended(consents, known, read)


def test_closing_twice(consents: Consents, verifying: Verifying) -> None:
    """A closed consent is closed again with the same body: accepted or refused, it stays closed with the same end."""
    known = consents.given("dose")
    consents.closed(known, end=END)
    before = consents.current(known)

    answer = consents.close(known, end=END)
    read = consents.read(known.id)

    with verifying("nll-2023.close.repeating-is-harmless"):
        expect.no_server_error(answer)
        expect.same_state(before, read.consent, period=consents.period_of, by=read)


def _ended(consents: Consents, known: Kept, read: Answer) -> None:
    """The status is inactive, or the period has the end that was sent: the source leaves open which of them closes."""
    expect.status(read, 200)
    status, end = read.consent.get("status"), consents.period_of(read.consent).get("end")
    expect.true(
        status == "inactive" or (end is not None and expect.same_moment(end, END)),
        f"status inactive, or the end {END}",
        f"Consent/{known.id} with status {status} and {'no end' if end is None else f'the end {end}'}",
        read,
    )
