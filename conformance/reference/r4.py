"""The personality r4: everything that a FHIR R4 server may offer for Consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference import seeds
from conformance.reference.service import Service
from conformance.reference.tokens import SCOPES

if TYPE_CHECKING:
    from conformance.reference.messages import Resource


class R4(Service):
    """A server of FHIR R4 (4.0.1) that keeps versions and asks for a token."""

    name: ClassVar[str] = "r4"
    base_path: ClassVar[str] = "/fhir"
    """Where the service begins, below the host."""
    scopes: ClassVar[dict[str, str]] = SCOPES
    """The scopes of the token for each purpose."""
    bound_to: ClassVar[str] = seeds.PATIENT
    """The id of the patient whose data the bound token reaches."""
    interactions: ClassVar[tuple[str, ...]] = (
        "read",
        "vread",
        "history-instance",
        "create",
        "update",
        "delete",
        "search-type",
    )
    validity: ClassVar[str] = "period"
    """The element of the root provision that says how long a consent is valid."""
    zone: ClassVar[str] = "UTC"
    """IANA name of the time zone in which dates are read."""
    dialect: ClassVar[dict[str, object]] = {}
    """How to talk to it where that differs from what its pack says, as `[dialect]` of target.toml."""
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
        "validation",
        "versions",
        "vread",
    )
    """What it offers, in the names of a target's claims: beyond what a CapabilityStatement has words for, what it has
    to say, so that the statement can be held against it."""

    printed: ClassVar[dict[str, str]] = {}
    """What the source prints: address below the base → the fixture that answers it (variation printed-examples)."""

    def holdings(self) -> list[Resource]:
        """Return what is there from the start."""
        return seeds.resources()

    def given(self) -> dict[str, Any]:
        """Return what a target names of it."""
        return seeds.given()
