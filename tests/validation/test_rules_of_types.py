"""Rules that the corpora of Consents do not reach: of data types in extensions, and of other resources; a pair each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.validation import Validator
from conformance.validation.rules import RULES
from tests.validation.documents import bases
from tests.validation.mutations import TEXTS, cases

Json = dict[str, Any]

CONSENT: Json = {
    "resourceType": "Consent",
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "policyRule": {"text": "as told"},
}
STATEMENT: Json = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2024",
    "kind": "instance",
    "fhirVersion": "4.0.1",
    "format": ["json"],
    "implementation": {"description": "a server"},
    "rest": [{"mode": "server", "resource": [{"type": "Consent"}]}],
}
UCUM = {"system": "http://unitsofmeasure.org"}
TOKEN = {"name": "status", "type": "token"}


def extended(**value: Any) -> Json:
    return {**CONSENT, "extension": [{"url": "https://example.org/extension", **value}]}


def repeated(**repeat: Any) -> Json:
    return extended(valueTiming={"repeat": repeat})


def stating(**elements: Any) -> Json:
    return {name: value for name, value in {**STATEMENT, **elements}.items() if value is not None}


def serving(*resources: Json) -> Json:
    return stating(rest=[{"mode": "server", "resource": list(resources)}])


def needing(**elements: Any) -> Json:
    return extended(valueDataRequirement={"type": "Patient", **elements})


def triggered(**elements: Any) -> Json:
    return extended(valueTriggerDefinition=elements)


def organization(**elements: Any) -> Json:
    return {"resourceType": "Organization", "name": "somebody", **elements}


def answering(*answers: Json, items: bool) -> Json:
    item = {
        "linkId": "1",
        **({"answer": list(answers)} if answers else {}),
        **({"item": [{"linkId": "2"}]} if items else {}),
    }
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]}


def group(*, actual: bool) -> Json:
    members = [{"entity": {"reference": "Patient/1"}}]
    return {"resourceType": "Group", "type": "person", "actual": actual, "member": members}


def reported(**elements: Any) -> Json:
    script = {"reference": "TestScript/1"}
    return {"resourceType": "TestReport", "status": "completed", "testScript": script, "result": "pass", **elements}


NOTHING_DONE = {"extension": [{"url": "https://example.org/extension", "valueString": "x"}]}
DONE = {"operation": {"result": "pass"}}
DOCUMENT = {"mode": "producer", "profile": "https://example.org/StructureDefinition/a"}
ENDPOINT = {"endpoint": [{"protocol": {"code": "http"}, "address": "https://example.org"}]}
PAIRS: dict[str, tuple[Json, Json]] = {
    "tim-1": (repeated(duration=5), repeated(duration=5, durationUnit="h")),
    "tim-2": (repeated(period=5), repeated(period=5, periodUnit="h")),
    "tim-4": (repeated(duration=-1, durationUnit="h"), repeated(duration=0, durationUnit="h")),
    "tim-5": (repeated(period=-1, periodUnit="h"), repeated(period=0, periodUnit="h")),
    "tim-6": (repeated(periodMax=3), repeated(period=1, periodMax=3, periodUnit="h")),
    "tim-7": (repeated(durationMax=3), repeated(duration=1, durationMax=3, durationUnit="h")),
    "tim-8": (repeated(countMax=3), repeated(count=1, countMax=3)),
    "tim-9": (repeated(offset=5), repeated(offset=5, when=["HS"])),
    "tim-10": (repeated(timeOfDay=["08:00:00"], when=["MORN"]), repeated(timeOfDay=["08:00:00"])),
    "age-1": (extended(valueAge={"value": 5}), extended(valueAge={"value": 5, "code": "a", **UCUM})),
    "cnt-3": (extended(valueCount={"value": 5}), extended(valueCount={"value": 5, "code": "1", **UCUM})),
    "dis-1": (extended(valueDistance={"value": 5}), extended(valueDistance={"value": 5, "code": "m", **UCUM})),
    "drt-1": (
        extended(valueDuration={"code": "h", **UCUM}),
        extended(valueDuration={"value": 5, "code": "h", **UCUM}),
    ),
    "drq-1": (needing(codeFilter=[{"code": [{"code": "x"}]}]), needing(codeFilter=[{"path": "code"}])),
    "drq-2": (needing(dateFilter=[{"valueDateTime": "2024-01-01"}]), needing(dateFilter=[{"path": "issued"}])),
    "exp-1": (
        extended(valueExpression={"language": "text/fhirpath"}),
        extended(valueExpression={"language": "text/fhirpath", "expression": "true"}),
    ),
    "qty-3": (
        extended(valueQuantity={"value": 1, "code": "kg"}),
        extended(valueQuantity={"value": 1, "code": "kg", **UCUM}),
    ),
    "rat-1": (
        extended(valueRatio={"numerator": {"value": 1}}),
        extended(valueRatio={"numerator": {"value": 1}, "denominator": {"value": 2}}),
    ),
    "rng-2": (
        extended(valueRange={"low": {"value": 5}, "high": {"value": 1}}),
        extended(valueRange={"low": {"value": 1}, "high": {"value": 5}}),
    ),
    "sqty-1": (
        extended(valueRange={"low": {"value": 5, "comparator": "<"}}),
        extended(valueRange={"low": {"value": 5}}),
    ),
    "trd-1": (
        triggered(type="periodic", timingDate="2020-01-01", data=[{"type": "Patient"}]),
        triggered(type="periodic", timingDate="2020-01-01"),
    ),
    "trd-2": (
        triggered(type="named-event", name="x", condition={"language": "text/cql", "expression": "true"}),
        triggered(type="named-event", name="x"),
    ),
    "trd-3": (triggered(type="named-event"), triggered(type="named-event", name="x")),
    "string-blank": (extended(valueString=" "), extended(valueString=" x ")),
    "time-format": (extended(valueTime="25:00:00"), extended(valueTime="23:00:00")),
    "uri-characters": (extended(valueUri="https://example.org/{x}"), extended(valueUri="https://example.org/%7Bx%7D")),
    "uuid-format": (
        extended(valueUuid="urn:uuid:1"),
        extended(valueUuid="urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0"),
    ),
    "oid-format": (extended(valueOid="urn:oid:9.1"), extended(valueOid="urn:oid:1.2.752")),
    "canonical-absolute": (extended(valueCanonical="relative"), extended(valueCanonical="https://example.org/x|1")),
    "extension-modifier": (
        {
            **CONSENT,
            "modifierExtension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
            ],
        },
        {
            **CONSENT,
            "_dateTime": {
                "extension": [
                    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
                ]
            },
        },
    ),
    "org-2": (
        organization(address=[{"use": "home", "city": "x"}]),
        organization(address=[{"use": "work", "city": "x"}]),
    ),
    "org-3": (
        organization(telecom=[{"use": "home", "system": "phone", "value": "1"}]),
        organization(telecom=[{"use": "work", "system": "phone", "value": "1"}]),
    ),
    "grp-1": (group(actual=False), group(actual=True)),
    "qrs-1": (answering({"valueString": "x"}, items=True), answering(items=True)),
    "inv-1": (reported(setup={"action": [NOTHING_DONE]}), reported(setup={"action": [DONE]})),
    "inv-2": (reported(test=[{"action": [NOTHING_DONE]}]), reported(test=[{"action": [DONE]}])),
    "cpb-0": (stating(name="a name of words"), stating(name="NameOfWords")),
    "cpb-1": (stating(rest=None), STATEMENT),
    "cpb-2": (
        stating(kind="requirements", implementation=None),
        stating(kind="requirements", implementation=None, description="what we need"),
    ),
    "cpb-3": (
        stating(kind="capability", implementation=None, software={"name": "x"}, rest=None, messaging=[ENDPOINT]),
        stating(rest=None, messaging=[ENDPOINT]),
    ),
    "cpb-7": (stating(document=[DOCUMENT, DOCUMENT]), stating(document=[DOCUMENT, {**DOCUMENT, "mode": "consumer"}])),
    "cpb-9": (serving({"type": "Consent"}, {"type": "Consent"}), serving({"type": "Consent"}, {"type": "Patient"})),
    "cpb-12": (
        serving({"type": "Consent", "searchParam": [TOKEN, TOKEN]}),
        serving({"type": "Consent", "searchParam": [TOKEN, {**TOKEN, "name": "scope"}]}),
    ),
    "cpb-14": (stating(implementation=None, description="x"), stating(description="x")),
    "cpb-15": (stating(kind="capability"), stating(kind="capability", implementation=None, software={"name": "x"})),
    "cpb-16": (
        stating(kind="requirements", implementation=None, description="x", software={"name": "x"}),
        stating(kind="requirements", implementation=None, description="x"),
    ),
}
CONSENT_R5: Json = {"resourceType": "Consent", "status": "active"}
CONSENTSCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
SELF = [{"relation": "self", "url": "https://example.org/Consent"}]
FULL = {"fullUrl": "https://example.org/Consent/1"}
HELD = {**FULL, "resource": {**CONSENT_R5, "id": "1"}}
MADE = {**HELD, "request": {"method": "POST", "url": "Consent"}}
STORED = {**MADE, "response": {"status": "201"}}
GONE = {**FULL, "request": {"method": "DELETE", "url": "Consent/1"}, "response": {"status": "204"}}
PATCHED = {**HELD, "request": {"method": "PATCH", "url": "Consent/1"}, "response": {"status": "200"}}
SUBSCRIPTION = {"reference": "Subscription/1"}
NOTIFIED = {"resourceType": "SubscriptionStatus", "type": "heartbeat", "subscription": SUBSCRIPTION}
TITLED = {
    "resourceType": "Composition",
    "id": "1",
    "status": "final",
    "type": {"text": "x"},
    "date": "2024",
    "author": [{"reference": "Practitioner/1"}],
    "title": "x",
}
DOCUMENTED = {
    "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0"},
    "timestamp": "2024-01-01T00:00:00Z",
}
COMPOSED = {"fullUrl": "https://example.org/Composition/1", "resource": TITLED}


def bundled(kind: str, *entries: Json, **more: Any) -> Json:
    return {"resourceType": "Bundle", "type": kind, **more, **({"entry": list(entries)} if entries else {})}


def issued(severity: str) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "informational"}]}


def coded(**coding: Any) -> Json:
    return {**CONSENT, "scope": {"coding": [{"system": CONSENTSCOPE, **coding}]}}


PAIRS |= {
    "abstract-type": (
        bundled("collection", {"resource": {"resourceType": "DomainResource"}}),
        bundled("collection", {"resource": {"resourceType": "Patient"}}),
    ),
    "unknown-code-other-version": (
        extended(valueCoding={"system": CONSENTSCOPE, "code": "x", "version": "9"}),
        extended(valueCoding={"system": CONSENTSCOPE, "code": "research", "version": "9"}),
    ),
    "string-characters": (extended(valueString="a\u0001"), extended(valueString="a\n")),
    "string-format": (extended(valueMarkdown="a\u0001"), extended(valueMarkdown="a\n")),
}
PAIRS_R5: dict[str, tuple[Json, Json]] = {
    "bdl-3a": (bundled("searchset", MADE, link=SELF), bundled("searchset", HELD, link=SELF)),
    "bdl-3b": (bundled("history", MADE), bundled("history", STORED, GONE)),
    "bdl-3c": (bundled("batch", HELD), bundled("batch", MADE)),
    "bdl-3d": (bundled("batch-response", HELD), bundled("batch-response", {"response": {"status": "200"}})),
    "bdl-13": (
        bundled("subscription-notification", HELD),
        bundled("subscription-notification", {**FULL, "resource": NOTIFIED}),
    ),
    "bdl-14": (bundled("history", PATCHED), bundled("history", STORED)),
    "bdl-15": (
        bundled("collection", {"resource": CONSENT_R5}),
        bundled("collection", HELD),
    ),
    "bdl-16": (
        bundled("searchset", link=SELF, issues=issued("error")),
        bundled("searchset", link=SELF, issues=issued("warning")),
    ),
    "bdl-17": (
        bundled("document", COMPOSED, **DOCUMENTED, issues=issued("warning")),
        bundled("document", COMPOSED, **DOCUMENTED),
    ),
    "bdl-18": (bundled("searchset", HELD), bundled("searchset", HELD, link=SELF)),
    "cod-1": (
        {**CONSENT_R5, "category": [{"coding": [{"display": "x"}]}]},
        {**CONSENT_R5, "category": [{"coding": [{"code": "x", "display": "x"}]}]},
    ),
    "ref-2": (
        {**CONSENT_R5, "subject": {"type": "Patient"}},
        {**CONSENT_R5, "subject": {"type": "Patient", "display": "x"}},
    ),
}
"""The same in R5."""

ANYWAY = frozenset({"dom-6", "not-checked"})
"""What is said of most documents here, and is no matter."""


@pytest.fixture(scope="module")
def validators() -> dict[str, Validator]:
    return {fhir: Validator(fhir) for fhir in ("4.0", "5.0-ballot")}


def told(validator: Validator, document: bytes) -> set[str]:
    return {issue.rule for issue in validator.validate_bytes(document)} - ANYWAY


@pytest.mark.parametrize(
    ("fhir", "rule"), [*(("4.0", rule) for rule in PAIRS), *(("5.0-ballot", rule) for rule in PAIRS_R5)]
)
def test_what_breaks_a_rule_breaks_it_alone(validators: dict[str, Validator], fhir: str, rule: str) -> None:
    wrong, right = (PAIRS if fhir == "4.0" else PAIRS_R5)[rule]
    validator = validators[fhir]
    assert told(validator, json.dumps(wrong).encode()) == {rule}
    assert told(validator, json.dumps(right).encode()) == set()


def test_no_rule_is_without_a_document_that_breaks_it(validators: dict[str, Validator]) -> None:
    """What a profile alone demands is in `test_vendor_profile.py`."""
    texts = [case.text for case in cases(bases())] + [text for text, _ in TEXTS.values()]
    broken = set(PAIRS) | set(PAIRS_R5) | set().union(*(told(validators["4.0"], text) for text in texts))
    of_profiles = {"max-length", *(rule for rule in RULES if rule.startswith("profile-"))}
    assert set(RULES) - broken - of_profiles - ANYWAY == set()


@pytest.mark.parametrize("fhir", ["4.0", "5.0-ballot"])
def test_control_characters_are_advised_against_in_a_string_and_forbidden_in_markdown(fhir: str) -> None:
    """datatypes.html#string: SHOULD not; #markdown: SHALL NOT. U+007F and above are in neither sentence."""
    for text, of_a_string, of_markdown in (
        ("a\u0001b", "string-characters", "string-format"),
        ("a\u000bb", "string-characters", "string-format"),
        ("a\u007fb", None, None),
        ("a\u0085b", None, None),
        ("a\t\r\nb", None, None),
    ):
        for name, wanted in (("valueString", of_a_string), ("valueMarkdown", of_markdown)):
            found = {
                issue.rule: issue.severity
                for issue in Validator(fhir).validate(extended(**{name: text}))
                if issue.expression.endswith(name)
            }
            severity = "warning" if wanted == "string-characters" else "error"
            assert found == ({wanted: severity} if wanted else {}), (name, text)
