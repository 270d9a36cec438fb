"""The personality r5-ballot: Consent as the ballot of September 2022 had it (5.0.0-ballot).

Source: https://hl7.org/fhir/2022Sep/consent.html; what a server does with it is as in R4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference import ballot_rules, parameters, rules
from conformance.reference.matching import values_at
from conformance.reference.messages import Refused, Request, Resource, Route
from conformance.reference.parameters import Parameter
from conformance.reference.r4 import R4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.reference.searching import Query
    from conformance.reference.store import Stored

GRANTING = (
    "CareTeam",
    "HealthcareService",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
)
RUNNING = ("HealthcareService", "Organization", "Patient", "Practitioner")
NOT_IN_THE_BALLOT = frozenset({"scope", "organization", "consentor", "patient"})
PARAMETERS = {
    **{name: known for name, known in parameters.CONSENT.items() if name not in NOT_IN_THE_BALLOT},
    **{
        known.name: known
        for known in (
            Parameter("controller", "reference", "controller", RUNNING),
            Parameter("grantee", "reference", "grantee", GRANTING),
            Parameter("manager", "reference", "manager", RUNNING),
            Parameter("patient", "reference", "subject", ("Patient",)),
            Parameter("subject", "reference", "subject", ("Group", "Patient", "Practitioner")),
            Parameter("verified", "token", "verification.verified"),
            Parameter("verified-date", "date", "verification.verificationDate"),
        )
    },
}
"""https://hl7.org/fhir/2022Sep/consent.html#search"""
BALLOT_RULES: tuple[Callable[[Resource], Iterator[str]], ...] = (
    rules.without_empty_values,
    ballot_rules.with_elements_of_the_ballot,
    rules.with_a_well_formed_id,
    rules.with_relative_or_absolute_references,
    rules.without_active_narrative,
    ballot_rules.with_codes_of_the_ballot,
    ballot_rules.with_what_the_ballot_needs,
    ballot_rules.with_references_of_the_ballot,
    rules.with_periods_in_order,
    ballot_rules.with_real_dates,
)


class R5Ballot(R4):
    """Consents are about a subject, and have neither scope nor policyRule."""

    name: ClassVar[str] = "r5-ballot"
    fhir_version: ClassVar[str] = "5.0.0-ballot"
    claims: ClassVar[tuple[str, ...]] = (*R4.claims, "compartment", "search:subject")

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        """As in R4 for other types; a consent is held against the ballot's table, which no model has."""
        if route.type != "Consent":
            return super().complaints(resource, route)
        return next((minded for rule in BALLOT_RULES if (minded := list(rule(resource)))), [])

    def parameters(self, kind: str) -> dict[str, Parameter]:
        return PARAMETERS if kind == "Consent" else super().parameters(kind)

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        """The parameter patient looks at subjects that are patients."""
        found = super().searched_values(stored, parameter)
        if parameter.name == "verified":
            return ["true" if value else "false" for value in found]
        return [value for value in found if self.is_patient(value)] if parameter.name == "patient" else found

    def is_patient(self, subject: Any) -> bool:
        reference = str(subject.get("reference", "")).removeprefix(f"{self.base}/")
        return reference.startswith("Patient/") or "/Patient/" in reference

    def asked(self, request: Request) -> Route:
        """Besides R4's addresses there is Patient/[id]/Consent, the patient's compartment."""
        match (request.method, *request.segments):
            case ("GET", "Patient", _, "Consent"):
                return Route(interaction="search-type", type="Consent")
            case (_, "Patient", _, "Consent"):
                raise Refused(405, "not-supported", "a compartment can be searched only", (("Allow", "GET"),))
            case _:
                return super().asked(request)

    def query(self, request: Request) -> Query:
        """A search of a compartment selects by its patient first (compartmentdefinition-patient.html)."""
        query = super().query(request)
        match request.segments:
            case ("Patient", id_, "Consent"):
                return (("patient", f"Patient/{id_}"), *query)
            case _:
                return query

    def belongs_to(self, kind: str, id: str, resource: Resource) -> str | None:  # noqa: A002 - FHIR's word
        if kind != "Consent":
            return super().belongs_to(kind, id, resource)
        found = [value for value in values_at(resource, "subject") if self.is_patient(value)]
        return str(found[0]["reference"]).rpartition("/")[2] if found else ""

    def seeded(self, resource: Resource) -> Resource:
        """A consent that R4 has: with the ballot's names, and with what only the ballot can say besides."""
        if resource["resourceType"] != "Consent":
            return resource
        names = {"patient": "subject", "performer": "grantor", "organization": "controller"}
        rest = {names.get(name, name): it for name, it in resource.items() if name not in {"scope", "policy"}}
        if "sourceReference" in rest:
            patient, organization = rest["grantor"], rest["controller"]
            verification = {"verified": True, "verificationDate": ["2023-01-11", "2023-02-11"]}
            rest |= {"grantee": organization, "manager": patient, "verification": [verification]}
            rest["sourceReference"] = [rest["sourceReference"]]
        return rest
