"""The personality medicasoft: consents to be read, and found by patient or category.

Source: https://code.medicasoft.us (Consent; Authorization). What it leaves open is decided here once; the suite accepts
other decisions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference.examples import example
from conformance.reference.messages import Answer, Refused, Request, Resource, Route
from conformance.reference.parameters import CONSENT, Parameter
from conformance.reference.r4 import R4

if TYPE_CHECKING:
    from conformance.reference.parameters import Criterion

CONSENTS = ("read.repaired.json", "of-another-patient.json", "every-field.json")
PEOPLE: tuple[Resource, ...] = (
    {"resourceType": "Patient", "id": "f001", "name": [{"family": "van de Heuvel", "given": ["Pieter"]}]},
    {"resourceType": "Patient", "id": "example", "name": [{"family": "Chalmers", "given": ["Peter"]}]},
    {"resourceType": "Patient", "id": "xds", "name": [{"family": "Everyman", "given": ["Adam"]}]},
    {"resourceType": "Organization", "id": "f001", "name": "Burgers University Medical Center"},
)
NAMES_SOMEBODY = re.compile(r"(https?://.+/)?([A-Za-z]+/)?[^/]+")
"""An id, Type/id, or the address of a resource."""
NARRATIVE = {
    "status": "generated",
    "div": '<div xmlns="http://www.w3.org/1999/xhtml">A consent to share a record, or not to.</div>',
}
"""The page prints none, and a live server sends one."""
WELL_KNOWN = ("GET", ".well-known", "smart-configuration")


class MedicaSoft(R4):
    """Two interactions, two parameters, two codes of errors."""

    name: ClassVar[str] = "medicasoft"
    base_path = "/api/fhir"
    interactions: ClassVar[tuple[str, ...]] = ("read", "search-type")
    types: ClassVar[frozenset[str]] = frozenset({"Consent", "Patient", "Organization"})
    claims: ClassVar[tuple[str, ...]] = ("read-only",)
    scopes: ClassVar[dict[str, str]] = {"valid": "user/*.read", "patient-bound": "patient/*.read"}
    bound_to = "f001"
    printed: ClassVar[dict[str, str]] = {
        "/Consent/123456ce-fbb8-a37c-e208-a15cf06f5226": "medicasoft/read.as-documented.json"
    }

    def holdings(self) -> list[Resource]:
        return [*PEOPLE, *({**example(f"medicasoft/{name}"), "text": NARRATIVE} for name in CONSENTS)]

    def given(self) -> dict[str, Any]:
        return {
            "consents": [example(f"medicasoft/{name}")["id"] for name in CONSENTS],
            "patients": ["f001"],
            "other-patients": ["example"],
            "empty-patients": ["xds"],
            "actors": ["Organization/f001", "Patient/example"],
        }

    def offered(self, kind: str) -> tuple[str, ...]:  # noqa: ARG002 - as in Answers
        return self.interactions

    def asked(self, request: Request) -> Route:
        if (request.method, *request.segments) == WELL_KNOWN:
            return Route(interaction="smart-configuration")
        return super().asked(request)

    def answered(self, request: Request, route: Route) -> Answer:
        if route.interaction == "smart-configuration":
            return Answer(status=200, resource=self.smart_configuration())
        return super().answered(request, route)

    def smart_configuration(self) -> Resource:
        """Return what SMART App Launch 1.0.0 publishes (conformance/index.html#using-well-known)."""
        security = f"{self.base.removesuffix('/fhir')}/security/smart"
        return {
            "authorization_endpoint": f"{security}/authorize",
            "token_endpoint": f"{security}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "scopes_supported": ["openid", "profile", "launch", "launch/patient", "patient/*.read", "user/*.read"],
            "response_types_supported": ["code"],
            "capabilities": ["launch-ehr", "client-confidential-symmetric", "permission-patient", "permission-user"],
        }

    def parameters(self, kind: str) -> dict[str, Parameter]:
        if kind != "Consent":
            return super().parameters(kind)
        return {name: CONSENT[name] for name in ("patient", "category")}

    def check_values(self, criterion: Criterion) -> None:
        """A value that can name no patient is an invalid parameter."""
        super().check_values(criterion)
        if criterion.parameter.name == "patient" and not criterion.modifier:
            for value in criterion.values:
                if not NAMES_SOMEBODY.fullmatch(value):
                    raise Refused(400, "value", f"{value!r} names no patient")
