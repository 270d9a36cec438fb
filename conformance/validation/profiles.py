"""Profiles as trees: what a StructureDefinition and the profiles it derives from say, element by element.

A profile only narrows its type, and the type is checked anyway. So a tree holds what the differentials say; where a
base profile is not at hand, the snapshot speaks instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.validation.packages import Library

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(slots=True)
class Node:
    """What a profile says about one element, or about one slice of it."""

    id: str
    name: str
    says: Json = field(default_factory=dict)
    children: dict[str, Node] = field(default_factory=dict)
    slices: dict[str, Node] = field(default_factory=dict)

    @property
    def min(self) -> int:
        return int(self.says.get("min", 0))

    @property
    def max(self) -> float:
        allowed = self.says.get("max", "*")
        return float("inf") if allowed == "*" else int(allowed)

    def value(self, prefix: str) -> Any:
        """What stands under fixed[x] or pattern[x]; None for nothing."""
        return next((value for key, value in self.says.items() if key.startswith(prefix) and key != prefix), None)

    @property
    def profiles(self) -> list[str]:
        return [url for item in self.says.get("type", ()) for url in item.get("profile", ())]


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile, ready to be held against. `unresolved` names what keeps it from being complete."""

    url: str
    type: str
    root: Node
    definition: Json
    unresolved: tuple[str, ...] = ()


class Profiles:
    """The profiles of a library, built when asked for."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._built: dict[str, Profile | None] = {}

    def get(self, url: str) -> Profile | None:
        """None for a profile that is not at hand."""
        url = url.partition("|")[0]
        if url not in self._built:
            definition = self.library.profile(url)
            self._built[url] = None if definition is None else self._build(definition)
        return self._built[url]

    def _build(self, definition: Json) -> Profile:
        elements, unresolved = self._elements(definition, ())
        root = Node(definition["type"], definition["type"])
        for identity, says in elements.items():
            _place(root, identity.split("."), says)
        return Profile(definition["url"], definition["type"], root, definition, tuple(unresolved))

    def _elements(self, definition: Json, derived: tuple[str, ...]) -> tuple[dict[str, Json], list[str]]:
        """Id → what is said, over all steps of derivation; and the base profiles that are missing."""
        base = definition.get("baseDefinition", "").partition("|")[0]
        own = _by_id(definition.get("differential", {}).get("element", []))
        below: dict[str, Json] = {}
        unresolved: list[str] = []
        if base and not self._is_core(base) and base not in derived:
            parent = self.library.profile(base)
            if parent is not None:
                below, unresolved = self._elements(parent, (*derived, base))
            elif "snapshot" in definition:
                return _by_id(definition["snapshot"]["element"]), []
            else:
                unresolved = [base]
        if not own and "snapshot" in definition:
            return _by_id(definition["snapshot"]["element"]), []
        merged = {identity: dict(says) for identity, says in below.items()}
        for identity, says in own.items():
            known = merged.setdefault(identity, {})
            constraints = [*known.get("constraint", ()), *says.get("constraint", ())]
            known.update(says)
            if constraints:
                known["constraint"] = constraints
        return merged, unresolved

    def _is_core(self, url: str) -> bool:
        return url.startswith(CORE) and url.removeprefix(CORE) in self.library.official.kinds


def _by_id(elements: list[Json]) -> dict[str, Json]:
    """Elements by id; ids that are missing are made from path and slice name."""
    found: dict[str, Json] = {}
    slices: dict[str, str] = {}  # path of a slice → its id, for the elements below it
    for element in elements:
        path = element["path"]
        for parent in [known for known in slices if not (path.startswith(f"{known}.") or path == known)]:
            del slices[parent]
        identity = element.get("id")
        if not identity:
            parent = max((known for known in slices if path.startswith(f"{known}.")), key=len, default="")
            identity = f"{slices[parent]}{path[len(parent) :]}" if parent else path
            if "sliceName" in element:
                identity = f"{identity}:{element['sliceName']}"
        if "sliceName" in element:
            slices[path] = identity
        found[identity] = element
    return found


def _place(root: Node, segments: list[str], says: Json) -> None:
    node = root
    for depth, segment in enumerate(segments[1:], 2):
        name, _, slice_name = segment.partition(":")
        identity = ".".join(segments[:depth])
        node = node.children.setdefault(name, Node(identity.partition(":")[0] if not slice_name else identity, name))
        if slice_name:
            node = node.slices.setdefault(slice_name, Node(identity, name))
    node.says = says
