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
    unsaid: ClassVar[tuple[str, ...]] = (
        "format-parameter",
        "multiple-values",
        "paging",
        "search:_count",
        "search:patient.identifier",
        "search:post",
        "strict-handling",
    )
    """What it offers as well, and a CapabilityStatement has no words for, in the names of a target's claims."""
