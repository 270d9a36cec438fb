"""The table from rules of the validator to requirements: total, and no row in it that nothing falls into."""

from __future__ import annotations

import json

import pytest

from conformance.examination import Told, examined
from conformance.observed.structure import TABLE, row_for
from conformance.validation.rules import RULES
from tests.validation.documents import bases, consent, valid
from tests.validation.mutations import TEXTS, cases


@pytest.mark.parametrize("kind", ["Consent", "Bundle", "OperationOutcome"])
def test_every_rule_falls_into_a_row(kind: str) -> None:
    for rule in RULES:
        assert row_for(Told(kind, "1", f"{kind}.anything", rule, "error", "words of any kind")) is not None, rule


def test_a_rule_that_nobody_knows_is_a_mistake_of_ours() -> None:
    with pytest.raises(LookupError, match=r"no row for the rule nonsense at Consent\.status"):
        row_for(Told("Consent", "1", "Consent.status", "nonsense", "error", ""))


def test_the_table_knows_no_other_rules() -> None:
    assert {kind.rule for row in TABLE for kind in row.kinds} == set(RULES)


@pytest.fixture(scope="module")
def found() -> dict[str, set[str]]:
    """Requirement → the rules that brought an issue of some single-fault document to it."""
    texts = [case.text.decode("utf-8", "replace") for case in cases(bases())]
    texts += [text.decode("utf-8", "replace") for text, _ in TEXTS.values()]
    inner = {"type": "deny", "provision": [{"type": "permit", "except": []}]}
    texts.append(json.dumps({**consent(), "provision": inner}))
    fallen: dict[str, set[str]] = {}
    for text in texts:
        for told in examined(text, "4.0").told:
            row = row_for(told)
            if row is not None:
                fallen.setdefault(row.requirement, set()).add(told.rule)
    return fallen


def test_every_row_takes_something(found: dict[str, set[str]]) -> None:
    assert {row.requirement for row in TABLE if row.requirement} - set(found) == set()


def test_nothing_speaks_against_what_is_right() -> None:
    said = {
        f"{name}: {told.place}: {told.message}"
        for name, document in valid()
        for told in examined(json.dumps(document), "4.0").told
        if told.severity == "error" and (row := row_for(told)) is not None and row.requirement
    }
    assert said == set()


def test_what_was_redacted_is_not_held_against_anybody() -> None:
    taken_out = {"resourceType": "Consent", "id": "[redacted]", "patient": {"reference": "Patient/[redacted]"}}
    rules = {told.rule for told in examined(json.dumps(taken_out), "4.0").told}
    assert "cardinality" in rules
    assert not {"id-format", "reference-format"} & rules


def test_an_issue_is_laid_at_the_door_of_the_resource_that_has_it() -> None:
    inner = {"resourceType": "Consent", "id": "c1", "status": 1}
    bundle = {"resourceType": "Bundle", "type": "searchset", "page": 2, "entry": [{"resource": inner}]}
    told = {(one.named, one.place, one.rule) for one in examined(json.dumps(bundle), "4.0").told}
    assert {("Consent/c1", "Consent.status", "json-type"), ("Bundle", "Bundle.page", "unknown-element")} <= told
