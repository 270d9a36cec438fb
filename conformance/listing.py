"""A requirement's whole life as text: the sentence, its source, its checks, its faults."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from conformance import coverage, packs
from conformance.model import UsageError
from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Requirement
    from conformance.packs import Pack


def listed(pack_name: str, *, form: str) -> Iterator[str]:
    """Each requirement of a pack with what verifies it, as lines of text or as one JSON document."""
    if form == "coverage":
        yield from coverage_table(pack_name)
        return
    pack = packs.load(pack_name)
    places = coverage.places(pack)
    rows = [_row(requirement, places.get(requirement.id, [])) for requirement in pack.catalogue.requirements]
    if form == "json":
        yield json.dumps({"pack": pack.name, "requirements": rows}, ensure_ascii=False, indent=1)
        return
    width = max(len(row["id"]) for row in rows)
    for row in rows:
        how = f"not tested: {row['not_tested']}" if row["not_tested"] else f"{len(row['checks'])} checks"
        missing = "" if row["checks"] or row["not_tested"] else "  NO CHECK"
        yield f"{row['id']:{width}}  {row['level']:6} {row['basis']:10}  {how}{missing}"
    bare = sum(1 for row in rows if not row["checks"] and not row["not_tested"])
    yield f"{len(rows)} requirements, {sum(1 for row in rows if row['not_tested'])} not tested, {bare} without a check"


def coverage_table(pack_name: str) -> Iterator[str]:
    """A Markdown table: each line of the pack's source document, and the requirements that came of it."""
    pack = packs.load(pack_name)
    yield f"# Where each line of the source of `{pack.name}` ended up"
    yield ""
    yield f"Source: {pack.source}. Made by `consent-conformance requirements --pack {pack.name} --format coverage`."
    yield ""
    yield "| lines | says | requirements | contradictions |"
    yield "|---|---|---|---|"
    for row in pack.source_lines:
        named = ", ".join(_named(pack.catalogue[one]) for one in row.requirements)
        yield f"| {row.lines} | {row.says} | {named} | {', '.join(row.contradictions)} |"


def explained(requirement_id: str, *, pack: str | None) -> Iterator[str]:
    """What there is to know about one requirement.

    Raises:
        UsageError: no pack has it.

    """
    found, requirement = _find(requirement_id, pack)
    yield requirement.id
    yield from textwrap.wrap(requirement.text, 100, initial_indent="  ", subsequent_indent="  ")
    yield ""
    yield f"level     {requirement.level} ({requirement.basis}; a violation {_weight(requirement)})"
    yield f"source    {requirement.source}"
    yield f"stands in {requirement.set}"
    if requirement.applies_when:
        yield f"applies   when the system offers {', '.join(requirement.applies_when)}"
    for word, ids in (("restates", requirement.restates), ("replaces", requirement.replaces)):
        if ids:
            yield f"{word:9} {', '.join(ids)}"
    if requirement.not_tested:
        yield f"untested  {requirement.not_tested}"
    yield ""
    yield "checks"
    for place in coverage.places(found).get(requirement.id, []):
        yield f"  {place.file}{f':{place.line}' if place.line else ''}  {place.name}"
        yield from textwrap.wrap(place.title, 96, initial_indent="    ", subsequent_indent="    ")
    yield ""
    yield "faults that trip it"
    yield from _faults(requirement.id)


def _named(requirement: Requirement) -> str:
    return f"`{requirement.id}`{'' if requirement.not_tested is None else ' (not tested)'}"


def _find(requirement_id: str, pack: str | None) -> tuple[Pack, Requirement]:
    candidates = [packs.load(name) for name in ([pack] if pack else packs.available())]
    own = [one for one in candidates if requirement_id.startswith(one.name + ".")]
    for candidate in (*own, *candidates):
        if requirement_id in candidate.catalogue:
            return candidate, candidate.catalogue[requirement_id]
    known = {row.id for candidate in candidates for row in candidate.catalogue.requirements}
    raise UsageError(f"no requirement '{requirement_id}' in any pack; {nearest(requirement_id, known)}")


def _weight(requirement: Requirement) -> str:
    if requirement.not_tested:
        return "is not looked for"
    return "fails a server" if requirement.can_fail else "is a warning"


def _faults(requirement_id: str) -> Iterator[str]:
    from conformance.reference import FAULTS  # noqa: PLC0415 - only `explain` needs the reference server

    tripping = [fault for _, fault in sorted(FAULTS.items()) if requirement_id in fault.breaks]
    for fault in tripping:
        yield f"  {fault.name}: {' '.join((fault.__doc__ or '').split())}"
    if not tripping:
        yield "  none"


def _row(requirement: Requirement, places: list[coverage.Place]) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "level": str(requirement.level),
        "basis": str(requirement.basis),
        "text": requirement.text,
        "source": requirement.source,
        "set": requirement.set,
        "not_tested": requirement.not_tested,
        "checks": [f"{place.file}::{place.name}" for place in places],
    }
