"""Rules of business, which a server may have besides those of R4 (http.html#create, http.html#update: 422)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.fault import Variation
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.messages import Resource, Write

R4_AND_R5 = ("r4", "r5-ballot")


class InactiveIsFinal(Variation, name="inactive-is-final", packs=("r4",)):
    """What is inactive is not made active again: a rule of business (http.html#update, 422)."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        before = write.previous.content.get("status") if write.previous else None
        if (before, write.resource.get("status")) == ("inactive", "active"):
            yield "what is inactive stays so"


class ConsentsStayTheirPatients(Variation, name="consents-stay-their-patients", packs=("r4",)):
    """A consent is not made another patient's: a rule of business (http.html#update, 422)."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        if write.previous and write.previous.content.get("patient") != write.resource.get("patient"):
            yield "a consent stays its patient's"


class IdentifiersAreUnique(Variation, name="identifiers-are-unique", packs=R4_AND_R5):
    """A business identifier belongs to one consent: another one with it is a conflict (409)."""

    def check_write(self, write: Write) -> None:
        own = _identifiers(write.resource)
        for stored in self.store.everything("Consent"):
            if stored.id != write.route.id and own & _identifiers(stored.content):
                raise Refused(409, "duplicate", f"Consent/{stored.id} has that identifier")
        super().check_write(write)


class IdentifiersStay(Variation, name="identifiers-stay", packs=R4_AND_R5):
    """An identifier that a consent has is not taken away again: a rule of business (http.html#update, 422)."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        before = _identifiers(write.previous.content) if write.previous else set()
        if not before <= _identifiers(write.resource):
            yield "an identifier stays"


class PoliciesHaveAddresses(Variation, name="policies-have-addresses", packs=("r4",)):
    """A policyRule alone is refused, the address of a policy is wanted: a rule of business (http.html#create, 422)."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        if write.route.type == "Consent" and not write.resource.get("policy"):
            yield "a policy is needed"


class InactiveHasAnEnd(Variation, name="inactive-has-an-end", packs=("r4",)):
    """A consent is made inactive together with an end of its period, not alone: a rule of business, told by 422."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        period = (write.resource.get("provision") or {}).get("period") or {}
        if write.previous and write.resource.get("status") == "inactive" and "end" not in period:
            yield "what is inactive has an end"


class EndedIsFinal(Variation, name="ended-is-final", packs=("r4",)):
    """What is inactive and has an end is not changed: a rule of business, told by 409 with the code business-rule."""

    def check_write(self, write: Write) -> None:
        before = write.previous.content if write.previous and not write.previous.deleted else {}
        if _ended(before) and _ended(write.resource):
            raise Refused(409, "business-rule", "the consent has ended")
        super().check_write(write)


def _identifiers(consent: Resource) -> set[tuple[str, str]]:
    listed = consent.get("identifier", ())
    return {(str(one.get("system")), str(one.get("value"))) for one in listed if isinstance(one, dict)}


def _ended(consent: Resource) -> bool:
    period = (consent.get("provision") or {}).get("period") or {}
    return consent.get("status") == "inactive" and "end" in period
