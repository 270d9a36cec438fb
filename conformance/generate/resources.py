"""Whole resources, derived from the definitions: every optional element, at every depth.

A body of the pack is what it starts from, so that what a profile or a system asks for is there; elements are added to
it and lists are made longer. What belongs together is made together: a period whose end is not before its start, an
attachment's type with its data, a contained resource with the reference to it (datatypes.html, references.html).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance import period
from conformance.generate import values
from conformance.generate.values import now_and_then, number, pick, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from conformance.validation.definitions import Definitions

Json = dict[str, Any]

LEFT_OUT = frozenset({"id", "meta", "implicitRules", "text", "contained", "extension", "modifierExtension", "patient"})
"""The server's own, what another part of this module makes, and what a server must refuse when it does not know it."""
DEEPEST = 5
"""Rules within rules."""
LANGUAGES = ("sv", "en-GB", "zh-Hant", "de-CH-1996")
EXTENSION = "https://example.org/fhir/StructureDefinition/generated-"
CLINIC = {"resourceType": "Organization", "id": "generated-clinic", "name": "Exempelkliniken 🙂"}
OTHER_CLINIC = {"resourceType": "Organization", "id": "generated-ward", "name": "Ward 7"}


@dataclass(frozen=True, slots=True)
class Origin:
    """A body of the pack that consents are made from. `kind` is the pack's word for it."""

    kind: str
    body: Json


@dataclass(frozen=True, slots=True)
class Row:
    """One element of the definitions. `types` are names, each with the types that a reference may lead to."""

    name: str
    path: str
    types: tuple[tuple[str, ...], ...]
    least: int
    repeats: bool
    value_set: str
    like: str


@cache
def _rows(definitions: Definitions, parent: str) -> tuple[Row, ...]:
    """The children of a type (`Identifier`) or a backbone element (`Consent.provision`), those that are made here."""
    found = []
    for row in (definitions.structure(parent.partition(".")[0]) or {}).get("elements", ()):
        path = row["path"]
        if path.rpartition(".")[0] != parent or path.rpartition(".")[2] in LEFT_OUT:
            continue
        found.append(
            Row(
                name=path.rpartition(".")[2],
                path=path,
                types=tuple(tuple(each) for each in row.get("types", ())),
                least=row.get("min", 0),
                repeats=row.get("max") == "*",
                value_set=(row.get("binding") or ("", ""))[1],
                like=row.get("like", ""),
            )
        )
    return tuple(found)


def found_by(definitions: Definitions, body: Json, path: str, token: str) -> Json | None:
    """The consent with one more concept, code or identifier at a path within it, such as `provision.action`.

    A concept has the token in its second coding. None where nothing of that kind has a place.
    """
    holding, _, name = path.rpartition(".")
    row = next((row for row in _rows(definitions, f"Consent.{holding}".rstrip(".")) if row.name == name), None)
    coding = {"system": values.SYSTEMS[0], "code": token}
    made = {
        "CodeableConcept": {"coding": [{"system": values.SYSTEMS[0], "code": values.CODES[0]}, coding]},
        "Coding": coding,
        "Identifier": {"system": values.SYSTEMS[0], "value": token},
    }.get(row.types[0][0] if row else "")
    changed = copy.deepcopy(body)
    holder = changed.get(holding) if holding else changed
    if row is None or made is None or not isinstance(holder, dict) or (name in holder and not row.repeats):
        return None
    holder[name] = [*holder.get(name, ()), made] if row.repeats else made
    return changed


def consent(
    random: Random,
    definitions: Definitions,
    origins: tuple[Origin, ...],
    references: Mapping[str, tuple[str, ...]],
) -> Json:
    """`{"kind": …, "body": …}`: a consent. `references`: type → stand-ins for what it may refer to."""
    origin = pick(random, origins)
    return {"kind": origin.kind, "body": _Maker(random, definitions, references).consent(origin.body)}


