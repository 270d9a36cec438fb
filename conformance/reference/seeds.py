"""What a personality holds from the start, unless it has data of its own: invented people, and consents of some."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from conformance.reference.messages import Resource, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.r4 import R4

IDENTITY_NUMBER = "http://electronichealth.se/identifier/personnummer"
PRESCRIBER_CODE = "http://electronichealth.se/identifier/forskrivarkod"
PATIENT = "1f9502c7-034f-4b0b-9d73-f091b277ced0"
OTHER_PATIENT = "2a5757da-7f59-4d62-b2e1-6babb3e661f4"
EMPTY_PATIENT = "c7b1f2de-40c5-4f4b-8f0e-6a1d93a0b7c2"
PATIENTS = {
    PATIENT: ("191212121212", "Tolvan", "Tolvansson"),
    OTHER_PATIENT: ("184202250017", "Beda", "Exempel"),
    EMPTY_PATIENT: ("184307120024", "Cesar", "Exempel"),
}
PRACTITIONER = "4f1a2c3e-5b6d-4a7e-8f90-1a2b3c4d5e6f"
ORGANIZATION = "8e0c6d4b-2f1a-4c3d-9b5e-7a6f8d9c0b1e"
ORGANIZATION_NUMBER = ("urn:oid:1.2.752.129.2.1.4.1", "SE0000000000-0001")
CONSENT = "0d0a3a52-31f1-4a4e-9d38-6b1f0c6a7e11"
OTHER_CONSENT = "5c2e9b7f-8a64-4f0d-b1c9-2e7d3f5a6b22"
ENDED_CONSENT = "9e8d7c6b-5a49-4d3c-8b2a-1f0e9d8c7b33"


def resources() -> list[Resource]:
    """Return the resources to store."""
    people = [
        {
            "resourceType": "Patient",
            "id": id_,
            "identifier": [{"system": IDENTITY_NUMBER, "value": number}],
            "name": [{"given": [given], "family": family}],
        }
        for id_, (number, given, family) in PATIENTS.items()
    ]
    practitioner = {
        "resourceType": "Practitioner",
        "id": PRACTITIONER,
        "identifier": [{"system": PRESCRIBER_CODE, "value": "9000027"}],
        "name": [{"given": ["Lars"], "family": "Läkare"}],
    }
    organization = {
        "resourceType": "Organization",
        "id": ORGANIZATION,
        "identifier": [{"system": ORGANIZATION_NUMBER[0], "value": ORGANIZATION_NUMBER[1]}],
        "name": "Vårdcentralen Sala",
    }
    consents = [
        _dose_consent(CONSENT, PATIENT, {"start": "2023-01-10"}),
        _dose_consent(ENDED_CONSENT, PATIENT, {"start": "2021-03-01", "end": "2022-02-28"}),
        _with_everything_searched(_dose_consent(OTHER_CONSENT, OTHER_PATIENT, {"start": "2023-01-10"})),
    ]
    return [*people, practitioner, organization, *consents]


def _dose_consent(id: str, patient: str, period: dict[str, str]) -> Resource:  # noqa: A002 - FHIR's word
    dose = {"system": "http://electronichealth.se/fhir/ValueSet/consent-types-1", "code": "consent-dose-disp"}
    privacy = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
    return {
        "resourceType": "Consent",
        "id": id,
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">Consent {id}</div>'},
        "status": "active",
        "scope": {"coding": [privacy]},
        "category": [{"coding": [dose]}],
        "patient": {"reference": f"Patient/{patient}"},
        "policy": [{"uri": "urn:example:policy-uri-from-the-profile"}],
        "provision": {"period": period},
    }


def _with_everything_searched(consent: Resource) -> Resource:
    """Return the consent with every element that a search parameter of Consent looks at."""
    recipient = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
    access = {"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "access"}
    provision = {
        **consent["provision"],
        "actor": [
            {"role": {"coding": [recipient]}, "reference": {"reference": f"Practitioner/{PRACTITIONER}"}},
            {"role": {"coding": [recipient]}, "reference": {"reference": f"Organization/{ORGANIZATION}"}},
        ],
        "action": [{"coding": [access]}],
        "securityLabel": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
        "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}],
        "data": [{"meaning": "instance", "reference": {"reference": f"Consent/{CONSENT}"}}],
    }
    return {
        **consent,
        "identifier": [{"system": "urn:oid:2.999.1", "value": "2023-0117"}],
        "dateTime": "2023-01-10T09:30:00+01:00",
        "performer": [{"reference": f"Patient/{PATIENT}"}],
        "organization": [{"reference": f"Organization/{ORGANIZATION}"}],
        "sourceReference": {"reference": f"Consent/{CONSENT}"},
        "provision": provision,
    }


def plant(service: R4, holdings: Sequence[Resource] | None = None) -> None:
    """Store what is not there yet; a resource that has a version and a time keeps them.

    Without `holdings`, which are stored as they are, these are the personality's own.
    """
    own = [service.seeded(resource) for resource in service.holdings()] if holdings is None else holdings
    for resource in own:
        route = Route(interaction="create", type=resource["resourceType"], id=resource["id"])
        if service.store.current(route.type, route.id) is not None:
            continue
        meta = resource.get("meta", {})
        if "versionId" in meta:
            updated = datetime.fromisoformat(meta["lastUpdated"])
            version = meta["versionId"]
            service.store.put(kind=route.type, id=route.id, version=version, updated=updated, resource=resource)
        else:
            service.save(route, resource, None)


def given() -> dict[str, Any]:
    """Return the given data of a target."""
    return {
        "consents": [CONSENT, OTHER_CONSENT],
        "patients": [PATIENT],
        "other-patients": [OTHER_PATIENT],
        "empty-patients": [EMPTY_PATIENT],
        "actors": [f"Practitioner/{PRACTITIONER}", f"Organization/{ORGANIZATION}"],
        "patient-identifiers": [f"{IDENTITY_NUMBER}|{PATIENTS[PATIENT][0]}"],
        "actor-identifiers": [f"{PRESCRIBER_CODE}|9000027", "|".join(ORGANIZATION_NUMBER)],
        "ended-consents": [ENDED_CONSENT],
    }
