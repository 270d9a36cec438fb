"""A target's own documents in the place of those that the pack's headers are made from.

A pack cannot know who works at the operator's: the person and the organization that its headers name are examples. A
target gives its own, whole or value by value, and what the pack changes in them per action must still find its place.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

import jsonpatch
import jsonpointer

from conformance.model import UsageError
from conformance.own_scenarios import with_scenarios
from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.packs import Pack
    from conformance.scenarios import HeaderValue, Patch
    from conformance.target import Target


def furnished(pack: Pack, target: Target) -> Pack:
    """The pack with the target's own scenarios, and with its own documents behind the headers.

    Raises:
        UsageError: one of them stands for nothing in the pack, or the pack cannot change it as it must.

    """
    if target.scenarios:
        pack = with_scenarios(pack, target.scenarios)
    if not target.fixtures:
        return pack
    said: list[str] = []
    made = {name for _, value in _headers(pack) if (name := value.fixture)}
    own: dict[str, Any] = {}
    for name, values in target.fixtures.items():
        where = f"{target.where}: fixtures.{name}"
        if name not in made:
            said.append(f"{where}: no header of pack '{pack.name}' is made from it; {nearest(name, made)}")
            continue
        own[name], problems = _changed(pack.fixture(name), values)
        said += [f"{where}: {problem}" for problem in problems]
        said += [f"{where}: {problem}" for problem in _unfit(pack, name, own[name])]
    if said:
        raise UsageError("\n".join(said))
    return dataclasses.replace(pack, own_fixtures={**pack.own_fixtures, **own})


def _headers(pack: Pack) -> Iterator[tuple[str, HeaderValue]]:
    """Every header that the pack documents, in its sets and in its scenarios."""
    for values in pack.headers.values():
        yield from values.items()
    for scenario in pack.scenarios:
        for step in scenario.steps:
            yield from step.headers.items()


def _changed(document: Any, values: dict[str, Any]) -> tuple[Any, list[str]]:
    """The document with these values at their JSON pointers, and what could not be put."""
    if "" in values:
        return copy.deepcopy(values[""]), []
    problems = []
    for pointer, value in values.items():
        try:
            there = jsonpointer.resolve_pointer(document, pointer, None) is not None
            operation = {"op": "replace" if there else "add", "path": pointer, "value": value}
            document = jsonpatch.apply_patch(document, [operation])
        except (jsonpointer.JsonPointerException, jsonpatch.JsonPatchException):
            problems.append(f"the pack's document has no place '{pointer}'; look at the pointers of its values")
    return document, problems


def _unfit(pack: Pack, name: str, document: Any) -> Iterator[str]:
    """What the pack has to change in the document, and finds no place for."""
    seen = set()
    for patch in _patches(pack, name):
        for operation in patch:
            path = operation["path"]
            try:
                jsonpatch.apply_patch(document, [{**operation, **({"value": ""} if "value" in operation else {})}])
            except (jsonpointer.JsonPointerException, jsonpatch.JsonPatchException):
                if path not in seen:
                    yield f"the pack has to {operation['op']} '{path}', and the document has no such place; add it"
                seen.add(path)


def _patches(pack: Pack, name: str) -> Iterator[Patch]:
    called = set()
    for header, value in _headers(pack):
        if value.fixture == name:
            called.add(header.lower())
            yield from value.by_action.values()
    for cell in pack.header_cells:
        if cell.header.lower() in called and cell.patch:
            yield cell.patch
