"""What a body must be to be a Consent of the R5 ballot: its table of elements, and its codes.

Source: https://hl7.org/fhir/2022Sep/consent.html. fhir.resources has no models of the ballot, so its table stands here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.reference import dates
from conformance.reference.matching import listed
from conformance.reference.rules import MEANINGS, modelled_as, walked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.messages import Resource

STATUSES = frozenset({"draft", "active", "inactive", "not-done", "entered-in-error", "unknown"})
ANY_ELEMENT = {"id": False, "extension": True, "modifierExtension": True}
RULE = {
    **ANY_ELEMENT,
    "type": False,
    "period": False,
    "actor": True,
    "action": True,
    "securityLabel": True,
    "purpose": True,
    "class": True,
    "code": True,
    "dataPeriod": False,
    "data": True,
    "expression": False,
    "provision": True,
}
ELEMENTS: dict[str, dict[str, bool]] = {
    "": {
        **ANY_ELEMENT,
        "resourceType": False,
        "meta": False,
        "implicitRules": False,
        "language": False,
        "text": False,
        "contained": True,
        "identifier": True,
        "status": False,
        "category": True,
        "subject": False,
        "dateTime": False,
        "grantor": True,
        "grantee": True,
        "manager": True,
        "controller": True,
        "sourceAttachment": True,
        "sourceReference": True,
        "regulatoryBasis": True,
        "policyBasis": False,
        "policyText": True,
        "verification": True,
        "provision": False,
    },
    "policyBasis": {**ANY_ELEMENT, "reference": False, "url": False},
    "verification": {
        **ANY_ELEMENT,
        "verified": False,
        "verificationType": False,
        "verifiedBy": False,
        "verifiedWith": False,
        "verificationDate": True,
    },
    "provision": RULE,
    "provision.actor": {**ANY_ELEMENT, "role": False, "reference": False},
    "provision.data": {**ANY_ELEMENT, "meaning": False, "reference": False},
    "provision.expression": {
        "id": False,
        "extension": True,
        **dict.fromkeys(("description", "name", "language", "expression", "reference"), False),
    },
}
"""Place → name of an element → whether it repeats. A rule within a rule is like the rule itself."""
DATATYPES = {
    **dict.fromkeys(("category", "regulatoryBasis", "verificationType", "action", "code", "role"), "CodeableConcept"),
    **dict.fromkeys(("subject", "grantor", "grantee", "manager", "controller", "sourceReference"), "Reference"),
    **dict.fromkeys(("policyText", "verifiedBy", "verifiedWith", "reference"), "Reference"),
    **dict.fromkeys(("securityLabel", "purpose", "class"), "Coding"),
    **dict.fromkeys(("period", "dataPeriod"), "Period"),
    "identifier": "Identifier",
    "sourceAttachment": "Attachment",
}
"""Element of the table → its type, where R4 has that type as well."""
_PEOPLE = frozenset({"CareTeam", "HealthcareService", "Organization", "Patient", "Practitioner", "PractitionerRole"})
_RUNNERS = frozenset({"HealthcareService", "Organization", "Patient", "Practitioner"})
TARGETS = {
    "subject": frozenset({"Patient", "Practitioner", "Group"}),
    "grantor": _PEOPLE | {"RelatedPerson"},
    "grantee": _PEOPLE | {"RelatedPerson"},
    "manager": _RUNNERS,
    "controller": _RUNNERS,
    "sourceReference": frozenset({"Consent", "DocumentReference", "Contract", "QuestionnaireResponse"}),
    "policyText": frozenset({"DocumentReference"}),
}


def with_elements_of_the_ballot(resource: Resource) -> Iterator[str]:
    """Only elements of the table; lists where they repeat and nowhere else; values of the right type."""
    yield from _elements(resource, "")


def _elements(value: dict[str, Any], place: str) -> Iterator[str]:
    for name, inner in value.items():
        known = ELEMENTS[place]
        if name.removeprefix("_") not in known:
            yield f"{place or 'Consent'}: there is no element {name}"
        elif known[name.removeprefix("_")] != isinstance(inner, list):
            yield f"{place or 'Consent'}.{name}: {'a list' if known[name.removeprefix('_')] else 'no list'} is needed"
        else:
            below = "provision" if name == "provision" else f"{place}.{name}".strip(".")
            for one in listed(inner) if name in DATATYPES else ():
                yield from (f"{below}: {minded}" for minded in modelled_as(DATATYPES[name], one))
            if below in ELEMENTS:
                yield from _backbones(inner, below)


def _backbones(value: Any, place: str) -> Iterator[str]:
    for one in listed(value):
        if isinstance(one, dict):
            yield from _elements(one, place)
        else:
            yield f"{place}: an object is needed"


def with_codes_of_the_ballot(resource: Resource) -> Iterator[str]:
    """A status there is; types of rules and meanings of data, at every depth."""
    status = resource.get("status")
    if not isinstance(status, str) or status not in STATUSES:
        yield f"status: {status!r} is not one of {', '.join(sorted(STATUSES))}"
    for path, value in walked(resource.get("provision", {}), "provision"):
        name = path.rpartition(".")[2]
        if re.fullmatch(r"provision(\.provision\[\d+\])*\.type", path) and value not in {"deny", "permit"}:
            yield f"{path}: {value!r} is neither deny nor permit"
        if name == "meaning" and value not in MEANINGS:
            yield f"{path}: {value!r} is not one of {', '.join(sorted(MEANINGS))}"


def with_real_dates(resource: Resource) -> Iterator[str]:
    """dateTime, and each of a verification's dates."""
    checked = [value for one in listed(resource.get("verification")) for value in listed(one.get("verificationDate"))]
    for value in (*listed(resource.get("dateTime")), *checked):
        if not dates.is_date_time(value):
            yield f"{value!r} is not a dateTime"


def with_what_the_ballot_needs(resource: Resource) -> Iterator[str]:
    """Each verification says verified; meaning and reference in each entry of data."""
    for verification in listed(resource.get("verification")):
        if not isinstance(verification.get("verified"), bool):
            yield "verification: verified is true or false"
    rules = [resource.get("provision", {})]
    while rules:
        rule = rules.pop()
        rules += listed(rule.get("provision"))
        for data in listed(rule.get("data")):
            yield from (f"provision.data: {name} is missing" for name in ("meaning", "reference") if name not in data)


def with_references_of_the_ballot(resource: Resource) -> Iterator[str]:
    """A reference of the form Type/id names a type that the element may refer to."""
    for name, types in TARGETS.items():
        for value in listed(resource.get(name)):
            kind, slash, _ = str(value.get("reference", "")).partition("/")
            if slash and kind[:1].isupper() and kind not in types:
                yield f"{name}: a reference to {kind}, not to {' or '.join(sorted(types))}"
