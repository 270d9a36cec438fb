"""Lies about searches that need one of a few parameters: which are enough, what they find, what comes along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused, Request, Route
from conformance.reference.millennium import FAMOUS_PATIENT, OF_THE_FAMOUS, OF_THE_OTHER

if TYPE_CHECKING:
    from conformance.reference.messages import Resource
    from conformance.reference.parameters import Criterion
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

ORACLE = ("oracle-health",)
TWICE = ("oracle-health.search.selector-may-occur-once",)


def _names(query: Query) -> list[str]:
    return [name for name, _ in query if name not in {"_include", "_after"}]


class ActorIdentifierNeedsCompany(
    Fault,
    name="actor-identifier-needs-company",
    breaks=["oracle-health.search.one-selector-is-enough", "oracle-health.search.by-actor-identifier"],
    packs=ORACLE,
):
    """A search by actor.identifier alone is refused."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        if _names(query) == ["actor.identifier"]:
            raise Refused(400, "required", "patient is missing")
        return super().criteria(request, route, query)


class PatientIdentifierNeedsCompany(
    Fault,
    name="patient-identifier-needs-company",
    breaks=["oracle-health.search.one-selector-is-enough", "oracle-health.search.by-patient-identifier"],
    packs=ORACLE,
):
    """A search by patient.identifier alone is refused."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        if _names(query) == ["patient.identifier"]:
            raise Refused(400, "required", "actor is missing")
        return super().criteria(request, route, query)


class UnselectiveSearchListsEverything(
    Fault,
    name="unselective-search-lists-everything",
    breaks=["oracle-health.search.no-selector-is-refused"],
    packs=ORACLE,
):
    """GET /Consent without any parameter lists all consents."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        return super().criteria(request, route, query) if query else ()


