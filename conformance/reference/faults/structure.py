"""Lies about what a consent looks like: in the answer to an update, or in consents that were there before anybody came.

Neither is compared with what was sent, so that each lie shows in what all answers have to look like, and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.seeds import OTHER_CONSENT

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource
    from conformance.reference.store import Stored

PACKS = ("r4", "nll-2023")
SOMEBODY = {"display": "somebody"}
RECIPIENT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}


class OfUpdates(Fault):
    """Distorts the consent in the answer to an update that says nothing of Prefer; what is stored stays right."""

    def updated(self, request: Request, stored: Stored) -> Answer:
        answer = super().updated(request, stored)
        asked = self.preference(request, "return") is not None
        if asked or answer.resource is None or answer.resource["resourceType"] != "Consent":
            return answer
        return replace(answer, resource=self.distorted(answer.resource))

    def distorted(self, resource: Resource) -> Resource:
        raise NotImplementedError


class OfOldConsents(Fault):
    """Distorts a consent that was there from the start, wherever it is shown."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        return self.distorted(resource) if stored.id == OTHER_CONSENT else resource

    def distorted(self, resource: Resource) -> Resource:
        raise NotImplementedError


def without(resource: Resource, *names: str) -> Resource:
    return {name: value for name, value in resource.items() if name not in names}


def ruling(resource: Resource, **elements: Any) -> Resource:
    """The consent with these elements in its root provision; `class_` is class."""
    changed = {name.rstrip("_"): value for name, value in elements.items()}
    return {**resource, "provision": {**resource.get("provision", {}), **changed}}


def actors(resource: Resource, *names: str) -> Resource:
    """The consent whose actors have lost these elements."""
    return ruling(resource, actor=[without(actor, *names) for actor in resource["provision"]["actor"]])


class IdWithUnderscore(OfUpdates, name="id-with-underscore", breaks=("r4.consent.id-is-well-formed",), packs=PACKS):
    """An update answers with a consent whose id has underscores."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "id": resource["id"].replace("-", "_")}


class IdIsANumber(OfUpdates, name="id-is-a-number", breaks=("r4.consent.id-is-well-formed",), packs=PACKS):
    """An update answers with a consent whose id is a JSON number."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "id": 1001}


class StatusLeftOut(OfUpdates, name="status-left-out", breaks=("r4.consent.status-is-present",), packs=PACKS):
    """An update answers with a consent without status."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "status")


class OldConsentHasNoStatus(
    OfOldConsents, name="old-consent-has-no-status", breaks=("r4.consent.status-is-present",), packs=PACKS
):
    """A consent of long ago has no status."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "status")


class StatusClosed(OfUpdates, name="status-closed", breaks=("r4.consent.status-code-is-known",), packs=PACKS):
    """An update answers with a consent whose status is closed."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "status": "closed"}


class StatusCapitalised(
    OfOldConsents, name="status-capitalised", breaks=("r4.consent.status-code-is-known",), packs=PACKS
):
    """The status of a consent of long ago begins with a capital."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "status": resource["status"].capitalize()}


class ScopeLeftOut(OfUpdates, name="scope-left-out", breaks=("r4.consent.scope-is-present",), packs=PACKS):
    """An update answers with a consent without scope."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "scope")


class ScopeIsAList(OfOldConsents, name="scope-is-a-list", breaks=("r4.consent.scope-is-present",), packs=PACKS):
    """The scope of a consent of long ago is an array."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "scope": [resource["scope"]]}


class CategoryLeftOut(OfUpdates, name="category-left-out", breaks=("r4.consent.category-is-present",), packs=PACKS):
    """An update answers with a consent without category."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "category")


class OldConsentHasNoCategory(
    OfOldConsents, name="old-consent-has-no-category", breaks=("r4.consent.category-is-present",), packs=PACKS
):
    """A consent of long ago has no category."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "category")


class ActorRoleLeftOut(OfOldConsents, name="actor-role-left-out", breaks=("r4.consent.actor-has-a-role",), packs=PACKS):
    """The actors of a consent of long ago have no role."""

    def distorted(self, resource: Resource) -> Resource:
        return actors(resource, "role")


class InnerActorWithoutRole(
    OfUpdates, name="inner-actor-without-role", breaks=("r4.consent.actor-has-a-role",), packs=PACKS
):
    """An update answers with a rule inside a rule whose actor has no role."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, provision=[{"type": "deny", "actor": [{"reference": SOMEBODY}]}])


class ActorReferenceLeftOut(
    OfOldConsents, name="actor-reference-left-out", breaks=("r4.consent.actor-has-a-reference",), packs=PACKS
):
    """The actors of a consent of long ago have a role and nothing else."""

    def distorted(self, resource: Resource) -> Resource:
        return actors(resource, "reference")


class InnerActorWithoutReference(
    OfUpdates, name="inner-actor-without-reference", breaks=("r4.consent.actor-has-a-reference",), packs=PACKS
):
    """An update answers with a rule inside a rule whose actor is nobody."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, provision=[{"type": "deny", "actor": [{"role": RECIPIENT}]}])


class DataMeaningLeftOut(
    OfOldConsents, name="data-meaning-left-out", breaks=("r4.consent.data-has-a-meaning",), packs=PACKS
):
    """The data of a consent of long ago have no meaning."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, data=[without(entry, "meaning") for entry in resource["provision"]["data"]])


class DataMeaningTranslated(
    OfOldConsents, name="data-meaning-translated", breaks=("r4.consent.data-has-a-meaning",), packs=PACKS
):
    """The meaning of the data of a consent of long ago is its display."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, data=[{**entry, "meaning": "Instance"} for entry in resource["provision"]["data"]])


class DataReferenceLeftOut(
    OfOldConsents, name="data-reference-left-out", breaks=("r4.consent.data-has-a-reference",), packs=PACKS
):
    """The data of a consent of long ago are a meaning without reference."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, data=[without(entry, "reference") for entry in resource["provision"]["data"]])


class DataOfNothing(OfUpdates, name="data-of-nothing", breaks=("r4.consent.data-has-a-reference",), packs=PACKS):
    """An update answers with a data entry that has a meaning only."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, data=[{"meaning": "related"}])


class VerifiedLeftOut(
    OfUpdates, name="verified-left-out", breaks=("r4.consent.verification-says-verified",), packs=PACKS
):
    """An update answers with a verification that has a date only."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "verification": [{"verificationDate": "2024-03-02"}]}


class OldConsentVerifiedByNobody(
    OfOldConsents,
    name="old-consent-verified-by-nobody",
    breaks=("r4.consent.verification-says-verified",),
    packs=PACKS,
):
    """The second verification of a consent of long ago says with whom, and not whether."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "verification": [{"verified": True}, {"verifiedWith": SOMEBODY}]}


class NoPolicyAtAll(OfUpdates, name="no-policy-at-all", breaks=("r4.consent.policy-or-policy-rule",), packs=PACKS):
    """An update answers with a consent that has neither policy nor policyRule."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "policy", "policyRule")


class OldConsentHasNoPolicy(
    OfOldConsents, name="old-consent-has-no-policy", breaks=("r4.consent.policy-or-policy-rule",), packs=PACKS
):
    """A consent of long ago has neither policy nor policyRule."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "policy", "policyRule")


class PrivacyConsentWithoutPatient(
    OfUpdates, name="privacy-consent-without-patient", breaks=("r4.consent.patient-for-its-scope",), packs=PACKS
):
    """An update answers with a consent without patient."""

    def distorted(self, resource: Resource) -> Resource:
        return without(resource, "patient")
