"""The embedded Consent server: correct by default, wrong only on request.

It shares nothing with the code that judges it, so that no mistake can hide by being made twice.
"""

from conformance.reference.faults import FAULTS
from conformance.reference.server import ReferenceServer, serve
from conformance.reference.variations import VARIATIONS

__all__ = ["FAULTS", "VARIATIONS", "ReferenceServer", "serve"]
