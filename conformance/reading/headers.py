"""Reads sets of headers and the cells of headers.toml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance import reading
from conformance.reading.spelling import nearest
from conformance.reading.surroundings import Surroundings, listed, unrepeated
from conformance.scenarios import HeaderCell, HeaderValue, Patch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.reading import Document, Key, Problems

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""RFC 9110 section 5.1."""

DEFAULT_SETS = ("all", "read", "write")
"""The sets of headers that requests carry without being told to."""


def header_cells(path: Path, around: Surroundings) -> Iterator[HeaderCell]:
    """The cells of headers.toml."""
    document = reading.toml(path, schema="headers", problems=around.problems)
    rows = document.data["cell"] if document else ()
    for number, row in enumerate(rows):
        assert document is not None
        key: Key = ("cell", number)
        around.knows(listed(row["requirement"]), document, (*key, "requirement"))
        around.has_kind(row.get("kind"), document, (*key, "kind"))
        change = dict(row["change"])
        header = change.pop("header")
        if len(change) != 1 and set(change) != {"patch", "encoding"}:
            given = f"{' and '.join(change)} are given" if change else "nothing is given"
            around.problems.say(
                document,
                (*key, "change"),
                f"{given}; give one of absent, value, values, case, patch, encoding (which may go with patch)",
            )
        if not HEADER_NAME.fullmatch(header):
            around.problems.say(document, (*key, "change", "header"), f"'{header}' is no header name; correct it")
        if "patch" in change or "encoding" in change:
            _from_fixture(header, document, (*key, "change", "header"), around)
        writes = row["base"] in ("close", "create")
        if writes and not around.bodies:
            around.problems.say(document, (*key, "base"), "writes need a body; add [bodies] to pack.toml")
        yield HeaderCell(
            name=row["name"],
            requirements=listed(row["requirement"]),
            base=row["base"],
            kind=row.get("kind", next(iter(around.bodies), None)),
            header=header,
            expect=row["expect"],
            absent=change.get("absent", False),
            value=change.get("value"),
            values=tuple(change.get("values", ())),
            case=change.get("case"),
            patch=patch(change.get("patch", ()), document, (*key, "change", "patch"), around.problems),
            encoding=change.get("encoding"),
            note=row.get("note", ""),
        )
    if document:
        unrepeated([row["name"] for row in rows], document, ("cell",), around.problems)


def header_values(given: dict[str, Any], document: Document, key: Key, around: Surroundings) -> dict[str, HeaderValue]:
    """A table of header name → text or table, as it stands at `key` of the document."""
    found: dict[str, HeaderValue] = {}
    names: dict[str, str] = {}
    for name, value in given.items():
        here = (*key, name)
        row: dict[str, Any] = {"value": value} if isinstance(value, str) else value
        if not HEADER_NAME.fullmatch(name):
            around.problems.say(document, here, f"'{name}' is no header name; correct it")
        if name.lower() in names:
            around.problems.say(
                document, here, f"is the header '{names[name.lower()]}' again; case makes no difference"
            )
        names[name.lower()] = name
        if ("value" in row) == ("fixture" in row):
            around.problems.say(document, here, "give either value or fixture")
        if "value" in row and ({"encoding", "by_action"} & row.keys()):
            around.problems.say(document, here, "encoding and by_action belong to a fixture; remove them")
        if any(ord(letter) < 32 and letter != "\t" for letter in row.get("value", "")):
            around.problems.say(document, (*here, "value"), "a header value has no line breaks; keep it on one line")
        around.has_fixture(row.get("fixture"), document, (*here, "fixture"))
        by_action = {
            action: patch(operations, document, (*here, "by_action", action), around.problems)
            for action, operations in row.get("by_action", {}).items()
        }
        found[name] = HeaderValue(**{**row, "by_action": by_action})
    return found


def patch(operations: Any, document: Document, key: Key, problems: Problems) -> Patch:
    """RFC 6902 operations, of which each has the value or the source that it needs."""
    for number, operation in enumerate(operations):
        kind = operation["op"]
        wanted = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from"}.get(kind)
        for part in ("value", "from"):
            if (part in operation) != (part == wanted):
                remedy = "missing; add it" if part == wanted else f"does not belong to '{kind}'; remove it"
                problems.say(document, (*key, number, part), remedy)
    return tuple(operations)


def _from_fixture(header: str, document: Document, key: Key, around: Surroundings) -> None:
    made = {name.lower() for values in around.headers.values() for name, value in values.items() if value.fixture}
    if header.lower() not in made:
        around.problems.say(
            document, key, f"'{header}' is not made from a fixture in pack.toml; {nearest(header, made)}"
        )
