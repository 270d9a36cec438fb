"""Conformance test suite and validator for FHIR Consent servers."""

__version__ = "0.1.0"
