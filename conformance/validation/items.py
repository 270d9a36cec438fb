"""The values of an element as profiles see them: in pairs with what stands under _name, choices with their type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.validation.primitives import is_number
from conformance.validation.run import shown

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One value of an element: the JSON value, what stands under _name, its place, and the type of a choice."""

    value: Any
    extra: Any
    expression: str
    type: str | None = None

    @property
    def content(self) -> Json:
        """The object with the children; of a primitive, its id and extensions."""
        if isinstance(self.value, dict):
            return self.value
        return self.extra if isinstance(self.extra, dict) else {}


def items_of(parent: Json, name: str, expression: str, kinds: dict[str, str]) -> list[Item]:
    """The values of an element in its parent. `value[x]` finds whichever type is there."""
    if not name.endswith("[x]"):
        return _items(parent, name, f"{expression}.{name}", None)
    stem = name[:-3]
    found: list[Item] = []
    for key in dict.fromkeys(key.removeprefix("_") for key in parent):
        suffix = key[len(stem) :]
        if key.startswith(stem) and suffix[:1].isupper():
            lower = suffix[0].lower() + suffix[1:]
            found += _items(
                parent, key, f"{expression}.{key}", lower if kinds.get(lower) == "primitive-type" else suffix
            )
    return found


def _items(parent: Json, key: str, expression: str, kind: str | None) -> list[Item]:
    value, extra = parent.get(key), parent.get(f"_{key}")
    if isinstance(value, list) or isinstance(extra, list):
        values = value if isinstance(value, list) else []
        extras = extra if isinstance(extra, list) else []
        size = max(len(values), len(extras))
        pairs = zip([*values, *[None] * (size - len(values))], [*extras, *[None] * (size - len(extras))], strict=True)
        return [Item(one, other, f"{expression}[{index}]", kind) for index, (one, other) in enumerate(pairs)]
    return [Item(value, extra, expression, kind)] if value is not None or extra is not None else []


def same(one: Any, other: Any) -> bool:
    """Equal as JSON; true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if is_number(one) and is_number(other):
        return float(one) == float(other)
    return type(one) is type(other) and bool(one == other)


def contains(value: Any, pattern: Any) -> bool:
    """Whether a value has everything that a pattern has (https://hl7.org/fhir/R4/elementdefinition.html#pattern)."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and contains(value[key], part) for key, part in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(contains(one, part) for one in value) for part in pattern)
    return same(value, pattern)


def compact(value: Any) -> str:
    """A value for a message; codings as system|code."""
    if isinstance(value, dict):
        listed = value.get("coding")
        if isinstance(listed, list):
            return ", ".join(compact(one) for one in listed)
        if "code" in value:
            return f"{value.get('system', '(no system)')}|{value['code']}"
        return "{" + ", ".join(f"{key}: {compact(one)}" for key, one in list(value.items())[:6]) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(compact(one) for one in value[:6]) + "]"
    return shown(value)
