"""Reads sets of headers and the cells of headers.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import reading
from conformance.reading.spelling import nearest
from conformance.reading.surroundings import (
    HEADER_NAME,
    Surroundings,
    check_header_text,
    check_names,
    listed,
    patch,
    unrepeated,
)
from conformance.scenarios import CELL_NAMES, HeaderCell, HeaderValue, Statuses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from conformance.reading import Place, Problems

DEFAULT_SETS = ("all", "read", "write")
"""The sets of headers that requests carry without being told to."""


def header_values(place: Place, around: Surroundings, *, names: Collection[str] | None) -> dict[str, HeaderValue]:
    """A table of header name → text or table. `names` may stand in braces in a value; None: any, for now."""
    found: dict[str, HeaderValue] = {}
    spelt: dict[str, str] = {}
    for name in place.value:
        here = place / name
        if not HEADER_NAME.fullmatch(name):
            here.say(f"'{name}' is no header name; correct it")
        if name.lower() in spelt:
            here.say(f"is the header '{spelt[name.lower()]}' again, as case makes no difference; keep one of them")
        spelt[name.lower()] = name
        found[name] = _header_value(here, around, names)
    return found


def _header_value(here: Place, around: Surroundings, names: Collection[str] | None) -> HeaderValue:
    if isinstance(here.value, str):
        check_header_text(here)
        check_names(here, names)
        return HeaderValue(value=here.value)
    if ("value" in here) == ("fixture" in here):
        here.say("has both value and fixture; keep one" if "value" in here else "is empty; give value or fixture")
    if "value" in here and ("encoding" in here or "by_action" in here):
        here.say("encoding and by_action belong to a fixture; remove them")
    check_header_text(here / "value")
    check_names(here / "value", names)
    return HeaderValue(
        value=(here / "value").value,
        fixture=around.fixture_name(here / "fixture"),
        encoding=here.value.get("encoding", HeaderValue().encoding),
        by_action={action: patch(inner) for action, inner in here.entries("by_action")},
    )


def header_cells(path: Path, around: Surroundings, problems: Problems) -> Iterator[HeaderCell]:
    """The cells of headers.toml."""
    document = reading.toml(path, schema="headers", problems=problems)
    if document is None:
        return
    rows = list(document.rows("cell"))
    unrepeated(rows, "name")
    for row in rows:
        change = row / "change"
        _check_change(change, around)
        if "status" in row and row.value["expect"] != "refused":
            (row / "status").say("belongs to a refusal; remove it, or expect 'refused'")
        elif "noted" in row and "status" not in row:
            (row / "noted").say("only widens a status; give status as well")
        if row.value["base"] in ("close", "create") and not around.bodies:
            (row / "base").say("needs a consent to write; add [bodies] to pack.toml")
        yield HeaderCell(
            name=row.value["name"],
            requirements=around.requirements(row / "requirement"),
            base=row.value["base"],
            kind=around.kind(row / "kind") or next(iter(around.bodies), None),
            header=change.value["header"],
            expect=row.value["expect"],
            absent=change.value.get("absent", False),
            repeated=change.value.get("repeated", False),
            value=change.value.get("value"),
            values=tuple(change.value.get("values", ())),
            case=change.value.get("case"),
            patch=patch(change / "patch"),
            encoding=change.value.get("encoding"),
            status=Statuses(listed(row.value.get("status"))),
            noted=Statuses(listed(row.value.get("noted"))),
            note=row.value.get("note", ""),
            contradiction=around.contradiction(row / "contradiction"),
        )


def _check_change(change: Place, around: Surroundings) -> None:
    header = change.value["header"]
    for part in ("value", "values", "patch"):
        check_names(change / part, CELL_NAMES)
    changes = change.value.keys() - {"header"}
    if len(changes) != 1 and changes != {"patch", "encoding"}:
        given = f"has {' and '.join(sorted(changes))}" if changes else "changes nothing"
        change.say(
            f"{given}; give one of absent, value, values, repeated, case, patch, encoding (which may go with patch)"
        )
    if not HEADER_NAME.fullmatch(header):
        (change / "header").say(f"'{header}' is no header name; correct it")
    made = {name.lower() for values in around.headers.values() for name, value in values.items() if value.fixture}
    if changes & {"patch", "encoding"} and header.lower() not in made:
        (change / "header").say(f"'{header}' is not made from a fixture in pack.toml; {nearest(header, made)}")
