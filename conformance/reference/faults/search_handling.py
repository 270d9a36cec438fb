"""Lies about how a search takes modifiers, unknown parameters, preferences, and values that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Route
    from conformance.reference.parameters import Criterion, Parameter
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored


class UnknownModifierIsDropped(
    Fault, name="unknown-modifier-is-dropped", breaks=("r4.search.unsupported-modifier-is-refused",)
):
    """patient:nosuchmodifier works like patient."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        if ":nosuchmodifier" in name:
            name = name.replace(":nosuchmodifier", "")
        return super().criterion(kind, name, written)


class UnknownModifierDropsTheParameter(
    Fault,
    name="unknown-modifier-drops-the-parameter",
    breaks=("r4.search.unsupported-modifier-is-refused", "r4.search.accepted-modifier-has-its-meaning"),
):
    """A parameter whose modifier is not supported is left out of the search."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        try:
            return super().criterion(kind, name, written)
        except Refused:
            return None


class UnknownModifierFindsNothing(
    Fault, name="unknown-modifier-finds-nothing", breaks=("r4.search.unsupported-modifier-is-refused",), packs=("r4",)
):
    """A parameter whose modifier is not supported selects nothing."""

    def modifier_is_known(self, parameter: Parameter, modifier: str) -> bool:  # noqa: ARG002 - as in Searching
        return True

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        known = super().modifier_is_known(criterion.parameter, criterion.modifier or "missing")
        return known and super().matches_criterion(stored, criterion)


class NotModifierIsDropped(
    Fault, name="not-modifier-is-dropped", breaks=("r4.search.accepted-modifier-has-its-meaning",), packs=("r4",)
):
    """status:not works like status."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        found = super().criterion(kind, name, written)
        return replace(found, modifier="") if found and found.modifier == "not" else found


class MissingModifierIgnoresValue(
    Fault, name="missing-modifier-ignores-value", breaks=("r4.search.accepted-modifier-has-its-meaning",)
):
    """patient:missing=false and patient:missing=true find the same: what has a patient."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        if criterion.modifier == "missing":
            criterion = replace(criterion, values=("false",))
        return super().matches_criterion(stored, criterion)


class UnknownParameterEmptiesResult(
    Fault, name="unknown-parameter-empties-result", breaks=("r4.search.unknown-parameter-is-ignored",)
):
    """A parameter that is unknown makes the result empty, unless the client says how to handle it."""

    def found(self, asked: Search) -> list[Stored]:
        unknown = any(name == "nosuchparameter" for name, _ in asked.query)
        stated = self.preference(asked.request, "handling") is not None
        return [] if unknown and not stated else super().found(asked)


class UnknownParameterCrashes(
    Fault,
    name="unknown-parameter-crashes",
    breaks=("r4.search.unknown-parameter-is-ignored",),
):
    """A parameter that is unknown answers 500, unless the client says how to handle it."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        unknown = any(name == "nosuchparameter" for name, _ in query)
        if unknown and self.preference(request, "handling") is None:
            raise Refused(500, "exception", "no such column")
        return super().criteria(request, route, query)


class StrictHandlingIgnored(
    Fault, name="strict-handling-ignored", breaks=("r4.search.strict-handling-refuses",), packs=("r4",)
):
    """With handling=strict unknown parameters are still ignored."""

    def preference(self, request: Request, name: str) -> str | None:
        return None if name == "handling" else super().preference(request, name)


class LenientHandlingIgnored(
    Fault, name="lenient-handling-ignored", breaks=("r4.search.strict-handling-refuses",), packs=("r4",)
):
    """With handling=lenient unknown parameters are refused."""

    def preference(self, request: Request, name: str) -> str | None:
        stated = super().preference(request, name)
        return "strict" if (name, stated) == ("handling", "lenient") else stated


class BadDateIsIgnored(Fault, name="bad-date-is-ignored", breaks=("r4.search.bad-syntax-is-refused",), packs=("r4",)):
    """A date that cannot be read is left out, and everything is found."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        return super().criteria(request, route, tuple(part for part in query if not self._is_misread(*part)))

    def _is_misread(self, name: str, written: str) -> bool:
        criterion = self.criterion("Consent", name, written) if name == "date" else None
        try:
            if criterion is not None:
                self.check_values(criterion)
        except Refused:
            return True
        return False


class EmptyValueMatchesNothing(
    Fault, name="empty-value-matches-nothing", breaks=("r4.search.empty-value-is-ignored",), packs=("r4",)
):
    """category= makes the result empty."""

    def found(self, asked: Search) -> list[Stored]:
        return [] if ("category", "") in asked.query else super().found(asked)


class EmptyValueCrashes(Fault, name="empty-value-crashes", breaks=("r4.search.empty-value-is-ignored",), packs=("r4",)):
    """category= answers 500."""

    def found(self, asked: Search) -> list[Stored]:
        if ("category", "") in asked.query:
            raise Refused(500, "exception", "no value to compare with")
        return super().found(asked)
