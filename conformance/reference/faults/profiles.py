"""Lies about what the profiles of dose consents and access consents ask for."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.closing import NEED_A_CLOSE, NO_CLOSE
from conformance.reference.faults.reading import OfOlderConsents
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.messages import Answer, Request, Resource, Write
    from conformance.reference.store import Stored

NLL = ("nll-2023",)


class LogicalIdIsANumber(Fault, name="logical-id-is-a-number", breaks=("nll-2023.profile.id-is-a-uuid",), packs=NLL):
    """Logical ids are numbers."""

    def new_id(self) -> str:
        return str(uuid.uuid4().int % 10**15)


class LogicalIdWithoutHyphens(
    Fault, name="logical-id-without-hyphens", breaks=("nll-2023.profile.id-is-a-uuid",), packs=NLL
):
    """Logical ids are UUIDs without their hyphens."""

    def new_id(self) -> str:
        return uuid.uuid4().hex


class DoseCategoryWithoutSystem(
    Fault, name="dose-category-without-system", breaks=("nll-2023.profile.dose-category",), packs=NLL
):
    """The category of a dose consent that is closed is shown without its system."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if stored.type != "Consent" or self.kind_of(resource) != "dose" or not self.closed(resource):
            return resource
        return {**resource, "category": [{"coding": [{"code": "consent-dose-disp"}]}]}


class DoseCategoryDiffers(Fault, name="dose-category-differs", breaks=("nll-2023.profile.dose-category",), packs=NLL):
    """A dose consent that is closed is shown with another category."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if stored.type != "Consent" or self.kind_of(resource) != "dose" or not self.closed(resource):
            return resource
        coding = {"system": "http://electronichealth.se/fhir/ValueSet/consent-types-1", "code": "consent-dose-closed"}
        return {**resource, "category": [{"coding": [coding]}]}


class AccessConsentWithoutPatientReference(
    Fault,
    name="access-consent-without-patient-reference",
    breaks=("nll-2023.profile.access-consent-patient",),
    packs=NLL,
):
    """An access consent that names its patient by an identifier alone is stored so."""

    def access_complaints(self, write: Write) -> Iterator[str]:
        return (said for said in super().access_complaints(write) if "refers to its patient" not in said)


class AccessConsentReadsWithoutPatient(
    OfOlderConsents,
    name="access-consent-reads-without-patient",
    breaks=("nll-2023.profile.access-consent-patient",),
    packs=NLL,
):
    """An access consent reads with a patient who has a name and no reference, but for the one stored last."""

    def distorted(self, answer: Answer, resource: Resource) -> Answer:
        if self.kind_of(resource) != "access":
            return answer
        return replace(answer, resource={**resource, "patient": {"display": "Tolvan Tolvansson"}})


class InquiryPeriodWithoutEnd(
    Fault,
    name="inquiry-period-without-end",
    breaks=("nll-2023.profile.access-consent-inquiry-period",),
    packs=NLL,
):
    """An access consent whose inquiry period has no end is stored so."""

    def access_complaints(self, write: Write) -> Iterator[str]:
        return (said for said in super().access_complaints(write) if "inquiry period" not in said)


class InquiryPeriodReadsWithoutStart(
    OfOlderConsents,
    name="inquiry-period-reads-without-start",
    breaks=("nll-2023.profile.access-consent-inquiry-period",),
    packs=NLL,
):
    """The inquiry period of an access consent reads without its start, but for the one stored last."""

    def distorted(self, answer: Answer, resource: Resource) -> Answer:
        if self.kind_of(resource) != "access" or "extension" not in resource:
            return answer
        extensions = [
            {**extension, "valuePeriod": {"end": extension["valuePeriod"].get("end", "2023-01-27")}}
            for extension in resource["extension"]
        ]
        return replace(answer, resource={**resource, "extension": extensions})


class MetaProfileIsDemanded(
    Fault,
    name="meta-profile-is-demanded",
    breaks=("nll-2023.profile.meta-profile-does-not-steer", *NO_CLOSE),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT without meta.profile is refused."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and not write.resource.get("meta", {}).get("profile"):
            raise Refused(400, "required", "meta.profile says how a body is judged")


class MetaProfileSelectsRules(
    Fault,
    name="meta-profile-selects-rules",
    breaks=("nll-2023.profile.meta-profile-does-not-steer",),
    packs=NLL,
):
    """A dose consent that is labelled as an access consent is judged as one."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        labels = write.resource.get("meta", {}).get("profile", ())
        if any(label.endswith("NLLAccessConsent") for label in labels) and self.kind_of(write.resource) != "access":
            yield "an access consent has its own category"


class UnknownProfileIsRefused(
    Fault,
    name="unknown-profile-is-refused",
    breaks=("nll-2023.profile.meta-profile-does-not-steer",),
    packs=NLL,
):
    """A body with a profile that nobody knows is refused."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        if any("no-such-profile" in label for label in write.resource.get("meta", {}).get("profile", ())):
            yield "the profile is unknown"


class LastUpdatedWithheld(
    Fault, name="last-updated-withheld", breaks=("nll-2023.profile.must-support-is-returned",), packs=NLL
):
    """A dose consent that is closed is shown without meta.lastUpdated."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if stored.type != "Consent" or not self.closed(resource):
            return resource
        meta = {name: value for name, value in resource["meta"].items() if name != "lastUpdated"}
        return {**resource, "meta": meta}
