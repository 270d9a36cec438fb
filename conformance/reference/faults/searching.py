"""Lies about searching: the Bundle, and what a patient's search selects."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused, Request, Route

if TYPE_CHECKING:
    from conformance.reference.parameters import Criterion
    from conformance.reference.searching import Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller


def _with_matches(answer: Answer) -> bool:
    return answer.status == 200 and bool(answer.resource and answer.resource.get("entry"))


class SearchAnswersCollection(Fault, name="search-answers-collection", breaks=("r4.search.answers-a-searchset",)):
    """The Bundle of a search with matches has the type collection."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().search(request, route, caller)
        if not _with_matches(answer):
            return answer
        return replace(answer, resource={**(answer.resource or {}), "type": "collection"})


class SearchHasNoType(Fault, name="search-bundle-has-no-type", breaks=("r4.search.answers-a-searchset",)):
    """The Bundle of a search with matches has no type."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().search(request, route, caller)
        if not _with_matches(answer):
            return answer
        bundle = {name: value for name, value in (answer.resource or {}).items() if name != "type"}
        return replace(answer, resource=bundle)


class NoMatchIsNotFound(
    Fault,
    name="no-match-is-not-found",
    breaks=(
        "r4.search.no-match-is-an-empty-set",
        "nll-2023.fetch.unknown-id-is-an-error",
    ),
    packs=("r4",),
):
    """A search without matches answers 404."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().search(request, route, caller)
        if route.type == "Consent" and not _with_matches(answer):
            raise Refused(404, "not-found", "nothing was found")
        return answer


class NoMatchIsNoContent(
    Fault,
    name="no-match-is-no-content",
    breaks=("r4.search.no-match-is-an-empty-set", "nll-2023.fetch.unknown-id-is-an-error"),
    packs=("r4",),
):
    """A search without matches answers 204."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().search(request, route, caller)
        return answer if route.type != "Consent" or _with_matches(answer) else Answer(status=204)


class NoMatchCountsOne(
    Fault,
    name="no-match-counts-one",
    breaks=("r4.search.no-match-is-an-empty-set",),
):
    """A search without matches says that there is one."""

    def total(self, matches: list[Stored], page: list[Stored], included: list[Stored]) -> Any:
        return super().total(matches, page, included) or 1


class SearchIgnoresPatient(
    Fault,
    name="search-ignores-patient",
    breaks=(
        "r4.search.by-patient",
        "r4.search.no-match-is-an-empty-set",
        "nll-2023.fetch.unknown-id-is-an-error",
    ),
):
    """The parameter patient selects every consent."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        return criterion.parameter.name == "patient" or super().matches_criterion(stored, criterion)


class PatientSearchAddsAnother(Fault, name="patient-search-adds-another", breaks=("r4.search.by-patient",)):
    """A search that finds consents of a patient adds the consent that was created before each."""

    def found(self, asked: Search) -> list[Stored]:
        matches = super().found(asked)
        numbers = {stored.first for stored in matches}
        if not asked.criteria or not numbers or asked.route.type != "Consent":
            return matches
        everything = self.searched("Consent")
        pairs = itertools.pairwise(everything)
        before = {one.first for one, following in pairs if following.first in numbers}
        return [stored for stored in everything if stored.first in numbers | before]


class PatientSearchFindsNothing(
    Fault,
    name="patient-search-finds-nothing",
    breaks=(
        "r4.search.by-patient",
        "nll-2023.fetch.unknown-id-is-an-error",
        "nll-2023.close.read-shows-latest-version",
    ),
    blocks=("r4.search.no-match-is-an-empty-set", "nll-2023.close.unknown-id-creates-nothing"),
):
    """The parameter patient selects no consent."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        return criterion.parameter.name != "patient" and super().matches_criterion(stored, criterion)
