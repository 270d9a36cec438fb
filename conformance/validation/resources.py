"""Resources as wholes: their type, what is contained in them, their references and extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.validation.bundles import check_bundle, check_bundle_r5
from conformance.validation.codings import coding
from conformance.validation.plans import Plans, walk
from conformance.validation.primitives import is_absolute
from conformance.validation.references import understood
from conformance.validation.run import Run, Scope, shown
from conformance.validation.values import REMEMBERED, wrong_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.validation.definitions import Definitions
    from conformance.validation.packages import Library

    ObjectCheck = Callable[[Run, Any, str], None]

Json = dict[str, Any]
DEFINITION_URL = "http://hl7.org/fhir/StructureDefinition/"


class Resources:
    """Checks resources of one release, and everything in them, against its official definitions."""

    def __init__(self, definitions: Definitions, library: Library) -> None:
        self.definitions = definitions
        code = coding(library.code_system)
        after = {
            "Coding": code,
            "Quantity": code,
            "Extension": _extension,
            "Bundle": check_bundle if definitions.fhir == "4.0" else check_bundle_r5,
        }
        self._known: dict[str, bool] = {}
        self.plans = Plans(definitions, after, resource=self._inline, reference=self._reference)

    def check(self, run: Run, value: Any, path: str, *, contained: bool = False) -> None:
        """One resource at a place; contained ones belong to the scope of their container."""
        if value.__class__ is not dict:
            wrong_kind(run, value, path, "a resource as a JSON object")
            return
        name = value.get("resourceType")
        if name.__class__ is not str or not (self._known.get(name) or self._has_type(name)):
            self._no_type(run, value, path)
            return
        run.resources.append((name, path, value))
        if not contained:
            outer, outer_ids = run.scope, run.element_ids
            run.scope, run.element_ids = Scope(value), set()
            walk(run, self.plans.of(name), value, path)
            _domain(run, value, path)
            _local_references(run, value, path)
            run.scope, run.element_ids = outer, outer_ids
        else:
            outer_ids, run.element_ids = run.element_ids, set()
            walk(run, self.plans.of(name), value, path)
            run.element_ids = outer_ids

    def _has_type(self, name: str) -> bool:
        """Whether there are resources of a type, and their definition is here."""
        stripped = self.definitions.structure(name) if name in self.definitions.resources else None
        if stripped is not None and not stripped.get("abstract"):
            self._known[name] = True
            return True
        return False

    def _no_type(self, run: Run, value: Json, path: str) -> None:
        name = value.get("resourceType")
        if "resourceType" not in value:
            run.add(
                "resource-type", f"{path}.resourceType", "resourceType is missing; it says what everything else means"
            )
        elif name.__class__ is not str:
            run.add(
                "resource-type",
                f"{path}.resourceType",
                f"found {shown(name)}; resourceType is the name of a resource type",
            )
        elif self.definitions.structure(name) is not None and name in self.definitions.resources:
            run.add("abstract-type", f"{path}.resourceType", f"{name} is abstract; there are no resources of it")
        elif name in self.definitions.resources:
            reason = f"the definition of {name} in FHIR {self.definitions.fhir} is not part of this validator"
            run.not_checked(f"type {name}", path, f"{reason}; only its place was checked")
        else:
            hint = next((one for one in self.definitions.resources if one.lower() == name.lower()), None)
            wanted = (
                f"did you mean {hint}?" if hint else f"there is no such resource type in FHIR {self.definitions.fhir}"
            )
            run.add("resource-type", f"{path}.resourceType", f"found {shown(name)}; {wanted}")

    def _inline(self, run: Run, value: Any, path: str) -> None:
        self.check(run, value, path, contained=path.rpartition(".")[2].startswith("contained"))

    def _reference(self, targets: frozenset[str]) -> ObjectCheck:  # noqa: C901 - one rule after the other
        """The check of a Reference that may point at these types; at any, when there are none."""
        plan_of, resources = self.plans_later, self.definitions.resources
        allowed = ", ".join(sorted(targets))
        good: set[str] = set()

        def check(run: Run, value: Any, path: str) -> None:  # noqa: C901, PLR0912 - likewise
            if value.__class__ is not dict:
                wrong_kind(run, value, path, "a JSON object (Reference)")
                return
            literal = value.get("reference")
            if literal.__class__ is str and literal in good and _is_plain(value):
                run.references.append((literal, path, targets))
                return
            walk(run, plan_of("Reference"), value, path)
            said = value.get("type")
            if said.__class__ is str:
                said = said.removeprefix(DEFINITION_URL)
                if said not in resources and not is_absolute(said):
                    run.add("reference-type", f"{path}.type", f"{shown(said)} is no resource type")
                elif targets and said in resources and said not in targets:
                    run.add(
                        "reference-target",
                        f"{path}.type",
                        f"a reference to {said} is not allowed here; allowed: {allowed}",
                    )
            if literal.__class__ is not str or not literal:
                return
            meant = understood(literal)
            if meant.kind == "contained":
                if run.scope is not None:
                    run.scope.references.append((literal, path, targets))
                return
            if meant.problem is not None:
                run.add("reference-format", f"{path}.reference", f"{shown(literal)} is no reference: {meant.problem}")
                return
            found = meant.type
            if found is not None and (meant.kind != "absolute" or found in resources):
                if found not in resources:
                    run.add(
                        "reference-target",
                        f"{path}.reference",
                        f"{shown(literal)}: {found} is no resource type of FHIR",
                    )
                elif targets and found not in targets:
                    message = f"{shown(literal)}: a reference to {found} is not allowed here; allowed: {allowed}"
                    run.add("reference-target", f"{path}.reference", message)
                elif said.__class__ is str and said in resources and said != found:
                    run.add(
                        "reference-type",
                        f"{path}.type",
                        f"type says {said}, the reference {shown(literal)} says {found}",
                    )
                elif len(good) < REMEMBERED:
                    good.add(literal)
            run.references.append((literal, path, targets))

        return check

    def plans_later(self, path: str) -> Any:
        """`plans.of`; the plans do not exist yet when the first checks are built."""
        return self.plans.of(path)


def _is_plain(value: Json) -> bool:
    """A Reference with nothing but its reference, and perhaps an ordinary display."""
    if len(value) == 1:
        return True
    display = value.get("display")
    return len(value) == 2 and display.__class__ is str and display.isprintable() and display.strip() != ""


def _extension(run: Run, value: Json, path: str) -> None:
    """ext-1, and a note of the extension for extensions.py."""
    has_value = any(key.startswith(("value", "_value")) for key in value)
    if has_value == ("extension" in value):
        found = "both a value and extensions" if has_value else "neither a value nor extensions"
        run.add("ext-1", path, f"found {found}; an extension has one of them")
    url = value.get("url")
    if url.__class__ is str and url:
        run.extensions.append((url, path, value))


def _domain(run: Run, value: Json, path: str) -> None:  # noqa: C901 - four small rules over one list
    """dom-2 to dom-6 (https://hl7.org/fhir/R4/domainresource.html), ids of contained resources."""
    name = value["resourceType"]
    if name not in {"Bundle", "Binary", "Parameters"} and not _has_div(value):
        run.add("dom-6", path, "there is no narrative (text.div); a resource should have one for people to read")
    contained = value.get("contained")
    if contained.__class__ is not list:
        return
    seen: set[str] = set()
    for index, item in enumerate(contained):
        if item.__class__ is not dict:
            continue
        place = f"{path}.contained[{index}]"
        if "contained" in item:
            run.add("dom-2", f"{place}.contained", "a contained resource holds no contained resources")
        meta = item.get("meta")
        if meta.__class__ is dict:
            for element in ("versionId", "lastUpdated"):
                if element in meta or f"_{element}" in meta:
                    run.add("dom-4", f"{place}.meta.{element}", f"a contained resource has no meta.{element}")
            if "security" in meta:
                run.add("dom-5", f"{place}.meta.security", "a contained resource has no security label")
        identity = item.get("id")
        if identity.__class__ is str:
            if identity in seen:
                run.add(
                    "contained-id", f"{place}.id", f"the id {shown(identity)} is taken by another contained resource"
                )
            seen.add(identity)


def _has_div(value: Json) -> bool:
    text = value.get("text")
    return text.__class__ is dict and "div" in text


def _local_references(run: Run, value: Json, path: str) -> None:  # noqa: C901, PLR0912 - both directions of one relation
    """ref-1 and dom-3: each # reference has its contained resource, each contained resource its reference."""
    scope = run.scope
    contained = value.get("contained")
    if scope is None or not (scope.references or contained):
        return
    listed = [item for item in contained if item.__class__ is dict] if contained.__class__ is list else []
    types: dict[str, Any] = {}
    for item in listed:
        if item.get("id").__class__ is str:
            types.setdefault(f"#{item['id']}", item.get("resourceType"))
    for literal, place, targets in scope.references:
        if literal == "#":
            found = value.get("resourceType")
        elif literal in types:
            found = types[literal]
        else:
            run.add("ref-1", f"{place}.reference", f"{shown(literal)} has no contained resource with that id")
            continue
        if targets and found.__class__ is str and found not in targets:
            message = f"{shown(literal)} is a {found}; allowed: {', '.join(sorted(targets))}"
            run.add("reference-target", f"{place}.reference", message)
    used = scope.local | {literal for literal, _, _ in scope.references}
    to_container = {place[: place.find("]", len(path)) + 1] for literal, place, _ in scope.references if literal == "#"}
    for index, item in enumerate(contained if contained.__class__ is list else ()):
        if item.__class__ is not dict:
            continue
        place = f"{path}.contained[{index}]"
        identity = item.get("id")
        if identity.__class__ is not str:
            if "id" not in item:
                run.add("dom-3", place, "a contained resource without id cannot be referred to")
        elif f"#{identity}" not in used and place not in to_container:
            run.add("dom-3", place, f"nothing in the resource refers to the contained resource #{identity}")
