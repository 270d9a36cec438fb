"""POST [base]/Consent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from conformance import expect, meaning
from conformance.answer import instant
from conformance.clock import http_date
from conformance.headers import Change

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json
    from conformance.recorder import Verifying

CLOCKS_APART = timedelta(minutes=10)
"""By how much a server's clocks may differ; a time that was written in a wrong zone is further off."""
DATES = {"a month": "2024-03", "a day": "2024-03-01"}
LONG = f" & <1> 'so' {'å' * 280}"
PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
A_DOZEN = (
    *("TREAT", "ETREAT", "HPAYMT", "HOPERAT", "HRESCH", "PATRQT"),
    *("PUBHLTH", "HMARKT", "COVERAGE", "CLINTRCH", "HSYSADMIN", "PATADMIN"),
)


def test_creating_a_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent is created: the answer is 201 and its Location leads to what was sent."""
    answer = consents.create(consents.body("active"), kind="active")
    known = consents.kept(answer, "active")

    with verifying("r4.create.answers-created"):
        expect.status(answer, 201)
    with verifying("r4.create.location-is-sent", "nll-2023.create.answers-with-location"):
        expect.header(answer, "Location")
        expect.true(
            answer.location_id is not None, "Location of the form [base]/Consent/[id]", _location(answer), answer
        )
    if answer.location_id is not None and consents.offers("versions"):
        with verifying("r4.create.location-is-sent"):
            _names_its_version(consents, answer)
    with verifying("r4.create.location-leads-to-the-consent"):
        expect.true(
            answer.location_id is not None, "Location of the form [base]/Consent/[id]", _location(answer), answer
        )
        read = consents.follow(answer)
        expect.status(read, 200)
        expect.equal(read.consent.get("id"), answer.location_id, "at Location a Consent with the id", read)
        expect.kept(known.body, read, meaning.patient_element(known.body), "category")
        if answer.resource_type == "Consent":
            expect.equal(answer.consent.get("id"), answer.location_id, "in the body of the create the id", answer)


def test_what_was_created_is_what_is_read(consents: Consents, verifying: Verifying) -> None:
    """A consent with actors and periods is created and changed; each time the meaning reads back as it was sent."""
    known = consents.given("rich")
    first = consents.read(known.id)
    with verifying("r4.write.meaning-survives"):
        expect.same_meaning(known.body, first)

    if consents.may_update:
        changed = consents.closed(known, end="2031-12-02")
        second = consents.read(known.id)
        with verifying("r4.write.meaning-survives"):
            expect.same_meaning(changed.body, second)


def test_a_dozen_comes_back_as_a_dozen(consents: Consents, verifying: Verifying) -> None:
    """The same with a dozen rules within the rule and a dozen purposes of it, where the target takes so many."""
    body = consents.body("rich")
    rule = body.get("provision")
    if not isinstance(rule, dict) or "provision" not in rule:
        return  # the documented consents have no rules within their rule
    rule["provision"] = [
        {"type": "permit", "period": {"start": f"2024-{month:02}-01", "end": f"2031-{month:02}-01"}}
        for month in range(1, 13)
    ]
    rule["purpose"] = [{"system": PURPOSES, "code": code} for code in A_DOZEN]
    created = consents.create(body, kind="rich")
    if created.refused:
        return

    read = consents.read(consents.kept(created, "rich").id)

    with verifying("r4.write.meaning-survives"):
        expect.same_meaning(body, read)


def test_every_element_comes_back(consents: Consents, verifying: Verifying) -> None:
    """A consent with every element is created. It reads back as it was sent; what the server added is mentioned."""
    known = consents.given("complete")

    read = consents.read(known.id)

    with verifying("r4.create.read-back-is-the-same"):
        expect.status(read, 200)
        expect.all_of_it(known.body, read)
    with verifying("r4.write.meaning-survives"):
        expect.same_meaning(known.body, read)


@pytest.mark.parametrize("rarer", ["long texts", *DATES])
def test_rarer_values_come_back(consents: Consents, verifying: Verifying, rarer: str) -> None:
    """The same with long texts that HTML would escape, or dated by day or month, where the target takes them."""
    body = consents.body("complete")
    if rarer in DATES:
        body = {name: value for name, value in body.items() if name != "_dateTime"} | {"dateTime": DATES[rarer]}
    else:
        body = _at_length(body)
    created = consents.create(body, kind="complete")
    if created.refused:
        return  # how long a text may be is not said, nor that a server takes a date without a day

    known = consents.kept(created, "complete")
    read = consents.read(known.id)

    with verifying("r4.create.read-back-is-the-same"):
        expect.status(read, 200)
        expect.all_of_it(known.body, read)


def test_an_id_in_the_body(consents: Consents, verifying: Verifying) -> None:
    """A new consent is sent under the id of one that exists: it gets an id of its own, the other stays as it was."""
    known = consents.given("active")
    before = consents.current(known)
    body = {**consents.body("active"), "id": known.id}

    answer = consents.create(body, kind="active")
    after = consents.read(known.id)

    with verifying("r4.create.client-id-is-ignored"):
        expect.success(answer, usual=201)
        expect.differs(answer.given_id, known.id, "an id", answer)
        if after.status == 200 and after.resource_type == "Consent" and after.resource.get("id") == known.id:
            expect.unchanged(before, after)


def test_a_version_in_the_body(consents: Consents, verifying: Verifying) -> None:
    """A consent is created. One with versionId and lastUpdated of the client's own is as well, and has neither then."""
    consents.given("active")
    body = consents.body("active")
    own = {"versionId": "client-version", "lastUpdated": "2001-01-01T00:00:00.000Z"}

    answer = consents.create({**body, "meta": {**body.get("meta", {}), **own}}, kind="active")

    with verifying("r4.create.meta-is-the-servers"):
        expect.success(answer, usual=201)
        read = consents.read(consents.kept(answer, "active").id)
        expect.status(read, 200)
        expect.differs(read.meta.get("versionId"), own["versionId"], "a versionId", read)
        updated = str(read.meta.get("lastUpdated"))
        expect.true(not updated.startswith("2001"), "the server's lastUpdated", updated, read)