class _Maker:
    """Makes one resource."""

    def __init__(self, random: Random, definitions: Definitions, references: Mapping[str, tuple[str, ...]]) -> None:
        self._random = random
        self._definitions = definitions
        self._references = references
        self._ids = 0
        self._contained: list[Json] = []

    def consent(self, origin: Json) -> Json:
        body = copy.deepcopy(origin)
        self._fill(body, "Consent", depth=0)
        if self._contained:
            body["contained"] = [*body.get("contained", ()), *self._contained]
        if now_and_then(self._random, 3):
            body["extension"] = [*body.get("extension", ()), *self._some(self._extension, 2)]
        return body

    def _fill(self, body: Json, path: str, *, depth: int) -> None:
        """Add children to an object: those that must be there, and about half of the others."""
        for row in _rows(self._definitions, path):
            if row.name.endswith("[x]"):
                self._choose(body, row)
                continue
            there = row.name in body
            if there and not row.repeats and self._is_backbone(row):
                self._fill(body[row.name], row.path, depth=depth + 1)
                continue
            if there and not row.repeats and row.types != (("Period",),):
                continue
            often = 2 if depth < 2 or row.like else 3
            if not (row.least and not there) and not now_and_then(self._random, often):
                continue
            self._put(body, row, depth=depth)

    def _put(self, body: Json, row: Row, *, depth: int) -> None:
        if row.repeats:
            most = (1 if depth < 3 else 0) if row.like else 3 if depth < 2 else 1
            made = self._some(lambda: self._value(row, depth), most)
            known = body.get(row.name, [])
            more = [one for one in made if one is not None and one not in known]
            if more:
                body[row.name] = [*known, *more]
            return
        made = self._value(row, depth)
        if made is None:
            return
        body[row.name] = made
        if isinstance(made, str) and row.types[0][0] in {"dateTime", "uri", "string"} and now_and_then(self._random, 4):
            body[f"_{row.name}"] = {"extension": [self._extension()]}

    def _choose(self, body: Json, row: Row) -> None:
        stem = row.name.removesuffix("[x]")
        if any(name.startswith(stem) for name in body) or not now_and_then(self._random):
            return
        kind = pick(self._random, row.types)
        made = self._typed(kind, row, depth=1)
        if made is not None:
            body[f"{stem}{kind[0][:1].upper()}{kind[0][1:]}"] = made

    def _is_backbone(self, row: Row) -> bool:
        return row.types == (("BackboneElement",),)

    def _some(self, make: Callable[[], Any], most: int) -> list[Any]:
        return [make() for _ in range(1 + number(self._random, most))]

    def _value(self, row: Row, depth: int) -> Any:
        if row.like:
            return self._backbone(row.like, depth + 1) if depth < DEEPEST else None
        return self._typed(row.types[0], row, depth=depth)

    def _backbone(self, path: str, depth: int) -> Json | None:
        made: Json = {}
        if now_and_then(self._random, 5):
            self._ids += 1
            made["id"] = f"{pick(self._random, values.IDS)[:50]}-{self._ids}"
        self._fill(made, path, depth=depth)
        return made if set(made) - {"id"} else None

    def _typed(self, kind: tuple[str, ...], row: Row, *, depth: int) -> Any:  # noqa: C901, PLR0912 - a table
        random, name = self._random, kind[0]
        match name:
            case "BackboneElement":
                return self._backbone(row.path, depth + 1)
            case "Reference":
                return self._reference(kind[1:])
            case "Period":
                return self._period()
            case "CodeableConcept":
                return self._concept(row.value_set)
            case "Coding":
                return self._coding(row.value_set)
            case "Identifier":
                return self._identifier()
            case "Attachment":
                return self._attachment()
            case "code" if row.name == "language":
                return pick(random, LANGUAGES)
            case "code":
                known = values.coded(self._definitions, row.value_set)
                return pick(random, [code for _, code in known]) if known else pick(random, values.CODES)
            case "uri" | "url" | "canonical":
                return pick(random, values.URIS)
            case "boolean":
                return not now_and_then(random)
            case "dateTime":
                return values.date_time(random)
            case "string" | "markdown":
                return text(random)
            case _:
                return None

    def _reference(self, targets: tuple[str, ...]) -> Json:
        random = self._random
        known = [one for kind in sorted(self._references) for one in self._references[kind] if _fits(kind, targets)]
        made: Json
        if "Organization" in targets and now_and_then(random, 5):
            clinic = pick(random, (CLINIC, OTHER_CLINIC))
            if clinic not in self._contained:
                self._contained.append(clinic)
            return {"reference": f"#{clinic['id']}"}
        if known and not now_and_then(random, 5):
            made = {"reference": pick(random, known)}
            return {**made, "display": text(random)} if now_and_then(random, 4) else made
        made = {"display": text(random)}
        if now_and_then(random):
            made["identifier"] = {"system": pick(random, values.SYSTEMS), "value": text(random)}
        return made

    def _period(self) -> Json:
        random = self._random
        start, end = values.date_time(random), values.date_time(random)
        made: Json = pick(random, ({"start": start, "end": end}, {"start": start}, {"end": end}))
        if period.order(made, None) != "ok":
            made = {"start": end, "end": start}
        if period.order(made, None) != "ok":
            made = {"start": start}
        if now_and_then(random, 6):
            made[f"_{next(iter(made))}"] = {"extension": [self._extension()]}
        return made

    def _coding(self, value_set: str) -> Json:
        random = self._random
        known = values.coded(self._definitions, value_set)
        if known and not now_and_then(random, 4):
            system, code = pick(random, known)
            return {"system": system, "code": code}
        made: Json = {"system": pick(random, values.SYSTEMS), "code": pick(random, values.CODES)}
        if now_and_then(random):
            made["display"] = text(random)
        if now_and_then(random, 4):
            made["version"] = "2024-01"
        if now_and_then(random, 4):
            made["userSelected"] = not now_and_then(random)
        return made

    def _concept(self, value_set: str) -> Json:
        codings: list[Json] = []
        for coding in self._some(lambda: self._coding(value_set), 2):
            if all((one["system"], one["code"]) != (coding["system"], coding["code"]) for one in codings):
                codings.append(coding)
        made: Json = {"coding": codings}
        return {**made, "text": text(self._random)} if now_and_then(self._random, 3) else made

    def _identifier(self) -> Json:
        random = self._random
        made: Json = {"system": pick(random, values.SYSTEMS), "value": text(random)}
        if now_and_then(random):
            made["use"] = pick(random, ("official", "secondary", "old"))
        if now_and_then(random):
            made["type"] = {"text": text(random)}
        if now_and_then(random, 3):
            made["period"] = self._period()
        if now_and_then(random, 4):
            made["assigner"] = {"display": text(random)}
        return made

    def _attachment(self) -> Json:
        random = self._random
        made: Json = {"contentType": "text/plain", "data": pick(random, values.DATA)}
        if now_and_then(random):
            made["title"] = text(random)
        if now_and_then(random):
            made["creation"] = values.date_time(random)
        if now_and_then(random, 3):
            made["language"] = pick(random, LANGUAGES)
        return made

    def _extension(self, depth: int = 0) -> Json:
        random = self._random
        shape = number(random, 6 if depth == 0 else 5)
        value = (
            lambda: {"valueString": text(random)},
            lambda: {"valueBoolean": not now_and_then(random)},
            lambda: {"valueInteger": pick(random, (1, 0, -1, 2147483647))},
            lambda: {"valueDateTime": values.date_time(random)},
            lambda: {"valuePeriod": self._period()} if depth == 0 else {"valueDate": "2024-02-29"},
            lambda: {"valueCodeableConcept": self._concept("")},
            lambda: {"extension": [self._extension(depth + 1) for _ in range(1 + number(random, 1))]},
        )[shape]()
        self._ids += 1
        return {"url": f"{EXTENSION}{self._ids % 3}", **value}


def _fits(kind: str, targets: tuple[str, ...]) -> bool:
    return not targets or kind in targets or "Resource" in targets
