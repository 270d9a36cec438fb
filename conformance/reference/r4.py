"""The personality r4: everything that a FHIR R4 server may offer for Consent."""

from __future__ import annotations

from typing import ClassVar

from conformance.reference.service import Service


class R4(Service):
    """A server of FHIR R4 (4.0.1) that keeps versions and asks for a token."""

    name: ClassVar[str] = "r4"
    interactions: ClassVar[tuple[str, ...]] = (
        "read",
        "vread",
        "history-instance",
        "create",
        "update",
        "delete",
        "search-type",
    )
    claims: ClassVar[tuple[str, ...]] = (
        "capabilities",
        "conditional-read",
        "create",
        "delete",
        "format-parameter",
        "history",
        "if-match",
        "include:actor",
        "include:patient",
        "multiple-values",
        "paging",
        "prefer",
        "read",
        "search",
        "search:_count",
        "search:patient",
        "search:patient.identifier",
        "search:post",
        "search:status",
        "strict-handling",
        "update",
        "update:instance-url",
        "versions",
        "vread",
    )
    """What it offers, in the names of a target's claims: beyond what a CapabilityStatement has words for, what it has
    to say, so that the statement can be held against it."""
