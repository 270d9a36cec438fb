"""The lies of the reference server, by topic. `FAULTS` holds each under its name."""

from conformance.reference.fault import FAULTS
from conformance.reference.faults import (
    capability,
    closing,
    content,
    creating,
    deleting,
    errors,
    headers,
    meaning,
    period,
    prefer,
    reading,
    searching,
    security,
    tracing,
    updating,
    versions,
)

__all__ = [
    "FAULTS",
    "capability",
    "closing",
    "content",
    "creating",
    "deleting",
    "errors",
    "headers",
    "meaning",
    "period",
    "prefer",
    "reading",
    "searching",
    "security",
    "tracing",
    "updating",
    "versions",
]
