"""Whatever fhir.resources (R4B models) or fhirkit-rs reject, we reject: over both corpora, fixtures and HL7's examples.

An exception would stand in EXCEPTIONS with its reason. There is none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fhirkit
import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from conformance.validation import Validator
from tests.validation.documents import bases, valid
from tests.validation.mutations import cases
from tests.validation.test_hl7_examples import examples
from tests.validation.test_second_corpus import ROWS, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIXTURES = Path(__file__).parents[2] / "fixtures"
EXCEPTIONS: dict[str, str] = {}
"""Document → why we accept what another one rejects."""


def documents() -> Iterator[tuple[str, bytes]]:
    for name, document in valid():
        yield name, json.dumps(document).encode()
    for case in list(cases(bases()))[::4]:
        yield str(case), case.text
    for row in ROWS:
        yield row["file"], text(row)
    yield from examples().items()
    for path in sorted(FIXTURES.rglob("*.json")):
        yield str(path.relative_to(FIXTURES)), path.read_bytes()


def fhir_resources(data: bytes) -> bool:
    content: Any = json.loads(data)
    try:
        get_fhir_model_class(content["resourceType"]).model_validate(content)
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError):  # it stumbles over what it does not know
        return True
    return False


def fhirkit_rs(data: bytes) -> bool:
    try:
        return any(issue.severity in {"error", "fatal"} for issue in fhirkit.validate(data.decode()))
    except (fhirkit.ParseError, fhirkit.ValidationError, ValueError):
        return True


@pytest.mark.parametrize("rejects", [fhir_resources, fhirkit_rs])
def test_what_others_reject_we_reject(rejects: Callable[[bytes], bool]) -> None:
    validator = Validator()
    accepted, rejected = [], []
    for name, data in documents():
        if any(issue.severity == "error" for issue in validator.validate_bytes(data)):
            rejected.append(data)
        else:
            accepted.append((name, data))
    assert [name for name, data in accepted if name not in EXCEPTIONS and rejects(data)] == []
    readable = [data for data in rejected if b'"resourceType"' in data and is_json(data)]
    assert sum(rejects(data) for data in readable) > len(readable) // 3, (
        "the other one sees nothing; is it called rightly?"
    )


def is_json(data: bytes) -> bool:
    try:
        return "resourceType" in json.loads(data)
    except (ValueError, TypeError):
        return False
