"""What both eras of the Swedish National Medication List have in common.

Sources: the page Cancel consent for dose dispensing (2019), and Consent - Close (2023-01-26) of
https://simplifier.net/guide/SwedishNationalMedicationList.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from conformance.reference.messages import Answer, Refused, Request, Resource, Route, Write
from conformance.reference.provenance import Provenances
from conformance.reference.r4 import R4

DOSE = "consent-dose-disp"


class MedicationList(Provenances, R4):
    """A PUT goes to the type's address, and a write of a consent says who does it and why."""

    interactions: ClassVar[tuple[str, ...]] = ("read", "create", "update", "search-type")
    claims: ClassVar[tuple[str, ...]] = ("no-delete",)

    def asked(self, request: Request) -> Route:
        match (request.method, *request.segments):
            case ("PUT", "Consent"):
                return Route(interaction="update", type="Consent")
            case ("PUT", "Consent", _):
                return Route(interaction="none", type="Consent")
            case _:
                return super().asked(request)

    def addressed(self, route: Route, resource: Resource) -> Route:
        """The id element of the body says which consent is meant."""
        if "id" not in resource:
            raise Refused(400, "required", "the id of the consent is missing in the body")
        return replace(route, id=resource["id"])

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:  # noqa: ARG002 - as in Service
        """A PUT on an id that does not exist fails."""
        raise Refused(404, "not-found", f"there is no {route.type}/{route.id}")

    def check_write(self, write: Write) -> None:
        if write.route.type == "Consent":
            self.check_provenance(write)
        super().check_write(write)

    def check_provenance(self, write: Write) -> None:
        """Refuse a write whose X-Provenance does not say what its era asks for."""
        raise NotImplementedError
