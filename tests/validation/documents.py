"""Valid documents of our own hand: rich ones, and one variation each of what FHIR allows."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
XHTML = "http://www.w3.org/1999/xhtml"


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def consent() -> Json:
    """A consent that uses every element of R4."""
    return {
        "resourceType": "Consent",
        "id": "own-rich",
        "meta": {
            "versionId": "3",
            "lastUpdated": "2021-03-04T05:06:07.089+01:00",
            "source": "urn:uuid:0c7f9d5e-3f0f-4c6e-9f39-1f9ef1a3ad10",
            "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}],
            "tag": [{"system": "http://example.org/tags", "code": "seen"}],
        },
        "implicitRules": "http://example.org/rules",
        "language": "sv-SE",
        "text": {"status": "generated", "div": f'<div xmlns="{XHTML}"><p>A consent.</p></div>'},
        "contained": [
            {"resourceType": "Organization", "id": "clinic", "name": "Clinic"},
            {
                "resourceType": "DocumentReference",
                "id": "paper",
                "status": "current",
                "content": [{"attachment": {"contentType": "text/plain", "data": "cGFwZXI="}}],
            },
        ],
        "extension": [{"url": "http://example.org/fhir/colour", "valueString": "blue"}],
        "modifierExtension": [{"url": "http://example.org/fhir/odd", "valueBoolean": False}],
        "identifier": [
            {
                "use": "official",
                "type": {"text": "register"},
                "system": "urn:oid:1.2.752.129.2.1",
                "value": "c-17",
                "period": {"start": "2020-01", "end": "2029-12"},
                "assigner": {"reference": "#clinic"},
            }
        ],
        "status": "active",
        "scope": concept(SCOPE, "patient-privacy"),
        "category": [
            concept("http://loinc.org", "59284-0"),
            concept("http://terminology.hl7.org/CodeSystem/consentcategorycodes", "npp"),
        ],
        "patient": {"reference": "Patient/p-1", "type": "Patient", "display": "Maja"},
        "dateTime": "2021-03-04T05:06:07+01:00",
        "performer": [{"reference": "Patient/p-1"}, {"reference": "RelatedPerson/r-1"}],
        "organization": [{"reference": "#clinic"}],
        "sourceReference": {"reference": "#paper"},
        "policy": [{"authority": "https://example.org/law", "uri": "https://example.org/law/7"}],
        "policyRule": concept("http://terminology.hl7.org/CodeSystem/consentpolicycodes", "hipaa-auth"),
        "verification": [
            {"verified": True, "verifiedWith": {"reference": "RelatedPerson/r-1"}, "verificationDate": "2021-03-05"}
        ],
        "provision": {
            "type": "permit",
            "period": {"start": "2021-03-04", "end": "2031-03-03"},
            "actor": [{"role": concept(PARTICIPATION, "CST"), "reference": {"reference": "Practitioner/d-1"}}],
            "action": [concept("http://terminology.hl7.org/CodeSystem/consentaction", "access")],
            "securityLabel": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
            "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}],
            "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "MedicationRequest"}],
            "code": [concept("http://loinc.org", "34133-9")],
            "dataPeriod": {"start": "2015-01-01T00:00:00Z", "end": "2021-01-01T00:00:00+01:00"},
            "data": [{"meaning": "instance", "reference": {"reference": "Observation/o-1"}}],
            "provision": [
                {
                    "type": "deny",
                    "period": {"start": "2022", "end": "2023"},
                    "actor": [
                        {"role": concept(PARTICIPATION, "IRCP"), "reference": {"reference": "Organization/org-9"}}
                    ],
                    "provision": [
                        {
                            "purpose": [
                                {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HMARKT"}
                            ]
                        }
                    ],
                }
            ],
        },
    }


def small() -> Json:
    """The least that is valid and has an attachment."""
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": concept(SCOPE, "research"),
        "category": [{"text": "research"}],
        "sourceAttachment": {
            "contentType": "application/pdf",
            "language": "en",
            "data": "JVBERi0=",
            "url": "http://example.org/form.pdf",
            "size": 5,
            "hash": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
            "title": "Form",
            "creation": "2020-02-29",
        },
        "policyRule": concept(ACT_CODE, "OPTIN"),
    }


def outcome() -> Json:
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "not-found",
                "details": {"text": "no such consent"},
                "expression": ["Consent.id"],
            }
        ],
    }


def bundle() -> Json:
    return {
        "resourceType": "Bundle",
        "id": "found",
        "meta": {"lastUpdated": "2022-01-01T00:00:00Z"},
        "type": "searchset",
        "total": 1,
        "link": [{"relation": "self", "url": "http://example.org/fhir/Consent?patient=p-1"}],
        "entry": [
            {
                "fullUrl": "http://example.org/fhir/Consent/own-rich",
                "resource": consent(),
                "search": {"mode": "match", "score": 1},
            },
            {
                "fullUrl": "http://example.org/fhir/Patient/p-1",
                "resource": patient(),
                "search": {"mode": "include"},
            },
            {
                "fullUrl": "urn:uuid:0c7f9d5e-3f0f-4c6e-9f39-1f9ef1a3ad11",
                "resource": outcome(),
                "search": {"mode": "outcome"},
            },
        ],
    }


def patient() -> Json:
    return {
        "resourceType": "Patient",
        "id": "p-1",
        "active": True,
        "name": [{"use": "official", "family": "Lind", "given": ["Maja", "Eva"], "_given": [None, {"id": "g2"}]}],
        "telecom": [{"system": "phone", "value": "070", "use": "mobile", "rank": 1}],
        "gender": "female",
        "birthDate": "1980-01-31",
        "_birthDate": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                    "valueDateTime": "1980-01-31T10:00:00+01:00",
                }
            ]
        },
        "deceasedBoolean": False,
        "multipleBirthInteger": 2,
        "contact": [{"name": {"text": "Sam"}, "period": {"start": "2020-01-01"}}],
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "sv"}]}, "preferred": True}],
        "managingOrganization": {"identifier": {"system": "http://example.org/orgs", "value": "7"}},
    }


def provenance() -> Json:
    return {
        "resourceType": "Provenance",
        "target": [{"reference": "Consent/own-rich/_history/3"}],
        "recorded": "2021-03-04T05:06:07Z",
        "agent": [{"who": {"reference": "Practitioner/d-1"}}],
        "signature": [
            {
                "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
                "when": "2021-03-04T05:06:07.1Z",
                "who": {"reference": "Practitioner/d-1"},
                "sigFormat": "application/jose",
                "data": "c2ln",
            }
        ],
    }


BASES: dict[str, Callable[[], Json]] = {
    "consent": consent,
    "small": small,
    "outcome": outcome,
    "bundle": bundle,
    "patient": patient,
    "provenance": provenance,
}

DATES = [
    "2019",
    "2019-12",
    "2020-02-29",
    "2000-02-29",
    "0001-01-01",
    "9999-12-31",
    "2016-12-31T23:59:60Z",
    "2020-01-01T00:00:00.000000001Z",
]
DATES += [
    "2020-06-15T12:00:00+14:00",
    "2020-06-15T12:00:00-12:00",
    "2020-06-15T12:00:00-00:00",
    "1896-05-05T01:00:00+00:19",
]
URIS = [
    "urn:oid:2.16.840.1.113883.3.72",
    "urn:uuid:0c7f9d5e-3f0f-4c6e-9f39-1f9ef1a3ad10",
    "http://example.org/a?b=c#d",
    "urn:x-test:1",
    "mailto:a@example.org",
]
URIS += [
    "ldap://[2001:db8::7]/c=GB?one",
    "https://user@example.org:8443/%C3%A4",
    "relative/path",
    "http://bücher.example/x",
]
REFERENCES = [
    "Patient/1",
    "Patient/a-b.c",
    "http://example.org/fhir/Patient/1",
    "https://example.org/Patient/1/_history/2",
    "Patient/1/_history/x",
]
REFERENCES += [
    "urn:uuid:0c7f9d5e-3f0f-4c6e-9f39-1f9ef1a3ad10",
    "urn:oid:1.2.3",
    "http://example.org/some/thing",
    "http://example.org/Other/1",
]
LANGUAGES = [
    "en",
    "sv-SE",
    "zh-Hant-TW",
    "de-CH-1996",
    "sl-rozaj-biske",
    "x-klingon",
    "i-default",
    "es-419",
    "tlh",
    "en-GB-oed",
]
DIVS = [
    "<p>a</p>",
    "text only",
    '<img src="a.png" alt="b"/>',
    '<table><tr><td colspan="2">1</td></tr></table>',
    '<a href="https://example.org/?a=1&amp;b=2">x</a>',
    "<ul><li>&lt;1&gt; &quot; &amp; &apos; &#160; &#xE5;</li></ul>",
    "<!-- a comment --><b>x</b>",
    '<p style="color: red" class="x" id="p1" lang="en" title="t">x</p><br/><hr/>',
    "<![CDATA[a < b]]>",
    "<blockquote><pre><code>x</code></pre></blockquote>",
]


def valid() -> Iterator[tuple[str, Json]]:
    """Name and document; each differs from a base in one thing that is allowed."""
    for name, make in BASES.items():
        yield name, make()
    yield from _texts("dateTime", DATES, lambda doc, text: doc.update(dateTime=text))
    yield from _texts("uri", URIS, lambda doc, text: doc["policy"][0].update(uri=text))
    yield from _texts("reference", REFERENCES, lambda doc, text: doc.update(patient={"reference": text}))
    yield from _texts("language", LANGUAGES, lambda doc, text: doc.update(language=text))
    yield from _texts("div", DIVS, lambda doc, text: doc["text"].update(div=f'<div xmlns="{XHTML}">{text}</div>'))
    yield from _texts(
        "status",
        ["draft", "proposed", "rejected", "inactive", "entered-in-error"],
        lambda doc, text: doc.update(status=text),
    )
    yield from _texts("id", ["a", "A-1.b", "x" * 64, "-", "."], lambda doc, text: doc.update(id=text))
    yield from _texts(
        "string",
        [" padded ", "two\nlines", "tab\there", "åäö 漢字 🙂", "\u00a0x"],
        lambda doc, text: doc["patient"].update(display=text),
    )
    yield from _texts(
        "base64", ["AAAA", "AA==", "AAA=", "AAAA\nAAAA", " AA== "], lambda doc, text: doc.update(_attachment=text)
    )
    for name, change in CHANGES.items():
        document = consent()
        change(document)
        yield name, document


def _texts(name: str, texts: list[str], put: Callable[[Json, str], object]) -> Iterator[tuple[str, Json]]:
    for text in texts:
        document = consent()
        put(document, text)
        if "_attachment" in document:
            del document["sourceReference"], document["contained"][1]
            document["sourceAttachment"] = {"contentType": "text/plain", "data": document.pop("_attachment")}
        yield f"{name} {text[:30]!r}", document


def _periods(start: str | None, end: str | None) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        bounds = {"start": start, "end": end}
        document["provision"]["period"] = {key: value for key, value in bounds.items() if value}

    return change


def _deep(document: Json) -> None:
    for _ in range(40):
        document["provision"] = {"provision": [document["provision"]]}


CHANGES: dict[str, Callable[[Json], object]] = {
    "equal bounds": _periods("2020-01-01", "2020-01-01"),
    "equal instants in two zones": _periods("2020-01-01T12:00:00+02:00", "2020-01-01T10:00:00Z"),
    "end only": _periods(None, "2020"),
    "start only": _periods("2020", None),
    "text order is not time order": _periods("2020-06-16T01:00:00+02:00", "2020-06-15T23:00:00-05:00"),
    "end of time": _periods("2020", "9999-12-31"),
    "no provision": lambda doc: doc.pop("provision"),
    "forty provisions deep": _deep,
    "empty-looking provision": lambda doc: doc.update(
        provision={"extension": [{"url": "http://example.org/x", "valueCode": "y"}]}
    ),
    "status by extension only": lambda doc: (
        doc.pop("dateTime"),
        doc.update(
            _dateTime={
                "extension": [
                    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
                ]
            }
        ),
    ),
    "element ids": lambda doc: (
        doc["scope"].update(id="s"),
        doc["patient"].update(id="p x".replace(" ", "")),
        doc.update(_status={"id": "st"}),
    ),
    "logical reference": lambda doc: doc.update(
        patient={"identifier": {"system": "http://example.org/ids", "value": "1"}}
    ),
    "display only": lambda doc: doc.update(patient={"display": "Maja"}),
    "policy only": lambda doc: doc.pop("policyRule"),
    "policy rule only": lambda doc: doc.pop("policy"),
    "reference to the container": lambda doc: doc["contained"].append(
        {
            "resourceType": "Provenance",
            "id": "how",
            "target": [{"reference": "#"}],
            "recorded": "2020-01-01T00:00:00Z",
            "agent": [{"who": {"reference": "#clinic"}}],
        }
    ),
    "nested extension": lambda doc: doc.update(
        extension=[
            {
                "url": "http://example.org/c",
                "extension": [{"url": "part", "valueInteger": 0}, {"url": "part", "valueDecimal": 0.50}],
            }
        ]
    ),
    "extension where it belongs": lambda doc: doc["provision"].update(
        extension=[
            {
                "url": "http://hl7.org/fhir/StructureDefinition/consent-location",
                "valueReference": {"reference": "Location/1"},
            }
        ]
    ),
    "code outside an extensible set": lambda doc: doc["provision"]["actor"][0].update(
        role=concept(PARTICIPATION, "PRCP")
    ),
    "unknown code system": lambda doc: doc.update(scope=concept("http://example.org/scopes", "mine")),
    "text instead of a code": lambda doc: doc.update(scope={"text": "privacy"}),
    "false is a value": lambda doc: doc["verification"][0].update(verified=False),
    "narrative with status empty": lambda doc: doc["text"].update(status="empty"),
    "all of it twice": lambda doc: doc["provision"].update(actor=doc["provision"]["actor"] * 2),
}


def bases() -> Iterator[tuple[str, Json]]:
    """The rich documents that mutations start from."""
    for name, make in BASES.items():
        yield name, copy.deepcopy(make())
