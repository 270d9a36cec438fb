"""Lies about creating a consent: the status, the address that is told, and what is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.reference.messages import Request, Resource, Route, Write
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller


R4_ALONE = ("r4",)


class CreateAnswersOk(Fault, name="create-answers-ok", breaks=("r4.create.answers-created",), packs=R4_ALONE):
    """A create answers 200."""

    def created(self, request: Request, stored: Stored) -> Answer:
        return replace(super().created(request, stored), status=200)


class CreateAnswersAccepted(
    Fault, name="create-answers-accepted", breaks=("r4.create.answers-created",), packs=R4_ALONE
):
    """A create answers 202."""

    def created(self, request: Request, stored: Stored) -> Answer:
        return replace(super().created(request, stored), status=202)


LOCATION = (
    "r4.create.location-is-sent",
    "nll-2023.create.answers-with-location",
    "r4.create.location-leads-to-the-consent",
)


class CreateLocationIsTheCollection(Fault, name="create-location-is-the-collection", breaks=LOCATION):
    """Location is [base]/Consent."""

    def location(self, stored: Stored) -> str:
        return f"{self.base}/{stored.type}"


class CreateSendsNoLocation(Fault, name="create-sends-no-location", breaks=LOCATION):
    """A create answers 201 without Location."""

    def created(self, request: Request, stored: Stored) -> Answer:
        answer = super().created(request, stored)
        return replace(answer, headers=tuple(line for line in answer.headers if line[0] != "Location"))


class LocationLeavesOutTheVersion(
    Fault, name="location-leaves-out-the-version", breaks=("r4.create.location-is-sent",), packs=R4_ALONE
):
    """Location leaves out the version, though versions are kept and can be read."""

    def location(self, stored: Stored) -> str:
        return super().location(stored).partition("/_history")[0]


class LocationNamesAnotherVersion(
    Fault, name="location-names-another-version", breaks=("r4.create.location-leads-to-the-consent",), packs=R4_ALONE
):
    """Location names a version that does not exist."""

    def location(self, stored: Stored) -> str:
        return f"{super().location(stored)}9"


class AccessConsentStartsActive(
    Fault,
    name="access-consent-starts-active",
    breaks=(
        "nll-2023.create.access-consent-starts-proposed",
        "r4.write.meaning-survives",
        "r4.create.read-back-is-the-same",
    ),
    blocks=("nll-2023.close.access-consent-is-ended",),
    packs=("nll-2023",),
):
    """An access consent that is sent as proposed is stored as active."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is None and self.kind_of(resource) == "access":
            resource = {**resource, "status": "active"}
        return super().kept(resource, previous)


class AccessConsentIsTakenAsActive(
    Fault,
    name="access-consent-is-taken-as-active",
    breaks=("nll-2023.create.access-consent-starts-proposed",),
    packs=("nll-2023",),
):
    """An access consent that is sent as active is stored as active, though no patient was asked."""

    first_statuses = frozenset({"proposed", "active"})


class CreateSendsContentLocation(
    Fault,
    name="create-sends-content-location",
    breaks=("nll-2023.create.answers-with-location", "r4.create.location-is-sent"),
):
    """A create tells the address in Content-Location instead of Location."""

    def created(self, request: Request, stored: Stored) -> Answer:
        answer = super().created(request, stored)
        renamed = {"Location": "Content-Location"}
        return replace(answer, headers=tuple((renamed.get(name, name), value) for name, value in answer.headers))


class CreateSendsAnEmptyLocation(
    Fault,
    name="create-sends-an-empty-location",
    breaks=("nll-2023.create.answers-with-location", *LOCATION),
):
    """A create answers with Location, and nothing in it."""

    def location(self, stored: Stored) -> str:  # noqa: ARG002 - the lie
        return ""


