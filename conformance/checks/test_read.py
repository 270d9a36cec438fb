"""GET [base]/Consent/[id]."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from conformance import expect
from conformance.answer import instant
from conformance.clock import http_date
from conformance.found import element
from conformance.headers import Change, setting

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LONG_AGO = "Mon, 01 Jan 1990 00:00:00 GMT"
"""When no consent was there that somebody has a FHIR server for."""


def test_reading_an_existing_consent(consents: Consents, verifying: Verifying) -> None:
    """Consents that the server holds are read; each answer is 200 with that Consent."""
    ids = [consents.given("active").id for _ in range(2)] if consents.may_create else consents.given_ids
    if not ids:
        raise consents.untestable("no consent is known to read", remedy="name consents under given.consents")
    for id_ in ids:
        answer = consents.read(id_)

        with verifying("r4.read.existing-is-ok", "oracle-health.read.by-id", "medicasoft.read.by-id"):
            expect.status(answer, 200)
            expect.resource_type(answer, "Consent")
        with verifying("r4.read.id-matches-request", "medicasoft.read.by-id"):
            expect.equal(answer.resource.get("id"), id_, "the id", answer)


def test_reading_an_unknown_id(consents: Consents, verifying: Verifying) -> None:
    """A known consent reads. An id that nobody has answers 404, or the number by which the target hides what exists.

    So does one that differs from the known one in its last digit; and none reads that goes on behind the known one.
    """
    known = consents.given("active")
    consents.current(known)
    longer = f"{known.id}-{consents.unused_id()}"[:64]

    answers = [consents.read(id_) for id_ in (consents.unused_id(), *_neighbour(known.id))]
    beyond = consents.read(longer) if len(longer) > len(known.id) + 8 else None

    with verifying("r4.read.unknown-id-is-not-found", "oracle-health.read.unknown-id", "medicasoft.read.unknown-id"):
        for answer in answers:
            expect.status(answer, 404, *filter(None, [consents.dialect.hidden_status]))
        if beyond is not None:
            expect.absent(beyond)


def test_an_unknown_id_is_an_error_and_an_empty_search_is_not(consents: Consents, verifying: Verifying) -> None:
    """An id that nobody has is refused, a patient without consents has an empty Bundle; a known consent is found."""
    known = consents.given("active")
    consents.current(known)
    found = consents.find(consents.of_patient(known.patient), include=[known.id])
    unknown = consents.read(consents.unused_id())
    nothing = consents.search([consents.of_patient(consents.patient_without_consents())])

    with verifying("nll-2023.fetch.unknown-id-is-an-error"):
        expect.matches(found, include=[known.id])
        expect.refused(unknown, best=404)
        expect.status(nothing, 200)
        expect.equal(len(consents.paged(nothing).matches), 0, "the number of matches", nothing)


@pytest.mark.parametrize("id_", ["x" * 65, "not_a_logical_id", "two words"], ids=["too-long", "underscore", "a-space"])
def test_reading_a_malformed_id(consents: Consents, verifying: Verifying, id_: str) -> None:
    """A known consent reads. What cannot be an id is refused as the client's mistake."""
    consents.current(consents.given("active"))

    answer = consents.read(id_, change=setting("Accept", "application/fhir+json", flaw="the id breaks the id grammar"))

    with verifying("r4.read.malformed-id-is-refused"):
        expect.refused(answer)
    with verifying("medicasoft.read.malformed-id"):
        expect.status(answer, 400, 404)


def test_reading_an_id_in_other_case(consents: Consents, verifying: Verifying) -> None:
    """A known consent reads. Its id with upper and lower case exchanged is another id, which nobody has."""
    known = consents.given("active")
    consents.current(known)

    answer = consents.read(known.id.swapcase())

    with verifying("r4.read.id-is-case-sensitive"):
        if known.id.swapcase() == known.id:
            answer.note("the ids of this server have no letters, so there is no case to exchange")
        else:
            expect.absent(answer)


def test_the_etag_of_a_read(consents: Consents, verifying: Verifying) -> None:
    """A read names the version: in the ETag, weak and in quotes, as in meta.versionId."""
    answer = _read(consents, consents.given("active"))
    etag, version = answer.header("ETag"), answer.meta.get("versionId")

    with verifying("r4.read.etag-names-the-version"):
        if etag is None or version is None:
            answer.note("there is no ETag or no meta.versionId to compare")
        else:
            expect.equal(etag.strip().removeprefix("W/").strip('"'), version, "ETag without its quotes", answer)
    with verifying("r4.read.etag-is-sent"):
        value = expect.header(answer, "ETag").strip()
        quoted = value.startswith('W/"') and value.endswith('"') and len(value) > len('W/""')
        expect.true(quoted, 'an ETag of the form W/"version"', value, answer)


def test_when_a_read_was_last_modified(consents: Consents, verifying: Verifying) -> None:
    """A read carries Last-Modified, which is the second of meta.lastUpdated."""
    answer = _read(consents, consents.given("active"))

    with verifying("r4.read.last-modified-is-sent"):
        value = expect.header(answer, "Last-Modified")
        modified, updated = http_date(value), instant(answer.meta.get("lastUpdated"))
        expect.true(modified is not None, "Last-Modified as an HTTP date", value, answer)
        if modified and updated:
            apart = abs(modified - updated)
            expect.true(apart < timedelta(seconds=1), f"the second of lastUpdated {updated}", value, answer)


