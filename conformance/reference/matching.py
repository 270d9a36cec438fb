"""Whether a resource is selected by one value of a search parameter: the tokens and references of R4's search page.

Everything here works on plain JSON values and asks nobody.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.messages import Resource


def values_at(resource: Any, path: str) -> list[Any]:
    """Return what stands at a path such as `provision.actor.reference`, lists on the way flattened."""
    if "." not in path and isinstance(resource, dict):
        return listed(resource.get(path))
    found = [resource]
    for name in path.split("."):
        below: list[Any] = []
        for value in found:
            child = value.get(name) if isinstance(value, dict) else None
            if isinstance(child, list):
                below += child
            elif child is not None:
                below.append(child)
        found = below
    return found


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def split_values(written: str, separator: str) -> list[str]:
    """Split at a separator that no backslash precedes and take the backslashes away (search.html#escaping)."""
    return [re.sub(r"\\([,|$\\])", r"\1", part) for part in re.split(rf"(?<!\\){re.escape(separator)}", written)]


def codings(value: Any) -> Iterator[tuple[str | None, str | None]]:
    """Yield system and code of a code, Coding, CodeableConcept or Identifier."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        for coding in listed(value.get("coding")):
            if isinstance(coding, dict):  # a server that lies may have stored anything
                yield coding.get("system"), coding.get("code")
        if "coding" not in value and ("code" in value or "value" in value):
            yield value.get("system"), value.get("code", value.get("value"))


def token_matches(value: Any, wanted: str, *, fixed_system: bool = False) -> bool:
    """Whether `code`, `system|code`, `|code` or `system|` selects the value (search.html#token).

    With `fixed_system` the element is a code whose system its binding implies, so that any system is taken.
    """
    system, bar, code = wanted.partition("|")
    if not bar:
        return any(found == wanted for _, found in codings(value))
    if fixed_system:
        return any(found == code for _, found in codings(value))
    return any(
        (found_system == system if system else found_system is None) and (not code or found == code)
        for found_system, found in codings(value)
    )


def reference_matches(value: Any, wanted: str, *, base: str, types: tuple[str, ...], only: str | None) -> bool:
    """Whether a bare id, Type/id or absolute URL selects a Reference (search.html#reference).

    `types` are the types that the element may refer to, `only` the type that a modifier names.
    """
    reference = value.get("reference") if isinstance(value, dict) else None
    return isinstance(reference, str) and _selects(reference, wanted, base, types, only)


@lru_cache(maxsize=65_536)
def _selects(reference: str, wanted: str, base: str, types: tuple[str, ...], only: str | None) -> bool:
    """As `reference_matches`, of the reference alone: a search looks at the same few again and again."""
    target = _local(reference, base) or ""
    if only is not None and target.partition("/")[0] != only:
        return False
    sought = _local(wanted, base)
    if sought is not None and ("/" in sought or ":" in sought):
        return target == sought
    return any(target == f"{kind}/{sought}" for kind in types)


@lru_cache(maxsize=65_536)
def _local(reference: str | None, base: str) -> str | None:
    """Return a reference relative to our base and without its version; as it is when it points elsewhere."""
    return None if reference is None else reference.removeprefix(f"{base}/").partition("/_history/")[0]


def referenced(resource: Resource, path: str, base: str) -> list[tuple[str, str]]:
    """Return type and id of every resource of ours that the references at the path name, each once."""
    found = []
    for value in values_at(resource, path):
        local = _local(value.get("reference") if isinstance(value, dict) else None, base) or ""
        kind, _, id_ = local.partition("/")
        if id_ and ":" not in local and (kind, id_) not in found:
            found.append((kind, id_))
    return found
