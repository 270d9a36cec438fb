"""Searches that must find a consent and searches that must not, read from the definitions and from the consent.

A parameter's place is what its definition says (`Consent.provision.actor.reference`). What an unclear rule leaves to
the server is not asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.period import search_matches

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from conformance.validation.definitions import Definitions

Json = dict[str, Any]
LONGEST = 200
"""Characters of a search value; addresses may not be longer than servers like."""
NOBODY = "https://example.org/nobody"
NOWHERE = "no-such-code"
CUTS = (None, 16, 16, 10, 7, 4)
"""Where a dateTime is cut off to be a search value: year, month, day, minute; None: nowhere."""
PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


@dataclass(frozen=True, slots=True)
class Probe:
    """One search parameter with one value, and whether the consent is to be found by it."""

    name: str
    value: str
    finds: bool

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


@cache
def _places(definitions: Definitions) -> tuple[tuple[str, str, str], ...]:
    """(name, type, path within a Consent) of every parameter of Consent that has one."""
    return tuple(
        (row["code"], row["type"], path)
        for row in definitions.search_parameters("Consent")
        for path in re.findall(r"\bConsent\.([A-Za-z.]+)", row.get("expression", ""))
    )


def probes(definitions: Definitions, body: Json, claims: Collection[str]) -> list[Probe]:
    """Every token and reference search by a claimed parameter that the consent decides."""
    found: list[Probe] = []
    for name, kind, path in _places(definitions):
        if f"search:{name}" not in claims or name == "patient":
            continue
        values = _at(body, path)
        if kind == "token":
            tokens = [token for value in values for token in _tokens(value)]
            found += [Probe(name, token, True) for token in dict.fromkeys(tokens) if len(token) <= LONGEST]
            found += [Probe(name, f"{NOBODY}|{token.partition('|')[2]}", False) for token in tokens[:1] if "|" in token]
            found += [Probe(name, NOWHERE, False)] if values and name != "status" else []
        elif kind == "reference":
            named = [str(value.get("reference")) for value in values if isinstance(value, dict)]
            found += [Probe(name, one, True) for one in dict.fromkeys(named) if re.fullmatch(r"[A-Z]\w+/[\w.-]+", one)]
    return found


def tokens(definitions: Definitions, claims: Collection[str]) -> list[str]:
    """The paths within a Consent that a claimed token parameter looks at."""
    return [path for name, kind, path in _places(definitions) if kind == "token" and f"search:{name}" in claims]


def dated(body: Json, path: str) -> Json:
    """The dates at a path as a period: a dateTime stands for all the time that it covers; {} where there are none."""
    found = next(iter(_at(body, path)), None)
    if isinstance(found, str):
        return {"start": found, "end": found}
    bounds = found if isinstance(found, dict) else {}
    return {name: bounds[name] for name in ("start", "end") if isinstance(bounds.get(name), str)}


def date_probe(name: str, known: Json, asked: Json, *, zone: str | None) -> Probe | None:
    """The search that `asked` describes, when the specification decides what it finds; None when it does not.

    `asked`: `of` is start, end, or a dateTime of its own; `cut` a place in `CUTS`; `prefix` one of `PREFIXES`.
    """
    written = str(known.get(asked["of"], asked["of"]))
    if written in {"start", "end"}:
        return None
    value = asked["prefix"] + _cut(written, asked["cut"])
    answer = search_matches(known, value, zone) if known else "ambiguous"
    return None if answer == "ambiguous" else Probe(name, value, answer == "yes")


def _cut(written: str, at: int | None) -> str:
    if at is None or len(written) <= at:
        return written
    zone = re.search(r"(Z|[+-]\d\d:\d\d)$", written) if at == 16 else None
    return written[:at] + (zone[0] if zone else "")


def _tokens(value: Any) -> Iterator[str]:
    """`system|code` of a Coding, a CodeableConcept or an Identifier; the code alone of a code."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and "coding" in value:
        for coding in value["coding"] if isinstance(value["coding"], list) else ():
            yield from _tokens(coding) if isinstance(coding, dict) and "coding" not in coding else ()
    elif isinstance(value, dict):
        system, code = value.get("system"), value.get("code", value.get("value"))
        if isinstance(system, str) and isinstance(code, str):
            yield f"{escaped(system)}|{escaped(code)}"


def escaped(text: str) -> str:
    """With a backslash before what separates values (search.html#escaping)."""
    return re.sub(r"([\\,|$])", r"\\\1", text)


def _choices(value: Json, name: str) -> list[str]:
    """The properties that may stand for a choice: `sourceReference` for `source`."""
    return [key for key in value if key.startswith(name) and key[len(name) :][:1].isupper()]


def _at(resource: Any, path: str) -> list[Any]:
    """What stands at a path, lists on the way flattened; a choice such as `source` under the name of any type."""
    found = [resource]
    for name in path.split("."):
        below: list[Any] = []
        for value in found:
            if not isinstance(value, dict):
                continue
            for key in [name] if name in value else _choices(value, name):
                below += value[key] if isinstance(value[key], list) else [value[key]]
        found = below
    return found
