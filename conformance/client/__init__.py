"""The Consent endpoint of the target as a check sees it. Every exchange is recorded."""

from conformance.client.closing import Closing
from conformance.client.kept import Json, Kept

__all__ = ["Consents", "Json", "Kept"]


class Consents(Closing):
    """`[base]/Consent` with the credentials of the target, in its dialect."""
