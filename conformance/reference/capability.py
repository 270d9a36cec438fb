"""The CapabilityStatement, made from what a service really offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.reference.messages import Resource
    from conformance.reference.service import Service


def statement(service: Service) -> Resource:
    """Return what the service offers (http.html#capabilities)."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": service.last_updated(service.clock())[:10],
        "kind": "instance",
        "software": {"name": "Consent reference server"},
        "implementation": {"description": "A server that conforms by default", "url": service.base},
        "fhirVersion": service.fhir_version,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "A bearer token is needed; this statement is open."},
                "resource": [_offered(service, kind) for kind in sorted(service.types)],
            }
        ],
    }


def _offered(service: Service, kind: str) -> Resource:
    parameters = service.parameters(kind)
    includes = [f"{kind}:{name}" for name, known in parameters.items() if known.kind == "reference"]
    offered: Resource = {
        "type": kind,
        "interaction": [{"code": code} for code in service.offered(kind)],
        "versioning": "versioned-update",
        "readHistory": "vread" in service.offered(kind),
        "updateCreate": False,
        "conditionalRead": "not-match",
        "searchParam": [{"name": name, "type": known.kind} for name, known in parameters.items()],
    }
    return {**offered, "searchInclude": [*includes, "*"]} if includes else offered
