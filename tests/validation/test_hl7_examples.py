"""HL7's own R4 examples of Consent and the resources around it have no errors but the listed ones.

The archive holds those of hl7.fhir.r4.examples 4.0.1 (CC0) of the types that the issue names, up to 1 MB each.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from conformance.validation import Validator

ARCHIVE = Path(__file__).parent / "data" / "hl7-r4-examples.tgz"

FULL_URL = "bundle.html#Bundle.entry.fullUrl: the fullUrl must not disagree with the id in the resource"
EXCEPTIONS = {
    "Bundle-10bb101f-a121-4264-a920-67be9cb82c74.json": ("bundle-full-url", FULL_URL),
    "Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe.json": ("bundle-full-url", FULL_URL),
    "Bundle-lri-example.json": ("bundle-full-url", FULL_URL),
}
"""Example → the rule that it breaks, and the section of the specification that says so."""


def examples() -> dict[str, bytes]:
    with tarfile.open(ARCHIVE) as archive:
        return {member.name: content.read() for member in archive if (content := archive.extractfile(member))}


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator()


@pytest.mark.parametrize(("name", "data"), [pytest.param(name, data, id=name) for name, data in examples().items()])
def test_example(validator: Validator, name: str, data: bytes) -> None:
    rules = {issue.rule for issue in validator.validate_bytes(data) if issue.severity == "error"}
    assert rules == ({EXCEPTIONS[name][0]} if name in EXCEPTIONS else set())


def test_the_exceptions_are_few() -> None:
    assert len(EXCEPTIONS) <= 5
    assert set(EXCEPTIONS) <= set(examples())
