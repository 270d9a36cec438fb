"""Reads scenarios/*.toml, contradictions.toml and source.toml of a pack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance import reading
from conformance.generate.kept import TOPICS, wrong_with
from conformance.reading.headers import header_values
from conformance.reading.spelling import nearest
from conformance.reading.surroundings import NAME, Surroundings, check_names, listed, patch, unrepeated
from conformance.scenarios import (
    RUN_NAMES,
    Contradiction,
    Expectation,
    Generated,
    Printed,
    Scenario,
    SourceLine,
    Statuses,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from conformance.reading import Place, Problems

_ABSENT = {"absent": True}


def scenarios(path: Path, around: Surroundings, problems: Problems) -> Iterator[Scenario]:
    """The scenarios of one file."""
    document = reading.toml(path, schema="scenarios", problems=problems)
    if document is None:
        return
    rows = list(document.rows("scenario"))
    unrepeated(rows, "name")
    for row in rows:
        names = set(RUN_NAMES)
        steps = []
        unrepeated(list(row.rows("step")), "name")
        for place in row.rows("step"):
            steps.append(_step(place, around, names))
            names |= steps[-1].remember.keys()
        given = {key: row.value[key] for key in ("name", "title", "source")}
        if ("step" in row) == ("generated" in row):
            has = "has both step and generated" if steps else "has neither step nor generated"
            row.say(f"{has}; give one of them")
            continue
        scenario = Scenario(**given, steps=tuple(steps), generated=_generated(row / "generated", around))
        if not scenario.requirements:
            row.say("verifies nothing; give at least one step an expectation")
        yield scenario


def _generated(row: Place, around: Surroundings) -> Generated | None:
    if row.value is None:
        return None
    aspects = TOPICS[row.value["topic"]]
    if row.value["aspect"] not in aspects:
        aspect = row / "aspect"
        aspect.say(f"'{aspect.value}' is nothing that {row.value['topic']} look at; {nearest(aspect.value, aspects)}")
    around.requirements(row / "requirement")
    name = around.fixture_name(row / "example")
    if name is not None and around.fixture(name) is None:
        sentence = wrong_with(around.content(name), row.value["topic"], around.bodies)
        if sentence:
            (row / "example").say(f"'{name}' {sentence}")
    return Generated(**row.value)


def _step(row: Place, around: Surroundings, names: set[str]) -> Step:
    headers = row / "headers"
    header_set = headers.value if isinstance(headers.value, str) else None
    if header_set is not None and header_set not in around.headers:
        headers.say(f"no set '{header_set}' in [headers] of pack.toml; {nearest(header_set, around.headers)}")
    for value in around.headers.get(header_set or "", {}).values():
        check_names(headers, names, text=value.value)
    if "patch" in row and not ("body" in row or "kind" in row):
        (row / "patch").say("there is no body to change; name a kind or a body")
    for part in ("path", "patch"):
        check_names(row / part, names)
    for name, source in row.entries("remember"):
        _check_remembered(name, source)
    after = names | row.value.get("remember", {}).keys()
    return Step(
        name=row.value["name"],
        method=row.value["method"],
        path=row.value["path"],
        action=row.value.get("action") or _action(row.value["method"], row.value["path"]),
        kind=around.kind(row / "kind"),
        body=around.fixture_name(row / "body"),
        patch=patch(row / "patch"),
        header_set=header_set,
        headers=header_values(headers, around, names=names) if isinstance(headers.value, dict) else {},
        remember=row.value.get("remember", {}),
        flawed=row.value.get("flawed"),
        expect=tuple(_expectation(place, around, after) for place in row.rows("expect")),
    )


def _expectation(row: Place, around: Surroundings, names: Collection[str]) -> Expectation:
    if row.value.keys() == {"requirement"}:
        row.say("expects nothing; give status, header, body or bundle")
    elif "noted" in row and "status" not in row:
        (row / "noted").say("only widens a status; give status as well")
    for _, pattern in row.entries("header"):
        _check_pattern(pattern)
    for pointer, value in row.entries("body"):
        _check_expected(pointer, value)
    for part in ("header", "body", "bundle"):
        check_names(row / part, names)
    body, bundle = row.value.get("body", {}), row.value.get("bundle", {})
    return Expectation(
        requirements=around.requirements(row / "requirement"),
        status=Statuses(listed(row.value.get("status"))),
        noted=Statuses(listed(row.value.get("noted"))),
        header=row.value.get("header", {}),
        body={pointer: value for pointer, value in body.items() if value != _ABSENT},
        absent=tuple(pointer for pointer, value in body.items() if value == _ABSENT),
        includes=tuple(bundle.get("includes", ())),
        excludes=tuple(bundle.get("excludes", ())),
    )


def contradictions(path: Path, around: Surroundings, problems: Problems) -> Iterator[Contradiction]:
    """The rows of contradictions.toml."""
    document = reading.toml(path, schema="contradictions", problems=problems)
    if document is None:
        return
    rows = list(document.rows("contradiction"))
    unrepeated(rows, "id")
    for row in rows:
        ids = around.requirements(row / "requirements")
        printed = tuple(_printed(place, around) for place in row.rows("printed"))
        if printed and not ids:
            (row / "printed").say("excuses nothing; name the requirements that the example breaks")
        readings = tuple(row.value["readings"])
        yield Contradiction(**{**row.value, "readings": readings, "requirements": ids, "printed": printed})


def _printed(row: Place, around: Surroundings) -> Printed:
    for part in ("body", "repaired"):
        around.fixture_name(row / part)
    return Printed(**row.value)


def source_lines(path: Path, around: Surroundings, problems: Problems) -> Iterator[SourceLine]:
    """The rows of source.toml."""
    document = reading.toml(path, schema="source", problems=problems)
    if document is None:
        return
    rows = list(document.rows("line"))
    unrepeated(rows, "lines")
    for row in rows:
        ids = around.requirements(row / "requirements")
        named = tuple(row.value.get("contradictions", ()))
        yield SourceLine(lines=row.value["lines"], says=row.value["says"], requirements=ids, contradictions=named)


def _action(method: str, path: str) -> Any:
    """What a request of this method does, when the scenario does not say."""
    if method == "POST" and not path.endswith("_search"):
        return "create"
    if method in ("PUT", "PATCH"):
        return "update"
    if method == "DELETE":
        return "delete"
    return "search" if "?" in path or method == "POST" else "read"


def _check_remembered(name: str, source: Place) -> None:
    if not NAME.fullmatch(f"{{{name}}}"):
        source.say(f"'{name}' cannot stand in braces; use small letters, digits and hyphens")
    if name in RUN_NAMES:
        source.say(f"'{name}' is already {RUN_NAMES[name]}; choose another name")


def _check_pattern(place: Place) -> None:
    try:
        re.compile(place.value)
    except re.error as error:
        place.say(f"no regular expression: {error}; correct it")


def _check_expected(pointer: str, place: Place) -> None:
    if pointer and not pointer.startswith("/"):
        place.say(f"no JSON pointer; write '/{pointer.replace('.', '/')}'")
    if "absent" in place and place.value != _ABSENT:
        place.say("absent stands alone; write { absent = true }")
