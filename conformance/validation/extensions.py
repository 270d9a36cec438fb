"""Extensions whose definition is known: where they stand, how often, and with what (extensibility.html#context)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.validation.conform import Conformance
from conformance.validation.primitives import is_absolute
from conformance.validation.run import shown

if TYPE_CHECKING:
    from conformance.validation.packages import Library
    from conformance.validation.profiles import Profile, Profiles
    from conformance.validation.run import Run

Json = dict[str, Any]
_NESTED = re.compile(r"xtension\[\d+\]\.extension\[\d+\]$")
_INDEX = re.compile(r"\[\d+\]")
_MODIFIER = re.compile(r"\.modifierExtension\[\d+\]$")


BROKEN_CONTEXTS = frozenset(
    {
        "http://hl7.org/fhir/StructureDefinition/structuredefinition-normative-version",
        "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type",
    }
)
"""Extensions that HL7's own definitions put elsewhere than their published context says; theirs is not checked."""


def check_extensions(run: Run, profiles: Profiles, resource: Json) -> None:
    """All extensions that a run has met in a document; those inside another one belong to that one's definition."""
    conformance = Conformance(run, profiles)
    counts: dict[tuple[str, str], int] = {}
    for url, path, value in run.extensions:
        if _NESTED.search(path):
            continue
        if not is_absolute(url):
            run.add(
                "extension-url",
                f"{path}.url",
                f"{shown(url)} is not absolute; only the parts of an extension have a short url",
            )
            continue
        profile = profiles.get(url)
        if profile is None:
            run.not_checked(
                f"extension {url}",
                path,
                f"the definition of the extension {url} is not known here; its value was not checked",
            )
            continue
        place = path.rpartition("[")[0]
        counts[place, url] = counts.get((place, url), 0) + 1
        if counts[place, url] > profile.root.max:
            message = f"the extension {url} stands {counts[place, url]} times; allowed are {int(profile.root.max)}"
            run.add("extension-cardinality", path, message)
        _context(run, profiles.library, profile, path)
        _modifier(run, profile, path)
        conformance.check(profile, value, path, resource)


def _modifier(run: Run, profile: Profile, path: str) -> None:
    is_modifier = bool(profile.root.says.get("isModifier"))
    if bool(_MODIFIER.search(path)) != is_modifier:
        wanted = "modifierExtension" if is_modifier else "extension"
        run.add("extension-modifier", path, f"{profile.url} stands under {wanted}")


def _context(run: Run, library: Library, profile: Profile, path: str) -> None:
    allowed = _contexts(profile.definition)
    if not allowed or ("element", "Element") in allowed or profile.url in BROKEN_CONTEXTS:
        return
    name, holder = max(
        ((name, place) for name, place, _ in run.resources if path.startswith(f"{place}.")), key=lambda one: len(one[1])
    )
    found = hosts(library, f"{name}{path.rpartition('.')[0][len(holder) :]}")
    if found is None or found & {expression for kind, expression in allowed if kind == "element"}:
        return
    if any(kind != "element" for kind, _ in allowed):
        kinds = ", ".join(sorted({kind for kind, _ in allowed if kind != "element"}))
        run.not_checked(f"context {profile.url}", path, f"contexts of kind {kinds} of {profile.url} were not checked")
        return
    places = ", ".join(sorted(expression for _, expression in allowed))
    here = _INDEX.sub("", path.rpartition(".")[0])
    run.add("extension-context", path, f"the extension {profile.url} does not belong on {here}; allowed on: {places}")


def _contexts(definition: Json) -> list[tuple[str, str]]:
    found = []
    for item in definition.get("context", ()):
        kind, expression = item if isinstance(item, list) else (item.get("type"), item.get("expression"))
        found.append((kind, expression))
    return found


def hosts(library: Library, path: str) -> frozenset[str] | None:
    """All names by which a context may mean the element at a place: paths, types, and abstract types above them.

    None when the place cannot be followed, as below something unknown.
    """
    official = library.official
    names = [_INDEX.sub("", name) for name in path.split(".")]
    definition_path = names[0]
    paths: set[str] = {names[0]}
    for name in names[1:]:
        step = _step(official, definition_path, name.removeprefix("_"))
        if step is None:
            return None
        below, type_name = step
        paths = {f"{one}.{name.removeprefix('_')}" for one in paths} | {f"{one}.{below[1]}" for one in paths}
        paths |= {below[0]}
        if type_name not in {"BackboneElement", "Element", ""}:
            paths.add(type_name)
            definition_path = type_name
        else:
            definition_path = below[0]
    kind = official.kinds.get(definition_path)
    above = {"Element"} if kind != "resource" else {"Resource", "DomainResource"}
    if kind is None:
        above |= {"BackboneElement"}
    if kind == "complex-type":
        above |= {"DataType"}
    return frozenset(paths | above | {"*"})


def _step(official: Any, path: str, name: str) -> tuple[tuple[str, str], str] | None:
    """(definition path, name in the definition) and type of a property of a definition path."""
    stripped = official.structure(path.partition(".")[0])
    for row in stripped["elements"] if stripped else ():
        parent, _, own = row["path"].rpartition(".")
        if parent != path:
            continue
        if own == name:
            if "like" in row:
                return (row["like"], own), ""
            return (row["path"], own), row["types"][0][0]
        if own.endswith("[x]") and name.startswith(own[:-3]):
            for item in row["types"]:
                if name == f"{own[:-3]}{item[0][:1].upper()}{item[0][1:]}":
                    return (row["path"], own), item[0]
    return None
