"""The lies of the reference server, by topic. `FAULTS` holds each under its name."""

from conformance.reference.fault import FAULTS

__all__ = ["FAULTS"]
