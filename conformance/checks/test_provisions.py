"""Rules within rules, and the parts that a release lets a consent leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect, meaning
from conformance.found import TOLD, element, objects
from conformance.validation import narrative

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json
    from conformance.recorder import Verifying

WINDOW = {"start": "2036-06-23T17:02:33+10:00", "end": "2036-06-23T17:32:33+10:00"}
LONGER = {"start": "2036-06-23T17:02:33+10:00", "end": "2036-09-23T17:02:33+10:00"}
CLASSES = [
    {"system": system, "code": "MedicationRequest"}
    for system in ("http://hl7.org/fhir/fhir-types", "http://hl7.org/fhir/resource-types")
]


def test_the_published_example(consents: Consents, verifying: Verifying) -> None:
    """The published example is created for a patient of the run. It reads back as it is printed, active or inactive."""
    body = _example(consents)
    answer = consents.create(body, kind="example")
    read = consents.read(str(answer.given_id)) if answer.given_id else None

    with verifying("r5-ballot.example.active-after-its-end"):
        if read is None:
            expect.refused(answer)
            answer.note("a consent whose window has ended is refused")
        else:
            status = read.consent.get("status")
            consents.met("trap.ballot.active-after-end", f"after its end the example reads {status}")
            expect.true(status in ("active", "inactive"), "status active or inactive", f"status {status}", read)
    with verifying("r5-ballot.example.round-trip"):
        expect.accepted(answer)
        if read is not None:
            expect.all_of_it({**body, "status": read.consent.get("status")}, read)


def test_a_permit_within_a_deny(consents: Consents, verifying: Verifying) -> None:
    """A consent denies, and a rule within permits one class of resources: both types and the class come back."""
    body = _example(consents)
    body["provision"]["period"] = dict(LONGER)
    body["provision"]["provision"][0]["class"] = CLASSES
    known = consents.kept(consents.create(body, kind="example"), "example")
    read = consents.read(known.id)
    of_the_root = element(read.consent, "provision.type")
    nested = objects(element(read.consent, "provision.provision"))

    with verifying("r5-ballot.provision.type-is-never-lost"):
        consents.met("trap.ballot.root-type", f"the type of the root reads {of_the_root}")
        expect.equal(of_the_root, "deny", "the type of the root", read)
        expect.equal([rule.get("type") for rule in nested], ["permit"], "the type of the rule within", read)
    with verifying("r5-ballot.provision.class-is-a-coding-list"):
        consents.met("trap.ballot.class-system", "both systems were sent")
        shown = [one for rule in nested for one in objects(rule.get("class"))]
        kept = [{name: coding.get(name) for name in ("system", "code")} for coding in shown]
        missing = [coding for coding in CLASSES if coding not in kept]
        expect.true(not missing, f"the class {missing[:1]}", f"{kept}", read)
    with verifying("r5-ballot.example.narrative"):
        _kept_or_well_formed(body["text"], read)


def test_a_rule_without_type(consents: Consents, verifying: Verifying) -> None:
    """A consent is created. One whose rule says neither permit nor deny reads back without either, or is refused."""
    consents.given("active")
    body = consents.body("active")
    if element(body, "provision.type") is None:
        raise consents.untestable("the body has no type to leave out", remedy="set bodies.active to one with a rule")
    del body["provision"]["type"]

    answer = consents.create(body, kind="active")

    with verifying("r5-ballot.provision.type-is-not-made-up"):
        if not answer.succeeded:
            expect.refused(answer)
            answer.note("a rule without type is refused")
        else:
            read = consents.read(consents.kept(answer, "active").id)
            expect.status(read, 200)
            expect.equal(element(read.consent, "provision.type"), None, "the type of a rule that has none:", read)


def test_a_window_of_half_an_hour(consents: Consents, verifying: Verifying) -> None:
    """A consent is valid for half an hour to come: the window comes back to the second, and so does its dateTime."""
    body = _example(consents)
    body["provision"]["period"] = dict(WINDOW)
    answer = consents.create(body, kind="example")

    with verifying("r5-ballot.provision.short-window-is-kept"):
        if answer.status == 422:
            answer.note("a consent for half an hour is refused as a rule of business")
            return
        read = consents.read(consents.kept(answer, "example").id)
        lines = meaning.lost_period("provision.period", WINDOW, element(read.consent, "provision.period"))
        expect.true(not lines, f"the window {WINDOW}", "; ".join(lines), read)
        shown = read.consent.get("dateTime")
        same = expect.same_moment(body["dateTime"], shown)
        expect.true(same, f"dateTime {body['dateTime']}", f"dateTime {shown}", read)


def test_an_actor_without_role_or_reference(consents: Consents, verifying: Verifying) -> None:
    """Of two actors one has a role alone and one a reference alone: both are kept, or the consent is refused."""
    body = consents.body("active")
    body["provision"]["actor"] = [{"role": TOLD}, {"reference": {"reference": meaning.patient_of(body)}}]

    answer = consents.create(body, kind="active")

    with verifying("r5-ballot.provision.actor-parts-are-optional"):
        if not answer.succeeded:
            expect.refused(answer)
            answer.note("an actor without role or without reference is refused")
        else:
            read = consents.read(consents.kept(answer, "active").id)
            lines = meaning.lost_element("actor", body["provision"]["actor"], element(read.consent, "provision.actor"))
            expect.true(not lines, "both actors as sent", "; ".join(lines), read)


def test_what_data_a_rule_is_about(consents: Consents, verifying: Verifying) -> None:
    """A rule is about what somebody wrote: its data come back with meaning and reference."""
    body = consents.body("active")
    data = [{"meaning": "authoredby", "reference": {"reference": consents.reference("Practitioner")}}]
    body["provision"]["data"] = data
    known = consents.kept(consents.create(body, kind="active"), "active")

    read = consents.read(known.id)

    with verifying("r5-ballot.provision.data-parts-are-needed"):
        shown = element(read.consent, "provision.data")
        lines = meaning.lost_element("data", data, shown)
        expect.true(not lines, "meaning and reference as sent", "; ".join(lines), read)


def test_a_verification_with_two_dates(consents: Consents, verifying: Verifying) -> None:
    """A consent was verified on two days: it comes back verified, with both days."""
    dates = ["2024-03-02", "2024-06-02"]
    body = {**consents.body("active"), "verification": [{"verified": True, "verificationDate": dates}]}
    known = consents.kept(consents.create(body, kind="active"), "active")

    read = consents.read(known.id)

    with verifying("r5-ballot.model.verification-says-verified"):
        found = objects(read.consent.get("verification"))
        said = [one.get("verified") for one in found]
        expect.true(said == [True], "one verification with verified: true", f"verified: {said}", read)
        expect.equal(found[0].get("verificationDate"), dates, "its dates", read)


def test_a_consent_without_category(consents: Consents, verifying: Verifying) -> None:
    """A consent is created. Without its category it is created as well and reads without one, or is refused."""
    consents.given("active")
    body = {name: value for name, value in consents.body("active").items() if name != "category"}

    answer = consents.create(body, kind="active")

    with verifying("r5-ballot.model.category-may-be-absent"):
        if not answer.succeeded:
            expect.refused(answer)
            answer.note("a consent without category is refused")
        else:
            read = consents.read(consents.kept(answer, "active").id)
            expect.status(read, 200)
            if read.consent.get("category"):
                read.note("the server gave it a category")


def _example(consents: Consents) -> Json:
    """The example of the source, about a patient of the run and naming what the target may hold."""
    body = consents.body("example")
    body["grantor"] = [{"reference": consents.reference("Practitioner")}]
    body["controller"] = [{"reference": consents.reference("Organization")}]
    return body


def _kept_or_well_formed(sent: Json, read: Answer) -> None:
    """The narrative is absent, as sent, or another one that is well-formed."""
    text = read.consent.get("text")
    if text is None or text == sent:
        return
    read.note("the narrative is the server's own")
    div = text.get("div") if isinstance(text, dict) else None
    said = [message for _, message in narrative.flaws(div)] if isinstance(div, str) else ["there is no div"]
    expect.true(not said, "a well-formed narrative", "; ".join(said[:3]), read)
