"""Lies about the fields of a consent, told of the one that has them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.examples import example
from conformance.reference.fault import Fault
from conformance.reference.faults.ballot_shape import renamed, with_rule, without

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource
    from conformance.reference.store import Stored

MEDICASOFT = ("medicasoft",)


class OfEveryField(Fault):
    """Shows the consent that has every field otherwise than it is."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        return self.distorted(resource) if stored.id == example("medicasoft/every-field.json")["id"] else resource

    def distorted(self, resource: Resource) -> Resource:
        raise NotImplementedError


class AnswersWithLaterNames(
    OfEveryField,
    name="answers-with-later-names",
    breaks=("medicasoft.model.is-the-fourth-release", "r4.consent.no-unknown-elements"),
    packs=MEDICASOFT,
):
    """The organization of a consent is shown as its controller, as from R5 on."""

    def distorted(self, resource: Resource) -> Resource:
        return renamed(resource, organization="controller")


class RuleHasALaterName(
    OfEveryField,
    name="rule-has-a-later-name",
    breaks=("medicasoft.model.is-the-fourth-release", "r4.consent.no-unknown-elements"),
    packs=MEDICASOFT,
):
    """The classes of a rule are shown as documentType, as from R5 on."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "provision": renamed(resource["provision"], **{"class": "documentType"})}


class FieldStatusIsMissing(
    OfEveryField,
    name="field-status-is-missing",
    breaks=("medicasoft.fields.required-are-there", "r4.consent.status-is-present"),
    packs=MEDICASOFT,
):
    """A consent is shown without its status."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "status")


class FieldRoleIsMissing(
    OfEveryField,
    name="field-role-is-missing",
    breaks=("medicasoft.fields.required-are-there", "r4.consent.actor-has-a-role"),
    packs=MEDICASOFT,
):
    """An actor is shown without its role."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, actor=[without(one, "role") for one in resource["provision"]["actor"]])


class FieldSourcesAreTwo(
    OfEveryField,
    name="field-sources-are-two",
    breaks=("medicasoft.fields.occur-as-often-as-told", "r4.consent.source-is-one-choice"),
    packs=MEDICASOFT,
):
    """A consent has a sourceReference beside its sourceAttachment."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "sourceReference": {"reference": "DocumentReference/2016-0042"}}


class FieldCategoryIsSingle(
    OfEveryField,
    name="field-category-is-single",
    breaks=("medicasoft.fields.occur-as-often-as-told", "r4.consent.repeating-elements-are-arrays"),
    packs=MEDICASOFT,
):
    """The category of a consent is an object."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "category": resource["category"][0]}


class FieldDateIsANumber(
    OfEveryField,
    name="field-date-is-a-number",
    breaks=("medicasoft.fields.have-their-types", "r4.consent.primitives-have-their-json-type"),
    packs=MEDICASOFT,
):
    """The dateTime of a consent is a number."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "dateTime": 20160203}


class FieldOrganizationIsAPatient(
    OfEveryField,
    name="field-organization-is-a-patient",
    breaks=("medicasoft.fields.have-their-types", "r4.consent.references-point-at-allowed-types"),
    packs=MEDICASOFT,
):
    """The organization of a consent refers to a patient."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "organization": [{"reference": "Patient/example"}]}


class FieldStatusIsMadeUp(
    OfEveryField,
    name="field-status-is-made-up",
    breaks=("medicasoft.fields.have-their-codes", "r4.consent.status-code-is-known"),
    packs=MEDICASOFT,
):
    """The status of a consent is finished, which is no status."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "status": "finished"}


class FieldMeaningIsMadeUp(
    OfEveryField,
    name="field-meaning-is-made-up",
    breaks=("medicasoft.fields.have-their-codes", "r4.consent.data-has-a-meaning"),
    packs=MEDICASOFT,
):
    """The meaning of data is about, which is no such meaning."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, data=[{**one, "meaning": "about"} for one in resource["provision"]["data"]])
