"""Lies about the shape of a consent of the R5 ballot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference import seeds
from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource
    from conformance.reference.store import Stored

BALLOT = ("r5-ballot",)


class InTheHistory(Fault):
    """Shows a consent that was never changed otherwise in its history than in a read."""

    def history_entry(self, stored: Stored, request: Request) -> Resource:
        entry = super().history_entry(stored, request)
        if "resource" not in entry or len(self.store.versions(stored.type, stored.id)) > 1:
            return entry
        return {**entry, "resource": self.distorted(entry["resource"])}

    def distorted(self, resource: Resource) -> Resource:
        raise NotImplementedError


class OfGivenConsents(Fault):
    """Shows the consent that the server held from the start otherwise than it is."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        return self.distorted(resource) if stored.id == seeds.CONSENT else resource

    def distorted(self, resource: Resource) -> Resource:
        raise NotImplementedError


def renamed(resource: Resource, **names: str) -> Resource:
    return {names.get(name, name): value for name, value in resource.items()}


def without(resource: Resource, *names: str) -> Resource:
    return {name: value for name, value in resource.items() if name not in names}


def with_rule(resource: Resource, **elements: object) -> Resource:
    """The consent with these elements in its rule."""
    return {**resource, "provision": {**resource.get("provision", {}), **elements}}


class BallotServerClaimsFinal(
    Fault,
    name="ballot-server-claims-final",
    breaks=("r5-ballot.capabilities.states-the-ballot-version",),
    packs=BALLOT,
):
    """The capability statement names the final release, 5.0.0."""

    fhir_version = "5.0.0"


class BallotAnswersPatient(
    InTheHistory, name="ballot-answers-patient", breaks=("r5-ballot.model.uses-ballot-names",), packs=BALLOT
):
    """A history shows whom a consent is about as patient."""

    def distorted(self, resource: Resource) -> Resource:
        return renamed(resource, subject="patient")


class BallotAnswersPolicyRule(
    OfGivenConsents, name="ballot-answers-policy-rule", breaks=("r5-ballot.model.uses-ballot-names",), packs=BALLOT
):
    """An older consent has a policyRule, as in R4."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "policyRule": {"text": "opt-in"}}


class BallotAnswersDecision(
    InTheHistory, name="ballot-answers-decision", breaks=("r5-ballot.model.not-yet-final",), packs=BALLOT
):
    """A history shows what a consent decides as decision at its root, as R5 final does."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "decision": "permit"}


class BallotAnswersDate(
    OfGivenConsents, name="ballot-answers-date", breaks=("r5-ballot.model.not-yet-final",), packs=BALLOT
):
    """An older consent has date in place of dateTime, as in R5 final."""

    def distorted(self, resource: Resource) -> Resource:
        return {**without(resource, "dateTime"), "date": "2023-01-10"}


class BallotRuleHasADocumentType(
    OfGivenConsents, name="ballot-rule-has-a-document-type", breaks=("r5-ballot.model.not-yet-final",), packs=BALLOT
):
    """A rule of an older consent has a documentType, as in R5 final."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, documentType=[{"code": "MedicationRequest"}])


class BallotExtraElement(
    InTheHistory, name="ballot-extra-element", breaks=("r5-ballot.model.no-unknown-elements",), packs=BALLOT
):
    """Consents in a history carry validUntil, which no release has."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "validUntil": "2031-12-02"}


class BallotRuleHasAnExtraElement(
    OfGivenConsents,
    name="ballot-rule-has-an-extra-element",
    breaks=("r5-ballot.model.no-unknown-elements",),
    packs=BALLOT,
):
    """A rule of an older consent has a decision, which no release has there."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, decision="permit")


class BallotRootProvisionIsAList(
    InTheHistory, name="ballot-root-provision-is-a-list", breaks=("r5-ballot.model.lists-are-lists",), packs=BALLOT
):
    """A history shows the root provision as a list, as R5 final does."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "provision": [resource["provision"]]}


class BallotGrantorIsSingle(
    OfGivenConsents, name="ballot-grantor-is-single", breaks=("r5-ballot.model.lists-are-lists",), packs=BALLOT
):
    """The grantor of an older consent is an object."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "grantor": {"reference": f"Patient/{seeds.PATIENT}"}}


class BallotStatusLeftOut(
    InTheHistory, name="ballot-status-left-out", breaks=("r5-ballot.model.status-is-present",), packs=BALLOT
):
    """Consents in a history have no status."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "status")


class BallotOlderConsentsHaveNoStatus(
    OfGivenConsents,
    name="ballot-older-consents-have-no-status",
    breaks=("r5-ballot.model.status-is-present",),
    packs=BALLOT,
):
    """An older consent is shown without its status."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "status")


class BallotStatusProposed(
    InTheHistory, name="ballot-status-proposed", breaks=("r5-ballot.model.status-code-is-known",), packs=BALLOT
):
    """Consents in a history are proposed, as only R4 knows it."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "status": "proposed"}


