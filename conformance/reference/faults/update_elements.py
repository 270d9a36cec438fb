"""Lies about an update of one element: it is acknowledged and not stored, or stored and not searched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource, Route
    from conformance.reference.parameters import Parameter
    from conformance.reference.store import Stored

R4_ALONE = ("r4",)
STORED = ("r4.update.read-back-is-the-new-content",)
FOUND = ("r4.search.result-is-the-current-content",)


class _Kept(Fault):
    """Keeps an element as it was created."""

    element: ClassVar[str]

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None and self.element in previous.content and self.element in resource:
            resource = {**resource, self.element: previous.content[self.element]}
        return super().kept(resource, previous)


class UpdateKeepsTheCategory(_Kept, name="update-keeps-the-category", breaks=STORED, packs=R4_ALONE):
    """The category of a consent stays what it was created with; an update of it is acknowledged."""

    element = "category"


class UpdateKeepsTheDate(_Kept, name="update-keeps-the-date", breaks=STORED, packs=R4_ALONE):
    """The dateTime of a consent stays what it was created with; an update of it is acknowledged."""

    element = "dateTime"


class UpdateKeepsThePatient(_Kept, name="update-keeps-the-patient", breaks=STORED, packs=R4_ALONE):
    """A consent stays its patient's; an update that makes it another's is acknowledged."""

    element = "patient"


class UpdateKeepsInnerRules(Fault, name="update-keeps-inner-rules", breaks=STORED, packs=R4_ALONE):
    """An update that changes nothing but rules within the rule is taken for none, and acknowledged."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        inner = previous.content.get("provision", {}).get("provision") if previous is not None else None
        if inner is not None and "provision" in resource.get("provision", {}):
            resource = {**resource, "provision": {**resource["provision"], "provision": inner}}
        return super().kept(resource, previous)


class UpdateKeepsOldActors(
    Fault,
    name="update-keeps-old-actors",
    breaks=("r4.update.replaces-the-whole-resource", "r4.consent.contained-resources-are-used"),
    packs=R4_ALONE,
):
    """The actors of an update are added to those that the rule has, though what they refer to may be gone."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        old = previous.content.get("provision", {}).get("actor", []) if previous is not None else []
        if old and "provision" in resource:
            new = resource["provision"].get("actor", [])
            actors = [*new, *(actor for actor in old if actor not in new)]
            resource = {**resource, "provision": {**resource["provision"], "actor": actors}}
        return super().kept(resource, previous)


class UpdateKeepsAMissingRule(
    Fault, name="update-keeps-a-missing-rule", breaks=("r4.update.replaces-the-whole-resource",), packs=R4_ALONE
):
    """A consent keeps its rule when an update has none."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        if previous is None or "provision" in resource or "provision" not in previous.content:
            return resource
        return {**resource, "provision": previous.content["provision"]}


class _Stale(Fault):
    """Searches by what a consent was created with."""

    parameter: ClassVar[str]

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        first = self.store.versions(stored.type, stored.id)[-1]
        if stored.type == "Consent" and parameter.name == self.parameter and not first.deleted:
            stored = first
        return super().searched_values(stored, parameter)


class CategoryIsIndexedOnce(_Stale, name="category-is-indexed-once", breaks=FOUND, packs=R4_ALONE):
    """A consent is found by the category that it was created with."""

    parameter = "category"


class PatientIsIndexedOnce(_Stale, name="patient-is-indexed-once", breaks=FOUND, packs=R4_ALONE):
    """A consent is found by the patient that it was created for."""

    parameter = "patient"


class PeriodIsIndexedOnce(_Stale, name="period-is-indexed-once", breaks=FOUND, packs=R4_ALONE):
    """A consent is found by the period that it was created with."""

    parameter = "period"


class UnknownIdUpdateIsStoredElsewhere(
    Fault,
    name="unknown-id-update-is-stored-elsewhere",
    breaks=("r4.update.unknown-id-is-consistent", "nll-2023.close.unknown-id-creates-nothing"),
    packs=("r4", "nll-2023"),
):
    """An update of an id that nobody has is refused, and stored under an id of the server's own."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:
        self.save(replace(route, id=self.new_id()), resource, None)
        return super().on_unknown_update(request, route, resource)
