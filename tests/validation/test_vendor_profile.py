"""A vendor's own profile, from the IG's package to the verdict: the worked example of docs/validator.md."""

from __future__ import annotations

import copy
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.validation import Validator
from conformance.validation.command import main

if TYPE_CHECKING:
    from collections.abc import Callable

GUIDE = Path(__file__).parent / "data" / "vendor-ig"
BASE = "https://vendor.example/fhir"
PROFILE = f"{BASE}/StructureDefinition/vendor-consent"
EXAMPLE: dict[str, Any] = json.loads((GUIDE / "Consent-example.json").read_bytes())


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an IG publisher hands out: package.tgz with everything under package/."""
    path = tmp_path_factory.mktemp("ig") / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for file in sorted(GUIDE.glob("*.json")):
            archive.add(file, f"package/{file.name}")
    return path


@pytest.fixture(scope="module")
def validator(package: Path) -> Validator:
    return Validator(profiles=[package])


def found(validator: Validator, resource: dict[str, Any], severity: str = "error") -> set[tuple[str, str]]:
    issues = validator.validate(resource, profile=PROFILE)
    return {(issue.rule, issue.expression) for issue in issues if issue.severity == severity}


def test_the_example_conforms(validator: Validator) -> None:
    assert found(validator, EXAMPLE) == set()
    unchecked = [issue.message for issue in validator.validate(EXAMPLE, profile=PROFILE) if issue.rule == "not-checked"]
    assert unchecked == [f"the codes of {BASE}/CodeSystem/kinds are not known here; they were not checked"]


ACTOR = {
    "role": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "AUT"}]},
    "reference": {"reference": "Patient/1"},
}
FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "identifier missing (base profile)": (
        lambda doc: doc.pop("identifier"),
        "profile-cardinality",
        "Consent.identifier",
    ),
    "another scope (pattern)": (
        lambda doc: doc["scope"]["coding"][0].update(code="research"),
        "profile-pattern",
        "Consent.scope",
    ),
    "slice missing (pattern)": (lambda doc: doc["category"].pop(), "profile-cardinality", "Consent.category"),
    "slice twice": (
        lambda doc: doc["category"].append(doc["category"][1]),
        "profile-cardinality",
        "Consent.category[2]",
    ),
    "type not allowed": (
        lambda doc: doc.update(sourceReference={"display": "x"}),
        "profile-type",
        "Consent.sourceReference",
    ),
    "prohibited element": (
        lambda doc: doc.update(performer=[{"reference": "Patient/1"}]),
        "profile-cardinality",
        "Consent.performer[0]",
    ),
    "another fixed value": (
        lambda doc: doc["policy"][0].update(uri="https://vendor.example/other"),
        "profile-fixed",
        "Consent.policy[0].uri",
    ),
    "extension slice missing": (lambda doc: doc.pop("extension"), "profile-cardinality", "Consent.extension"),
    "extension with a wrong code": (
        lambda doc: doc["extension"][0].update(valueCode="fax"),
        "required-binding",
        "Consent.extension[0].valueCode",
    ),
    "extension with a wrong type": (
        lambda doc: doc.update(extension=[{"url": f"{BASE}/StructureDefinition/channel", "valueString": "paper"}]),
        "profile-type",
        "Consent.extension[0].valueString",
    ),
    "extension elsewhere": (
        lambda doc: doc["provision"].update(
            extension=[{"url": f"{BASE}/StructureDefinition/channel", "valueCode": "paper"}]
        ),
        "extension-context",
        "Consent.provision.extension[0]",
    ),
    "value outside closed slices": (
        lambda doc: doc["provision"]["actor"].append(ACTOR),
        "profile-slicing",
        "Consent.provision.actor[1]",
    ),
    "target of a slice": (
        lambda doc: doc["provision"]["actor"][0].update(reference={"reference": "Practitioner/1"}),
        "reference-target",
        "Consent.provision.actor[0].reference.reference",
    ),
    "code outside the value set": (
        lambda doc: doc["provision"]["purpose"][0].update(code="HMARKT"),
        "required-binding",
        "Consent.provision.purpose[0]",
    ),
    "slice by exists twice": (
        lambda doc: doc["provision"]["data"].append(doc["provision"]["data"][0]),
        "profile-cardinality",
        "Consent.provision.data[2]",
    ),
    "FHIRPath constraint": (lambda doc: doc["provision"]["period"].pop("end"), "vendor-1", "Consent"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_against_the_profile_is_found(validator: Validator, name: str) -> None:
    change, rule, place = FAULTS[name]
    document = copy.deepcopy(EXAMPLE)
    change(document)
    assert (rule, place) in found(validator, document)


def test_dates_of_a_constraint_are_compared_by_time_and_not_by_text(validator: Validator) -> None:
    document = copy.deepcopy(EXAMPLE)
    document["dateTime"] = "2025-06-16T01:00:00+02:00"
    document["provision"]["period"]["end"] = "2025-06-15T23:00:00Z"  # the same instant, the smaller text
    assert ("vendor-2", "Consent") not in found(validator, document, "warning")
    document["dateTime"] = "2025-06-16T01:00:01+02:00"
    assert ("vendor-2", "Consent") in found(validator, document, "warning")


def test_a_constraint_that_cannot_be_evaluated_is_said_to_be_unchecked() -> None:
    profile = json.loads((GUIDE / "StructureDefinition-vendor-base-consent.json").read_bytes())
    profile["differential"]["element"][0]["constraint"][0]["expression"] = "patient.resolve().active"
    validator = Validator(profiles=[profile])
    issues = [issue for issue in validator.validate(EXAMPLE, profile=profile["url"]) if issue.rule == "not-checked"]
    assert any("resolve() is not supported" in issue.message for issue in issues)


def test_a_snapshot_says_the_same_as_its_differential() -> None:
    profile = json.loads((GUIDE / "StructureDefinition-vendor-base-consent.json").read_bytes())
    profile["snapshot"] = profile.pop("differential")
    document = copy.deepcopy(EXAMPLE)
    del document["identifier"]
    assert ("profile-cardinality", "Consent.identifier") in {
        (issue.rule, issue.expression)
        for issue in Validator(profiles=[profile]).validate(document, profile=profile["url"])
    }


@pytest.mark.parametrize(
    ("limit", "path", "fitting", "wrong", "rule"),
    [
        ({"maxLength": 3}, "Consent.identifier.value", "abc", "abcd", "max-length"),
        ({"minValueDate": "2020-01-01"}, "Consent.dateTime", "2020-01-01", "2019-12-31", "profile-fixed"),
        ({"maxValueDate": "2020-01-01"}, "Consent.dateTime", "2020-01-01", "2020-01-02", "profile-fixed"),
    ],
)
def test_what_a_profile_says_of_length_and_range(
    limit: dict[str, Any], path: str, fitting: str, wrong: str, rule: str
) -> None:
    profile = {
        "resourceType": "StructureDefinition",
        "url": PROFILE,
        "name": "Limited",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Consent",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Consent",
        "differential": {"element": [{"id": path, "path": path, **limit}]},
    }
    validator = Validator(profiles=[profile])
    for value, expected in ((fitting, set[str]()), (wrong, {rule})):
        document = copy.deepcopy(EXAMPLE)
        if path == "Consent.dateTime":
            document["dateTime"] = value
        else:
            document["identifier"][0]["value"] = value
        assert {rule for rule, _ in found(validator, document)} == expected


def test_a_base_profile_that_is_missing_is_named() -> None:
    profile = json.loads((GUIDE / "StructureDefinition-vendor-consent.json").read_bytes())
    issues = Validator(profiles=[profile]).validate(EXAMPLE, profile=profile["url"])
    assert any("vendor-base-consent, which was not given" in issue.message for issue in issues)


def test_from_the_command_line(package: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    document = copy.deepcopy(EXAMPLE)
    del document["identifier"]
    wrong.write_text(json.dumps(document))
    options = ["--package", str(package), "--profile", PROFILE, "--format", "json"]
    assert main([str(GUIDE / "Consent-example.json"), *options]) == 0
    assert main([str(wrong), *options]) == 1
    line = json.loads(capsys.readouterr().out.splitlines()[1])
    assert [issue["rule"] for issue in line["issues"] if issue["severity"] == "error"] == ["profile-cardinality"]
    assert main([str(wrong), "--profile", "https://nobody.example/profile"]) == 2
