"""Lies about how a consent is written: lists, data types, JSON types, dates, references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.structure import (
    PACKS,
    OfOldConsents,
    OfUpdates,
    ruling,
    without,
)
from conformance.reference.seeds import OTHER_CONSENT

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource
    from conformance.reference.store import Stored


class SingleEntryListCollapsed(
    OfUpdates, name="single-entry-list-collapsed", breaks=("r4.consent.repeating-elements-are-arrays",), packs=PACKS
):
    """An update answers with a category that is an object."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "category": resource["category"][0]}


class NestedProvisionCollapsed(
    OfUpdates, name="nested-provision-collapsed", breaks=("r4.consent.repeating-elements-are-arrays",), packs=PACKS
):
    """An update answers with a rule inside a rule that is an object."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, provision={"type": "permit"})


class CodingCollapsed(
    OfOldConsents, name="coding-collapsed", breaks=("r4.consent.repeating-elements-are-arrays",), packs=PACKS
):
    """The one coding of a category of long ago is an object."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "category": [{"coding": resource["category"][0]["coding"][0]}]}


class RootProvisionIsAList(
    OfUpdates, name="root-provision-is-a-list", breaks=("r4.consent.single-elements-are-not-arrays",), packs=PACKS
):
    """An update answers with a provision that is an array, as in R5."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "provision": [resource.get("provision", {"type": "permit"})]}


class PolicyRuleIsAList(
    OfOldConsents, name="policy-rule-is-a-list", breaks=("r4.consent.single-elements-are-not-arrays",), packs=PACKS
):
    """The policyRule of a consent of long ago is an array."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "policyRule": [{"text": "opt-in"}]}


class StatusStandsTwice(
    Fault, name="status-stands-twice", breaks=("r4.consent.single-elements-are-not-arrays",), packs=PACKS
):
    """A consent of long ago has two properties status, of which most readers see the second."""

    def serialised(self, resource: Resource) -> bytes:
        body = super().serialised(resource)
        return body.replace(b'"status":', b'"status":"draft","status":', 1) if OTHER_CONSENT.encode() in body else body


class PurposeAsCodeableConcept(
    OfOldConsents,
    name="purpose-as-codeable-concept",
    breaks=("r4.consent.elements-have-their-datatype",),
    packs=PACKS,
):
    """The purposes of a consent of long ago hold a list of codings."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, purpose=[{"coding": resource["provision"]["purpose"]}])


class ActionAsCoding(
    OfOldConsents, name="action-as-coding", breaks=("r4.consent.elements-have-their-datatype",), packs=PACKS
):
    """The actions of a consent of long ago are bare codings."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, action=[concept["coding"][0] for concept in resource["provision"]["action"]])


class PeriodAsText(OfUpdates, name="period-as-text", breaks=("r4.consent.elements-have-their-datatype",), packs=PACKS):
    """An update answers with a period that is a text."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, dataPeriod="from 2024 to 2031")


class PolicyUriWithBlank(
    OfUpdates, name="policy-uri-with-blank", breaks=("r4.consent.elements-have-their-datatype",), packs=PACKS
):
    """An update answers with a policy whose uri is a title."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "policy": [{"uri": "Policy on record sharing"}]}


class BooleanAsText(
    OfOldConsents, name="boolean-as-text", breaks=("r4.consent.primitives-have-their-json-type",), packs=PACKS
):
    """A coding of long ago was selected by the user: "true", in quotes."""

    def distorted(self, resource: Resource) -> Resource:
        coding = {**resource["category"][0]["coding"][0], "userSelected": "true"}
        return {**resource, "category": [{"coding": [coding]}]}


class NumberAsText(
    OfUpdates, name="number-as-text", breaks=("r4.consent.primitives-have-their-json-type",), packs=PACKS
):
    """An update answers with an attachment whose size is in quotes."""

    def distorted(self, resource: Resource) -> Resource:
        attachment = {"contentType": "application/pdf", "url": "https://example.org/form.pdf", "size": "2048"}
        return {**without(resource, "sourceReference"), "sourceAttachment": attachment}


class PatientsNameIsANumber(
    Fault, name="patients-name-is-a-number", breaks=("r4.consent.primitives-have-their-json-type",), packs=("r4",)
):
    """A patient who comes along with a search has a number for a family name."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if stored.type != "Patient" or request.segments[0] == "Patient":
            return resource
        return {**resource, "name": [{"family": 7}]}


class DateTimeWithoutZone(
    OfOldConsents, name="date-time-without-zone", breaks=("r4.consent.date-times-are-well-formed",), packs=PACKS
):
    """The dateTime of a consent of long ago has a time and no offset."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "dateTime": "2019-10-02T15:28:59"}


class DateTimeWithBlank(
    OfOldConsents, name="date-time-with-blank", breaks=("r4.consent.date-times-are-well-formed",), packs=PACKS
):
    """The dateTime of a consent of long ago has a blank between date and time."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "dateTime": "2019-10-02 15:28:59+02:00"}


class LastUpdatedDateOnly(
    OfUpdates, name="last-updated-date-only", breaks=("r4.consent.date-times-are-well-formed",), packs=PACKS
):
    """An update answers with a meta.lastUpdated that is a date."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "meta": {**resource["meta"], "lastUpdated": resource["meta"]["lastUpdated"][:10]}}


class PatientPointsAtPerson(
    OfUpdates, name="patient-points-at-person", breaks=("r4.consent.references-point-at-allowed-types",), packs=PACKS
):
    """An update answers with a patient who is a Person."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "patient": {"reference": "Person/17"}}


class OrganizationPointsAtPractitioner(
    OfOldConsents,
    name="organization-points-at-practitioner",
    breaks=("r4.consent.references-point-at-allowed-types",),
    packs=PACKS,
):
    """The organization of a consent of long ago is a Practitioner."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "organization": [{"reference": "Practitioner/17"}]}
