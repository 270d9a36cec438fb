"""Lies about an update at the consent's own address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.creating import completed
from conformance.reference.faults.period import NEED_AN_END
from conformance.reference.messages import Answer, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.reference.messages import Request, Resource, Route
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

R4_ALONE = ("r4",)


class UpdateAnswersCreated(Fault, name="update-answers-created", breaks=("r4.update.answers-ok",), packs=R4_ALONE):
    """An update of a consent that exists answers 201."""

    def updated(self, request: Request, stored: Stored) -> Answer:
        return replace(super().updated(request, stored), status=201)


class UpdateAnswersNoContent(
    Fault,
    name="update-answers-no-content",
    breaks=(
        "r4.update.answers-ok",
        "r4.prefer.representation-has-the-resource",
        "r4.prefer.operation-outcome-on-request",
    ),
    packs=R4_ALONE,
):
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
    breaks=(
        "r4.update.read-back-is-the-new-content",
        "r4.write.meaning-survives",
    ),
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
        "r4.prefer.representation-has-the-resource",
        "r4.update.advances-the-version",
        "r4.update.replaces-the-whole-resource",
    ),
    blocks=(
        *NEED_AN_END,
        "r4.update.stale-version-is-refused",
        "r4.vread.returns-the-asked-version",
        "r4.history.lists-every-version",
        "r4.search.by-last-updated",
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


class UnknownIdUpdateIsAcceptedAndDropped(
    Fault,
    name="unknown-id-update-is-accepted-and-dropped",
    breaks=("r4.update.unknown-id-is-consistent",),
    packs=R4_ALONE,
):
    """An update of an id that nobody has answers 202, and nothing comes of it."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:  # noqa: ARG002 - as in Service
        return Answer(status=202)


class UpdateAppendsToLists(
    Fault, name="update-appends-to-lists", breaks=("r4.update.replaces-the-whole-resource",), packs=R4_ALONE
):
    """The identifiers of a PUT are added to those that are stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        stored = previous.content.get("identifier", []) if previous else []
        missing = [one for one in stored if one not in resource.get("identifier", [])]
        if missing:
            resource = {**resource, "identifier": [*resource.get("identifier", []), *missing]}
        return super().kept(resource, previous)


class UpdateKeepsThePolicyRule(
    Fault, name="update-keeps-the-policy-rule", breaks=("r4.update.replaces-the-whole-resource",), packs=R4_ALONE
):
    """A policyRule that a PUT leaves out stays."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        rule = previous.content.get("policyRule") if previous and not previous.deleted else None
        return super().kept({"policyRule": rule, **resource} if rule else resource, previous)


