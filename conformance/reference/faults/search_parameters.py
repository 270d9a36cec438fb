"""Lies about what a search parameter selects, alone and with others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference import dates, matching
from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Route
    from conformance.reference.parameters import Criterion, Parameter
    from conformance.reference.searching import Query
    from conformance.reference.store import Stored

R4 = ("r4",)
EVERY = ("r4.search.every-claimed-parameter-selects",)


class IdSearchIsAPrefixMatch(Fault, name="id-search-is-a-prefix-match", breaks=("r4.search.by-id",), packs=R4):
    """_id selects every id that begins with the value."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "_id":
            return str(value).startswith(wanted)
        return super().matches_token(value, criterion, wanted)


class IdSearchIgnoresValue(Fault, name="id-search-ignores-value", breaks=("r4.search.by-id",), packs=R4):
    """_id selects every consent."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        return criterion.parameter.name == "_id" or super().matches_criterion(stored, criterion)


class CategoryIgnoresSystem(Fault, name="category-ignores-system", breaks=("r4.search.by-category",), packs=R4):
    """category=othersystem|code matches by the code."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "category" and not wanted.endswith("|"):
            wanted = wanted.rpartition("|")[2]
        return super().matches_token(value, criterion, wanted)


class CategorySystemOnlyUnsupported(
    Fault, name="category-system-only-unsupported", breaks=("r4.search.by-category",), packs=R4
):
    """category=system| finds nothing."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return not wanted.endswith("|") and super().matches_token(value, criterion, wanted)


class CategoryReadsFirstCodingOnly(
    Fault, name="category-reads-first-coding-only", breaks=("r4.search.by-category",), packs=R4
):
    """A code is found only as the first coding of a category."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "category" and value.get("coding"):
            value = {**value, "coding": value["coding"][:1]}
        return super().matches_token(value, criterion, wanted)


class StatusParameterIgnored(
    Fault,
    name="status-parameter-ignored",
    breaks=("r4.search.by-status",),
    blocks=("period.expired.status-search-agrees-with-read",),
    packs=R4,
):
    """status=inactive finds active consents, too."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "status" and (value, wanted) == ("active", "inactive"):
            return True
        return super().matches_token(value, criterion, wanted)


class StatusIsFoundAsPartOfAWord(
    Fault,
    name="status-is-found-as-part-of-a-word",
    breaks=(
        "r4.search.by-status",
        "r4.search.result-is-the-current-content",
    ),
    packs=R4,
):
    """status=active finds what is inactive, since the word is in it."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "status":
            return wanted.rpartition("|")[2] in str(value)
        return super().matches_token(value, criterion, wanted)


class StatusWithSystemFindsNothing(
    Fault, name="status-with-system-finds-nothing", breaks=("r4.search.by-status-with-its-system",), packs=R4
):
    """status=system|code finds nothing."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "status" and "|" in wanted:
            return False
        return super().matches_token(value, criterion, wanted)


class ActorSearchReadsFirstActorOnly(
    Fault, name="actor-search-reads-first-actor-only", breaks=("r4.search.by-actor",), packs=R4
):
    """actor finds a consent by the first of its actors only."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        return found[:1] if parameter.name == "actor" else found


class ActorSearchIgnoresValue(Fault, name="actor-search-ignores-value", breaks=("r4.search.by-actor",), packs=R4):
    """actor finds every consent that has an actor."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return criterion.parameter.name == "actor" or super().matches_reference(value, criterion, wanted)


class IdentifierSearchIgnoresSystem(Fault, name="identifier-search-ignores-system", breaks=EVERY, packs=R4):
    """identifier=othersystem|value matches by the value."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        system, bar, number = wanted.partition("|")
        if criterion.parameter.name == "identifier" and system and bar:
            return any(found == number for _, found in matching.codings(value))
        return super().matches_token(value, criterion, wanted)


class DateSearchReadsLastUpdated(Fault, name="date-search-reads-last-updated", breaks=EVERY, packs=R4):
    """date selects by the time of the last change."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        if parameter.name == "date":
            return [stored.content["meta"]["lastUpdated"]]
        return super().searched_values(stored, parameter)


class PurposeSearchUnindexed(Fault, name="purpose-search-unindexed", breaks=EVERY, packs=R4):
    """purpose finds nothing."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        return [] if parameter.name == "purpose" else super().searched_values(stored, parameter)


