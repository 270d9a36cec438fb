"""Reads scenarios/*.toml, headers.toml and contradictions.toml of a pack, loudly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance import reading
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
from conformance.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from conformance.catalogue import Catalogue
    from conformance.reading import Document, Key, Problems

RUN_NAMES = {
    "uuid": "a fresh UUID, another one at each place",
    "patient": "logical id of a patient of the run, the same throughout the scenario",
    "other-patient": "logical id of another patient of the run",
    "unused-id": "an id that no consent has",
    "today": "the date of the run",
    "now": "the time of the run, with offset",
}
"""Names that a scenario may use in braces without having remembered them, and what the run puts there."""

DEFAULT_SETS = ("all", "read", "write")
"""The sets of headers that requests carry without being told to."""

_NAME = re.compile(r"\{([A-Za-z][A-Za-z0-9_-]*)\}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the rows of a pack may refer to. `fixture` says in a sentence why a fixture can't be had, or None."""

    catalogue: Catalogue
    headers: Mapping[str, Mapping[str, HeaderValue]]
    bodies: Mapping[str, Body]
    fixture: Callable[[str], str | None]
    problems: Problems

    def knows(self, ids: Collection[str], document: Document, key: Key) -> None:
        for name in ids:
            if name not in self.catalogue:
                self.problems.say(
                    document, key, f"no requirement '{name}' in this pack; {nearest(name, self.catalogue.ids())}"
                )

    def has_kind(self, kind: str | None, document: Document, key: Key) -> None:
        if kind is not None and kind not in self.bodies:
            self.problems.say(document, key, f"no kind '{kind}' in [bodies] of pack.toml; {nearest(kind, self.bodies)}")

    def has_fixture(self, name: str | None, document: Document, key: Key) -> None:
        if name is not None and (sentence := self.fixture(name)):
            self.problems.say(document, key, sentence)


def scenarios(path: Path, around: Surroundings) -> Iterator[Scenario]:
    """The scenarios of one file; what is wrong is said to the problems."""
    document = reading.toml(path, schema="scenarios", problems=around.problems)
    for number, row in enumerate(document.data["scenario"] if document else ()):
        assert document is not None
        key: Key = ("scenario", number)
        known = set(RUN_NAMES)
        steps = []
        for index, step in enumerate(row["step"]):
            steps.append(_step(step, document, (*key, "step", index), around, known))
            known |= steps[-1].remember.keys()
        scenario = Scenario(name=row["name"], title=row["title"], source=row["source"], steps=tuple(steps))
        if not scenario.requirements:
            around.problems.say(document, key, "verifies nothing; give at least one step an expectation")
        _unrepeated([step.name for step in steps], document, (*key, "step"), around.problems)
        yield scenario


def _step(row: dict[str, Any], document: Document, key: Key, around: Surroundings, known: set[str]) -> Step:
    around.has_kind(row.get("kind"), document, (*key, "kind"))
    around.has_fixture(row.get("body"), document, (*key, "body"))
    given = row.get("headers", {})
    if isinstance(given, str) and given not in around.headers:
        around.problems.say(
            document, (*key, "headers"), f"no set '{given}' in [headers] of pack.toml; {nearest(given, around.headers)}"
        )
    if "patch" in row and not ("body" in row or "kind" in row):
        around.problems.say(document, (*key, "patch"), "there is no body to change; name a kind or a body")
    headers = header_values(given if isinstance(given, dict) else {}, document, (*key, "headers"), around)
    for part in ("path", "headers", "patch"):
        _named(row.get(part), document, (*key, part), around.problems, known)
    for name, source in row.get("remember", {}).items():
        _rememberable(name, source, document, (*key, "remember", name), around.problems)
    after = known | row.get("remember", {}).keys()
    expect = [
        _expectation(each, document, (*key, "expect", index), around, after)
        for index, each in enumerate(row.get("expect", ()))
    ]
    return Step(
        name=row["name"],
        method=row["method"],
        path=row["path"],
        action=row.get("action") or _action(row["method"], row["path"]),
        kind=row.get("kind"),
        body=row.get("body"),
        patch=patch(row.get("patch", ()), document, (*key, "patch"), around.problems),
        header_set=given if isinstance(given, str) else None,
        headers=headers,
        remember=row.get("remember", {}),
        flawed=row.get("flawed"),
        expect=tuple(expect),
    )