class BallotStatusInCapitals(
    OfGivenConsents, name="ballot-status-in-capitals", breaks=("r5-ballot.model.status-code-is-known",), packs=BALLOT
):
    """The status of an older consent is written with a capital letter."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "status": "Active"}


class BallotControllerIsADevice(
    InTheHistory, name="ballot-controller-is-a-device", breaks=("r5-ballot.model.reference-targets",), packs=BALLOT
):
    """The controller of consents in a history is a Device."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "controller": [{"reference": "Device/gateway"}]}


class BallotSourceIsAnOrganization(
    OfGivenConsents,
    name="ballot-source-is-an-organization",
    breaks=("r5-ballot.model.reference-targets",),
    packs=BALLOT,
):
    """The source of an older consent is an organization."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "sourceReference": [{"reference": f"Organization/{seeds.ORGANIZATION}"}]}


class BallotDateTimeWithoutOffset(
    InTheHistory, name="ballot-date-time-without-offset", breaks=("r5-ballot.model.date-time-form",), packs=BALLOT
):
    """The dateTime of consents in a history has a time and no offset."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "dateTime": "2024-03-01T09:30:00"}


class BallotPeriodOfADayThatIsNone(
    OfGivenConsents,
    name="ballot-period-of-a-day-that-is-none",
    breaks=("r5-ballot.model.date-time-form",),
    packs=BALLOT,
):
    """The data of an older consent begin on a 30th of February."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, dataPeriod={"start": "2021-02-30"})


class BallotNumberAsIdentifier(
    InTheHistory,
    name="ballot-number-as-identifier",
    breaks=("r5-ballot.model.values-have-their-datatype",),
    packs=BALLOT,
):
    """The identifier of consents in a history is a number."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "identifier": [{"value": 17}]}


class BallotEmptyCategory(
    OfGivenConsents,
    name="ballot-empty-category",
    breaks=("r5-ballot.model.values-have-their-datatype",),
    packs=BALLOT,
):
    """The category of an older consent is an empty list."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "category": []}


class BallotVerificationWithoutVerified(
    OfGivenConsents,
    name="ballot-verification-without-verified",
    breaks=("r5-ballot.model.verification-says-verified",),
    packs=BALLOT,
):
    """A verification of an older consent has a date, and does not say whether."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "verification": [{"verificationDate": ["2023-01-11"]}]}


class BallotSecondVerificationDateLost(
    Fault,
    name="ballot-second-verification-date-lost",
    breaks=("r5-ballot.model.verification-says-verified", "r4.create.read-back-is-the-same"),
    packs=BALLOT,
):
    """Of the dates of a verification only the first is kept."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        verifications = resource.get("verification", ())
        first = [
            {**one, "verificationDate": one["verificationDate"][:1]}
            for one in verifications
            if "verificationDate" in one
        ]
        return {**resource, "verification": first} if first else resource


class BallotActionMadeUp(InTheHistory, name="ballot-action-made-up", breaks=("r5-ballot.model.codings",), packs=BALLOT):
    """Rules in a history are about the action modify, which the code system of actions does not have."""

    def distorted(self, resource: Resource) -> Resource:
        modify = {"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "modify"}
        return with_rule(resource, action=[{"coding": [modify]}])


class BallotProvisionTypeOptOut(
    InTheHistory, name="ballot-provision-type-opt-out", breaks=("r5-ballot.provision.type-is-known",), packs=BALLOT
):
    """The type of rules in a history is opt-out."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, type="opt-out")


class BallotNestedTypeMadeUp(
    OfGivenConsents, name="ballot-nested-type-made-up", breaks=("r5-ballot.provision.type-is-known",), packs=BALLOT
):
    """A rule within the rule of an older consent has the type exclude."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, type="permit", provision=[{"type": "exclude"}])


class BallotDataWithoutReference(
    OfGivenConsents,
    name="ballot-data-without-reference",
    breaks=("r5-ballot.provision.data-parts-are-needed",),
    packs=BALLOT,
):
    """Data of an older consent have a meaning and no reference."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, data=[{"meaning": "instance"}])


class BallotDataMeaningLost(
    InTheHistory, name="ballot-data-meaning-lost", breaks=("r5-ballot.provision.data-parts-are-needed",), packs=BALLOT
):
    """Data of rules in a history have a reference and no meaning."""

    def distorted(self, resource: Resource) -> Resource:
        return with_rule(resource, data=[{"reference": {"reference": f"Consent/{seeds.CONSENT}"}}])
