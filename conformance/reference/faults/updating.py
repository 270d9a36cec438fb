"""Lies about an update at the consent's own address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource, Route
    from conformance.reference.store import Stored

R4_ALONE = ("r4",)


class UpdateAnswersCreated(Fault, name="update-answers-created", breaks=("r4.update.answers-ok",), packs=R4_ALONE):
    """An update of a consent that exists answers 201."""

    def updated(self, request: Request, stored: Stored) -> Answer:
        return replace(super().updated(request, stored), status=201)


class UpdateAnswersNoContent(Fault, name="update-answers-no-content", breaks=("r4.update.answers-ok",), packs=R4_ALONE):
    """An update of a consent that exists answers 204."""

    def updated(self, request: Request, stored: Stored) -> Answer:
        return replace(super().updated(request, stored), status=204, resource=None)


class UpdateCannotReopen(
    Fault,
    name="update-cannot-reopen",
    breaks=("r4.update.read-back-is-the-new-content",),
    packs=R4_ALONE,
):
    """An update that makes an inactive consent active is acknowledged, and the status stays."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None and (previous.content["status"], resource["status"]) == ("inactive", "active"):
            resource = {**resource, "status": "inactive"}
        return super().kept(resource, previous)


class UpdateKeepsOldStatus(
    Fault,
    name="update-keeps-old-status",
    breaks=("r4.update.read-back-is-the-new-content", "r4.write.meaning-survives"),
    packs=R4_ALONE,
):
    """An update stores everything but the status."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None:
            resource = {**resource, "status": previous.content["status"]}
        return super().kept(resource, previous)


class UpdateAcknowledgedButLost(
    Fault,
    name="update-acknowledged-but-lost",
    breaks=(
        "r4.update.read-back-is-the-new-content",
        "period.end.comes-back-as-the-same-moment",
        "period.end.keeps-its-precision",
        "r4.write.meaning-survives",
    ),
    blocks=(
        "r4.update.stale-version-is-refused",
        "r4.vread.returns-the-asked-version",
        "r4.history.lists-every-version",
    ),
    packs=R4_ALONE,
):
    """An update answers 200 with the new content and stores nothing."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is None:
            return super().save(route, resource, previous)
        return replace(previous, resource={**resource, "meta": previous.content["meta"]})


class UnknownIdUpdateSaysCreatedButLost(
    Fault,
    name="unknown-id-update-says-created-but-lost",
    breaks=("r4.update.unknown-id-is-consistent",),
    packs=R4_ALONE,
):
    """An update of an id that nobody has answers 201, and the id reads 404."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:  # noqa: ARG002 - as in Service
        return Answer(status=201, resource=resource, headers=(("Location", f"{self.base}/{route.type}/{route.id}"),))
