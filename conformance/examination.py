"""What the validator says of a body, resource by resource. Every distinct body is validated once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from conformance.identities import REDACTED
from conformance.validation import Validator
from conformance.validation.definitions import PACKS

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

RELEASES = frozenset(PACKS)
"""What the validator has definitions of."""

_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]\.resource(?=\.|$)")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the validator says of a resource. `place` is the path from that resource on, without indices."""

    type: str
    id: str
    place: str
    rule: str
    severity: str
    message: str

    @property
    def named(self) -> str:
        return f"{self.type}/{self.id}" if self.id else self.type


@dataclass(frozen=True, slots=True)
class Examined:
    """The Consents in a body, alone or in a Bundle, and what is said of every resource in it."""

    consents: tuple[Json, ...] = ()
    told: tuple[Told, ...] = ()


@lru_cache(maxsize=4096)
def examined(body: str, release: str) -> Examined:
    """What there is to say of a body; nothing of one that is no resource, or of a release without definitions here."""
    try:
        resource = json.loads(body)
    except (ValueError, RecursionError):
        return Examined()
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return Examined()
    issues = _validator(release).validate_bytes(body.encode("utf-8", "backslashreplace")) if release in RELEASES else []
    told = []
    for issue in issues:
        if REDACTED in body and REDACTED in json.dumps(_at(resource, issue.expression)):
            continue  # what was taken out when the answer was recorded is not the server's
        holder, place = _holder(resource, issue.expression)
        named = str(holder.get("id", "")), _INDEX.sub("", place)
        told.append(Told(holder["resourceType"], *named, issue.rule, issue.severity, issue.message))
    return Examined(tuple(_consents(resource)), tuple(told))


@cache
def _validator(release: str) -> Validator:
    return Validator(release)


def _holder(resource: Json, expression: str) -> tuple[Json, str]:
    """The resource in a Bundle that an expression leads into, and the expression from there on."""
    match = _ENTRY.match(expression)
    if match:
        inner = _at(resource, match[0])
        if isinstance(inner, dict) and isinstance(inner.get("resourceType"), str):
            return _holder(inner, inner["resourceType"] + expression[match.end() :])
    return resource, expression or str(resource["resourceType"])


def _at(resource: Json, expression: str) -> Any:
    """The value at an expression; None where there is none."""
    value: Any = resource
    for name, index in _STEP.findall(expression):
        if isinstance(value, dict) and name:
            value = value.get(name)
        elif isinstance(value, list) and index and int(index) < len(value):
            value = value[int(index)]
        else:
            return None
    return value


def _consents(resource: Json) -> Iterator[Json]:
    if resource.get("resourceType") == "Consent":
        yield resource
    entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield from _consents(entry["resource"])