def test_reading_only_what_has_changed(consents: Consents, verifying: Verifying) -> None:
    """Of the current version a conditional read may say that it has not changed; of any other it says no such thing.

    Nor is any of two others the current one. Nor has it been the same since long before it was written, or since some
    seconds before; and where a version is named, a time does not count.
    """
    known = consents.given("active")
    first = _read(consents, known)
    others = ['W/"no-such-version"']
    if consents.may_update:
        consents.closed(known, end="2031-12-02")
        others += [_tag(first), _tag(first).removeprefix("W/")]
    plain = _read(consents, known)

    same = consents.read(known.id, change=setting("If-None-Match", _tag(plain)))
    others = [tag for tag in others if tag.removeprefix("W/") != _tag(plain).removeprefix("W/")]
    conditions = [setting("If-None-Match", tag) for tag in others]
    conditions.append(setting("If-None-Match", f'{others[-1]}, W/"nor-such-a-version"'))
    conditions.append(setting("If-Modified-Since", LONG_AGO))
    modified, updated = http_date(plain.header("Last-Modified")), instant(plain.meta.get("lastUpdated"))
    if modified and updated and abs(modified - updated) < timedelta(seconds=1):
        before = format_datetime(modified - timedelta(seconds=5), usegmt=True)
        conditions.append(setting("If-Modified-Since", before))
    if written := plain.header("Last-Modified"):
        conditions.append(Change(setting=(("If-None-Match", others[-1]), ("If-Modified-Since", written))))
    changed = [consents.read(known.id, change=condition) for condition in conditions]

    with verifying("r4.read.not-modified-only-when-unchanged"):
        expect.status(same, 200, 304)
        expect.true(same.status == 200 or not same.content, "304 without a body", same.described, same)
        for answer in changed:
            expect.true(answer.status != 304, "a full answer", answer.described, answer)
            if answer.status != 200:
                answer.note(f"answered {answer.described} where 200 with the consent is usual")


def test_a_read_and_a_search_show_the_same(consents: Consents, verifying: Verifying) -> None:
    """A consent is read, and found by its patient. Both show the same content, if they show the same version.

    So do they of one given consent of each further status.
    """
    known = consents.given("active")
    consents.findable(known)
    others = (
        {str(one.body.get("status")): one for one in consents.existing("active")} if not consents.may_create else {}
    )
    for one in (known, *(other for status, other in others.items() if status != known.body.get("status"))):
        near = consents.of_patient(one.patient)
        for _ in range(2):  # once more when somebody changed it in between
            read = _read(consents, one)
            matches = consents.find(near, include=[one.id], tolerant=True).matches
            listed = next((match for match in matches if match.get("id") == one.id), None)
            versions = read.meta.get("versionId"), element(listed, "meta.versionId")
            if listed is None or versions[0] == versions[1]:
                break

        with verifying("oracle-health.read.agrees-with-search"):
            if listed is None:
                read.note("the search by its patient does not find it")
            elif versions[0] != versions[1]:
                read.note("a read and a search show two versions, also when they are asked again")
            else:
                expect.same_content(listed, read)


def test_reading_without_the_scope_of_the_patient(consents: Consents, verifying: Verifying) -> None:
    """A consent reads. For a token that may read consents and searches them, but reads no patients, it does not."""
    known = consents.given("active")
    consents.current(known)
    narrow = consents.with_token("narrow-scope")
    if narrow.search([consents.of_patient(known.patient)]).status != 200:
        raise consents.untestable(
            "the token of tokens.narrow-scope does not search consents", remedy="give one that may read consents alone"
        )

    answer = narrow.read(known.id, change=Change(flaw="a token without the scope Patient.read"))

    with verifying("oracle-health.read.needs-both-scopes"):
        expect.refused(answer, best=403)


def test_asking_for_the_head(consents: Consents, verifying: Verifying) -> None:
    """HEAD of a known consent and of an id that nobody has answers the status that GET does, or is not offered."""
    for id_ in (consents.given("active").id, consents.unused_id()):
        plain = consents.read(id_)
        head = consents.read(id_, method="HEAD")

        with verifying("r4.read.head-mirrors-get"):
            expect.status(head, plain.status, noted={405, 501})


def _read(consents: Consents, known: Kept) -> Answer:
    answer = consents.read(known.id)
    if answer.status != 200 or answer.resource_type != "Consent":
        raise consents.untestable(f"the consent could not be read: {answer.described}")
    return answer


def _tag(answer: Answer) -> str:
    """The ETag of a read; where there is none, the one that meta.versionId would have."""
    return answer.header("ETag") or f'W/"{answer.meta.get("versionId")}"'


def _neighbour(id_: str) -> list[str]:
    """A UUID that differs in its last digit; nothing for other ids: they may be counted, and the next one taken."""
    if not UUID.fullmatch(id_):
        return []
    return [id_[:-1] + ("1" if id_.endswith("0") else "0")]
