"""The embedded Consent server: correct by default, wrong only on request.

It shares nothing with the code that judges it, so that no mistake can hide by being made twice.
"""

from typing import TYPE_CHECKING, Any

from conformance.reference.server import ReferenceServer, serve

if TYPE_CHECKING:
    from conformance.reference.faults import FAULTS
    from conformance.reference.variations import VARIATIONS

__all__ = ["FAULTS", "VARIATIONS", "ReferenceServer", "serve"]


def __getattr__(name: str) -> Any:
    """Load the lies and the liberties for those who ask: an honest server starts without them."""
    if name == "FAULTS":
        from conformance.reference.faults import FAULTS  # noqa: PLC0415 - see above

        return FAULTS
    if name == "VARIATIONS":
        from conformance.reference.variations import VARIATIONS  # noqa: PLC0415 - see above

        return VARIATIONS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
