"""Lies about what MedicaSoft's page says of reading and finding consents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.examples import example
from conformance.reference.fault import Fault
from conformance.reference.faults.field_table import MEDICASOFT
from conformance.reference.faults.reading import _OfUntriedIds
from conformance.reference.messages import Answer, Refused, Request, Resource, Route

if TYPE_CHECKING:
    from conformance.reference.parameters import Criterion
    from conformance.reference.searching import Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

OLDER = "medicasoft/every-field.json"


class ReadByIdIsASearch(
    Fault,
    name="read-by-id-is-a-search",
    breaks=("medicasoft.read.by-id", "r4.read.existing-is-ok", "r4.read.id-matches-request"),
    packs=MEDICASOFT,
):
    """GET /Consent/[id] of one consent answers a searchset."""

    def shown(self, stored: Stored, request: Request) -> Answer:
        answer = super().shown(stored, request)
        if stored.id != example(OLDER)["id"]:
            return answer
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": answer.resource}]}
        return replace(answer, resource=bundle)


class ReadShowsAnotherId(
    Fault,
    name="read-shows-another-id",
    breaks=("medicasoft.read.by-id", "r4.read.id-matches-request"),
    packs=MEDICASOFT,
):
    """A read of one consent shows an id that was not asked for."""

    def shown(self, stored: Stored, request: Request) -> Answer:
        answer = super().shown(stored, request)
        if stored.id != example(OLDER)["id"] or answer.resource is None:
            return answer
        return replace(answer, resource={**answer.resource, "id": "consent-example-smartonfhir"})


class UnknownIdIsABadRequest(
    _OfUntriedIds,
    name="unknown-id-is-a-bad-request",
    breaks=("medicasoft.read.unknown-id", "r4.read.unknown-id-is-not-found"),
    packs=MEDICASOFT,
):
    """A read of an id that nobody has answers 400."""

    def answer_to_unknown(self, route: Route) -> Answer:
        raise Refused(400, "value", f"{route.id} is not a consent")


class UnknownIdIsForbidden(
    _OfUntriedIds,
    name="unknown-id-is-forbidden",
    breaks=("medicasoft.read.unknown-id", "r4.read.unknown-id-is-not-found"),
    packs=MEDICASOFT,
):
    """A read of an id that nobody has answers 403."""

    def answer_to_unknown(self, route: Route) -> Answer:
        raise Refused(403, "forbidden", f"{route.id} may not be read")


class ImpossibleIdIsForbidden(
    Fault, name="impossible-id-is-forbidden", breaks=("medicasoft.read.malformed-id",), packs=MEDICASOFT
):
    """A read of an id of 65 letters answers 403."""

    def unknown(self, request: Request, route: Route) -> Answer:
        if len(route.id) > 64:
            raise Refused(403, "forbidden", "such an id may not be read")
        return super().unknown(request, route)


class TeapotForBadSearch(
    Fault, name="teapot-for-bad-search", breaks=("medicasoft.errors.documented-codes",), packs=MEDICASOFT
):
    """A search with a modifier that is not known answers 418."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        try:
            return super().criterion(kind, name, written)
        except Refused as refusal:
            raise Refused(418, refusal.code, refusal.reason) from refusal


class EmptyAuthorizationIsServed(
    Fault,
    name="empty-authorization-is-served",
    breaks=("medicasoft.headers.authorization-absent",),
    packs=MEDICASOFT,
):
    """A request with an empty Authorization is served."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        return None if request.header("authorization") == "" else super().admitted(request, route)


class AcceptStarCrashes(Fault, name="accept-star-crashes", breaks=("medicasoft.headers.accept",), packs=MEDICASOFT):
    """Accept */* answers 500."""

    def negotiate(self, request: Request) -> None:
        if request.header("accept") == "*/*":
            raise Refused(500, "exception", "no converter for */*")
        super().negotiate(request)


class SmartConfigurationMissing(
    Fault, name="smart-configuration-missing", breaks=("medicasoft.smart.configuration",), packs=MEDICASOFT
):
    """The SMART configuration answers 404."""

    def answered(self, request: Request, route: Route) -> Answer:
        if route.interaction == "smart-configuration":
            raise Refused(404, "not-found", "there is no such document")
        return super().answered(request, route)


