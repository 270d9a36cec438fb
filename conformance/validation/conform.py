"""Holds values against the tree of a profile: how often, of which type, with which value, in which slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.validation import codings, fhirpath
from conformance.validation.items import Item, compact, contains, items_of, same
from conformance.validation.languages import is_language_tag
from conformance.validation.primitives import is_media_type, is_number
from conformance.validation.references import understood
from conformance.validation.run import Run, shown
from conformance.validation.slicing import Unsupported, assigned
from conformance.validation.values import LANGUAGES, MEDIA_TYPES

if TYPE_CHECKING:
    from conformance.validation.packages import Library
    from conformance.validation.profiles import Node, Profile, Profiles

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/StructureDefinition/"


class Conformance:
    """Holds resources and extensions of one run against profiles."""

    def __init__(self, run: Run, profiles: Profiles) -> None:
        self.run = run
        self.profiles = profiles
        self.library: Library = profiles.library
        self.kinds = profiles.library.official.kinds
        self._open: list[tuple[str, int]] = []

    def check(
        self, profile: Profile, value: Json, expression: str, resource: Json, *, root: Json | None = None
    ) -> None:
        """A value against a profile. `resource` is the resource that holds it, `root` the outermost one."""
        key = (profile.url, id(value))
        if key in self._open:
            return
        self._open.append(key)
        for base in profile.unresolved:
            reason = f"{profile.url} derives from {base}, which was not given"
            self.run.not_checked(f"base {base}", expression, f"{reason}; what that one says was not checked")
        self._node(profile.root, Item(value, None, expression), (resource, root or resource))
        self._open.pop()

    def conforms(self, profile: Profile, value: Json, resource: Json) -> bool:
        """Whether a value has no error against a profile; leaves no issue behind."""
        trial = Conformance(Run(None), self.profiles)
        trial.check(profile, value, "", resource)
        return not any(issue.severity == "error" for issue in trial.run.issues)

    def _node(self, node: Node, item: Item, around: tuple[Json, Json]) -> None:
        """Everything that a node says about one value."""
        self._value(node, item)
        self._bound(node, item)
        for constraint in node.says.get("constraint", ()):
            self._constraint(constraint, item, around, node)
        for url in node.profiles if len(node.profiles) == 1 else ():
            self._against(url, item, around)
        if len(node.profiles) > 1:
            self._against_any(node.profiles, item, around)
        for child in node.children.values():
            self._child(child, item, around)

    def _child(self, node: Node, parent: Item, around: tuple[Json, Json]) -> None:
        found = items_of(parent.content, node.name, parent.expression, self.kinds)
        place = f"{parent.expression}.{node.name}"
        self._count(node, found, place, node.name)
        for item in found:
            self._type(node, item)
            self._node(node, item, around)
        if node.slices:
            self._slices(node, found, place, around)

    def _slices(self, node: Node, found: list[Item], place: str, around: tuple[Json, Json]) -> None:
        try:
            groups, rest = assigned(node, found, self)
        except Unsupported as reason:
            self.run.not_checked(f"slicing {node.id}", place, f"the slices of {node.id} were not checked: {reason}")
            return
        slicing = node.says.get("slicing", {})
        if rest and slicing.get("rules") == "closed":
            for item in rest:
                message = f"the value is in none of the slices {', '.join(node.slices)}, and others are not allowed"
                self.run.add("profile-slicing", item.expression, message)
        if slicing.get("ordered"):
            order = list(node.slices)
            seen = [order.index(name) for item in found for name, group in groups.items() if item in group]
            if seen != sorted(seen):
                self.run.add("profile-slicing", place, f"the slices stand in the order {', '.join(order)}")
        for name, group in groups.items():
            slice_node = node.slices[name]
            self._count(slice_node, group, place, f"{node.name}:{name}")
            for item in group:
                self._type(slice_node, item)
                self._node(slice_node, item, around)

    def _count(self, node: Node, found: list[Item], place: str, name: str) -> None:
        if len(found) < node.min:
            wanted = f"at least {node.min}"
            self.run.add(
                "profile-cardinality", place, f"{name} is there {len(found)} times; the profile wants {wanted}"
            )
        elif len(found) > node.max:
            wanted = "none" if node.max == 0 else f"at most {int(node.max)}"
            expression = found[int(node.max)].expression
            self.run.add(
                "profile-cardinality", expression, f"{name} is there {len(found)} times; the profile wants {wanted}"
            )

    def _type(self, node: Node, item: Item) -> None:
        allowed = [entry["code"].rpartition("/")[2] for entry in node.says.get("type", ()) if "code" in entry]
        if item.type is not None and allowed and item.type not in allowed and "Element" not in allowed:
            self.run.add(
                "profile-type", item.expression, f"found a {item.type}; the profile allows {', '.join(allowed)}"
            )
        if isinstance(item.value, dict) and "resourceType" in item.value and allowed:
            name = item.value["resourceType"]
            if name not in allowed and not {"Resource", "DomainResource"} & set(allowed):
                self.run.add(
                    "profile-type", item.expression, f"found a {name}; the profile allows {', '.join(allowed)}"
                )
        targets = [url for entry in node.says.get("type", ()) for url in entry.get("targetProfile", ())]
        if targets and isinstance(item.value, dict):
            self._target(targets, item)

    def _target(self, targets: list[str], item: Item) -> None:
        types = set()
        for url in targets:
            profile = self.profiles.get(url)
            plain = url.partition("|")[0].removeprefix(CORE)
            if plain in self.library.official.resources:
                types.add(plain)
            elif profile is not None:
                types.add(profile.type)
            else:
                message = (
                    f"the target profile {url} was not given; what the reference points at was not held against it"
                )
                self.run.not_checked(f"target {url}", item.expression, message)
                return
        literal, said = item.value.get("reference"), item.value.get("type")
        found = understood(literal).type if isinstance(literal, str) else None
        found = found or (said.removeprefix(CORE) if isinstance(said, str) else None)
        if found in self.library.official.resources and "Resource" not in types and found not in types:
            message = f"a reference to {found} is not allowed by the profile; allowed: {', '.join(sorted(types))}"
            self.run.add("reference-target", f"{item.expression}.reference", message)

    def _value(self, node: Node, item: Item) -> None:
        fixed, pattern = node.value("fixed"), node.value("pattern")
        if fixed is not None and not same(fixed, item.value):
            self.run.add(
                "profile-fixed", item.expression, f"found {shown(item.value)}; the profile fixes it to {compact(fixed)}"
            )
        if pattern is not None and not contains(item.value, pattern):
            self.run.add(
                "profile-pattern",
                item.expression,
                f"found {compact(item.value)}; the profile's pattern is {compact(pattern)}",
            )
        longest = node.says.get("maxLength")
        if longest is not None and isinstance(item.value, str) and len(item.value) > longest:
            self.run.add(
                "max-length",
                item.expression,
                f"the text has {len(item.value)} characters; the profile allows {longest}",
            )
        for prefix, wrong, words in (("minValue", -1, "at least"), ("maxValue", 1, "at most")):
            limit = node.value(prefix)
            if limit is not None and _compared(item.value, limit) == wrong:
                self.run.add(
                    "profile-fixed",
                    item.expression,
                    f"found {shown(item.value)}; the profile wants {words} {shown(limit)}",
                )

    def _bound(self, node: Node, item: Item) -> None:
        binding = node.says.get("binding", {})
        strength, url = binding.get("strength"), binding.get("valueSet", "").partition("|")[0]
        if strength not in {"required", "extensible"} or not url or item.value is None:
            return
        answer = self.in_value_set(url, item.value)
        if answer is None:
            message = (
                f"whether the code is in {url} cannot be known here: the value set is not given, or not enumerable"
            )
            self.run.not_checked(f"set {url}", item.expression, message)
        elif answer is False:
            known = self.library.value_set(url)
            allowed = known.allowed() if known else ""
            rule = "required-binding" if strength == "required" else "extensible-binding"
            self.run.add(rule, item.expression, f"found {compact(item.value)}, not in {url}; allowed: {allowed}")

    def in_value_set(self, url: str, value: Any) -> bool | None:
        """Whether a code, Coding, CodeableConcept or Quantity is in a value set; None when that cannot be known."""
        if url == MEDIA_TYPES:
            return is_media_type(value) if isinstance(value, str) else True
        if url == LANGUAGES:
            return is_language_tag(value) if isinstance(value, str) else None
        known = self.library.value_set(url)
        if known is None:
            return None
        if isinstance(value, str):
            return known.has(None, value)
        if not isinstance(value, dict):
            return True
        if "coding" not in value and "code" not in value:
            return False
        listed = value.get("coding", [value])
        if not isinstance(listed, list):
            return True  # the type of what stands there is judged by itself
        answers = [codings.in_set(known, one) for one in listed if isinstance(one, dict)]
        return True if True in answers else None if None in answers else False

    def _against(self, url: str, item: Item, around: tuple[Json, Json]) -> None:
        profile = self.profiles.get(url)
        if url.partition("|")[0].removeprefix(CORE) in self.kinds:
            return
        if profile is None:
            self.run.not_checked(
                f"profile {url}", item.expression, f"the profile {url} was not given; it was not checked"
            )
        elif isinstance(item.value, dict):
            self.check(profile, item.value, item.expression, around[0], root=around[1])

    def _against_any(self, urls: list[str], item: Item, around: tuple[Json, Json]) -> None:
        known = [self.profiles.get(url) for url in urls]
        if None in known or not isinstance(item.value, dict):
            self.run.not_checked(
                f"profiles {urls}", item.expression, f"not all of {', '.join(urls)} were given; none was checked"
            )
        elif not any(self.conforms(profile, item.value, around[0]) for profile in known if profile):
            self.run.add("profile-type", item.expression, f"the value is valid against none of {', '.join(urls)}")

    def _constraint(self, constraint: Json, item: Item, around: tuple[Json, Json], node: Node) -> None:
        key, expression = constraint.get("key", "?"), constraint.get("expression")
        if not expression or fhirpath.is_core(key, constraint):
            return
        value = item.value if item.value is not None else item.extra
        answer = fhirpath.holds(
            expression, value, resource=around[0], root=around[1], path=node.id, fhir=self.library.official.fhir
        )
        says = constraint.get("human", expression)
        if answer.problem is not None:
            self.run.not_checked(
                f"constraint {key}", item.expression, f"the constraint {key} was not checked: {answer.problem}"
            )
        elif not answer.holds:
            rule = "profile-invariant" if constraint.get("severity") == "error" else "profile-advice"
            self.run.add(rule, item.expression, f"{key}: {says}", key=key)


def _compared(value: Any, limit: Any) -> int | None:
    if is_number(value) and is_number(limit):
        return (float(value) > float(limit)) - (float(value) < float(limit))
    if isinstance(value, str) and isinstance(limit, str) and "T" not in value + limit:
        size = min(len(value), len(limit))
        return (value[:size] > limit[:size]) - (value[:size] < limit[:size])
    return None
