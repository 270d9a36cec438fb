"""The liberties that a conforming server may take, by topic. `VARIATIONS` holds each under its name."""

from conformance.reference.fault import VARIATIONS

__all__ = ["VARIATIONS"]