class SmartConfigurationNamesNoTokenEndpoint(
    Fault,
    name="smart-configuration-names-no-token-endpoint",
    breaks=("medicasoft.smart.configuration",),
    packs=MEDICASOFT,
):
    """The SMART configuration does not say where tokens come from."""

    def smart_configuration(self) -> Resource:
        told = super().smart_configuration()
        return {name: value for name, value in told.items() if name != "token_endpoint"}


class DocumentedReadOnlyIsWritable(
    Fault, name="documented-read-only-is-writable", breaks=("medicasoft.writes.are-not-offered",), packs=MEDICASOFT
):
    """PUT /Consent/[id] stores the consent, whether there was one or not."""

    interactions = ("read", "update", "search-type")

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:
        return self.updated(request, self.save(route, resource, None))

    def authorise(self, caller: Caller, route: Route) -> None:
        if route.interaction != "update":
            super().authorise(caller, route)


class SearchAddsAnothersConsents(
    Fault,
    name="search-adds-anothers-consents",
    breaks=("medicasoft.search.by-patient", "r4.search.by-patient"),
    packs=MEDICASOFT,
):
    """A search for one of the patients finds everybody's consents."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        everybody = not criterion.modifier and wanted == "Patient/example"
        return everybody or super().matches_reference(value, criterion, wanted)


class TypedPatientFindsNothing(
    Fault,
    name="typed-patient-finds-nothing",
    breaks=("medicasoft.search.by-patient", "r4.search.by-patient"),
    packs=MEDICASOFT,
):
    """For one of the patients Patient/[id] finds nothing, and the bare id does."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return wanted != "Patient/example" and super().matches_reference(value, criterion, wanted)


class CategorySystemAloneFindsNothing(
    Fault,
    name="category-system-alone-finds-nothing",
    breaks=("medicasoft.search.by-category", "r4.search.by-category"),
    packs=MEDICASOFT,
):
    """A system without a code finds no category of that system."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return not wanted.endswith("|") and super().matches_token(value, criterion, wanted)


class CategoryIgnoresItsSystem(
    Fault,
    name="category-ignores-its-system",
    breaks=("medicasoft.search.by-category", "r4.search.by-category"),
    packs=MEDICASOFT,
):
    """A category is found by its code under any system."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        code = wanted.partition("|")[2]
        return super().matches_token(value, criterion, code or wanted)


class CategoryDroppedBeforePatient(
    Fault,
    name="category-dropped-before-patient",
    breaks=("medicasoft.search.patient-and-category-together", "r4.search.different-parameters-narrow"),
    packs=MEDICASOFT,
):
    """A category that stands before the patient is ignored."""

    def found(self, asked: Search) -> list[Stored]:
        names = [criterion.name for criterion in asked.criteria]
        if names[:2] == ["category", "patient"]:
            asked = replace(asked, criteria=asked.criteria[1:])
        return super().found(asked)


class InvalidValueListsEverything(
    Fault, name="invalid-value-lists-everything", breaks=("medicasoft.search.invalid-values",), packs=MEDICASOFT
):
    """patient=Patient/ finds every consent."""

    def check_values(self, criterion: Criterion) -> None:
        if criterion.values != ("Patient/",):
            super().check_values(criterion)

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return wanted == "Patient/" or super().matches_reference(value, criterion, wanted)


class UnknownParameterDisablesFilter(
    Fault,
    name="unknown-parameter-disables-filter",
    breaks=("medicasoft.search.unknown-parameter",),
    packs=MEDICASOFT,
):
    """Beside an unknown parameter the patient is ignored."""

    def found(self, asked: Search) -> list[Stored]:
        unknown = any(name == "nosuchparameter" for name, _ in asked.query)
        return super().found(replace(asked, criteria=()) if unknown else asked)


class UnknownPatientFindsOrphans(
    Fault,
    name="unknown-patient-finds-orphans",
    breaks=("medicasoft.search.unknown-patient", "r4.search.unknown-target-is-empty"),
    packs=MEDICASOFT,
):
    """A patient that does not exist has the consents of another one."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        kind, _, id_ = wanted.partition("/")
        nobody = kind == "Patient" and not criterion.modifier and self.store.current(kind, id_) is None
        return super().matches_reference(value, criterion, "Patient/example" if nobody else wanted)