class ConsentorSearchReadsOrganization(Fault, name="consentor-search-reads-organization", breaks=EVERY, packs=R4):
    """consentor selects by the organization."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        if parameter.name == "consentor":
            return matching.values_at(stored.content, "organization")
        return super().searched_values(stored, parameter)


class ConsentorSearchReadsPatient(Fault, name="consentor-search-reads-patient", breaks=EVERY, packs=R4):
    """consentor selects by the patient."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        if parameter.name == "consentor":
            return matching.values_at(stored.content, "patient")
        return super().searched_values(stored, parameter)


class SecurityLabelSearchIgnored(Fault, name="security-label-search-ignored", breaks=EVERY, packs=R4):
    """security-label finds every consent that has a label."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return criterion.parameter.name == "security-label" or super().matches_token(value, criterion, wanted)


class DataSearchReadsSource(Fault, name="data-search-reads-source", breaks=EVERY, packs=R4):
    """data selects by the source of the consent."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        if parameter.name == "data":
            return matching.values_at(stored.content, "sourceReference")
        return super().searched_values(stored, parameter)


class ScopeSearchReadsCategory(Fault, name="scope-search-reads-category", breaks=EVERY, packs=R4):
    """scope selects by the category."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        if parameter.name == "scope":
            return matching.values_at(stored.content, "category")
        return super().searched_values(stored, parameter)


class LastUpdatedSearchUsesCreation(
    Fault, name="last-updated-search-uses-creation", breaks=("r4.search.by-last-updated",), packs=R4
):
    """_lastUpdated selects by the time of creation."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        if parameter.name == "_lastUpdated":
            return [self.last_updated(self.store.versions(stored.type, stored.id)[-1].updated)]
        return super().searched_values(stored, parameter)


class LastUpdatedSearchReadsDateTime(
    Fault, name="last-updated-search-reads-date-time", breaks=("r4.search.by-last-updated",), packs=R4
):
    """_lastUpdated selects by the dateTime of the consent."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        if parameter.name == "_lastUpdated":
            return matching.values_at(stored.content, "dateTime")
        return super().searched_values(stored, parameter)


class LastUpdatedSearchIgnoresPrefixes(
    Fault, name="last-updated-search-ignores-prefixes", breaks=("r4.search.by-last-updated",), packs=R4
):
    """_lastUpdated=gt… finds what was changed at that time."""

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "_lastUpdated":
            wanted = dates.split_prefix(wanted)[1]
        return super().matches_date(value, criterion, wanted)


class ParametersWiden(
    Fault,
    name="parameters-widen",
    breaks=(
        "r4.search.different-parameters-narrow",
        "r4.search.by-category",
        "r4.search.comma-widens",
        "r4.search.unknown-target-is-empty",
    ),
    packs=R4,
):
    """A patient and a category are combined with OR."""

    def selected(self, stored: Stored, criteria: tuple[Criterion, ...]) -> bool:
        names = {criterion.name for criterion in criteria}
        if len(criteria) == 2 and names == {"patient", "category"}:
            return any(self.matches_criterion(stored, criterion) for criterion in criteria)
        return super().selected(stored, criteria)


class OnlyLastParameterCounts(
    Fault, name="only-last-parameter-counts", breaks=("r4.search.different-parameters-narrow",), packs=R4
):
    """Of parameters with different names only the last name counts."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        criteria = super().criteria(request, route, query)
        return tuple(criterion for criterion in criteria if criterion.name == criteria[-1].name)


class RepeatedParameterLastWins(
    Fault, name="repeated-parameter-last-wins", breaks=("r4.search.repeated-parameter-narrows",), packs=R4
):
    """Of parameters with the same name only the last counts."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        return tuple({criterion.name: criterion for criterion in super().criteria(request, route, query)}.values())


class RepeatedParameterWidens(
    Fault, name="repeated-parameter-widens", breaks=("r4.search.repeated-parameter-narrows",), packs=R4
):
    """Parameters with the same name are combined with OR."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        merged: dict[str, Criterion] = {}
        for criterion in super().criteria(request, route, query):
            before = merged.get(criterion.name)
            values = (*(before.values if before else ()), *criterion.values)
            merged[criterion.name] = replace(criterion, values=values)
        return tuple(merged.values())


class CommaIsPartOfTheValue(Fault, name="comma-is-part-of-the-value", breaks=("r4.search.comma-widens",), packs=R4):
    """a,b is compared as one code."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        found = super().criterion(kind, name, written)
        return replace(found, values=(written,)) if found and "\\" not in written else found


class CommaTakesFirstValueOnly(
    Fault, name="comma-takes-first-value-only", breaks=("r4.search.comma-widens",), packs=R4
):
    """Of values separated by commas only the first counts."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        found = super().criterion(kind, name, written)
        return replace(found, values=found.values[:1]) if found else None


