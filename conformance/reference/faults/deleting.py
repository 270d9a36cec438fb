"""Lies about deleting a consent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused, Request, Route

if TYPE_CHECKING:
    from conformance.reference.searching import Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

R4_ALONE = ("r4",)


class SecondDeleteCrashes(Fault, name="second-delete-crashes", breaks=("r4.delete.answers-success",), packs=R4_ALONE):
    """Deleting twice answers 500."""

    def delete(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        stored = self.current(route)
        if stored is not None and stored.deleted:
            raise Refused(500, "exception", "nothing to delete")
        return super().delete(request, route, caller)


class DeleteAnswersCreated(Fault, name="delete-answers-created", breaks=("r4.delete.answers-success",), packs=R4_ALONE):
    """A delete answers 201: a version that marks the deletion was created."""

    def delete(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        return replace(super().delete(request, route, caller), status=201)


class DeletedConsentStillReads(
    Fault, name="deleted-consent-still-reads", breaks=("r4.delete.then-gone-from-read",), packs=R4_ALONE
):
    """A deleted consent reads as before."""

    def looked_up(self, route: Route) -> Stored | None:
        versions = self.store.versions(route.type, route.id)
        return next((stored for stored in versions if not stored.deleted), None)


class DeletedConsentReadsAsEnded(
    Fault, name="deleted-consent-reads-as-ended", breaks=("r4.delete.then-gone-from-read",), packs=R4_ALONE
):
    """A deleted consent reads, with the status entered-in-error."""

    def looked_up(self, route: Route) -> Stored | None:
        stored, *earlier = [*self.store.versions(route.type, route.id), None]
        if stored is None or not stored.deleted or not earlier[0]:
            return stored
        return replace(earlier[0], resource={**earlier[0].content, "status": "entered-in-error"})


class DeletedConsentStillFound(
    Fault, name="deleted-consent-still-found", breaks=("r4.delete.then-gone-from-search",), packs=R4_ALONE
):
    """A search finds a deleted consent as it was."""

    def remove(self, route: Route, stored: Stored) -> None:
        self.deleted = [*self.deleted, stored]
        super().remove(route, stored)

    def searched(self, kind: str) -> list[Stored]:
        return [*super().searched(kind), *(stored for stored in self.deleted if stored.type == kind)]

    deleted: list[Stored] = []  # noqa: RUF012 - never changed, only replaced


class DeletedConsentFoundAsEnded(
    DeletedConsentStillFound,
    name="deleted-consent-found-as-ended",
    breaks=("r4.delete.then-gone-from-search",),
    packs=R4_ALONE,
):
    """A search finds a deleted consent with the status entered-in-error."""

    def remove(self, route: Route, stored: Stored) -> None:
        super().remove(route, replace(stored, resource={**stored.content, "status": "entered-in-error"}))


class UndeletableIsDeleted(
    Fault, name="undeletable-is-deleted", breaks=("r4.delete.blanket-refusal-status",), packs=("nll-2023",)
):
    """A server that says that it never deletes consents deletes one."""

    interactions = ("read", "create", "update", "search-type", "delete")


class UndeletableIsRefusedButDeleted(
    Fault, name="undeletable-is-refused-but-deleted", breaks=("r4.delete.blanket-refusal-status",), packs=("nll-2023",)
):
    """A server that says that it never deletes consents answers 405 and deletes one."""

    interactions = ("read", "create", "update", "search-type", "delete")

    def delete(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        super().delete(request, route, caller)
        raise Refused(405, "not-supported", "consents are never deleted")


class DeletedIsFoundById(
    Fault, name="deleted-is-found-by-id", breaks=("r4.delete.then-gone-from-search",), packs=R4_ALONE
):
    """A search by _id finds the last version before the deletion."""

    def found(self, asked: Search) -> list[Stored]:
        ids = [value for one in asked.criteria if one.name == "_id" for value in one.values]
        gone = [self.store.versions(asked.route.type, id_) for id_ in ids]
        return [*super().found(asked), *(versions[1] for versions in gone if versions and versions[0].deleted)]


class _ForgottenIndex(Fault):
    """Searches by one parameter find deleted consents as well."""

    parameter: ClassVar[str]
    deleted: ClassVar[dict[str, Stored]] = {}

    def remove(self, route: Route, stored: Stored) -> None:
        self.deleted[stored.id] = stored
        super().remove(route, stored)

    def found(self, asked: Search) -> list[Stored]:
        if not any(one.parameter.name == self.parameter for one in asked.criteria):
            return super().found(asked)
        gone = [stored for stored in self.deleted.values() if self.selected(stored, asked.criteria)]
        return [*super().found(asked), *(stored for stored in gone if self.visible(asked.caller, stored))]


class DeletedKeepsItsStatus(
    _ForgottenIndex, name="deleted-keeps-its-status", breaks=("r4.delete.then-gone-from-search",), packs=R4_ALONE
):
    """A search that asks for a status finds deleted consents that had it."""

    parameter = "status"


class DeletedKeepsItsCategory(
    _ForgottenIndex, name="deleted-keeps-its-category", breaks=("r4.delete.then-gone-from-search",), packs=R4_ALONE
):
    """A search that asks for a category finds deleted consents that had it."""

    parameter = "category"


class DeletedKeepsItsPeriod(
    _ForgottenIndex, name="deleted-keeps-its-period", breaks=("r4.delete.then-gone-from-search",), packs=R4_ALONE
):
    """A search that asks for a period finds deleted consents that were valid in it."""

    parameter = "period"


class DeleteTakesThePatientsOthers(
    Fault, name="delete-takes-the-patients-others", breaks=("r4.delete.removes-only-the-consent-named",), packs=R4_ALONE
):
    """Deleting a consent deletes all consents of the patient."""

    def remove(self, route: Route, stored: Stored) -> None:
        for other in self.store.everything("Consent"):
            if other.id != stored.id and other.content.get("patient") == stored.content.get("patient"):
                super().remove(replace(route, id=other.id), other)
        super().remove(route, stored)


class DeleteTakesTheNextOne(
    Fault, name="delete-takes-the-next-one", breaks=("r4.delete.removes-only-the-consent-named",), packs=R4_ALONE
):
    """Deleting a consent deletes the one as well that was created after it."""

    def remove(self, route: Route, stored: Stored) -> None:
        following = [other for other in self.store.everything("Consent") if other.first > stored.first]
        for other in following[:1]:
            super().remove(replace(route, id=other.id), other)
        super().remove(route, stored)
