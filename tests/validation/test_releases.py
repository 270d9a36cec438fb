"""R5 and its ballot: the same word Consent, other shapes."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.model import UsageError
from conformance.validation import Validator
from conformance.validation.definitions import definitions
from tests.validation.documents import consent

R5: dict[str, Any] = {
    "resourceType": "Consent",
    "status": "active",
    "subject": {"reference": "Patient/1"},
    "date": "2016-06-23",
    "decision": "permit",
    "provision": [{"period": {"start": "2016", "end": "2017"}, "action": [{"text": "read"}]}],
}
BALLOT: dict[str, Any] = {
    "resourceType": "Consent",
    "status": "not-done",
    "subject": {"reference": "Patient/1"},
    "dateTime": "2016-06-23T17:02:33+10:00",
    "grantor": [{"reference": "RelatedPerson/peter"}],
    "provision": {"type": "deny", "provision": [{"type": "permit", "class": [{"code": "MedicationRequest"}]}]},
}


def rules(fhir: str, resource: dict[str, Any]) -> set[tuple[str, str]]:
    return {(issue.rule, issue.expression) for issue in Validator(fhir).validate(resource) if issue.severity == "error"}


def test_each_release_takes_its_own_shape() -> None:
    assert rules("5.0", R5) == set()
    assert rules("5.0-ballot", BALLOT) == set()
    assert rules("4.0", consent()) == set()


def test_no_release_takes_the_shape_of_another_one() -> None:
    assert ("unknown-element", "Consent.decision") in rules("5.0-ballot", R5)
    assert ("array-form", "Consent.provision") in rules("5.0-ballot", R5)
    assert ("unknown-element", "Consent.dateTime") in rules("5.0", BALLOT)
    assert ("unknown-element", "Consent.grantor") in rules("4.0", BALLOT)
    assert ("unknown-element", "Consent.scope") in rules("5.0", consent())


def test_a_code_of_the_ballot_is_checked() -> None:
    assert rules("5.0-ballot", {**BALLOT, "status": "proposed"}) == {("required-binding", "Consent.status")}


def test_an_unknown_release_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"4\.0, 5\.0, 5\.0-ballot"):
        Validator("3.0")


def test_definitions_know_the_search_parameters_of_consent() -> None:
    found = {parameter["code"]: parameter for parameter in definitions("4.0").search_parameters("Consent")}
    assert found["period"]["expression"] == "Consent.provision.period"
    assert {"_id", "patient", "actor", "date"} <= set(found)
