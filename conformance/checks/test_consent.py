"""What a server does with legal content that is rare: nested rules, extensions, codes of others, published examples."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from conformance import expect, meaning
from conformance.found import with_elements

if TYPE_CHECKING:
    from conformance.client import Consents, Json
    from conformance.recorder import Verifying

EXAMPLES = (
    "Emergency",
    "Out",
    "basic",
    "grantor",
    "notAuthor",
    "notOrg",
    "notThem",
    "notThis",
    "notTime",
    "pkb",
    "signature",
    "smartonfhir",
)
"""https://hl7.org/fhir/R4/consent-examples.html"""
UNKNOWN = {"url": "https://example.org/fhir/StructureDefinition/seen-by", "valueString": "desk 4"}
FOREIGN = {
    "opt-out": {
        "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTOUT"}]}
    },
    "snomed": {"policyRule": {"coding": [{"system": "http://snomed.info/sct", "code": "425691002"}]}},
    "another-role": {
        "provision.actor": [
            {
                "role": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "PRCP"}]
                },
                "reference": {"display": "Whom it may concern"},
            }
        ]
    },
}
"""Codes of published examples that are outside the extensible value sets of their elements."""


def test_consents_that_were_there(consents: Consents, verifying: Verifying) -> None:
    """Every consent that the target gave reads, and under its id. How it is written is looked at with all answers."""
    for known in consents.given_ids:
        read = consents.read(known)
        if read.status in {404, 410}:
            raise consents.untestable(
                f"there is no Consent/{known}", remedy="name consents under given.consents that exist"
            )
        with verifying("r4.read.id-matches-request"):
            if read.resource_type == "Consent":
                expect.equal(read.consent.get("id"), known, "the id", read)


def test_rules_within_rules(consents: Consents, verifying: Verifying) -> None:
    """A consent is created whose rules lie four deep. It reads back with all of them, unless it was refused."""
    if not consents.may_create:
        return  # what a server shows of its own is looked at with all answers
    body = consents.body("active")
    rules: Json = {"type": "deny"}
    for kind in ("permit", "deny", "permit"):
        rules = {"type": kind, "provision": [rules]}
    body["provision"] = {**body.get("provision", {}), **rules}
    consents.given("active")

    answer = consents.create(body, kind="active")

    with verifying("r4.consent.nested-provisions-follow-the-same-rules"):
        expect.no_server_error(answer)
        if answer.refused:
            answer.note(f"rules within rules are refused: {answer.described}")
        else:
            read = consents.read(consents.kept(answer, "active").id)
            expect.status(read, 200)
            expect.equal(_depth(read.consent.get("provision")), 4, "levels of rules:", read)


def test_extensions_that_nobody_knows(consents: Consents, verifying: Verifying) -> None:
    """A consent is created. The same one with two extensions more is created as well, and reads back with both."""
    consents.given("active")
    body = consents.body("active")
    body["extension"] = [*body.get("extension", []), UNKNOWN]
    consents.period_of(body, create=True)["extension"] = [UNKNOWN]

    answer = consents.create(body, kind="active")

    with verifying("r4.consent.keeps-extensions"):
        expect.success(answer)
        read = consents.read(consents.kept(answer, "active").id)
        expect.status(read, 200)
        for place in (read.consent, consents.period_of(read.consent)):
            shown = place.get("extension")
            expect.true(
                isinstance(shown, list) and UNKNOWN in shown, "the extension that was sent", "none like it", read
            )


def test_a_modifier_extension_that_nobody_knows(consents: Consents, verifying: Verifying) -> None:
    """A consent is created. With a modifier extension it is refused, or created, and then reads back with it."""
    consents.given("active")
    body = {**consents.body("active"), "modifierExtension": [UNKNOWN]}

    answer = consents.create(body, kind="active")

    with verifying("r4.consent.keeps-extensions"):
        expect.no_server_error(answer)
        if answer.refused:
            answer.note(f"a consent with a modifier extension is refused: {answer.described}")
        else:
            read = consents.read(consents.kept(answer, "active").id)
            expect.status(read, 200)
            shown = read.consent.get("modifierExtension")
            expect.equal(shown, [UNKNOWN], "the modifier extensions", read)


@pytest.mark.parametrize("elements", FOREIGN.values(), ids=FOREIGN)
def test_codes_of_other_systems(consents: Consents, verifying: Verifying, elements: Json) -> None:
    """A consent is created. With a code outside an extensible value set it is created, too, and keeps the code."""
    consents.given("active")

    answer = consents.create(with_elements(consents.body("active"), elements), kind="active")

    with verifying("r4.consent.keeps-codes-outside-extensible-bindings"):
        expect.success(answer)
        read = consents.read(consents.kept(answer, "active").id)
        expect.status(read, 200)
        lost = _codes(list(elements.values())) - _codes(read.consent)
        expect.equal(sorted(lost), [], "codes that were lost:", read)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_published_example(consents: Consents, verifying: Verifying, name: str) -> None:
    """A consent is created. An example of the specification is created as well, and its rules come back."""
    consents.given("active")
    body = _for_this_target(consents, consents.pack.fixture(f"r4/examples/{name}.json"))

    answer = consents.create(body, kind="active")

    with verifying("r4.consent.accepts-published-examples"):
        expect.accepted(answer)
        if answer.succeeded:
            read = consents.read(consents.kept(answer, "active").id)
            shown = read.consent if read.resource_type == "Consent" else body  # one that is over may be hidden
            # whether the status follows a period that is over is open, and other requirements look at periods
            told = [(line.partition(":")[0], line) for line in meaning.lost(body, shown)]
            lost = [line for place, line in told if place != "Consent.status" and "eriod." not in place]
            expect.equal(lost, [], "what was lost of its rules:", read)


def _for_this_target(consents: Consents, example: Json) -> Json:
    """The example for a patient of this run; where only given references may be made, others are displays."""
    body = copy.deepcopy(example)
    del body["id"]
    for identifier in body.get("identifier", ()):
        identifier["value"] = consents.unused_id()  # a server may want each only once
    body["patient"] = {"reference": consents.patient()}
    if consents.dialect.patients != "any":
        body = {name: value if name == "patient" else _displayed(value) for name, value in body.items()}
    return body


def _displayed(value: Any) -> Any:
    if isinstance(value, list):
        return [_displayed(one) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("reference"), str):
        return {"display": value.get("display", value["reference"])}
    return {name: _displayed(inner) for name, inner in value.items()}


def _depth(provision: Any) -> int:
    """How many levels of rules there are."""
    inner = provision.get("provision") if isinstance(provision, dict) else None
    below = [_depth(rule) for rule in inner] if isinstance(inner, list) else []
    return 1 + max(below, default=0) if isinstance(provision, dict) else 0


def _codes(value: Any) -> set[tuple[str, str]]:
    """System and code of each coding, at any depth."""
    found, left = set(), [value]
    while left:
        one = left.pop()
        if isinstance(one, dict) and "code" in one:
            found.add((str(one.get("system")), str(one["code"])))
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return found
