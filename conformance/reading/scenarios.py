"""Reads scenarios/*.toml and contradictions.toml of a pack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance import reading
from conformance.reading.headers import header_values, patch
from conformance.reading.spelling import nearest
from conformance.reading.surroundings import Surroundings, listed, unrepeated
from conformance.scenarios import (
    RUN_NAMES,
    Contradiction,
    Expectation,
    Scenario,
    Statuses,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from conformance.reading import Document, Key, Problems

_NAME = re.compile(r"\{([A-Za-z][A-Za-z0-9_-]*)\}")


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
        unrepeated([step.name for step in steps], document, (*key, "step"), around.problems)
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
    ids = listed(row["requirement"])
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
        status=Statuses(listed(row.get("status", ()))),
        noted=Statuses(listed(row.get("noted", ()))),
        header=row.get("header", {}),
        body={pointer: value for pointer, value in body.items() if value != {"absent": True}},
        absent=tuple(pointer for pointer, value in body.items() if value == {"absent": True}),
        includes=tuple(row.get("bundle", {}).get("includes", ())),
        excludes=tuple(row.get("bundle", {}).get("excludes", ())),
    )


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
        unrepeated([row["id"] for row in rows], document, ("contradiction",), around.problems)


def _action(method: str, path: str) -> Any:
    """What a request of this method does, when the scenario does not say."""
    if method == "POST" and not path.endswith("_search"):
        return "create"
    if method in ("PUT", "PATCH"):
        return "update"
    if method == "DELETE":
        return "delete"
    return "search" if "?" in path or method == "POST" else "read"


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
