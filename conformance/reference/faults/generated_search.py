"""Lies of a search that no hand-written query meets."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference import dates
from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Route
    from conformance.reference.parameters import Criterion, Parameter
    from conformance.reference.searching import Query
    from conformance.reference.store import Stored

FOUND = ("generated.search.finds-what-was-written",)
DATES = ("generated.search.dates-agree-with-the-prefix",)
APART = ("generated.search.keeps-patients-apart",)
AT_HOME = ("r4",)


class LongCodesAreNotIndexed(Fault, name="long-values-are-not-indexed", breaks=FOUND, packs=AT_HOME):
    """A code or an identifier of more than fifty characters is not found."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return len(wanted.rpartition("|")[2]) <= 50 and super().matches_token(value, criterion, wanted)


class CodesEndAtABlank(Fault, name="values-end-at-a-blank", breaks=FOUND, packs=AT_HOME):
    """A value with a blank in it is searched for up to the blank."""

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        system, bar, code = wanted.rpartition("|")
        return super().matches_token(value, criterion, f"{system}{bar}{code.partition(' ')[0]}")


class BackslashesAreTakenAsTheyAre(
    Fault,
    name="backslashes-are-taken-as-they-are",
    breaks=(*FOUND, "r4.search.escaped-characters-are-understood"),
    packs=AT_HOME,
):
    """A backslash before a comma or a bar is part of the value."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        found = super().criterion(kind, name, written)
        return replace(found, values=tuple(written.split(","))) if found and "\\" in written else found


class SecondCodingIsNotIndexed(Fault, name="second-coding-of-an-action-is-not-indexed", breaks=FOUND, packs=AT_HOME):
    """A search by action looks at the first coding of each."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        if parameter.name != "action":
            return found
        return [{**concept, "coding": concept.get("coding", [])[:1]} for concept in found]


class DateTimesAreIndexedAsWritten(Fault, name="date-times-are-indexed-as-written", breaks=DATES, packs=AT_HOME):
    """A dateTime with an offset is searched by date as if it were written in UTC."""

    def searched_range(self, value: Any) -> dates.Range:
        if isinstance(value, str):
            value = re.sub(r"(T[\d:.]+)[+-]\d\d:\d\d$", r"\1Z", value)
        return super().searched_range(value)


class OneCenturyIsIndexed(Fault, name="one-century-is-indexed", breaks=DATES, packs=AT_HOME):
    """A consent with a bound before the year 2018 or after 2117 is found by no date at all."""

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        first, last = dates.span("2018")[0], dates.span("2117")[1]
        bounds = [bound for bound in self.searched_range(value) if bound is not None]
        indexed = all(first <= bound <= last for bound in bounds)
        return indexed and super().matches_date(value, criterion, wanted)


class NotEqualForgetsThePatient(Fault, name="not-equal-forgets-the-patient", breaks=APART, packs=AT_HOME):
    """Where a date is not to be equal, the patient does not count."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        found = super().criteria(request, route, query)
        if any(one.parameter.kind == "date" and one.written.startswith("ne") for one in found):
            return tuple(one for one in found if one.parameter.name != "patient")
        return found


class CodesOfRulesForgetThePatient(Fault, name="codes-of-rules-forget-the-patient", breaks=APART, packs=AT_HOME):
    """Where a purpose, an action or a security label is asked for, the patient does not count."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        found = super().criteria(request, route, query)
        if any(one.parameter.name in {"purpose", "action", "security-label"} for one in found):
            return tuple(one for one in found if one.parameter.name != "patient")
        return found
