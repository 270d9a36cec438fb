"""Packs: one documented system each, as a folder of data. Reads them loudly.

A pack's folder holds pack.toml, and may hold requirements/*.toml, scenarios/*.toml, headers.toml, contradictions.toml,
FHIR definitions, seed/*.json, fixtures/*.json and a README.md. Anything else in it is refused: a file that nobody reads
is a misspelt one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from conformance import catalogue as catalogues
from conformance import claims as known_claims
from conformance import dialect as dialects
from conformance import reading, shipped
from conformance.dialect import Coding, Dialect
from conformance.model import Claim, Requirement, UsageError
from conformance.reading import Document, Problems
from conformance.reading import headers as header_files
from conformance.reading import scenarios as scenario_files
from conformance.reading.headers import DEFAULT_SETS
from conformance.reading.spelling import nearest
from conformance.reading.surroundings import Surroundings
from conformance.scenarios import (
    Body,
    Contradiction,
    Expectation,
    HeaderCell,
    HeaderValue,
    Patch,
    Scenario,
    Statuses,
    Step,
)

if TYPE_CHECKING:
    from conformance.catalogue import Catalogue, Place

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

_KNOWN = (
    "pack.toml",
    "headers.toml",
    "contradictions.toml",
    "README.md",
    "requirements/*.toml",
    "scenarios/*.toml",
    "seed/*.json",
    "fixtures/**/*.json",
    "StructureDefinition-*.json",
    "ValueSet-*.json",
    "CodeSystem-*.json",
)


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
    claims: tuple[Claim, ...]
    dialect: Dialect
    headers: dict[str, dict[str, HeaderValue]]
    bodies: dict[str, Body]
    scenarios: tuple[Scenario, ...]
    header_cells: tuple[HeaderCell, ...]
    contradictions: tuple[Contradiction, ...]
    catalogue: Catalogue
    folder: Path

    def fixture(self, name: str) -> Any:
        """The JSON of a fixture, a fresh copy at each call. Raises UsageError when there is none of that name."""
        path = shipped.fixture(name, pack=self.folder)
        if path is None:
            raise UsageError(f"{reading.shown(self.folder)}: {shipped.no_fixture(name, pack=self.folder)}")
        problems = Problems()
        content = reading.json_file(path, problems=problems)
        problems.stop()
        return content


def available() -> tuple[str, ...]:
    """The names of the shipped packs."""
    return shipped.packs()


def load(name_or_folder: str | Path) -> Pack:
    """A shipped pack by name, or any pack by its folder. Raises UsageError with everything that is wrong with it."""
    problems = Problems()
    pack = _load(_folder(name_or_folder), problems)
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
    if path.is_dir():
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
    data = document.data
    if data["name"] != folder.name:
        problems.say(document, ("name",), f"'{data['name']}' is not the name of the folder; write '{folder.name}'")
    claims = _claims(document, problems)
    if "dialect" in data:
        dialects.check(document, ("dialect",), problems)
    catalogue = _catalogue(document, folder, problems)
    headers: dict[str, dict[str, HeaderValue]] = {}
    bodies = {kind: _body(kind, row) for kind, row in data.get("bodies", {}).items()}
    around = Surroundings(
        catalogue=catalogue,
        headers=headers,
        bodies=bodies,
        fixture=lambda name: _fixture_problem(folder, name),
        problems=problems,
    )
    for name, row in data.get("headers", {}).items():
        headers[name] = header_files.header_values(row, document, ("headers", name), around)
    for kind, body in bodies.items():
        around.has_fixture(body.create, document, ("bodies", kind, "create"))
        header_files.patch(body.patch, document, ("bodies", kind, "patch"), problems)
    scenarios = tuple(
        row for path in sorted(folder.glob("scenarios/*.toml")) for row in scenario_files.scenarios(path, around)
    )
    _refuse_unused(document, headers, bodies, scenarios, problems)
    cells, rows = folder / "headers.toml", folder / "contradictions.toml"
    return Pack(
        name=data["name"],
        title=data["title"],
        source=data["source"],
        fhir=data["fhir"],
        includes=tuple(data.get("includes", ())),
        claims_from=data.get("claims_from", "pack"),
        personality=data.get("personality"),
        claims=claims,
        dialect=Dialect().with_overrides(data.get("dialect", {})) if not problems.sentences else Dialect(),
        headers=headers,
        bodies=bodies,
        scenarios=scenarios,
        header_cells=tuple(header_files.header_cells(cells, around)) if cells.exists() else (),
        contradictions=tuple(scenario_files.contradictions(rows, around)) if rows.exists() else (),
        catalogue=catalogue,
        folder=folder,
    )


def _fixture_problem(folder: Path, name: str) -> str | None:
    path = shipped.fixture(name, pack=folder)
    if path is None:
        return shipped.no_fixture(name, pack=folder)
    problems = Problems()
    reading.json_file(path, problems=problems)
    return " ".join(problems.sentences) or None


def _refuse_strangers(folder: Path, problems: Problems) -> None:
    known = {path for pattern in _KNOWN for path in folder.glob(pattern)}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in known and not path.name.startswith("."):
            near = nearest(path.relative_to(folder).as_posix(), _KNOWN)
            problems.sentences.append(f"{reading.shown(path)}: nothing reads this file; rename or remove it: {near}")


def _claims(document: Document, problems: Problems) -> tuple[Claim, ...]:
    rows = document.data.get("claim", ())
    seen: dict[str, int] = {}
    for number, row in enumerate(rows):
        if sentence := known_claims.unknown(row["claim"]):
            problems.say(document, ("claim", number, "claim"), sentence)
        if row["claim"] in seen:
            problems.say(
                document, ("claim", number, "claim"), f"is claimed in row {seen[row['claim']] + 1} already; keep one"
            )
        seen.setdefault(row["claim"], number)
    if document.data.get("claims_from", "pack") == "pack":
        for claim, sentence in known_claims.disagreements(seen):
            problems.say(document, ("claim", seen[claim], "claim"), sentence)
        if not rows:
            problems.say(document, ("claim",), "nothing is claimed, so nothing would be judged; add [[claim]] rows")
    return tuple(Claim(claim=row["claim"], source=row["source"]) for row in rows)


def _body(kind: str, row: dict[str, Any]) -> Body:
    return Body(
        kind=kind,
        create=row["create"],
        activity_kind=row.get("activity_kind", kind.partition("-")[0]),
        patch=tuple(row.get("patch", ())),
        reconstructed=row.get("reconstructed", ".reconstructed." in row["create"]),
    )


def _catalogue(document: Document, folder: Path, problems: Problems) -> Catalogue:
    found: list[tuple[Requirement, Place]] = []
    for number, name in enumerate(document.data.get("includes", ())):
        pack = name.partition("/")[0]
        path = shipped.requirement_file(name, beside=folder)
        if pack == folder.name:
            problems.say(document, ("includes", number), f"'{name}' is this pack's own, which always counts; remove it")
        elif path is not None:
            found += catalogues.read(path, pack=pack, problems=problems)
        else:
            near = nearest(name, shipped.requirement_sets(beside=folder))
            problems.say(document, ("includes", number), f"no requirement file '{name}'; {near}")
    for path in sorted(folder.glob("requirements/*.toml")):
        found += catalogues.read(path, pack=folder.name, problems=problems)
    if not found and not problems.sentences:
        problems.say(document, ("includes",), "the pack has no requirements; include some or write requirements/*.toml")
    here = {row.id for row, _ in found}
    strange = {other for row, _ in found for other in (*row.restates, *row.replaces)} - here
    elsewhere = set(shipped.requirement_ids()) if strange else set[str]()
    return catalogues.gather(found, elsewhere=elsewhere, problems=problems)


def _refuse_unused(
    document: Document,
    headers: dict[str, dict[str, HeaderValue]],
    bodies: dict[str, Body],
    scenarios: tuple[Scenario, ...],
    problems: Problems,
) -> None:
    """Says which sets of headers no request would carry, and which changes by action no consent would need."""
    used = {step.header_set for scenario in scenarios for step in scenario.steps}
    activities = {body.activity_kind for body in bodies.values()}
    actions = {"create", "update", "close"}
    known = {f"{action}-{kind}" for action in actions for kind in activities} | actions
    for name, values in headers.items():
        if name not in DEFAULT_SETS and name not in used:
            problems.say(
                document, ("headers", name), f"no scenario uses this set of headers; {nearest(name, DEFAULT_SETS)}"
            )
        for header, value in values.items():
            for action in value.by_action:
                if action not in known:
                    key = ("headers", name, header, "by_action", action)
                    problems.say(document, key, f"'{action}' never happens; {nearest(action, known)}")
