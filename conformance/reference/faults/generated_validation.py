"""Lies about what is wrong in places where nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.faults.generated_content import in_rules

if TYPE_CHECKING:
    from conformance.reference.messages import Resource, Route

STORED = ("generated.write.invalid-is-not-stored",)
AT_HOME = ("r4",)


class ThirdLevelIsNotJudged(
    Fault,
    name="third-level-of-rules-is-not-judged",
    breaks=(*STORED, "r4.consent.refuses-codes-outside-required-bindings"),
    packs=AT_HOME,
):
    """Rules below the second level are stored as they come."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        def two(rule: Resource, depth: int) -> Resource:
            return {name: value for name, value in rule.items() if name != "provision" or depth < 2}

        return super().complaints(in_rules(resource, two) if _has_rules(resource) else resource, route)


class SecondEntriesAreNotJudged(Fault, name="second-entries-are-not-judged", breaks=STORED, packs=AT_HOME):
    """Of each list the first entry is judged, and the others are stored as they come."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        return super().complaints(_first_entries(resource), route)


def _has_rules(resource: Resource) -> bool:
    """Whether rules are where they belong at every depth, so that they can be walked."""

    def well_formed(rule: Any) -> bool:
        inner = rule.get("provision", []) if isinstance(rule, dict) else None
        return isinstance(inner, list) and all(well_formed(one) for one in inner)

    return "provision" in resource and well_formed(resource["provision"])


def _first_entries(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _first_entries(inner) for name, inner in value.items()}
    return [_first_entries(inner) for inner in value[:1]] if isinstance(value, list) else value
