"""Lies of hosts that are read and searched only: what one more parameter, page or token lets through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.faults.field_table import MEDICASOFT
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource, Route
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


class IncludeNeedsAPatient(
    Fault, name="include-needs-a-patient", breaks=("oracle-health.search.include-both",), packs=ORACLE
):
    """A search by actor brings nobody along."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        by_patient = any(criterion.name == "patient" for criterion in asked.criteria)
        return super().included(asked, page) if by_patient else []


class NextPageWithAnIncludeIsUnknown(
    Fault, name="next-page-with-an-include-is-unknown", breaks=("oracle-health.search.page-links",), packs=ORACLE
):
    """The second page of a search with an include is not found."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        if {"_after", "_include"} <= {name for name, _ in request.query}:
            raise Refused(404, "not-found", "there is no such page")
        return super().search(request, route, caller)


class CategoryFindsWhatIsActive(
    Fault,
    name="category-finds-what-is-active",
    breaks=("medicasoft.search.by-category", "r4.search.by-category"),
    packs=MEDICASOFT,
):
    """A category finds consents that are active alone."""

    def selected(self, stored: Stored, criteria: tuple[Criterion, ...]) -> bool:
        hidden = stored.content["status"] != "active" and any(one.name == "category" for one in criteria)
        return not hidden and super().selected(stored, criteria)


class TotalBesideACategoryCountsAll(
    Fault,
    name="total-beside-a-category-counts-all",
    breaks=("r4.search.total-counts-matches-only",),
    packs=MEDICASOFT,
):
    """Where a category selects, the total is the number of all consents."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        by_category = any(criterion.name == "category" for criterion in asked.criteria)
        return {**bundle, "total": len(self.searched("Consent"))} if by_category else bundle


class PatientCutShortIsFound(
    Fault,
    name="patient-cut-short-is-found",
    breaks=("medicasoft.search.by-patient", "r4.search.by-patient"),
    packs=MEDICASOFT,
):
    """A patient is found by the beginning of an id."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        begins = wanted.startswith("Patient/") and str(value.get("reference", "")).startswith(wanted)
        return begins or super().matches_reference(value, criterion, wanted)


class SearchShowsTheEndedAsActive(
    Fault, name="search-shows-the-ended-as-active", breaks=("oracle-health.read.agrees-with-search",), packs=ORACLE
):
    """In a search result a consent that is inactive is active."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        entry = super().entry(stored, mode, request)
        inactive = entry["resource"].get("status") == "inactive"
        return {**entry, "resource": {**entry["resource"], "status": "active"}} if inactive else entry


class FirstOfAcceptDecides(
    Fault,
    name="first-of-accept-decides",
    breaks=("oracle-health.headers.standard-accept-is-understood",),
    packs=ORACLE,
):
    """Of several formats that are accepted only the first is looked at."""

    def negotiate(self, request: Request) -> None:
        accepted = request.header("accept")
        if accepted and not self.understands(accepted.partition(",")[0]):
            raise Refused(406, "not-supported", "not offered")
        super().negotiate(request)
