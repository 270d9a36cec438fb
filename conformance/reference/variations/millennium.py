"""Legal differences where the pages of Oracle Health leave a choice."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference.fault import Variation
from conformance.reference.messages import Answer, Refused, Route

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource
    from conformance.reference.parameters import Criterion
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

ORACLE = ("oracle-health",)


class OpenHost(Variation, name="open-host", packs=ORACLE):
    """No token is needed, and none is looked at: one of the vendor's hosts is open (overview, service root)."""

    secured: ClassVar[bool] = False


class RolesOfTheTable(Variation, name="roles-of-the-table", packs=ORACLE):
    """Role and action are coded as in the page's table: its examples differ from it."""

    def holdings(self) -> list[Resource]:
        held = copy.deepcopy(super().holdings())
        for rule in (one["provision"] for one in held if one["resourceType"] == "Consent"):
            system = "http://terminology.hl7.org/CodeSystem/contractsignertypecodes"
            rule["actor"][0]["role"]["coding"][0]["system"] = system
            rule["action"][0]["coding"][0]["code"] = "Correct"
        return held


class WordsInOtherCase(Variation, name="words-in-other-case", packs=ORACLE):
    """Displays are written in capitals: they are for people, and compared without case."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource: Resource = _with_capitals(super().presented(stored, request))
        return resource


def _with_capitals(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: one.upper() if key == "display" and isinstance(one, str) else _with_capitals(one)
            for key, one in value.items()
        }
    return [_with_capitals(one) for one in value] if isinstance(value, list) else value


class EveryRefusalCarriesAnOutcome(Variation, name="every-refusal-carries-an-outcome", packs=ORACLE):
    """Refusals carry an OperationOutcome, also where the page shows words or nothing: it is FHIR's own way (Errors)."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        told = self.outcome(severity="error", code=refusal.code, text=refusal.reason)
        return replace(answer, resource=told, text="")


class NoRefusalHasABody(Variation, name="no-refusal-has-a-body", packs=ORACLE):
    """Refusals have no body: OperationOutcomes may be returned, and need not (Errors)."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        return replace(super().refused(request, refusal), resource=None, text="")


class IdTakesNoInclude(Variation, name="id-takes-no-include", packs=ORACLE):
    """With _id an include is ignored as well: all other parameters are ignored (Search, Parameters)."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        return [] if any(name == "_id" for name, _ in asked.query) else super().included(asked, page)

    def used(self, asked: Search) -> Query:
        used = super().used(asked)
        alone = any(name == "_id" for name, _ in asked.query)
        return tuple(part for part in used if part[0] != "_include") if alone else used


class OneValueOnly(Variation, name="one-value-only", packs=ORACLE):
    """A selector that occurs twice or has two values is refused (Search, Notes: exactly once, a single value)."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        used = super().criteria(request, route, query)
        names = [criterion.name for criterion in used]
        if len(set(names)) < len(names) or any(len(criterion.values) > 1 for criterion in used):
            raise Refused(400, "invalid", "a parameter occurs more than once")
        return used


class IncludesWithoutScopeAreLeftOut(Variation, name="includes-without-scope-are-left-out", packs=ORACLE):
    """What a token may not read is not included, and the search is carried out: the page says who needs a scope."""

    def check_include_scopes(self, caller: Caller, query: Query) -> None:
        """Refuse nothing."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        included = super().included(asked, page)
        caller = asked.caller
        return [
            one
            for one in included
            if caller is None or self.in_scope(caller, Route(interaction="search-type", type=one.type))
        ]


class MatchesComeAgain(Variation, name="matches-come-again", packs=ORACLE):
    """A patient's consents come again on a later page: the overview says that they may."""

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        page, after = super().page(asked, matches)
        later = any(name == "_after" for name, _ in asked.query)
        return ([matches[0], *page] if later and matches[0] not in page else page), after


class TenantsAreNotFound(Variation, name="tenants-are-not-found", packs=ORACLE):
    """A tenant that does not exist is refused with 404: it says no less than the documented 403."""

    def other_tenant(self, request: Request) -> Route:  # noqa: ARG002 - as in the personality
        raise Refused(404, "not-found", "there is nothing here")


class EnteredInErrorIsMasked(Variation, name="entered-in-error-is-masked", packs=ORACLE):
    """A consent that was entered in error shows hardly anything: so says the overview (entered-in-error, patients)."""

    def holdings(self) -> list[Resource]:
        held = super().holdings()
        last = held[-1]
        masked = {name: last[name] for name in ("resourceType", "id", "meta", "text", "scope", "category", "patient")}
        rule = {"type": "permit", "actor": last["provision"]["actor"]}
        policy = {"policyRule": last["policyRule"], "provision": rule}
        return [*held[:-1], {**masked, "status": "entered-in-error", **policy}]