class IncludeCountsAsSelector(
    Fault,
    name="include-counts-as-selector",
    breaks=["oracle-health.search.no-selector-is-refused"],
    packs=ORACLE,
):
    """A search that has an include and selects nothing is carried out."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        if query and not _names(query):
            return ()
        return super().criteria(request, route, query)


class IdIsCombinedWithThePatient(
    Fault,
    name="id-is-combined-with-the-patient",
    breaks=["oracle-health.search.id-overrides-the-rest"],
    packs=ORACLE,
):
    """With _id and another patient nothing is found."""

    def overridden(self, used: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        return used


class IdIsCombinedWithAnActor(
    Fault,
    name="id-is-combined-with-an-actor",
    breaks=["oracle-health.search.id-overrides-the-rest"],
    packs=ORACLE,
):
    """With _id and another consent's actor nothing is found."""

    def overridden(self, used: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        return used if any(one.parameter.name == "actor" for one in used) else super().overridden(used)


class IdIsOverriddenByThePatient(
    Fault,
    name="id-is-overridden-by-the-patient",
    breaks=["oracle-health.search.id-overrides-the-rest"],
    packs=ORACLE,
):
    """With _id and a patient the patient's consents are found."""

    def overridden(self, used: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        return tuple(criterion for criterion in used if criterion.name != "_id") or used


class IdWithAnIncludeFindsNothing(
    Fault,
    name="id-with-an-include-finds-nothing",
    breaks=["oracle-health.search.id-overrides-the-rest"],
    packs=ORACLE,
):
    """With _id and an include nothing is found: neither reading of the page allows that."""

    def found(self, asked: Search) -> list[Stored]:
        names = {name for name, _ in asked.query}
        return [] if {"_id", "_include"} <= names else super().found(asked)


class IdFindsWhatBeginsLikeIt(
    Fault,
    name="id-finds-what-begins-like-it",
    breaks=["oracle-health.search.by-id", "r4.search.by-id"],
    packs=ORACLE,
):
    """_id finds each consent whose id begins with it."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.name == "_id" and isinstance(value, str):
            return value.startswith(wanted)
        return super().matches_token(value, criterion, wanted)


class IdSearchAddsAStranger(
    Fault,
    name="id-search-adds-a-stranger",
    breaks=["oracle-health.search.by-id", "r4.search.by-id"],
    packs=ORACLE,
):
    """_id finds the consent of that id and one of another patient."""

    def found(self, asked: Search) -> list[Stored]:
        found = super().found(asked)
        if not found or [criterion.name for criterion in asked.criteria] != ["_id"]:
            return found
        here = {stored.id for stored in found}
        added = [one for one in self.searched("Consent") if one.id == OF_THE_FAMOUS[0] and one.id not in here]
        return [*found, *(one for one in added if self.visible(asked.caller, one))]


class TwoIdsCrash(Fault, name="two-ids-crash", breaks=["oracle-health.search.by-id"], packs=ORACLE):
    """Two ids in one _id are a server error."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        if any(name == "_id" and "," in value for name, value in query):
            raise RuntimeError("two ids")
        return super().criteria(request, route, query)


class PatientSearchAddsAStranger(
    Fault,
    name="patient-search-adds-a-stranger",
    breaks=["oracle-health.search.by-patient", "r4.search.by-patient"],
    packs=ORACLE,
):
    """A search by patient that finds something finds a consent of another patient as well."""

    def found(self, asked: Search) -> list[Stored]:
        found = super().found(asked)
        if not found or _names(asked.query) != ["patient"]:
            return found
        here = {stored.id for stored in found}
        added = [one for one in self.searched("Consent") if one.id == OF_THE_OTHER and one.id not in here]
        return [*found, *(one for one in added if self.visible(asked.caller, one))]


class PatientSearchOverlooksAPatient(
    Fault,
    name="patient-search-overlooks-a-patient",
    breaks=["oracle-health.search.by-patient", "r4.search.by-patient"],
    blocks=["oracle-health.search.id-overrides-the-rest"],
    packs=ORACLE,
):
    """The consent of one patient is not found by the patient."""

    def found(self, asked: Search) -> list[Stored]:
        by_patient = _names(asked.query) == ["patient"]
        return [stored for stored in super().found(asked) if not (by_patient and stored.id == OF_THE_OTHER)]


class ActorTypeModifierIsRefused(
    Fault, name="actor-type-modifier-is-refused", breaks=["oracle-health.search.by-actor"], packs=ORACLE
):
    """actor:RelatedPerson=[id] is refused."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        if name == "actor:RelatedPerson":
            raise Refused(400, "not-supported", "the modifier RelatedPerson is not supported for actor")
        return super().criterion(kind, name, written)


class BareActorIdFindsNothing(
    Fault, name="bare-actor-id-finds-nothing", breaks=["oracle-health.search.by-actor"], packs=ORACLE
):
    """actor=[id] finds nothing, while RelatedPerson/[id] does."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        bare = criterion.name == "actor" and "/" not in wanted
        return not bare and super().matches_reference(value, criterion, wanted)


class PatientIdentifierIgnoresTheSystem(
    Fault,
    name="patient-identifier-ignores-the-system",
    breaks=["oracle-health.search.by-patient-identifier"],
    packs=ORACLE,
):
    """patient.identifier compares the value and not the system."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        whole = name == "patient.identifier"
        return super().criterion(kind, name, written.partition("|")[2] if whole else written)


class PatientIdentifierTakesLongerValues(
    Fault,
    name="patient-identifier-takes-longer-values",
    breaks=["oracle-health.search.by-patient-identifier"],
    packs=ORACLE,
):
    """patient.identifier finds a patient also when something follows the value."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        system, bar, value = written.partition("|")
        short = f"{system}{bar}{value[:4]}"
        return super().criterion(kind, name, short if name == "patient.identifier" else written)


class IdentifierIsSplitAtTheLastColon(
    Fault,
    name="identifier-is-split-at-the-last-colon",
    breaks=["oracle-health.search.by-actor-identifier"],
    packs=ORACLE,
):
    """A principal that has colons in it finds nobody."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        torn = written.rpartition(":")[2] if name == "actor.identifier" else written
        return super().criterion(kind, name, torn)


class ActorIdentifierReadsThePatient(
    Fault,
    name="actor-identifier-reads-the-patient",
    breaks=["oracle-health.search.by-actor-identifier"],
    packs=ORACLE,
):
    """actor.identifier finds consents by an identifier of the patient as well."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        if super().matches_criterion(stored, criterion):
            return True
        if criterion.name != "actor.identifier":
            return False
        mistaken = self.criterion("Consent", "patient.identifier", criterion.written)
        return mistaken is not None and super().matches_criterion(stored, mistaken)


class RepeatedPatientDropsTheFilter(Fault, name="repeated-patient-drops-the-filter", breaks=TWICE, packs=ORACLE):
    """Two patient parameters find the consents of all patients."""

    def selected(self, stored: Stored, criteria: tuple[Criterion, ...]) -> bool:
        twice = [criterion.name for criterion in criteria].count("patient") > 1
        return twice or super().selected(stored, criteria)


class TwoPatientsCrash(Fault, name="two-patients-crash", breaks=TWICE, packs=ORACLE):
    """Two patients in one value are a server error."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        if any(name == "patient" and "," in value for name, value in query):
            raise RuntimeError("two patients")
        return super().criteria(request, route, query)


class SecondIncludeIsIgnored(
    Fault, name="second-include-is-ignored", breaks=["oracle-health.search.include-both"], packs=ORACLE
):
    """Of two includes only the first is carried out."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        first = [part for part in asked.query if part[0] == "_include"][:1]
        rest = [part for part in asked.query if part[0] != "_include"]
        return super().included(replace(asked, query=(*rest, *first)), page)


class IncludeBringsEverything(
    Fault, name="include-brings-everything", breaks=["oracle-health.search.include-both"], packs=ORACLE
):
    """One include brings patients and related persons."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        both = (("_include", "Consent:patient"), ("_include", "Consent:actor"))
        wanted = both if any(name == "_include" for name, _ in asked.query) else ()
        return super().included(replace(asked, query=wanted), page)


class IncludeSkipsTheScopes(
    Fault, name="include-skips-the-scopes", breaks=["oracle-health.search.include-needs-scopes"], packs=ORACLE
):
    """An include is carried out for a token without the scopes of what it includes."""

    def check_include_scopes(self, caller: Caller, query: Query) -> None:
        """Look at nothing."""


class RelatedPersonNeedsNoScope(
    Fault, name="related-person-needs-no-scope", breaks=["oracle-health.search.include-needs-scopes"], packs=ORACLE
):
    """Related persons are included for a token that may read consents alone."""

    def check_include_scopes(self, caller: Caller, query: Query) -> None:
        super().check_include_scopes(caller, tuple(part for part in query if part[1] != "Consent:actor"))


class SelfLinkDropsTheInclude(
    Fault,
    name="self-link-drops-the-include",
    breaks=["oracle-health.search.self-link-repeats-the-request"],
    packs=ORACLE,
):
    """The self link leaves out the includes."""

    def used(self, asked: Search) -> Query:
        return tuple(part for part in super().used(asked) if part[0] != "_include")


class BundleIdIsConstant(
    Fault, name="bundle-id-is-constant", breaks=["oracle-health.search.bundle-identity"], packs=ORACLE
):
    """Every searchset has the same id."""

    def bundle_id(self) -> str:
        return "2d5d89a5-67b1-489e-b6ef-878878beab55"


class ModeOnIncludesOnly(
    Fault,
    name="mode-on-includes-only",
    breaks=["oracle-health.search.match-entry-is-complete", "r4.search.entry-mode-is-given"],
    packs=ORACLE,
):
    """Matches have no search.mode."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        entry = super().entry(stored, mode, request)
        return entry if mode == "include" else {name: value for name, value in entry.items() if name != "search"}


class NextLinkIsRefused(Fault, name="next-link-is-refused", breaks=["oracle-health.search.page-links"], packs=ORACLE):
    """The address of a next page of one patient's consents is refused."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        asked = dict(request.query)
        if "_after" in asked and FAMOUS_PATIENT in asked.get("patient", ""):
            raise Refused(400, "invalid", "the page context is not valid")
        return super().search(request, route, caller)


class SearchEntryLacksThePeriod(
    Fault,
    name="search-entry-lacks-the-period",
    breaks=["oracle-health.read.agrees-with-search"],
    packs=ORACLE,
):
    """In a search result a consent's rule has no period."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        entry = super().entry(stored, mode, request)
        resource = entry["resource"]
        if resource["resourceType"] != "Consent":
            return entry
        rule = {name: value for name, value in resource["provision"].items() if name != "period"}
        return {**entry, "resource": {**resource, "provision": rule}}


class ReadsAnswerAnotherId(Fault, name="reads-answer-another-id", breaks=["r4.read.id-matches-request"], packs=ORACLE):
    """The read of one consent answers it under another id, which no page prints."""

    def shown(self, stored: Stored, request: Request) -> Answer:
        answer = super().shown(stored, request)
        if stored.id != OF_THE_FAMOUS[-1] or answer.resource is None:
            return answer
        return replace(answer, resource={**answer.resource, "id": "AR-1-1"})


class BundleEndsWithoutAResource(
    Fault,
    name="bundle-ends-without-a-resource",
    breaks=["r4.search.entries-have-resources", "oracle-health.search.match-entry-is-complete"],
    packs=ORACLE,
):
    """Every searchset ends in an entry that has only search, as the page prints it in some examples alone."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        return {**bundle, "entry": [*bundle.get("entry", ()), {"search": {"mode": "match"}}]}
