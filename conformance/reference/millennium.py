"""What the personality oracle-health holds: the vendor's printed examples, repaired, and more invented people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.examples import example

if TYPE_CHECKING:
    from conformance.reference.messages import Resource

TENANT = "ec2458f2-1e24-41c8-b71b-0e701af7583d"
PATIENT = "12742397"
MOTHER = "12724066-12742397"
OPEN = "AR-12742397-12724066"
SIBLING = "12742403"
FATHER, AUNT = "12724077-12742403", "12724078-12742403"
ENDED, SUCCESSOR = "AR-12742403-12724077", "AR-12742403-12724078"
"""The two consents of one patient."""
OTHER_PATIENT = "12742401"
OTHER_MOTHER = "12724081-12742401"
OF_THE_OTHER = "AR-12742401-12724081"
FAMOUS_PATIENT = "12742405"
FAMILY = ("12724091-12742405", "12724092-12742405", "12724093-12742405")
OF_THE_FAMOUS = ("AR-12742405-12724091", "AR-12742405-12724092", "AR-12742405-12724093")
"""More than a page."""
EMPTY_PATIENT = "12742407"
RECORD_NUMBER = "urn:oid:2.16.840.1.113883.6.1000"
PRINCIPAL = "urn:oid:2.16.840.1.113883.3.13.6"
REALM = "URN:CERNER:IDENTITY-FEDERATION:REALM:EC2458F2-1E24-41C8-B71B-0E701AF7583D-CH:PRINCIPAL"

PRINTED = {
    "/Consent?patient=12742397": "oracle-health/as-documented/search-by-patient.json",
    "/Consent?_id=AR-12742397-12724066": "oracle-health/as-documented/search-by-id.json",
    "/Consent?actor=12724066-12742397": "oracle-health/as-documented/search-by-actor.json",
    "/Consent?patient=12742397&_include=Consent:patient&_include=Consent:actor": (
        "oracle-health/as-documented/search-with-includes.json"
    ),
    "/Consent/AR-12724069-12724066": "oracle-health/as-documented/read.json",
}
"""The printed examples, by the address that each one answers; that of a read and its answer name two ids."""


def resources() -> list[Resource]:
    """Return the resources to store."""
    mother = example("oracle-health/served/related-person.json")
    patient = example("oracle-health/served/patient.json")
    people = [
        patient,
        mother,
        _patient(OTHER_PATIENT, "SMART, GIRL", "6951"),
        _patient(EMPTY_PATIENT, "SMART, LONELY", "6957"),
        _patient(SIBLING, "SMART, SIBLING", "6952"),
        _related_person(FATHER, SIBLING, "SMART, JOE", "FATHER01"),
        _related_person(AUNT, SIBLING, "SMART, MARY", "AUNT0001"),
        _related_person(OTHER_MOTHER, OTHER_PATIENT, "SMART, ANN", "MOTHER02"),
        _patient(FAMOUS_PATIENT, "SMART, FAMOUS", "6953"),
        *(_related_person(id_, FAMOUS_PATIENT, "SMART, OTHER", f"FAMILY{id_[7]}") for id_ in FAMILY),
    ]
    open_one = example("oracle-health/served/consent-open.json")
    ended = _consent(ENDED, example("oracle-health/served/consent-ended.json"), SIBLING, FATHER)
    successor = _consent(SUCCESSOR, open_one, SIBLING, AUNT)
    other = _consent(OF_THE_OTHER, open_one, OTHER_PATIENT, OTHER_MOTHER)
    family = zip(OF_THE_FAMOUS, FAMILY, strict=True)
    many = [_consent(id_, open_one, FAMOUS_PATIENT, actor) for id_, actor in family]
    return [*people, open_one, ended, successor, other, *many]


def _patient(id: str, name: str, number: str) -> Resource:  # noqa: A002 - FHIR's word
    record_number = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    return {
        "resourceType": "Patient",
        "id": id,
        "meta": {"versionId": "2", "lastUpdated": "2020-08-21T15:51:38.000Z"},
        "identifier": [{"type": record_number, "system": RECORD_NUMBER, "value": number}],
        "active": True,
        "name": [{"use": "official", "text": name}],
    }


def _related_person(id: str, patient: str, name: str, principal: str) -> Resource:  # noqa: A002 - FHIR's word
    return {
        "resourceType": "RelatedPerson",
        "id": id,
        "meta": {"versionId": "3", "lastUpdated": "2020-12-08T15:06:00.000Z"},
        "identifier": [{"system": PRINCIPAL, "value": f"{REALM}:{principal}"}],
        "active": True,
        "patient": {"reference": f"Patient/{patient}"},
        "name": [{"text": name}],
    }


def _consent(id: str, model: Resource, patient: str, actor: str) -> Resource:  # noqa: A002 - FHIR's word
    """Return a consent like the model by which another person may view another patient."""
    rule = model["provision"]
    named = {**rule["actor"][0], "id": actor.partition("-")[0], "reference": {"reference": f"RelatedPerson/{actor}"}}
    words = f"Who may view the record of patient {patient}: related person {actor}."
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{words}</p></div>'
    return {
        **model,
        "id": id,
        "text": {"status": "generated", "div": div},
        "patient": {"reference": f"Patient/{patient}"},
        "provision": {**rule, "actor": [named]},
    }


def given() -> dict[str, Any]:
    """Return the given data of a target."""
    return {
        "consents": [OPEN, OF_THE_OTHER, ENDED, SUCCESSOR, *OF_THE_FAMOUS],
        "patients": [PATIENT],
        "other-patients": [OTHER_PATIENT],
        "empty-patients": [EMPTY_PATIENT],
        "actors": [f"RelatedPerson/{id_}" for id_ in (MOTHER, FATHER, AUNT, OTHER_MOTHER, *FAMILY)],
        "patient-identifiers": [f"{RECORD_NUMBER}|6946"],
        "actor-identifiers": [f"{PRINCIPAL}|{REALM}:RS7MH9WX3XB8VY63"],
        "ended-consents": [ENDED],
    }
