"""Profiles, value sets and code systems from outside: objects, files, folders, FHIR packages (.tgz). No network."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.model import UsageError
from conformance.validation.definitions.stripping import extension
from conformance.validation.terminology import CodeSystem, ValueSet, code_system_from_resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.validation.definitions import Definitions

Json = dict[str, Any]
KINDS = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})
LARGEST_FILE = 64 * 1024 * 1024


class Library:
    """Definitions that a user brought, in front of the official ones of a release."""

    def __init__(self, official: Definitions, sources: Sequence[Path | str | Json] = ()) -> None:
        self.official = official
        self.profiles: dict[str, Json] = {}
        """Canonical → StructureDefinition, as brought."""
        self._value_set_resources: dict[str, Json] = {}
        self._value_sets: dict[str, ValueSet | None] = {}
        self._systems: dict[str, CodeSystem] = {}
        for source in sources:
            for resource, origin in read(source):
                self._take(resource, origin)

    def _take(self, resource: Json, origin: str) -> None:
        url = resource.get("url")
        if not isinstance(url, str):
            raise UsageError(f"{origin}: the {resource.get('resourceType')} has no url; it cannot be referred to")
        if resource["resourceType"] == "StructureDefinition":
            for key in ("type", "kind"):
                if not isinstance(resource.get(key), str):
                    raise UsageError(f"{origin}: the StructureDefinition has no {key}")
            self.profiles[url] = resource
        elif resource["resourceType"] == "ValueSet":
            self._value_set_resources[url] = resource
        else:
            self._systems[url] = code_system_from_resource(resource)

    def profile(self, url: str) -> Json | None:
        """A StructureDefinition that was brought, or one of HL7's extensions; |version is looked at by nobody."""
        url = url.partition("|")[0]
        return self.profiles.get(url) or self.official.extension(url)

    def code_system(self, url: str) -> CodeSystem | None:
        return self._systems.get(url) or self.official.code_system(url)

    def value_set(self, url: str) -> ValueSet | None:
        """An enumerable value set, official or brought. One that is known in part says so."""
        url = url.partition("|")[0]
        if url not in self._value_sets:
            self._value_sets[url] = None  # a set that includes itself ends here
            resource = self._value_set_resources.get(url)
            self._value_sets[url] = self.official.value_set(url) if resource is None else self._enumerated(resource)
        return self._value_sets[url]

    def _enumerated(self, resource: Json) -> ValueSet:
        codes_of: dict[str, CodeSystem | frozenset[str]] = {}
        open_systems: set[str] = set()
        complete = not resource.get("compose", {}).get("exclude")
        includes = resource.get("compose", {}).get("include", [])
        if not includes:
            return self._expanded(resource)
        for include in includes:
            system = include.get("system", "")
            if "filter" in include or ("valueSet" in include and system):
                complete = False
                open_systems.add(system)
            elif "concept" in include:
                _join(codes_of, system, frozenset(concept["code"] for concept in include["concept"]))
            elif "valueSet" in include:
                for url in include["valueSet"]:
                    inner = self.value_set(url)
                    if inner is None:
                        complete = False
                    else:
                        complete = complete and inner.complete
                        for name, known in inner.codes_of.items():
                            _join(codes_of, name, known)
            else:
                whole = self.code_system(system)
                if whole is None:
                    complete = False
                    open_systems.add(system)
                else:
                    _join(codes_of, system, whole)
        return ValueSet(resource["url"], codes_of, complete=complete, open_systems=frozenset(open_systems))

    @staticmethod
    def _expanded(resource: Json) -> ValueSet:
        codes_of: dict[str, CodeSystem | frozenset[str]] = {}
        pending = list(resource.get("expansion", {}).get("contains", []))
        for item in pending:
            pending.extend(item.get("contains", []))
            if "code" in item:
                _join(codes_of, item.get("system", ""), frozenset({item["code"]}))
        return ValueSet(resource["url"], codes_of, complete=bool(codes_of))


def _join(codes_of: dict[str, CodeSystem | frozenset[str]], system: str, more: CodeSystem | frozenset[str]) -> None:
    known = codes_of.get(system)
    if known is None or isinstance(more, CodeSystem):
        codes_of[system] = more
    elif not isinstance(known, CodeSystem):
        codes_of[system] = known | more


def read(source: Path | str | Json) -> Iterator[tuple[Json, str]]:
    """The definitions in an object, file, folder or package, each with where it came from."""
    if isinstance(source, dict):
        yield from _definitions(source, source.get("url") or "the given definition")
        return
    path = Path(source)
    found = False
    try:
        for definition in _in_path(path):
            found = True
            yield definition
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if not found:
        raise UsageError(f"{path}: there is no StructureDefinition, ValueSet or CodeSystem in it")


def _in_path(path: Path) -> Iterator[tuple[Json, str]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield from _from_text(file.read_bytes(), str(file), strict=False)
    elif path.suffix in {".tgz", ".gz", ".tar"}:
        yield from _from_package(path)
    elif path.is_file():
        yield from _from_text(path.read_bytes(), str(path), strict=True)
    else:
        raise UsageError(f"{path}: there is no such file, folder or package; give a path (nothing is downloaded)")


def _from_package(path: Path) -> Iterator[tuple[Json, str]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".json") and member.size <= LARGEST_FILE:
                    content = archive.extractfile(member)
                    if content is not None:
                        yield from _from_text(content.read(), f"{path}: {member.name}", strict=False)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UsageError(f"{path}: not a FHIR package (.tgz): {error}") from error


def _from_text(data: bytes, origin: str, *, strict: bool) -> Iterator[tuple[Json, str]]:
    try:
        content = json.loads(data)
    except ValueError as error:
        if strict:
            raise UsageError(f"{origin}: not JSON: {error}") from error
        return
    yield from _definitions(content, origin)


def _definitions(content: Any, origin: str) -> Iterator[tuple[Json, str]]:
    if not isinstance(content, dict):
        return
    if content.get("resourceType") in KINDS:
        yield content, origin
    elif content.get("resourceType") == "Bundle":
        for entry in content.get("entry", ()):
            yield from _definitions(entry.get("resource"), origin)


def stripped_extension(definition: Json) -> Json:
    """A brought extension in the form in which the official ones are stored."""
    return extension(definition) if "resourceType" in definition and "differential" in definition else definition
