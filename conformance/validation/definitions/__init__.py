"""The official definitions of a FHIR release, as package data. Nothing here touches the network.

`r4.pack` and `r5.pack` are made by tools/build_definitions.py from the packages that HL7 publishes.
`r5-ballot-Consent.json` is written by hand: the ballot of September 2022 is in no registry.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from conformance.model import UsageError
from conformance.validation.definitions.pack import Pack, bucket_of
from conformance.validation.definitions.stripping import structure
from conformance.validation.terminology import CodeSystem, ValueSet, code_system

FOLDER = Path(__file__).parent
PACKS = {"4.0": "r4.pack", "5.0": "r5.pack", "5.0-ballot": "r5.pack"}
BALLOT = "r5-ballot-Consent.json"


class Definitions:
    """The definitions of one release, read piece by piece as they are asked for."""

    def __init__(self, fhir: str) -> None:
        if fhir not in PACKS:
            raise UsageError(f"no definitions of FHIR {fhir!r}; there are: {', '.join(PACKS)}")
        self.fhir = fhir
        self._pack = Pack.read(FOLDER / PACKS[fhir])
        about = self._pack.chunk("about")
        self.resources: frozenset[str] = frozenset(about["resources"])
        """Names of all resource types of the release, abstract ones included."""
        self.kinds: dict[str, str] = about["types"]
        """Type → resource, complex-type or primitive-type, of the types that are here."""
        self._own: dict[str, Any] = {}
        if fhir == "5.0-ballot":
            self._own["Consent"] = structure(json.loads((FOLDER / BALLOT).read_bytes()))
        self._systems: dict[str, CodeSystem | None] = {}
        self._value_sets: dict[str, ValueSet | None] = {}
        self._chunks: dict[str, Any] = {}

    def structure(self, name: str) -> dict[str, Any] | None:
        """The stripped rows of a type; None for a type that is not here."""
        found: dict[str, Any] | None = self._own.get(name) or self._pack.chunk(f"types/{name}")
        return found

    def extension(self, url: str) -> dict[str, Any] | None:
        """The stripped definition of one of HL7's extensions."""
        found: dict[str, Any] | None = self._entry("extensions", url)
        return found

    def code_system(self, url: str) -> CodeSystem | None:
        if url not in self._systems:
            record = self._entry("systems", url)
            self._systems[url] = None if record is None else code_system(url, record)
        return self._systems[url]

    def value_set(self, url: str) -> ValueSet | None:
        """A value set that can be enumerated, at least in part; None for one that is not known."""
        url = url.partition("|")[0]
        if url not in self._value_sets:
            record = self._entry("value-sets", url)
            self._value_sets[url] = None if record is None else self._enumerated(url, record)
        return self._value_sets[url]

    def search_parameters(self, resource: str) -> list[dict[str, Any]]:
        """code, type, expression and target of the search parameters of a resource type, inherited ones included."""
        bases = {resource, "Resource", "DomainResource"}
        return [parameter for parameter in self._chunk("search") or () if bases.intersection(parameter["base"])]

    def _enumerated(self, url: str, record: Any) -> ValueSet | None:
        if isinstance(record, dict):
            return ValueSet(url, {}, complete=False, open_systems=frozenset(record["open"]))
        codes_of: dict[str, CodeSystem | frozenset[str]] = {}
        for system, codes in record:
            if codes is None:
                whole = self.code_system(system)
                if whole is None:
                    return None
                codes_of[system] = whole
            else:
                codes_of[system] = frozenset(codes.split(" ") if isinstance(codes, str) else codes)
        return ValueSet(url, codes_of)

    def _entry(self, section: str, url: str) -> Any:
        bucket = self._chunk(bucket_of(section, url))
        return None if bucket is None else bucket.get(url)

    def _chunk(self, name: str) -> Any:
        if name not in self._chunks:
            self._chunks[name] = self._pack.chunk(name)
        return self._chunks[name]


@cache
def definitions(fhir: str) -> Definitions:
    """The definitions of a release, shared: they are only ever read."""
    return Definitions(fhir)