def test_a_body_that_is_no_json(consents: Consents, verifying: Verifying) -> None:
    """A complete body is created. The same body without its end is refused."""
    consents.given("active")

    answer = consents.create(cut_off(consents.body("active")), kind="active", change=Change(flaw="the JSON is cut off"))

    with verifying("r4.create.broken-json-is-refused"):
        expect.not_carried_out(answer)


def test_a_body_of_another_type(consents: Consents, verifying: Verifying) -> None:
    """A consent is created. A Patient at the same address is refused."""
    consents.given("active")

    answer = consents.create({"resourceType": "Patient"}, kind="active", change=Change(flaw="a Patient"))

    with verifying("r4.create.other-resource-type-is-refused"):
        expect.not_carried_out(answer)


def test_no_body_at_all(consents: Consents, verifying: Verifying) -> None:
    """A consent is created. A create without a body is refused."""
    consents.given("active")

    answer = consents.create(b"", kind="active", change=Change(flaw="no body"))

    with verifying("r4.create.empty-body-is-refused"):
        expect.not_carried_out(answer)


def test_when_a_new_consent_was_last_updated(consents: Consents, verifying: Verifying) -> None:
    """A consent is created, and reads with a lastUpdated near the time that Date tells, or that the run lives in.

    Where Date is wrong, another requirement says so.
    """
    known = consents.given("active")

    read = consents.read(known.id)

    with verifying("r4.create.last-updated-is-the-time-of-the-write"):
        expect.status(read, 200)
        shown, told = instant(read.meta.get("lastUpdated")), http_date(read.header("Date"))
        if shown is None or told is None:
            read.note("there is no meta.lastUpdated and Date to hold against each other")
        else:
            clocks = (told, datetime.fromisoformat(read.exchange.started))
            near = any(abs(shown - now) <= CLOCKS_APART for now in clocks)
            within = f"a lastUpdated within {CLOCKS_APART} of the Date {told:%Y-%m-%dT%H:%M:%SZ}"
            expect.true(near, within, str(read.meta.get("lastUpdated")), read)


