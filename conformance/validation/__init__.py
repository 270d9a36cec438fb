"""The profile validator: `Validator(fhir="4.0").validate_bytes(data)` gives a list of `Issue`s."""

from conformance.validation.issue import Issue
from conformance.validation.rules import RULES, Rule
from conformance.validation.validator import Validator

__all__ = ["RULES", "Issue", "Rule", "Validator"]
