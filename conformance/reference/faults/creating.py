"""Lies about creating a consent: the status, the address that is told, and what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource
    from conformance.reference.store import Stored


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


class AccessConsentStartsActive(
    Fault,
    name="access-consent-starts-active",
    breaks=("nll-2023.create.access-consent-starts-proposed", "r4.write.meaning-survives"),
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


class CreateLosesTheCategorySystem(
    Fault,
    name="create-loses-the-category-system",
    breaks=("r4.create.location-leads-to-the-consent",),
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