def test_a_refused_create_leaves_nothing(consents: Consents, verifying: Verifying) -> None:
    """Bodies that are cut off or wrong are refused; then a right one is created. A search by patient finds that alone.

    What is wrong and taken all the same may be found.
    """
    mark = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{consents.unused_id()}"}
    body = consents.body("active", patch=[{"op": "add", "path": "/identifier", "value": [mark]}])
    refused = consents.create(cut_off(body), kind="active", change=Change(flaw="the JSON is cut off"))
    if refused.status < 400:
        raise consents.untestable(f"a body that is no JSON was not refused: {refused.described}")
    wrong = {
        "a status that does not exist": {**body, "status": "no-such-status"},
        "no category": {name: value for name, value in body.items() if name != "category"},
    }
    taken = set()
    for flaw, changed in wrong.items():
        answer = consents.create(changed, kind="active", change=Change(flaw=flaw))
        if answer.status < 400:
            taken.add(answer.given_id)

    known = consents.given("active", patient=meaning.patient_of(body))
    found = consents.find(consents.of_patient(known.patient), include=[known.id])
    if known.id not in found.ids:
        raise consents.untestable("the search by patient does not find a consent that exists")

    with verifying("r4.create.refusal-stores-nothing"):
        marked = {str(one.get("id")) for one in found.matches if _marked(one, mark)}
        expect.matches(found, exclude=sorted(marked - taken))


def test_a_new_access_consent_is_proposed(consents: Consents, verifying: Verifying) -> None:
    """An access consent is created as proposed and reads so. One sent as active is refused or stored as proposed."""
    proposed = consents.given("access")
    read = consents.read(proposed.id)
    with verifying("nll-2023.create.access-consent-starts-proposed"):
        expect.equal(read.consent.get("status"), "proposed", "the status", read)

    active = [{"op": "replace", "path": "/status", "value": "active"}]
    answer = consents.create(consents.body("access", patch=active), kind="access")
    if answer.succeeded:
        stored = consents.read(consents.kept(answer, "access").id)
        with verifying("nll-2023.create.access-consent-starts-proposed"):
            expect.equal(stored.consent.get("status"), "proposed", "the status of one sent as active", stored)


def test_registering_a_dose_consent(consents: Consents, verifying: Verifying) -> None:
    """A dose consent is registered today, from tomorrow on for two months: it is created, and reads back as sent."""
    today = consents.today()
    body = consents.body("dose-bounded")
    body["dateTime"] = str(today)
    start, end = (str(today + timedelta(days=days)) for days in (1, 61))
    consents.period_of(body, create=True).update(start=start, end=end)

    answer = consents.create(body, kind="dose-bounded")

    with verifying("nll-2019.create.registers-a-dose-consent"):
        expect.success(answer, usual=201)
        read = consents.read(str(answer.given_id))
        expect.same_meaning(body, read)
        expect.kept(body, read, "category")
        stored = read.consent.get("dateTime")
        expect.true(expect.same_moment(str(today), stored), f"dateTime {today}", f"dateTime {stored}", read)


def cut_off(body: Json) -> bytes:
    """The body as JSON without its last brace."""
    return json.dumps(body, ensure_ascii=False).encode()[:-1]


def _at_length(value: Any) -> Any:
    """The same with more behind each text, each display that is no code's, each authority and address of a policy."""
    if isinstance(value, list):
        return [_at_length(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    longer = {"authority": "/", "uri": "/"} | ({} if "code" in value else {"text": LONG, "display": LONG})
    return {
        name: inner + longer[name] if name in longer and isinstance(inner, str) else _at_length(inner)
        for name, inner in value.items()
    }


def _marked(consent: Json, mark: Json) -> bool:
    return str(mark["value"]) in json.dumps(consent)


def _names_its_version(consents: Consents, answer: Answer) -> None:
    """Location has the version; where versions are kept and cannot be read, its absence is only mentioned."""
    if consents.offers("vread"):
        expected = "Location of the form [base]/Consent/[id]/_history/[version]"
        expect.true(answer.location_version is not None, expected, _location(answer), answer)
    elif answer.location_version is None:
        answer.note("Location names no version, though versions are kept")


def _location(answer: Answer) -> str:
    return str(answer.header("Location"))
