"""Packs: one documented system each, as a folder of data. Reads them loudly.

A pack's folder holds pack.toml, and may hold requirements/*.toml, scenarios/*.toml, headers.toml, contradictions.toml,
profile.toml, source.toml, FHIR definitions, seed/*.json, fixtures/*.json and a README.md. Anything else in it is
refused: a file that nobody reads is a misspelt one.
"""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from conformance import catalogue as catalogues
from conformance import claims as known_claims
from conformance import dialect as dialects
from conformance import reading, shipped
from conformance.catalogue import Catalogue
from conformance.dialect import Coding, Dialect
from conformance.model import Claim, Requirement, UsageError
from conformance.reading import Place, Problems
from conformance.reading.headers import DEFAULT_SETS, header_cells, header_values
from conformance.reading.profiles import profile_rules
from conformance.reading.scenarios import contradictions, source_lines
from conformance.reading.scenarios import scenarios as scenarios_of
from conformance.reading.spelling import nearest
from conformance.reading.surroundings import Surroundings, patch, unrepeated
from conformance.scenarios import (
    Body,
    Contradiction,
    Expectation,
    HeaderCell,
    HeaderValue,
    Patch,
    ProfileRules,
    Scenario,
    SourceLine,
    Statuses,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Body",
    "Coding",
    "Contradiction",
    "Dialect",
    "Expectation",
    "HeaderCell",
    "HeaderValue",
    "Pack",
    "Patch",
    "Scenario",
    "Statuses",
    "Step",
    "available",
    "load",
]

