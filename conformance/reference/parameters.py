"""The search parameters of each type (consent.html#search), and a query read into criteria."""

from __future__ import annotations

from dataclasses import dataclass

ACTORS = ("Practitioner", "Organization", "Patient", "RelatedPerson", "PractitionerRole", "CareTeam", "Device", "Group")
ANYTHING = (*ACTORS, "Consent", "DocumentReference", "Contract", "QuestionnaireResponse", "MedicationRequest")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter: `kind` is token, reference or date; `path` is where it looks."""

    name: str
    kind: str
    path: str
    types: tuple[str, ...] = ()
    """Types that a reference may lead to."""
    fixed_system: bool = False
    """The element is a code whose system its binding implies."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One part of a query that is used: all of its `values` are alternatives."""

    name: str
    written: str
    parameter: Parameter
    modifier: str
    values: tuple[str, ...]
    chain: str = ""
    """What is asked of the resource that a reference leads to, `identifier` in `patient.identifier`."""


def _table(*parameters: Parameter) -> dict[str, Parameter]:
    common = (Parameter("_id", "token", "id"), Parameter("_lastUpdated", "date", "meta.lastUpdated"))
    return {parameter.name: parameter for parameter in (*common, *parameters)}


CONSENT = _table(
    Parameter("action", "token", "provision.action"),
    Parameter("actor", "reference", "provision.actor.reference", ACTORS),
    Parameter("category", "token", "category"),
    Parameter("consentor", "reference", "performer", ("Organization", "Patient", "Practitioner", "RelatedPerson")),
    Parameter("data", "reference", "provision.data.reference", ANYTHING),
    Parameter("date", "date", "dateTime"),
    Parameter("identifier", "token", "identifier"),
    Parameter("organization", "reference", "organization", ("Organization",)),
    Parameter("patient", "reference", "patient", ("Patient",)),
    Parameter("period", "date", "provision.period"),
    Parameter("purpose", "token", "provision.purpose"),
    Parameter("scope", "token", "scope"),
    Parameter("security-label", "token", "provision.securityLabel"),
    Parameter("source-reference", "reference", "sourceReference", ANYTHING),
    Parameter("status", "token", "status", fixed_system=True),
)
IDENTIFIED = _table(Parameter("identifier", "token", "identifier"))
OF_TYPE = {
    "Consent": CONSENT,
    "Patient": IDENTIFIED,
    "Practitioner": IDENTIFIED,
    "Organization": IDENTIFIED,
    "RelatedPerson": {**IDENTIFIED, "patient": Parameter("patient", "reference", "patient", ("Patient",))},
}
RESULT_PARAMETERS = frozenset({"_count", "_include", "_format", "_pretty", "_after"})
"""What shapes the answer and selects nothing. _after is our own: where the next page goes on."""