class RepeatedPeriodLastWins(
    Fault, name="repeated-period-last-wins", breaks=("r4.search.repeated-parameter-narrows",), packs=R4
):
    """Of several periods the last counts."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        used = super().criteria(request, route, query)
        last = [one for one in used if one.parameter.name == "period"][-1:]
        return tuple(one for one in used if one.parameter.name != "period" or one is last[0])


class RepeatedPatientLastWins(
    Fault, name="repeated-patient-last-wins", breaks=("r4.search.repeated-parameter-narrows",), packs=R4
):
    """Of several patients the last counts."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        used = super().criteria(request, route, query)
        last = [one for one in used if one.parameter.name == "patient"][-1:]
        return tuple(one for one in used if one.parameter.name != "patient" or one is last[0])


class SecondPatientIsForgotten(Fault, name="second-patient-is-forgotten", breaks=("r4.search.comma-widens",), packs=R4):
    """Of several patients in one value the first counts."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        found = super().criterion(kind, name, written)
        if found is None or found.parameter.name != "patient":
            return found
        return replace(found, values=found.values[:1])


class CategoryBeginsAlike(Fault, name="category-begins-alike", breaks=("r4.search.by-category",), packs=R4):
    """A category is found by the beginning of its code."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name != "category" or wanted.endswith("|"):
            return super().matches_token(value, criterion, wanted)
        system, bar, code = wanted.rpartition("|")
        alike = [own for _, own in matching.codings(value) if own is not None and code and own.startswith(code)]
        return any(
            super(CategoryBeginsAlike, self).matches_token(value, criterion, f"{system}{bar}{own}") for own in alike
        )


class CategoryIsFoundByItsDisplay(
    Fault, name="category-is-found-by-its-display", breaks=("r4.search.by-category",), packs=R4
):
    """A category is found by what people are shown for it."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        shown = [coding.get("display") for coding in value.get("coding", ())] if isinstance(value, dict) else []
        return wanted in shown or super().matches_token(value, criterion, wanted)


class ActorIsFoundByIdAlone(Fault, name="actor-is-found-by-id-alone", breaks=("r4.search.by-actor",), packs=R4):
    """The type before an actor's id is not looked at."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "actor" and "://" not in wanted:
            wanted = wanted.rpartition("/")[2]
        return super().matches_reference(value, criterion, wanted)


class IdStandsAlone(Fault, name="id-stands-alone", breaks=("r4.search.different-parameters-narrow",), packs=R4):
    """Beside _id nothing else selects."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        used = super().criteria(request, route, query)
        return tuple(one for one in used if one.name == "_id") or used


class ThirdValueIsForgotten(Fault, name="third-value-is-forgotten", breaks=("r4.search.comma-widens",), packs=R4):
    """Of values separated by commas the first two count."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        found = super().criterion(kind, name, written)
        return replace(found, values=found.values[:2]) if found else None


class SecondStatusIsForgotten(Fault, name="second-status-is-forgotten", breaks=("r4.search.comma-widens",), packs=R4):
    """Of several states in one value the first counts."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        found = super().criterion(kind, name, written)
        return replace(found, values=found.values[:1]) if found and found.parameter.name == "status" else found


class RepeatedStatusWidens(
    Fault, name="repeated-status-widens", breaks=("r4.search.repeated-parameter-narrows",), packs=R4
):
    """A status that is asked for twice finds what has either value."""

    def selected(self, stored: Stored, criteria: tuple[Criterion, ...]) -> bool:
        states = [one for one in criteria if one.parameter.name == "status"]
        others = tuple(one for one in criteria if one not in states)
        either = not states or any(self.matches_criterion(stored, one) for one in states)
        return either and super().selected(stored, others)


class StatusYieldsToAPeriod(
    Fault, name="status-yields-to-a-period", breaks=("r4.search.different-parameters-narrow",), packs=R4
):
    """Beside a period the status does not count."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        used = super().criteria(request, route, query)
        period = any(one.parameter.name == "period" for one in used)
        return tuple(one for one in used if not (period and one.parameter.name == "status"))


class LastUpdatedBeforeFindsAll(
    Fault, name="last-updated-before-finds-all", breaks=("r4.search.by-last-updated",), packs=R4
):
    """_lastUpdated with lt or eb finds every consent."""

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        before = dates.split_prefix(wanted)[0] in {"lt", "eb"}
        if criterion.parameter.name == "_lastUpdated" and before:
            return True
        return super().matches_date(value, criterion, wanted)
