"""The personality oracle-health: consents that say who may view a patient's record, to be read and searched only.

Sources: https://fhir.cerner.com/millennium/r4/foundation/security/consent/ and, for what holds for all resources,
https://fhir.cerner.com/millennium/r4/. What they leave open is decided here once; the suite accepts other decisions.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlencode

from conformance.reference import millennium
from conformance.reference.messages import Answer, Refused, Request, Resource, Route
from conformance.reference.parameters import Criterion, Parameter
from conformance.reference.r4 import R4

if TYPE_CHECKING:
    from conformance.reference.messages import Headers
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

SELECTORS = ("_id", "actor", "actor.identifier", "patient", "patient.identifier")
"""A search needs one of them."""
NO_SELECTOR = "no supported search parameters provided"
NO_TENANT = "Tenant not valid or accessible"
WITHOUT_BODY = frozenset({401, 404, 406})
"""Refusals for which no body is documented."""
INCLUDED = {"Consent:patient": "Patient", "Consent:actor": "RelatedPerson"}
PAGE = 2
CONSENT = {
    "_id": Parameter("_id", "token", "id"),
    "patient": Parameter("patient", "reference", "patient", ("Patient",)),
    "actor": Parameter("actor", "reference", "provision.actor.reference", ("RelatedPerson",)),
}


class OracleHealth(R4):
    """One tenant of Millennium: the secured host."""

    name = "oracle-health"
    base_path = f"/r4/{millennium.TENANT}"
    interactions: ClassVar[tuple[str, ...]] = ("read", "search-type")
    types: ClassVar[frozenset[str]] = frozenset({"Consent", "Patient", "RelatedPerson"})
    claims: ClassVar[tuple[str, ...]] = ("ended-consent",)
    scopes: ClassVar[dict[str, str]] = {
        "valid": "user/Consent.read user/Patient.read user/RelatedPerson.read",
        "narrow-scope": "user/Consent.read",
        "patient-bound": "patient/Consent.read patient/Patient.read patient/RelatedPerson.read",
    }
    bound_to = millennium.PATIENT
    printed: ClassVar[dict[str, str]] = millennium.PRINTED

    def holdings(self) -> list[Resource]:
        return millennium.resources()

    def given(self) -> dict[str, Any]:
        return millennium.given()

    # -- who may ask, and where ------------------------------------------------------------------------------------

    def asked(self, request: Request) -> Route:
        """An address outside the base is one of another tenant; OPTIONS asks what another origin may do."""
        if request.path.startswith("/../"):
            return self.other_tenant(request)
        if request.method == "OPTIONS":
            return Route(interaction="preflight")
        return super().asked(request)

    def other_tenant(self, request: Request) -> Route:  # noqa: ARG002 - faults look at it
        raise Refused(403, "forbidden", NO_TENANT)

    def offered(self, kind: str) -> tuple[str, ...]:  # noqa: ARG002 - as in Answers
        return self.interactions

    def answered(self, request: Request, route: Route) -> Answer:
        return self.preflight(request) if route.interaction == "preflight" else super().answered(request, route)

    def preflight(self, request: Request) -> Answer:
        """Return what a browser may send from another origin (Fetch, CORS-preflight request)."""
        wanted = request.header("access-control-request-headers") or ""
        allowed = (("Access-Control-Allow-Methods", "GET, HEAD, POST"), ("Access-Control-Allow-Headers", wanted))
        return Answer(status=200, headers=allowed)

    def in_scope(self, caller: Caller, route: Route) -> bool:
        """A read of a consent needs the patient's scope as well."""
        reads_consent = (route.interaction, route.type) == ("read", "Consent")
        needed = ("Consent", "Patient") if reads_consent else (route.type,)
        return all(super(OracleHealth, self).in_scope(caller, replace(route, type=kind)) for kind in needed)

    # -- how answers look ------------------------------------------------------------------------------------------

    def refused(self, request: Request, refusal: Refused) -> Answer:
        """Nothing, words or an OperationOutcome: all three are documented."""
        if refusal.status in WITHOUT_BODY:
            return Answer(status=refusal.status, headers=refusal.headers)
        if refusal.reason in {NO_SELECTOR, NO_TENANT}:
            return Answer(status=refusal.status, text=refusal.reason)
        return super().refused(request, refusal)

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        kept = [line for line in super().common_headers(request, answer) if line[0] != "Cache-Control"]
        headers = (*kept, ("Cache-Control", "no-cache"), ("Vary", "Origin"))
        return (*headers, *self.cross_origin(request)) if request.header("origin") else headers

    def cross_origin(self, request: Request) -> Headers:  # noqa: ARG002 - faults look at it
        exposed = "ETag, Content-Location, Location, X-Request-Id, WWW-Authenticate, Date"
        return (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", exposed))

    def request_id(self, request: Request) -> str | None:
        return super().request_id(request) or str(uuid.uuid4())

    def capabilities(self) -> Answer:
        """The chains stand among the parameters, and nothing is said of versions."""
        answer = super().capabilities()
        told = answer.resource or {}
        for row in told["rest"][0]["resource"]:
            row["versioning"] = "no-version"
            for name in ("readHistory", "updateCreate", "conditionalRead"):
                row.pop(name)
            if row["type"] == "Consent":
                row["searchInclude"] = list(INCLUDED)
                row["searchParam"] += [{"name": f"{name}.identifier", "type": "token"} for name in ("actor", "patient")]
        return replace(answer, resource=told)

    # -- searching -------------------------------------------------------------------------------------------------

    def parameters(self, kind: str) -> dict[str, Parameter]:
        return CONSENT if kind == "Consent" else super().parameters(kind)

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        if caller is not None:
            self.check_include_scopes(caller, self.query(request))
        return super().search(request, route, caller)

    def check_include_scopes(self, caller: Caller, query: Query) -> None:
        """An include needs the scope of what it includes."""
        for name, value in query:
            needed = INCLUDED.get(value) if name == "_include" else None
            if needed and not self.in_scope(caller, Route(interaction="search-type", type=needed)):
                raise Refused(403, "forbidden", f"the token's scopes do not cover {needed}")

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        """With _id nothing else selects; without any of the selectors nothing is searched."""
        used = super().criteria(request, route, query)
        if route.type != "Consent":
            return used
        used = self.overridden(used)
        if not any(self.selects(criterion) for criterion in used):
            raise Refused(400, "required", NO_SELECTOR)
        return used

    def overridden(self, used: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        return tuple(criterion for criterion in used if criterion.name == "_id") or used

    def selects(self, criterion: Criterion) -> bool:
        return f"{criterion.parameter.name}.{criterion.chain}".removesuffix(".") in SELECTORS

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        """The only thing that is asked of a patient or an actor is an identifier."""
        found = super().criterion(kind, name, written)
        return None if found is not None and found.chain not in {"", "identifier"} else found

    def has_effect(self, kind: str, name: str, value: str) -> bool:
        return name != "_count" and super().has_effect(kind, name, value)

    def count(self, query: Query) -> int:  # noqa: ARG002 - there is no parameter for it
        return PAGE

    def address(self, route: Route, query: Query) -> str:
        """Colons are written as %3A."""
        encoded = urlencode(query, quote_via=quote, safe="/")
        return f"{self.base}/{route.type}" + (f"?{encoded}" if encoded else "")

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        """A searchset has an id of its own and no total."""
        whole = super().bundle(asked, matches)
        rest = {name: value for name, value in whole.items() if name not in {"resourceType", "total"}}
        return {"resourceType": "Bundle", "id": self.bundle_id(), **rest}

    def bundle_id(self) -> str:
        return str(uuid.uuid4())
