"""What a search brought: pages, their entries, the matches among them and what stands beside those."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.model import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.answer import Answer

Json = dict[str, Any]


TOLD = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
"""The role of an actor who is told: information recipient."""


@dataclass(frozen=True)
class Found:
    """What a search brought, over all its pages.

    A match is an entry that is not marked as anything else: search.mode is optional, and one that nobody knows is
    judged elsewhere.
    """

    pages: tuple[Answer, ...]

    @property
    def first(self) -> Answer:
        return self.pages[0]

    @property
    def entries(self) -> list[Json]:
        """Every entry of every page.

        Raises:
            Violation: a page is no Bundle.

        """
        return [entry for page in self.pages for entry in _entries(page)]

    @property
    def matches(self) -> list[Json]:
        """The Consents that are matches."""
        return self.of_type("Consent")

    def of_type(self, kind: str) -> list[Json]:
        """The matches of that type."""
        return [
            resource
            for entry, resource in self._resources
            if resource.get("resourceType") == kind and _mode(entry) not in {"include", "outcome"}
        ]

    @property
    def ids(self) -> set[str]:
        return {str(resource.get("id")) for resource in self.matches}

    @property
    def others(self) -> list[str]:
        """What stands beside the matches, as `Type/id`, once for each entry; outcomes left out."""
        return [
            f"{resource.get('resourceType')}/{resource.get('id')}"
            for entry, resource in self._resources
            if resource.get("resourceType") not in ("Consent", "OperationOutcome") or _mode(entry) == "include"
        ]

    @property
    def shows(self) -> tuple[str, ...]:
        return tuple(exchange for page in self.pages for exchange in page.shows)

    @property
    def _resources(self) -> list[tuple[Json, Json]]:
        return [(entry, entry["resource"]) for entry in self.entries if _is_resource(entry.get("resource"))]


def next_link(page: Answer) -> str | None:
    """The address of the next page; None on the last one."""
    links = page.resource.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return None


def with_elements(resource: Json, elements: Mapping[str, Any]) -> Json:
    """A copy of the resource with these values at these dotted paths; None takes an element away."""
    made = copy.deepcopy(resource)
    for path, value in elements.items():
        *parents, last = path.split(".")
        place: Json = made
        for name in parents:
            place = place.setdefault(name, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = copy.deepcopy(value)
    return made


def acting(reference: str) -> Json:
    """An actor of a rule, as one who is told."""
    return {"role": TOLD, "reference": {"reference": reference}}


def objects(value: Any) -> list[Json]:
    """The objects of a list; none of what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def element(resource: Any, path: str) -> Any:
    """What stands at a dotted path through objects; None when nothing does."""
    for name in path.split("."):
        resource = resource.get(name) if isinstance(resource, dict) else None
    return resource


def _is_resource(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def _mode(entry: Json) -> str | None:
    search = entry.get("search")
    mode = search.get("mode") if isinstance(search, dict) else None
    return mode if mode is None else str(mode)


def _entries(page: Answer) -> list[Json]:
    resource = page.resource
    if resource["resourceType"] != "Bundle":
        raise Violation("a Bundle", page.described, page.shows)
    entries = resource.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Violation("a list of entries", f"entry is {json.dumps(entries)[:80]}", page.shows)
    return entries
