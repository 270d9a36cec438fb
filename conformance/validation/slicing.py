"""Which values of an element belong to which slice: discriminators by value, pattern, exists and type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.validation.items import Item, contains, items_of, same

if TYPE_CHECKING:
    from conformance.validation.conform import Conformance
    from conformance.validation.profiles import Node

_EXTENSION = re.compile(r"extension\('([^']+)'\)\.?")


class Unsupported(Exception):
    """Why slices cannot be told apart here."""


def assigned(node: Node, found: list[Item], conformance: Conformance) -> tuple[dict[str, list[Item]], list[Item]]:
    """Slice name → its values, and the values of no slice. Raises Unsupported."""
    slicing = node.says.get("slicing", {})
    discriminators = [(item["type"], item["path"]) for item in slicing.get("discriminator", ())]
    if not discriminators:
        if node.name.endswith("[x]"):
            discriminators = [("type", "$this")]
        elif node.name in {"extension", "modifierExtension"}:
            discriminators = [("value", "url")]
        else:
            raise Unsupported("the slicing has no discriminator")
    groups: dict[str, list[Item]] = {name: [] for name in node.slices}
    rest: list[Item] = []
    for item in found:
        for name, slice_node in node.slices.items():
            if all(_matches(kind, path, slice_node, item, conformance) for kind, path in discriminators):
                groups[name].append(item)
                break
        else:
            rest.append(item)
    return groups, rest


def _matches(kind: str, path: str, slice_node: Node, item: Item, conformance: Conformance) -> bool:
    if "resolve()" in path:
        raise Unsupported(f"the discriminator {path!r} asks for the target of a reference")
    node, values = _followed(path, slice_node, item, conformance)
    if kind in {"value", "pattern"}:
        if node is slice_node and path == "url" and slice_node.profiles:
            return any(value.value in [url.partition("|")[0] for url in slice_node.profiles] for value in values)
        if node is None or not _is_told(node):
            raise Unsupported(f"nothing in the slice {slice_node.id} fixes {path!r}")
        return any(shaped(node, value, conformance) for value in values)
    if kind == "exists":
        if node is None:
            raise Unsupported(f"the slice {slice_node.id} says nothing about {path!r}")
        return not values if node.max == 0 else bool(values)
    if kind == "type":
        return _has_type(node or slice_node, values)
    raise Unsupported(f"discriminators of type {kind!r} are not supported")


def _followed(path: str, slice_node: Node, item: Item, conformance: Conformance) -> tuple[Node | None, list[Item]]:
    """The node and the values at a discriminator's path; for the url of an extension slice, the slice."""
    node: Node | None = slice_node
    values = [item]
    remaining = path.removeprefix("$this").removeprefix(".")
    while remaining:
        extension = _EXTENSION.match(remaining)
        if extension:
            url, remaining = extension[1], remaining[extension.end() :]
            listed = node.children.get("extension") if node else None
            node = next((one for one in listed.slices.values() if url in one.profiles), None) if listed else None
            values = [
                one
                for value in values
                for one in items_of(value.content, "extension", value.expression, conformance.kinds)
                if isinstance(one.value, dict) and one.value.get("url") == url
            ]
            continue
        name, _, remaining = remaining.partition(".")
        if name.startswith("ofType("):
            continue
        if node is not None:
            child = node.children.get(name) or node.children.get(f"{name}[x]")
            if child is None and name == "url" and node.profiles:
                child = node
            node = child
        plain = items_in(values, name, conformance.kinds)
        values = plain or items_in(values, f"{name}[x]", conformance.kinds)
    return node, values


def items_in(values: list[Item], name: str, kinds: dict[str, str]) -> list[Item]:
    return [one for value in values for one in items_of(value.content, name, value.expression, kinds)]


def _is_told(node: Node) -> bool:
    """Whether a node says which values it means."""
    if node.value("fixed") is not None or node.value("pattern") is not None:
        return True
    if node.says.get("binding", {}).get("strength") == "required":
        return True
    below = [*node.children.values(), *(one for child in node.children.values() for one in child.slices.values())]
    return any(_is_told(child) for child in below)


def shaped(node: Node, item: Item, conformance: Conformance) -> bool:
    """Whether a value is of the kind that a node means by fixed values, patterns and required value sets."""
    fixed, pattern = node.value("fixed"), node.value("pattern")
    if fixed is not None and not same(fixed, item.value):
        return False
    if pattern is not None and not contains(item.value, pattern):
        return False
    binding = node.says.get("binding", {})
    if fixed is None and pattern is None and binding.get("strength") == "required":
        url = binding.get("valueSet", "").partition("|")[0]
        answer = conformance.in_value_set(url, item.value)
        if answer is None:
            raise Unsupported(f"the value set {url} was not given")
        if answer is False:
            return False
    for child in node.children.values():
        if _is_told(child):
            below = items_in([item], child.name, conformance.kinds)
            wanted = [child] if _says_itself(child) else list(child.slices.values())
            if not all(any(shaped(one, value, conformance) for value in below) for one in wanted):
                return False
    return True


def _says_itself(node: Node) -> bool:
    return not node.slices or node.value("fixed") is not None or node.value("pattern") is not None


def _has_type(node: Node, values: list[Item]) -> bool:
    allowed = {entry["code"].rpartition("/")[2] for entry in node.says.get("type", ()) if "code" in entry}
    if not allowed:
        name = node.id.rpartition(":")[2]
        allowed = {name}
    for value in values:
        kind: Any = value.type
        if isinstance(value.value, dict) and "resourceType" in value.value:
            kind = value.value["resourceType"]
        if not isinstance(kind, str):
            continue
        if kind in allowed or (kind and any(one.endswith(kind[:1].upper() + kind[1:]) for one in allowed)):
            return True
    return False
