"""Lies about Bundles and OperationOutcomes as resources, and about characters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.structure import (
    PACKS,
    OfOldConsents,
)

if TYPE_CHECKING:
    from conformance.reference.messages import Resource
    from conformance.reference.searching import Search
    from conformance.reference.store import Stored


class BundleHasAPageNumber(
    Fault, name="bundle-has-a-page-number", breaks=("r4.search.bundle-is-well-formed",), packs=PACKS
):
    """A searchset says on which page it is, in a property of its own."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        return {**super().bundle(asked, matches), "page": 1}


class NothingFoundIsAnEmptyList(
    Fault, name="nothing-found-is-an-empty-list", breaks=("r4.search.bundle-is-well-formed",), packs=PACKS
):
    """A searchset without matches has an entry that is an empty list."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        return bundle if bundle.get("entry") else {**bundle, "entry": []}


class OutcomePointsWithoutList(Fault, name="outcome-points-without-list", breaks=("r4.errors.outcome-is-well-formed",)):
    """The expression of an issue is a text and not a list."""

    def outcome(self, *, severity: str, code: str, text: str) -> Resource:
        outcome = super().outcome(severity=severity, code=code, text=text)
        return {**outcome, "issue": [{**issue, "expression": "Consent"} for issue in outcome["issue"]]}


class HalfACharacter(OfOldConsents, name="half-a-character", breaks=("r4.content.bodies-are-utf-eight",), packs=PACKS):
    """The display of a patient of long ago ends within a character."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "patient": {**resource["patient"], "display": "Beda \ud83d"}}

    def serialised(self, resource: Resource) -> bytes:
        return json.dumps(resource).encode()
