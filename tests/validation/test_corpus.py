"""The validator is right on our own corpus: valid documents, and single faults made from them by named mutations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.validation import RULES, Validator
from tests.validation.documents import bases, valid
from tests.validation.mutations import MUTATIONS, TEXTS, Case, cases

if TYPE_CHECKING:
    from conformance.validation import Issue

CASES = list(cases(bases()))


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator()


def errors(issues: list[Issue]) -> list[Issue]:
    return [issue for issue in issues if issue.severity == "error"]


def test_the_corpus_is_large_enough() -> None:
    assert len(list(valid())) >= 80
    assert len(MUTATIONS) >= 60
    assert len(CASES) >= 400
    assert {case.mutation for case in CASES} == set(MUTATIONS), "a mutation found nothing to change"


@pytest.mark.parametrize(("name", "document"), [pytest.param(*pair, id=pair[0]) for pair in valid()])
def test_a_valid_document_has_no_error(validator: Validator, name: str, document: dict[str, object]) -> None:
    assert errors(validator.validate_bytes(json.dumps(document).encode())) == [], name


@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
def test_a_fault_is_found_for_its_own_reason(validator: Validator, mutation: str) -> None:
    missed = [case for case in CASES if case.mutation == mutation and not seen(validator, case)]
    assert not missed, "\n".join(f"{case}: {errors(validator.validate_bytes(case.text))[:4]}" for case in missed[:10])


def seen(validator: Validator, case: Case) -> bool:
    """An error of a fitting rule, at the place of the fault or at its parent."""
    place = below(case.place)
    parent = place.rpartition(".")[0]
    found = [(issue.rule, below(issue.expression)) for issue in errors(validator.validate_bytes(case.text))]
    return any(rule in case.rules and (where.startswith(place) or where == parent) for rule, where in found)


def below(expression: str) -> str:
    """A place without the root, which a fault in resourceType takes away."""
    return expression.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") if "." in expression else ""


@pytest.mark.parametrize("name", TEXTS)
def test_a_broken_text_is_named(validator: Validator, name: str) -> None:
    text, rule = TEXTS[name]
    found = errors(validator.validate_bytes(text))
    assert rule in {issue.rule for issue in found}
    assert all(issue.line for issue in found)


def test_an_issue_stands_where_the_fault_is(validator: Validator) -> None:
    text = b'{\n "resourceType": "Consent",\n "provision": {\n  "provision": [{}, {"type": "maybe"}]\n }\n}'
    found = {issue.expression: (issue.line, issue.column) for issue in errors(validator.validate_bytes(text))}
    assert found["Consent.provision.provision[1].type"] == (4, 22)
    assert found["Consent.provision.provision[0]"] == (4, 17)
    assert found["Consent.status"] == (1, 1)


def test_every_rule_that_is_reported_is_in_the_table(validator: Validator) -> None:
    reported = {issue.rule for case in CASES[::3] for issue in validator.validate_bytes(case.text)}
    assert reported <= set(RULES)