def _expectation(
    row: dict[str, Any], document: Document, key: Key, around: Surroundings, known: set[str]
) -> Expectation:
    ids = _listed(row["requirement"])
    around.knows(ids, document, (*key, "requirement"))
    if len(row) == 1:
        around.problems.say(document, key, "expects nothing; give status, header, body or bundle")
    elif "noted" in row and "status" not in row:
        around.problems.say(document, (*key, "noted"), "only widens a status; give status as well")
    for name, pattern in row.get("header", {}).items():
        _compiles(pattern, document, (*key, "header", name), around.problems)
    for pointer in row.get("body", {}):
        if pointer and not pointer.startswith("/"):
            around.problems.say(document, (*key, "body", pointer), f"no JSON pointer; write '/{pointer}'")
    for part in ("body", "bundle"):
        _named(row.get(part), document, (*key, part), around.problems, known)
    body = row.get("body", {})
    return Expectation(
        requirements=ids,
        status=Statuses(_listed(row.get("status", ()))),
        noted=Statuses(_listed(row.get("noted", ()))),
        header=row.get("header", {}),
        body={pointer: value for pointer, value in body.items() if value != {"absent": True}},
        absent=tuple(pointer for pointer, value in body.items() if value == {"absent": True}),
        includes=tuple(row.get("bundle", {}).get("includes", ())),
        excludes=tuple(row.get("bundle", {}).get("excludes", ())),
    )


def header_cells(path: Path, around: Surroundings) -> Iterator[HeaderCell]:
    """The cells of headers.toml."""
    document = reading.toml(path, schema="headers", problems=around.problems)
    rows = document.data["cell"] if document else ()
    for number, row in enumerate(rows):
        assert document is not None
        key: Key = ("cell", number)
        around.knows(_listed(row["requirement"]), document, (*key, "requirement"))
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
        if not _HEADER_NAME.fullmatch(header):
            around.problems.say(document, (*key, "change", "header"), f"'{header}' is no header name; correct it")
        if "patch" in change or "encoding" in change:
            _from_fixture(header, document, (*key, "change", "header"), around)
        writes = row["base"] in ("close", "create")
        if writes and not around.bodies:
            around.problems.say(document, (*key, "base"), "writes need a body; add [bodies] to pack.toml")
        yield HeaderCell(
            name=row["name"],
            requirements=_listed(row["requirement"]),
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
        _unrepeated([row["name"] for row in rows], document, ("cell",), around.problems)


def contradictions(path: Path, around: Surroundings) -> Iterator[Contradiction]:
    """The rows of contradictions.toml."""
    document = reading.toml(path, schema="contradictions", problems=around.problems)
    rows = document.data["contradiction"] if document else ()
    for number, row in enumerate(rows):
        assert document is not None
        ids = tuple(row.get("requirements", ()))
        around.knows(ids, document, ("contradiction", number, "requirements"))
        yield Contradiction(**{**row, "readings": tuple(row["readings"]), "requirements": ids})
    if document:
        _unrepeated([row["id"] for row in rows], document, ("contradiction",), around.problems)


def header_values(given: dict[str, Any], document: Document, key: Key, around: Surroundings) -> dict[str, HeaderValue]:
    """A table of header name → text or table, as it stands at `key` of the document."""
    found: dict[str, HeaderValue] = {}
    names: dict[str, str] = {}
    for name, value in given.items():
        here = (*key, name)
        row: dict[str, Any] = {"value": value} if isinstance(value, str) else value
        if not _HEADER_NAME.fullmatch(name):
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


def _action(method: str, path: str) -> Any:
    """What a request of this method does, when the scenario does not say."""
    if method == "POST" and not path.endswith("_search"):
        return "create"
    if method in ("PUT", "PATCH"):
        return "update"
    if method == "DELETE":
        return "delete"
    return "search" if "?" in path or method == "POST" else "read"


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _named(value: Any, document: Document, key: Key, problems: Problems, known: Collection[str]) -> None:
    """Says which `{name}` in the texts of a value nobody has remembered."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        for inner in value:
            _named(inner, document, key, problems, known)
    elif isinstance(value, str):
        for name in _NAME.findall(value):
            if name not in known:
                problems.say(document, key, f"nothing is remembered as '{name}' by then; {nearest(name, known)}")


def _rememberable(name: str, source: str, document: Document, key: Key, problems: Problems) -> None:
    if not _NAME.fullmatch(f"{{{name}}}"):
        problems.say(document, key, f"'{name}' cannot stand in braces; use letters, digits and hyphens")
    if name in RUN_NAMES:
        problems.say(
            document, key, f"'{name}' is already {RUN_NAMES[name]}; choose another name than {source!r} has here"
        )


def _compiles(pattern: str, document: Document, key: Key, problems: Problems) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        problems.say(document, key, f"no regular expression: {error}; correct it")


def _from_fixture(header: str, document: Document, key: Key, around: Surroundings) -> None:
    made = {name.lower() for values in around.headers.values() for name, value in values.items() if value.fixture}
    if header.lower() not in made:
        around.problems.say(
            document, key, f"'{header}' is not made from a fixture in pack.toml; {nearest(header, made)}"
        )


def _unrepeated(names: list[str], document: Document, key: Key, problems: Problems) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            problems.say(
                document, (*key, index), f"'{name}' is the name of row {names.index(name) + 1} as well; rename one"
            )