class CreateShowsAnotherId(Fault, name="create-shows-another-id", breaks=("r4.create.location-leads-to-the-consent",)):
    """The body of a create, unless the client preferred one, has another id than Location."""

    def created(self, request: Request, stored: Stored) -> Answer:
        answer = super().created(request, stored)
        if self.preference(request, "return") is not None or not answer.resource or stored.type != "Consent":
            return answer
        return replace(answer, resource={**answer.resource, "id": self.new_id()})


class CreateLosesTheCategorySystem(
    Fault,
    name="create-loses-the-category-system",
    breaks=(
        "r4.create.location-leads-to-the-consent",
        "r4.create.read-back-is-the-same",
        "r4.search.by-category",
        "r4.search.comma-widens",
        "r4.search.different-parameters-narrow",
        "r4.search.repeated-parameter-narrows",
    ),
    packs=R4_ALONE,
):
    """The categories of a new consent are stored without their systems."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is None:
            category = [_without_system(concept) for concept in resource["category"]]
            resource = {**resource, "category": category}
        return super().kept(resource, previous)


def _without_system(concept: Resource) -> Resource:
    codings = [{name: value for name, value in coding.items() if name != "system"} for coding in concept["coding"]]
    return {**concept, "coding": codings}


class CreateKeepsClientId(Fault, name="create-keeps-client-id", breaks=("r4.create.client-id-is-ignored",)):
    """A create stores under the id in the body, over what was there."""

    def create(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        self.wanted = self.parse_body(request, route).get("id")
        return super().create(request, route, caller)

    def new_id(self) -> str:
        return self.wanted or super().new_id()

    wanted: str | None = None


class CreateWithIdIsRefused(Fault, name="create-with-id-is-refused", breaks=("r4.create.client-id-is-ignored",)):
    """A create whose body has an id is refused."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is None and "id" in write.resource:
            raise Refused(400, "invalid", "a new consent has no id")


class CreateKeepsClientMeta(Fault, name="create-keeps-client-last-updated", breaks=("r4.create.meta-is-the-servers",)):
    """The lastUpdated in the body of a create is stored."""

    def meta(self, resource: Resource, *, version: str, updated: datetime, previous: Stored | None) -> Resource:
        own = super().meta(resource, version=version, updated=updated, previous=previous)
        sent = resource.get("meta", {}) if previous is None else {}
        return {**own, **({"lastUpdated": sent["lastUpdated"]} if "lastUpdated" in sent else {})}


class CreateKeepsClientVersion(Fault, name="create-keeps-client-version", breaks=("r4.create.meta-is-the-servers",)):
    """The versionId in the body of a create is stored."""

    def meta(self, resource: Resource, *, version: str, updated: datetime, previous: Stored | None) -> Resource:
        own = super().meta(resource, version=version, updated=updated, previous=previous)
        sent = resource.get("meta", {}) if previous is None else {}
        return {**own, **({"versionId": sent["versionId"]} if "versionId" in sent else {})}


class CreateKeepsFirstIdentifierOnly(
    Fault, name="create-keeps-first-identifier-only", breaks=("r4.create.read-back-is-the-same",), packs=("r4",)
):
    """Of several identifiers the first is stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if "identifier" in resource:
            resource = {**resource, "identifier": resource["identifier"][:1]}
        return super().kept(resource, previous)


class CreateReordersPerformers(
    Fault, name="create-reorders-performers", breaks=("r4.create.read-back-is-the-same",), packs=("r4",)
):
    """The performers are stored in the opposite order."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if "performer" in resource:
            resource = {**resource, "performer": resource["performer"][::-1]}
        return super().kept(resource, previous)


class BrokenJsonIsRepaired(
    Fault,
    name="broken-json-is-repaired",
    breaks=("r4.create.broken-json-is-refused",),
    blocks=("r4.create.refusal-stores-nothing", "r4.update.refusal-changes-nothing"),
):
    """A body whose last brace is missing is completed and stored."""

    def decode(self, body: bytes) -> Any:
        return super().decode(completed(body))


