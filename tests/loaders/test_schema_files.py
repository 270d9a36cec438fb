"""The schemas in conformance/schemas: closed, described, and in step with the types that they fill."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import conformance
from conformance.credentials import Auth, Client
from conformance.dialect import Dialect
from conformance.model import Deviation, Exclusion, Requirement
from conformance.private_keys import SigningKey
from conformance.reading import shapes
from conformance.target import Given, Http, Target
from conformance.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = sorted(
    path.name.removesuffix(".schema.json")
    for path in (Path(conformance.__file__).parent / "schemas").glob("*.schema.json")
)


def tables(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema that describes a table with keys of its own."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield where, node
        for key, inner in node.items():
            yield from tables(inner, f"{where}/{key}")


def test_every_kind_of_file_has_one() -> None:
    assert NAMES == [
        "contradictions",
        "dialect",
        "given",
        "headers",
        "pack",
        "profile",
        "requirements",
        "scenarios",
        "source",
        "target",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(shapes.schema(name))


@pytest.mark.parametrize("name", NAMES)
def test_it_refuses_what_it_does_not_know(name: str) -> None:
    assert not [
        where for where, table in tables(shapes.schema(name), name) if table.get("additionalProperties") is not False
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_describes_every_key(name: str) -> None:
    bare = [
        f"{where}/{key}"
        for where, table in tables(shapes.schema(name), name)
        for key, rule in table["properties"].items()
        if not rule.get("description")
    ]

    assert not bare


@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_comes_with_an_example_that_fits(name: str) -> None:
    def rules(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if isinstance(node.get("pattern"), str):
                yield node
            for inner in node.values():
                yield from rules(inner)

    for rule in rules(shapes.schema(name)):
        assert rule["examples"], rule
        for example in rule["examples"]:
            jsonschema.Draft202012Validator(rule).validate(example)


@pytest.mark.parametrize(
    ("name", "path", "kind", "besides"),
    [
        ("dialect", "", Dialect, set()),
        ("requirements", "requirement/items", Requirement, {"set"}),
        ("target", "given", Given, set()),
        ("target", "deviation/items", Deviation, set()),
        ("target", "exclude/items", Exclusion, set()),
    ],
)
def test_keys_and_fields_are_the_same(name: str, path: str, kind: type[Any], besides: set[str]) -> None:
    table = shapes.schema(name)
    for step in filter(None, path.split("/")):
        table = table[step] if step == "items" else table["properties"][step]
    keys = {key.replace("-", "_") for key in table["properties"]}

    assert keys == {field.name for field in dataclasses.fields(kind)} - besides


@pytest.mark.parametrize(("table", "kind"), [("tls", Tls), ("http", Http)])
def test_keys_and_fields_are_the_same_but_for_variables(table: str, kind: type[Any]) -> None:
    keys = {key.removesuffix("_env") for key in shapes.schema("target")["properties"][table]["properties"]}

    assert keys == {field.name for field in dataclasses.fields(kind)}


def test_the_keys_of_auth_are_those_of_credentials_of_clients_and_of_keys() -> None:
    keys = {key.removesuffix("_env") for key in shapes.schema("target")["properties"]["auth"]["properties"]}

    fields = {field.name for kind in (Auth, Client, SigningKey) for field in dataclasses.fields(kind)}
    assert keys == fields - {"where", "client", "secret"} | {"client_secret", "key_password"}


def test_a_further_token_has_the_keys_of_auth() -> None:
    schema = shapes.schema("target")

    assert schema["$defs"]["token"]["properties"].keys() == schema["properties"]["auth"]["properties"].keys()


def test_defaults_are_those_of_the_types() -> None:
    target = shapes.schema("target")["properties"]
    dialect = shapes.schema("dialect")["properties"]

    for field in dataclasses.fields(Dialect):
        default = getattr(Dialect(), field.name)
        assert dialect[field.name].get("default") == (list(default) if isinstance(default, tuple) else default)
        if default is not None:
            jsonschema.Draft202012Validator(dialect[field.name]).validate(dialect[field.name]["default"])
    assert target["http"]["properties"]["timeout"]["default"] == Http().timeout
    assert target["http"]["properties"]["retries"]["default"] == Http().retries
    assert target["tls"]["properties"]["verify"]["default"] == Tls().verify
    assert target["allow_writes"]["default"] is Target(base_url="").allow_writes
