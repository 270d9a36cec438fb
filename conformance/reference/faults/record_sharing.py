"""Lies about what a consent to view a record says: its fixed codes, its actors, its words."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.fault import Fault
from conformance.reference.millennium import FAMILY, MOTHER, OF_THE_FAMOUS, OTHER_PATIENT

if TYPE_CHECKING:
    from conformance.reference.messages import Resource

ORACLE = ("oracle-health",)
LOINC = "http://loinc.org"
PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"


class Content(Fault):
    """Consents that are held with another content. `only` names the one that is concerned; without it, all are."""

    only: ClassVar[str | None] = None

    def holdings(self) -> list[Resource]:
        held = copy.deepcopy(super().holdings())
        for resource in held:
            if resource["resourceType"] == "Consent" and self.only in {None, resource["id"]}:
                self.spoil(resource, resource["provision"])
        return held

    def spoil(self, consent: Resource, rule: Resource) -> None:
        """Change a consent, whose rule is given as well."""
        raise NotImplementedError


class ActorIsAPractitioner(
    Content, name="actor-is-a-practitioner", breaks=["oracle-health.model.actors-are-related-persons"], packs=ORACLE
):
    """Besides the related person a Practitioner is an actor."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        rule["actor"].append({**rule["actor"][0], "id": "2", "reference": {"reference": "Practitioner/4122630"}})


class NobodyMayView(
    Content, name="nobody-may-view", breaks=["oracle-health.model.actors-are-related-persons"], packs=ORACLE
):
    """A consent names no actor."""

    only = OF_THE_FAMOUS[-1]

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        del rule["actor"]


class ScopeIsTreatment(
    Content, name="scope-is-treatment", breaks=["oracle-health.model.scope-is-privacy"], packs=ORACLE
):
    """The scope is treatment."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        consent["scope"]["coding"][0] |= {"code": "treatment", "display": "Treatment"}


class ScopeOfOneIsResearch(
    Content, name="scope-of-one-is-research", breaks=["oracle-health.model.scope-is-privacy"], packs=ORACLE
):
    """The scope of one consent is research."""

    only = OF_THE_FAMOUS[-1]

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        consent["scope"]["coding"][0] |= {"code": "research", "display": "Research"}


class CategoryIsRelease(
    Content, name="category-is-release", breaks=["oracle-health.model.category-is-patient-consent"], packs=ORACLE
):
    """The category is the release of information, LOINC 64292-6."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        consent["category"][0]["coding"] = [{"system": LOINC, "code": "64292-6"}]


class CategoriesAreTwo(
    Content, name="categories-are-two", breaks=["oracle-health.model.category-is-patient-consent"], packs=ORACLE
):
    """Besides the documented category a consent has another."""

    only = OF_THE_FAMOUS[-1]

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        consent["category"].append({"coding": [{"system": LOINC, "code": "64292-6"}], "text": "Patient Consent"})


class PolicyRuleIsOptIn(
    Content, name="policy-rule-is-opt-in", breaks=["oracle-health.model.policy-rule-is-record-sharing"], packs=ORACLE
):
    """The policyRule is OPTIN of the act codes."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
        consent["policyRule"]["coding"] = [{"system": system, "code": "OPTIN"}]


class PolicyRuleIsAnotherFinding(
    Content,
    name="policy-rule-is-another-finding",
    breaks=["oracle-health.model.policy-rule-is-record-sharing"],
    packs=ORACLE,
):
    """The policyRule of a consent is the finding that sharing was refused, SNOMED CT 425691002's neighbour."""

    only = OF_THE_FAMOUS[-1]

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        consent["policyRule"]["coding"] = [{"system": "http://snomed.info/sct", "code": "425691003"}]


