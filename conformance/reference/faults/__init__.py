"""The lies of the reference server, by topic. `FAULTS` holds each under its name."""

from conformance.reference.fault import FAULTS
from conformance.reference.faults import (
    closing,
    creating,
    errors,
    headers,
    meaning,
    period,
    reading,
    searching,
    security,
    updating,
)

__all__ = [
    "FAULTS",
    "closing",
    "creating",
    "errors",
    "headers",
    "meaning",
    "period",
    "reading",
    "searching",
    "security",
    "updating",
]
