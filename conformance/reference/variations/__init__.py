"""The liberties that a conforming server may take, by topic. `VARIATIONS` holds each under its name."""

from conformance.reference.fault import VARIATIONS
from conformance.reference.variations import behaviour, medication_list, representation, searching

__all__ = ["VARIATIONS", "behaviour", "medication_list", "representation", "searching"]