class ProvisionDenies(Content, name="provision-denies", breaks=["oracle-health.model.provision-permits"], packs=ORACLE):
    """The provision denies."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        rule["type"] = "deny"


class ProvisionSaysNoType(
    Content, name="provision-says-no-type", breaks=["oracle-health.model.provision-permits"], packs=ORACLE
):
    """The provision of a consent has no type."""

    only = OF_THE_FAMOUS[-1]

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        del rule["type"]


class RoleIsPrimaryAuthor(
    Content, name="role-is-primary-author", breaks=["oracle-health.model.role-is-caregiver-receiver"], packs=ORACLE
):
    """The role is PRIMAUTH of the contract signer types."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        system = "http://terminology.hl7.org/CodeSystem/contractsignertypecodes"
        rule["actor"][0]["role"]["coding"] = [{"system": system, "code": "PRIMAUTH"}]


class RoleOfAThirdSystem(
    Content, name="role-of-a-third-system", breaks=["oracle-health.model.role-is-caregiver-receiver"], packs=ORACLE
):
    """The role AUCG is neither of the table's system nor of the examples' one."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        rule["actor"][0]["role"]["coding"][0]["system"] = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


class ActionIsAccess(
    Content, name="action-is-access", breaks=["oracle-health.model.action-is-access-and-correct"], packs=ORACLE
):
    """The action is access."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        rule["action"][0]["coding"] = [{"system": ACTIONS, "code": "access"}]


class ActionInCapitals(
    Content, name="action-in-capitals", breaks=["oracle-health.model.action-is-access-and-correct"], packs=ORACLE
):
    """The action is written neither as in the table nor as in the examples, but CORRECT."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        rule["action"][0]["coding"][0]["code"] = "CORRECT"


class ActionsAreTwo(
    Content, name="actions-are-two", breaks=["oracle-health.model.action-is-access-and-correct"], packs=ORACLE
):
    """Besides the documented action a consent has another."""

    only = OF_THE_FAMOUS[-1]

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        rule["action"].append({"coding": [{"system": ACTIONS, "code": "disclose"}], "text": "Access and Correct"})


class PurposeIsTreatment(
    Content, name="purpose-is-treatment", breaks=["oracle-health.model.purpose-is-purpose-of-use"], packs=ORACLE
):
    """The purpose is treatment."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        rule["purpose"] = [{"system": PURPOSES, "code": "TREAT", "display": "treatment"}]


class PurposesAreTwo(
    Content, name="purposes-are-two", breaks=["oracle-health.model.purpose-is-purpose-of-use"], packs=ORACLE
):
    """Besides the documented purpose a consent has another."""

    only = OF_THE_FAMOUS[-1]

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        rule["purpose"].append({"system": PURPOSES, "code": "HRESCH"})


class DisplaysAreLeftOut(
    Content, name="displays-are-left-out", breaks=["oracle-health.model.displays-and-texts"], packs=ORACLE
):
    """The codings have no display."""

    def spoil(self, consent: Resource, rule: Resource) -> None:
        concepts = [consent["scope"], *consent["category"], consent["policyRule"], *rule["action"]]
        for coding in (coding for concept in concepts for coding in concept["coding"]):
            coding.pop("display", None)


class RoleHasNoText(Content, name="role-has-no-text", breaks=["oracle-health.model.displays-and-texts"], packs=ORACLE):
    """The role of an actor has no text."""

    only = OF_THE_FAMOUS[-1]

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        del rule["actor"][0]["role"]["text"]


class UndocumentedElement(
    Content, name="undocumented-element", breaks=["oracle-health.model.only-documented-elements"], packs=ORACLE
):
    """Every consent has a dateTime."""

    def spoil(self, consent: Resource, rule: Resource) -> None:  # noqa: ARG002 - as in Content
        consent["dateTime"] = "2020-07-09"


class ActorOfAnotherPatient(
    Fault,
    name="actor-of-another-patient",
    breaks=["oracle-health.model.patient-and-actor-belong-together"],
    packs=ORACLE,
):
    """The related person who may view a patient's record is related to another patient."""

    def holdings(self) -> list[Resource]:
        other = {"patient": {"reference": f"Patient/{OTHER_PATIENT}"}}
        return [{**one, **other} if one["id"] in {MOTHER, *FAMILY} else one for one in super().holdings()]