DEFINITIONS = ("StructureDefinition-*.json", "ValueSet-*.json", "CodeSystem-*.json")
_KNOWN = (
    "pack.toml",
    "headers.toml",
    "contradictions.toml",
    "profile.toml",
    "source.toml",
    "README.md",
    "requirements/*.toml",
    "scenarios/*.toml",
    "seed/*.json",
    "fixtures/**/*.json",
    *DEFINITIONS,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Embedded:
    """What the embedded server holds for a system: resources with ids, and what a target names of them."""

    seed: tuple[dict[str, Any], ...]
    given: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """One documented system. `headers`: name of a set → header name → value; `bodies`: kind of consent → body."""

    name: str
    title: str
    source: str
    fhir: str
    includes: tuple[str, ...]
    claims_from: Literal["pack", "metadata"]
    personality: str | None
    embedded: Embedded | None
    claims: tuple[Claim, ...]
    dialect: Dialect
    headers: dict[str, dict[str, HeaderValue]]
    bodies: dict[str, Body]
    scenarios: tuple[Scenario, ...]
    header_cells: tuple[HeaderCell, ...]
    contradictions: tuple[Contradiction, ...]
    source_lines: tuple[SourceLine, ...]
    profile: ProfileRules | None
    catalogue: Catalogue
    folder: Path
    own_fixtures: dict[str, Any] = field(default_factory=dict, repr=False)
    """What a target has in place of fixtures that headers are made from; see `conformance.own_fixtures`."""

    @property
    def own_data(self) -> dict[str, Any]:
        """What the embedded server is started with besides its personality: the pack's own data, if it has any."""
        return {} if self.embedded is None else {"holdings": self.embedded.seed, "given": self.embedded.given}

    @property
    def definitions(self) -> tuple[Path, ...]:
        """The files of the FHIR definitions in the pack's folder."""
        return tuple(path for pattern in DEFINITIONS for path in sorted(self.folder.glob(pattern)))

    def fixture(self, name: str) -> Any:
        """The JSON of a fixture, a fresh copy at each call. Raises UsageError when there is none of that name."""
        if name in self.own_fixtures:
            return copy.deepcopy(self.own_fixtures[name])
        return copy.deepcopy(_fixture(self.folder, name))


@functools.cache
def _fixture(folder: Path, name: str) -> Any:
    """A run asks for the same few fixtures hundreds of times."""
    path = shipped.fixture(name, pack=folder)
    if path is None:
        raise UsageError(f"{reading.shown(folder)}: {shipped.no_fixture(name, pack=folder)}")
    problems = Problems()
    content = reading.json_file(path, problems=problems)
    problems.stop()
    return content


def available() -> tuple[str, ...]:
    """The names of the shipped packs."""
    return shipped.packs()


def load(name_or_folder: str | Path) -> Pack:
    """A shipped pack by name, or any pack by its folder. Raises UsageError with everything that is wrong with it."""
    if isinstance(name_or_folder, str) and name_or_folder in available():
        return _shipped(name_or_folder)
    return _read(_folder(name_or_folder))


@functools.cache
def _shipped(name: str) -> Pack:
    """What is shipped stays as it is while a process lives, and a proof asks for it thousands of times."""
    return _read(_folder(name))


def _read(folder: Path) -> Pack:
    problems = Problems()
    pack = _load(folder, problems)
    problems.stop()
    assert pack is not None
    return pack


def _folder(wanted: str | Path) -> Path:
    names = available()
    if isinstance(wanted, str) and wanted in names:
        return shipped.folder("profiles") / wanted
    path = Path(wanted).expanduser()
    if (path / "pack.toml").is_file():
        return path.resolve()
    if wanted and path.is_dir():
        raise UsageError(f"{reading.shown(path)}: no pack.toml in this folder; name the folder of a pack")
    if isinstance(wanted, Path) or "/" in wanted or "\\" in wanted:
        raise UsageError(
            f"{reading.shown(path)}: no such folder; shipped packs are named without a path ({', '.join(names)})"
        )
    remedy = nearest(wanted, names)
    listed = f"there are: {', '.join(names)}"
    raise UsageError(f"no pack '{wanted}' in profiles/ ({listed}){f'; {remedy}' if remedy.startswith('did') else ''}")


def _load(folder: Path, problems: Problems) -> Pack | None:
    _refuse_strangers(folder, problems)
    document = reading.toml(folder / "pack.toml", schema="pack", problems=problems)
    if document is None:
        return None
    data = document.value
    if data["name"] != folder.name:
        (document / "name").say(f"'{data['name']}' is not the name of the folder; write '{folder.name}'")
    claims = _claims(document)
    catalogue, whole = _catalogue(document, folder, problems)
    headers: dict[str, dict[str, HeaderValue]] = {}
    bodies: dict[str, Body] = {}
    around = Surroundings(
        ids=catalogue.ids() if whole else None,
        headers=headers,
        bodies=bodies,
        fixture=lambda name: _fixture_problem(folder, name),
        content=lambda name: _fixture(folder, name),
    )
    cells, rows, lines = folder / "headers.toml", folder / "contradictions.toml", folder / "source.toml"
    held = folder / "profile.toml"
    disputed = tuple(contradictions(rows, around, problems)) if rows.exists() else ()
    around = replace(around, contradictions=[row.id for row in disputed] if disputed or not rows.exists() else None)
    for kind, row in document.entries("bodies"):
        bodies[kind] = _body(kind, row, around)
    for name, row in document.entries("headers"):
        headers[name] = header_values(row, around, names=("uuid",) if name in DEFAULT_SETS else None)
    scenarios = _scenarios(document, folder, around, problems)
    _refuse_idle_actions(document, bodies)
    return Pack(
        name=data["name"],
        title=data["title"],
        source=data["source"],
        fhir=data["fhir"],
        includes=tuple(data.get("includes", ())),
        claims_from=data.get("claims_from", "pack"),
        personality=data.get("personality"),
        embedded=_embedded(document, folder, problems),
        claims=claims,
        dialect=dialects.read(document / "dialect"),
        headers=headers,
        bodies=bodies,
        scenarios=scenarios,
        header_cells=tuple(header_cells(cells, around, problems)) if cells.exists() else (),
        contradictions=disputed,
        source_lines=tuple(source_lines(lines, around, problems)) if lines.exists() else (),
        profile=profile_rules(held, around, problems) if held.exists() else None,
        catalogue=catalogue,
        folder=folder,
    )


def _refuse_strangers(folder: Path, problems: Problems) -> None:
    known = {path for pattern in _KNOWN for path in folder.glob(pattern)}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in known and not path.name.startswith("."):
            near = nearest(path.relative_to(folder).as_posix(), _KNOWN)
            problems.say(f"{reading.shown(path)}: nothing reads this file; rename or remove it: {near}")


def _embedded(document: Place, folder: Path, problems: Problems) -> Embedded | None:
    """The data of the embedded server; says which files are missing, are not named, or hold no resource with an id."""
    place = document / "embedded"
    seed = []
    for row in place.rows("seed"):
        path = folder / "seed" / row.value
        resource = reading.json_file(path, problems=problems)
        if resource is not None and not (isinstance(resource, dict) and {"resourceType", "id"} <= resource.keys()):
            row.say(f"'{row.value}' holds no resource with an id; give it resourceType and id")
        seed.append(resource)
    named = {row.value for row in place.rows("seed")}
    for path in sorted(folder.glob("seed/*.json")):
        if path.name not in named:
            problems.say(f"{reading.shown(path)}: nothing reads this file; name it in embedded.seed of pack.toml")
    if place.value is None:
        return None
    if "personality" not in document:
        place.say("there is no server to hold this; name a personality")
    return Embedded(seed=tuple(seed), given=place.value["given"])


def _fixture_problem(folder: Path, name: str) -> str | None:
    path = shipped.fixture(name, pack=folder)
    if path is None:
        return shipped.no_fixture(name, pack=folder)
    problems = Problems()
    reading.json_file(path, problems=problems)
    return " ".join(problems.sentences) or None


def _claims(document: Place) -> tuple[Claim, ...]:
    rows = list(document.rows("claim"))
    unrepeated(rows, "claim")
    first = {row.value["claim"]: row / "claim" for row in reversed(rows)}
    for claim, place in first.items():
        if sentence := known_claims.unknown(claim):
            place.say(sentence)
    if document.value.get("claims_from", "pack") == "pack":
        for claim, sentence in known_claims.disagreements(first):
            first[claim].say(sentence)
        if not rows:
            (document / "claim").say("nothing is claimed, so nothing would be judged; add [[claim]] rows")
    return tuple(Claim(**row.value) for row in rows)


def _catalogue(document: Place, folder: Path, problems: Problems) -> tuple[Catalogue, bool]:
    """The pack's catalogue, and whether all of it could be read."""
    before = len(problems.sentences)
    found: list[tuple[Requirement, Place]] = []
    for place in document.rows("includes"):
        pack = place.value.partition("/")[0]
        path = shipped.requirement_file(place.value, beside=folder)
        if pack == folder.name:
            place.say(f"'{place.value}' is this pack's own, which always counts; remove it")
        elif path is not None:
            found += catalogues.read(path, pack=pack, problems=problems)
        else:
            sets = shipped.requirement_sets(beside=folder)
            place.say(f"no requirement file '{place.value}'; {nearest(place.value, sets)}")
    for path in sorted(folder.glob("requirements/*.toml")):
        found += catalogues.read(path, pack=folder.name, problems=problems)
    if len(problems.sentences) > before:
        return Catalogue(requirements=()), False
    if not found:
        (document / "includes").say("the pack has no requirements; include some, or write requirements/*.toml")
    here = {row.id for row, _ in found}
    strange = {other for row, _ in found for other in (*row.restates, *row.replaces)} - here
    return catalogues.gather(found, elsewhere=set(shipped.requirement_ids()) if strange else ()), True


def _body(kind: str, row: Place, around: Surroundings) -> Body:
    around.fixture_name(row / "create")
    return Body(
        kind=kind,
        create=row.value["create"],
        activity_kind=row.value.get("activity_kind", kind.partition("-")[0]),
        patch=patch(row / "patch"),
        reconstructed=row.value.get("reconstructed", ".reconstructed." in row.value["create"]),
    )


def _scenarios(document: Place, folder: Path, around: Surroundings, problems: Problems) -> tuple[Scenario, ...]:
    """The scenarios of all files; says which names two files share, and which set of headers no step asks for."""
    found: dict[str, tuple[Scenario, Path]] = {}
    before = len(problems.sentences)
    for path in sorted(folder.glob("scenarios/*.toml")):
        for scenario in scenarios_of(path, around, problems):
            other = found.setdefault(scenario.name, (scenario, path))[1]
            if other != path:
                said = f"'{scenario.name}' is a scenario of {other.name} as well; rename one"
                problems.say(f"{reading.shown(path)}: scenario.name: {said}")
    asked = {step.header_set for scenario, _ in found.values() for step in scenario.steps}
    for name, place in document.entries("headers"):
        if name not in (*DEFAULT_SETS, *asked) and len(problems.sentences) == before:
            place.say(f"no scenario asks for this set of headers; {nearest(name, DEFAULT_SETS)}")
    return tuple(scenario for scenario, _ in found.values())


def _refuse_idle_actions(document: Place, bodies: Mapping[str, Body]) -> None:
    """Says which changes by action no consent of the pack would ever need."""
    actions = ("create", "update", "close")
    known = {f"{action}-{body.activity_kind}" for action in actions for body in bodies.values()} | {*actions}
    for name, _ in document.entries("headers"):
        for _, value in (document / "headers").entries(name):
            for action, place in value.entries("by_action"):
                if action not in known:
                    place.say(f"'{action}' never happens; {nearest(action, known)}")
