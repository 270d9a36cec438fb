"""Lies of hosts that are read and searched only: what one more parameter, page or token lets through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.field_table import MEDICASOFT

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Route
    from conformance.reference.parameters import Criterion
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

ORACLE = ("oracle-health",)
BOUND = ("security.patient.others-are-out-of-reach",)
UNSELECTIVE = ("oracle-health.search.no-selector-is-refused",)


class ActorSearchForgetsTheBinding(Fault, name="actor-search-forgets-the-binding", breaks=BOUND, packs=ORACLE):
    """A token bound to one patient finds another's consent by its actor."""

    def found(self, asked: Search) -> list[Stored]:
        by_actor = any(criterion.name == "actor" for criterion in asked.criteria)
        return super().found(replace(asked, caller=None) if by_actor else asked)


class IdentifierSearchForgetsTheBinding(
    Fault, name="identifier-search-forgets-the-binding", breaks=BOUND, packs=ORACLE
):
    """A token bound to one patient finds another's consent by an identifier."""

    def found(self, asked: Search) -> list[Stored]:
        chained = any(criterion.chain for criterion in asked.criteria)
        return super().found(replace(asked, caller=None) if chained else asked)


class CategorySearchForgetsTheBinding(
    Fault, name="category-search-forgets-the-binding", breaks=BOUND, packs=MEDICASOFT
):
    """A token bound to one patient finds everybody's consents of a category."""

    def found(self, asked: Search) -> list[Stored]:
        by_category = any(criterion.name == "category" for criterion in asked.criteria)
        return super().found(replace(asked, caller=None) if by_category else asked)


class NextPageNeedsNoToken(
    Fault, name="next-page-needs-no-token", breaks=("security.token.absent-gets-no-consent",), packs=ORACLE
):
    """Whoever knows the address of a next page gets it."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        goes_on = any(name == "_after" for name, _ in request.query)
        return None if goes_on else super().admitted(request, route)


class EmptySelectorListsEverything(Fault, name="empty-selector-lists-everything", breaks=UNSELECTIVE, packs=ORACLE):
    """A search by _id without a value finds all consents."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        return () if ("_id", "") in query else super().criteria(request, route, query)


class StatusCountsAsSelector(Fault, name="status-counts-as-selector", breaks=UNSELECTIVE, packs=ORACLE):
    """A search by status, which is no parameter here, finds all consents."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        names = [name for name, _ in query]
        return () if names == ["status"] else super().criteria(request, route, query)


class UnknownIdGivesWayToThePatient(
    Fault,
    name="unknown-id-gives-way-to-the-patient",
    breaks=("oracle-health.search.id-overrides-the-rest",),
    packs=ORACLE,
):
    """With an _id that nobody has and a patient the patient's consents are found."""

    def overridden(self, used: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        left = super().overridden(used)
        known = any(self.selected(stored, left) for stored in self.searched("Consent"))
        others = tuple(criterion for criterion in used if criterion.name != "_id")
        return left if known or not others else others
