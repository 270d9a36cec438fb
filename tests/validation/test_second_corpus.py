"""The validator is right on a corpus that somebody else made: 30 valid, 93 invalid, 6 disputed documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.validation import Validator

ROWS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "second-corpus.json").read_bytes())

FITTING = {
    "cardinality": {"array-form"},
    "choice": {"choice"},
    "duplicates": {"contained-id"},
    "extension-def": {"extension-context", "extension-cardinality"},
    "invariant": {"per-1", "ref-1", "dom-2", "dom-3", "dom-4", "org-1"},
    "json-repr": {"empty-value", "null-value"},
    "json-syntax": {"json-syntax", "duplicate-key"},
    "json-type": {"json-type", "integer-format"},
    "narrative": {"txt-1", "txt-2", "narrative-xml"},
    "primitive-format": {"datetime-format", "id-format", "code-format", "uri-format", "base64-format", "empty-value"},
    "reference-format": {"reference-format", "empty-value"},
    "reference-target": {"reference-target"},
    "required": {"cardinality", "resource-type"},
    "required-binding": {"required-binding"},
    "resourceType": {"resource-type"},
    "terminology": {"unknown-code", "max-binding"},
    "underscore": {"primitive-sibling", "unknown-element"},
    "unknown-element": {"unknown-element"},
    "uri-semantics": {"uri-format"},
}
"""Category of the corpus → rules that see it."""


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator()


def rows(expected: str) -> list[Any]:
    return [pytest.param(row, id=row["file"]) for row in ROWS if row["expected"] == expected]


def text(row: dict[str, Any]) -> bytes:
    return str(row.get("text") or json.dumps(row["resource"], ensure_ascii=False)).encode()


@pytest.mark.parametrize("row", rows("valid"))
def test_valid(validator: Validator, row: dict[str, Any]) -> None:
    assert [issue for issue in validator.validate_bytes(text(row)) if issue.severity == "error"] == []


@pytest.mark.parametrize("row", rows("invalid"))
def test_invalid_for_its_own_reason(validator: Validator, row: dict[str, Any]) -> None:
    found = [issue for issue in validator.validate_bytes(text(row)) if issue.severity == "error"]
    fitting = [issue for issue in found if issue.rule in FITTING[row["category"]]]
    assert fitting, found
    if row["path"]:
        place = "Consent." + ".".join(row["path"].split("."))
        seen = {issue.expression.replace("[", ".").replace("]", "") for issue in fitting}
        assert any(one.startswith(place.rpartition(".")[0]) for one in seen), seen


@pytest.mark.parametrize("row", rows("disputed"))
def test_disputed_as_the_table_of_rules_settles_it(validator: Validator, row: dict[str, Any]) -> None:
    issues = validator.validate_bytes(text(row))
    assert [issue for issue in issues if issue.severity == "error"] == []
    warned = {issue.rule for issue in issues if issue.severity == "warning"}
    assert ("per-1" in warned) == ("period" in row["file"])
    assert not any(rule.startswith("ppc-") for rule in warned)