class BrokenJsonIsTakenAndDropped(
    Fault,
    name="broken-json-is-taken-and-dropped",
    breaks=("r4.create.broken-json-is-refused",),
    blocks=("r4.create.refusal-stores-nothing",),
):
    """A create whose body is no JSON answers 202, and nothing is stored."""

    def create(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        try:
            return super().create(request, route, caller)
        except Refused as refusal:
            if refusal.code == "structure":
                return Answer(status=202)
            raise


class StoresAnyResourceType(
    Fault, name="stores-any-resource-type", breaks=("r4.create.other-resource-type-is-refused",)
):
    """A Patient at the address of consents is created."""

    def create(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        body = self.decode(request.body)
        if isinstance(body, dict) and body.get("resourceType") == "Patient":
            route = replace(route, type="Patient")
        return super().create(request, route, caller)


class OtherTypeIsTakenAndDropped(
    Fault, name="other-type-is-taken-and-dropped", breaks=("r4.create.other-resource-type-is-refused",)
):
    """A create with a body of another type answers 200, and nothing is stored."""

    def create(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        body = self.decode(request.body)
        if isinstance(body, dict) and body.get("resourceType", route.type) != route.type:
            return Answer(status=200)
        return super().create(request, route, caller)


class EmptyBodyCreatesBlankConsent(
    Fault, name="empty-body-creates-blank-consent", breaks=("r4.create.empty-body-is-refused",)
):
    """A create without a body answers 201, and the consent that it names says nothing."""

    def create(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        if request.body.strip():
            return super().create(request, route, caller)
        blank = {"resourceType": route.type, "status": "draft"}
        return self.created(request, self.save(replace(route, id=self.new_id()), blank, None))


class StoresBeforeRefusing(Fault, name="stores-before-refusing", breaks=("r4.create.refusal-stores-nothing",)):
    """A create whose last brace is missing is refused, and the consent is found by search."""

    def create(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        try:
            return super().create(request, route, caller)
        except Refused as refusal:
            if refusal.code == "structure":
                self.salvage(request, route)
            raise

    def salvage(self, request: Request, route: Route) -> None:
        try:
            resource = json.loads(completed(request.body))
        except ValueError:
            return
        if isinstance(resource, dict) and "patient" in resource:
            self.save(replace(route, id=self.new_id()), resource, None)


def completed(body: bytes) -> bytes:
    """A body with the brace at its end that is missing."""
    return body + b"}" if body.count(b"{") == body.count(b"}") + 1 else body


class StoresBeforeValidating(
    Fault, name="stores-before-validating", breaks=("r4.create.refusal-stores-nothing",), packs=R4_ALONE
):
    """A new consent is refused for its status, and is found by search."""

    def validate(self, resource: Resource, route: Route) -> None:
        try:
            super().validate(resource, route)
        except Refused:
            if not route.id and "-" in str(resource.get("status")) and "patient" in resource:
                self.save(replace(route, id=self.new_id()), resource, None)
            raise


class LastUpdatedIsLocalTime(
    Fault,
    name="last-updated-is-local-time",
    breaks=("r4.create.last-updated-is-the-time-of-the-write",),
    packs=R4_ALONE,
):
    """meta.lastUpdated and Last-Modified are the time of a zone two hours ahead, said to be UTC."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        right = self.clock
        self.clock = lambda: right() + timedelta(hours=2)
        try:
            return super().save(route, resource, previous)
        finally:
            self.clock = right


class LastUpdatedOfACreateIsTheDay(
    Fault,
    name="last-updated-of-a-create-is-the-day",
    breaks=("r4.create.last-updated-is-the-time-of-the-write",),
    packs=R4_ALONE,
):
    """meta.lastUpdated and Last-Modified of a new consent are the midnight before."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        right = self.clock
        if previous is None:
            self.clock = lambda: right() - timedelta(hours=20)
        try:
            return super().save(route, resource, previous)
        finally:
            self.clock = right
