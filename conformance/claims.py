"""The closed list of what a system can claim to offer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

CLAIMS = {
    "capabilities": "GET /metadata",
    "read": "GET /Consent/[id]",
    "vread": "GET /Consent/[id]/_history/[vid]",
    "history": "GET /Consent/[id]/_history",
    "create": "POST /Consent",
    "update": "a documented way to replace a consent by PUT, in either address form",
    "update:instance-url": "PUT /Consent/[id]",
    "update:type-url": "PUT /Consent with the id in the body",
    "delete": "DELETE /Consent/[id]",
    "no-delete": "the documented policy that consents are never deleted",
    "read-only": "the documented policy that consents cannot be written, and the operator allows attempts",
    "search": "GET /Consent?… by at least one claimed parameter",
    "search:post": "POST /Consent/_search",
    "search:_id": "the parameter _id",
    "search:_lastUpdated": "the parameter _lastUpdated",
    "search:_count": "the parameter _count",
    "search:patient": "the parameter patient, named by the dialect's patient_parameter",
    "search:patient.identifier": "the chained parameter patient.identifier",
    "search:actor": "the parameter actor",
    "search:actor.identifier": "the chained parameter actor.identifier",
    "search:category": "the parameter category",
    "search:status": "the parameter status",
    "search:period": "the parameter period",
    "search:date": "the parameter date",
    "search:subject": "the parameter subject of the R5 ballot",
    "multiple-values": "comma lists and repetition of parameters",
    "include:patient": "_include=Consent:patient",
    "include:actor": "_include=Consent:actor",
    "paging": "next links",
    "compartment": "GET /Patient/[id]/Consent",
    "patient-lookup": "GET /Patient by identifier",
    "versions": "meta.versionId is kept",
    "if-match": "version-aware updates",
    "conditional-read": "If-None-Match on reads",
    "prefer": "Prefer: return=… on writes",
    "strict-handling": "Prefer: handling=… on searches",
    "format-parameter": "_format",
    "validation": "refusal of invalid consents",
    "provenance": "X-Provenance is read on writes",
    "provenance:person": "the provenance's person is compared with the token's",
    "access-consent": "access consents besides dose consents",
    "ended-consent": "a consent whose end has passed is given or can be created",
    "auth": "requests without a valid token are refused",
    "auth:roles": "a second token whose role may read but not close is supplied",
    "auth:scopes": "a token with narrower scopes is supplied",
    "auth:patient-scoped": "a token bound to one patient is supplied",
    "auth:expired": "an expired token is supplied",
    "open": "the server needs no token",
    "tenants": "the base URL holds a tenant id",
    "smart": "/.well-known/smart-configuration",
}
"""Claim → what the system then offers. Besides these, `search:<name>` claims any other search parameter."""

_PARAMETER = re.compile(r"search:_?[a-z][A-Za-z0-9-]*(\.[a-z][A-Za-z0-9-]*)*")
_EITHER_OR = (("auth", "open"), ("delete", "no-delete"), ("create", "read-only"), ("update", "read-only"))


def unknown(claim: str) -> str | None:
    """A sentence when `claim` is no claim, with the nearest that is."""
    if claim in CLAIMS or _PARAMETER.fullmatch(claim):
        return None
    return f"'{claim}' is no claim; {nearest(claim, CLAIMS)}"


def disagreements(claims: Collection[str]) -> Iterator[tuple[str, str]]:
    """Claim and sentence for each claim that needs another one, or stands against another one."""
    for claim in claims:
        whole = claim.partition(":")[0]
        if whole != claim and whole in CLAIMS and whole not in claims:
            yield claim, f"'{claim}' is claimed without '{whole}', whose requirements would not apply; claim both"
    for first, second in _EITHER_OR:
        if first in claims and second in claims:
            yield second, f"'{second}' is claimed beside '{first}', its opposite; keep one of them"