class UpdateKeepsThePurpose(
    Fault, name="update-keeps-the-purpose", breaks=("r4.update.replaces-the-whole-resource",), packs=R4_ALONE
):
    """A purpose of the rule that a PUT leaves out stays."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        purpose = previous.content.get("provision", {}).get("purpose") if previous and not previous.deleted else None
        if purpose and "provision" in resource:
            resource = {**resource, "provision": {"purpose": purpose, **resource["provision"]}}
        return super().kept(resource, previous)


class UnreadableIfMatchIsIgnored(
    Fault, name="unreadable-if-match-is-ignored", breaks=("r4.update.stale-version-is-refused",), packs=R4_ALONE
):
    """An If-Match that names no number is taken for none."""

    def check_precondition(self, request: Request, previous: Stored) -> None:
        if (request.header("if-match") or "").strip().removeprefix("W/").strip('"').isdecimal():
            super().check_precondition(request, previous)


class UrlIdWins(Fault, name="url-id-wins", breaks=("r4.update.disagreeing-id-is-refused",), packs=R4_ALONE):
    """A PUT whose body has another id is stored under the id of the address."""

    def addressed(self, route: Route, resource: Resource) -> Route:
        return route if "id" in resource else super().addressed(route, resource)


class BodyIdWins(Fault, name="body-id-wins", breaks=("r4.update.disagreeing-id-is-refused",), packs=R4_ALONE):
    """A PUT whose body has another id is stored under the id of the body."""

    def addressed(self, route: Route, resource: Resource) -> Route:
        return replace(route, id=resource["id"]) if "id" in resource else super().addressed(route, resource)


class MissingBodyIdIsFilledIn(
    Fault, name="missing-body-id-is-filled-in", breaks=("r4.update.missing-body-id-is-refused",), packs=R4_ALONE
):
    """A body without an id is stored under the id of the address."""

    def addressed(self, route: Route, resource: Resource) -> Route:
        return super().addressed(route, {"id": route.id, **resource})


class MissingBodyIdIsOverlooked(
    Fault, name="missing-body-id-is-overlooked", breaks=("r4.update.missing-body-id-is-refused",), packs=R4_ALONE
):
    """A PUT whose body has no id answers 200 and changes nothing."""

    def update(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        stored = self.current(route)
        if "id" in self.parse_body(request, route) or stored is None:
            return super().update(request, route, caller)
        return self.updated(request, stored)


class UpdateKeepsClientLastUpdated(
    Fault, name="update-keeps-client-last-updated", breaks=("r4.update.meta-is-the-servers",), packs=R4_ALONE
):
    """The lastUpdated in the body of a PUT is stored."""

    def meta(self, resource: Resource, *, version: str, updated: datetime, previous: Stored | None) -> Resource:
        own = super().meta(resource, version=version, updated=updated, previous=previous)
        sent = resource.get("meta", {}) if previous is not None else {}
        return {**own, **({"lastUpdated": sent["lastUpdated"]} if "lastUpdated" in sent else {})}


class UpdateKeepsClientVersion(
    Fault, name="update-keeps-client-version", breaks=("r4.update.meta-is-the-servers",), packs=R4_ALONE
):
    """The versionId in the body of a PUT is stored."""

    def meta(self, resource: Resource, *, version: str, updated: datetime, previous: Stored | None) -> Resource:
        own = super().meta(resource, version=version, updated=updated, previous=previous)
        sent = resource.get("meta", {}) if previous is not None else {}
        return {**own, **({"versionId": sent["versionId"]} if "versionId" in sent else {})}


class RefusedUpdateIsApplied(
    Fault, name="refused-update-is-applied", breaks=("r4.update.refusal-changes-nothing",), packs=R4_ALONE
):
    """A PUT whose last brace is missing is refused, and becomes the current version."""

    def update(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        try:
            return super().update(request, route, caller)
        except Refused as refusal:
            previous = self.current(route)
            if refusal.code == "structure" and previous is not None:
                self.save(route, self.decode(completed(request.body)), previous)
            raise


class RefusedUpdateAdvancesVersion(
    Fault, name="refused-update-advances-the-version", breaks=("r4.update.refusal-changes-nothing",), packs=R4_ALONE
):
    """A PUT that is no JSON is refused, and gives the consent a new version with the old content."""

    def update(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        try:
            return super().update(request, route, caller)
        except Refused as refusal:
            previous = self.current(route)
            if refusal.code == "structure" and previous is not None:
                self.save(route, previous.content, previous)
            raise


class UpdateClosesTheNextOne(
    Fault,
    name="update-closes-the-next-one",
    breaks=("r4.update.changes-only-the-consent-named",),
    packs=R4_ALONE,
):
    """An update also makes the consent inactive that was created after it."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and route.type == "Consent":
            following = [other for other in self.store.everything("Consent") if other.first > previous.first]
            for other in following[:1]:
                super().save(replace(route, id=other.id), {**other.content, "status": "inactive"}, other)
        return super().save(route, resource, previous)


class UpdateGivesTheOneBeforeAVersion(
    Fault,
    name="update-gives-the-one-before-a-version",
    breaks=("r4.update.changes-only-the-consent-named",),
    packs=R4_ALONE,
):
    """An update gives the consent that was created before it a new version with the old content."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and route.type == "Consent":
            earlier = [other for other in self.store.everything("Consent") if other.first < previous.first]
            for other in earlier[-1:]:
                super().save(replace(route, id=other.id), other.content, other)
        return super().save(route, resource, previous)


class UpdateClosesThePatientsOthers(
    Fault,
    name="update-closes-the-patients-others",
    breaks=("r4.update.leaves-the-patients-others-alone",),
    packs=R4_ALONE,
):
    """An update that makes a consent inactive does so with all consents of the patient."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and resource.get("status") == "inactive":
            for other in self.store.everything("Consent"):
                if other.id != route.id and other.content.get("patient") == resource.get("patient"):
                    super().save(replace(route, id=other.id), {**other.content, "status": "inactive"}, other)
        return super().save(route, resource, previous)
