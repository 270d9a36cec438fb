"""Lies about what is taken and what is refused: bodies that are no consents of R4, and unusual ones that are."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.faults.structure import RECIPIENT, SOMEBODY, ruling, without
from conformance.reference.messages import Refused
from conformance.reference.rules import STATUSES, walked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.messages import Resource, Route, Write
    from conformance.reference.store import Stored

R4 = ("r4",)
MISSING = ("r4.consent.refuses-missing-required-elements",)
CODES = ("r4.consent.refuses-codes-outside-required-bindings",)
SCOPE = {"text": "privacy"}


class _Lenient(Fault):
    """Judges a better consent than the one that was sent."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        if route.type != "Consent":
            return super().complaints(resource, route)
        try:
            better = self.bettered(copy.deepcopy(resource))
        except (AttributeError, KeyError, TypeError):  # it is wrong in another way
            better = resource
        return super().complaints(better, route)

    def bettered(self, resource: Resource) -> Resource:
        raise NotImplementedError


# -- what is missing ---------------------------------------------------------------------------------------------------


class AcceptsMissingStatus(_Lenient, name="accepts-missing-status", breaks=MISSING, packs=R4):
    """A consent without status is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return {"status": "active", **resource}


class AcceptsMissingScope(_Lenient, name="accepts-missing-scope", breaks=MISSING, packs=R4):
    """A consent without scope is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return {"scope": SCOPE, **resource}


class AcceptsMissingCategory(_Lenient, name="accepts-missing-category", breaks=MISSING, packs=R4):
    """A consent without category is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return {"category": [SCOPE], **resource}


class AcceptsActorWithoutRole(_Lenient, name="accepts-actor-without-role", breaks=MISSING, packs=R4):
    """An actor without role is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return ruling(resource, actor=[{"role": RECIPIENT, **actor} for actor in resource["provision"]["actor"]])


class AcceptsActorWithoutReference(_Lenient, name="accepts-actor-without-reference", breaks=MISSING, packs=R4):
    """An actor that is nobody is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return ruling(resource, actor=[{"reference": SOMEBODY, **actor} for actor in resource["provision"]["actor"]])


class AcceptsDataWithoutMeaning(_Lenient, name="accepts-data-without-meaning", breaks=MISSING, packs=R4):
    """A data entry without meaning is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return ruling(resource, data=[{"meaning": "related", **entry} for entry in resource["provision"]["data"]])


class AcceptsDataWithoutReference(_Lenient, name="accepts-data-without-reference", breaks=MISSING, packs=R4):
    """A data entry without reference is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return ruling(resource, data=[{"reference": SOMEBODY, **entry} for entry in resource["provision"]["data"]])


class AcceptsVerificationWithoutVerified(
    _Lenient, name="accepts-verification-without-verified", breaks=MISSING, packs=R4
):
    """A verification that does not say whether is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return {**resource, "verification": [{"verified": True, **one} for one in resource["verification"]]}


class AcceptsMissingPolicy(
    _Lenient, name="accepts-missing-policy", breaks=("r4.consent.refuses-missing-policy",), packs=R4
):
    """A consent with neither policy nor policyRule is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return {"policyRule": SCOPE, **resource}


class DemandsPolicy(
    Fault,
    name="demands-policy",
    breaks=("r4.consent.refuses-missing-policy", "r4.consent.accepts-published-examples"),
    packs=R4,
):
    """A consent with a policyRule and without policy is called invalid (400)."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        wrong = route.type == "Consent" and "policyRule" in resource and "policy" not in resource
        return ["a policy is needed"] if wrong else super().complaints(resource, route)


# -- codes, references, JSON types, dates ---------------------------------------------------------------------------


class AcceptsUnknownStatus(_Lenient, name="accepts-unknown-status", breaks=CODES, packs=R4):
    """A consent of the status bogus is stored."""

    def bettered(self, resource: Resource) -> Resource:
        unknown = isinstance(resource.get("status"), str) and resource["status"] not in STATUSES
        return {**resource, "status": "active"} if unknown else resource


class AcceptsUnknownProvisionType(_Lenient, name="accepts-unknown-provision-type", breaks=CODES, packs=R4):
    """A provision of the type maybe is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return ruling(resource, type="deny") if "type" in resource["provision"] else resource


class ChecksRootProvisionTypeOnly(_Lenient, name="checks-root-provision-type-only", breaks=CODES, packs=R4):
    """A rule of the type maybe inside another one is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return ruling(resource, provision=[{**rule, "type": "deny"} for rule in resource["provision"]["provision"]])


class AcceptsUnknownDataMeaning(_Lenient, name="accepts-unknown-data-meaning", breaks=CODES, packs=R4):
    """Data of the meaning some are stored."""

    def bettered(self, resource: Resource) -> Resource:
        known = [{**entry, "meaning": "related"} if "meaning" in entry else entry for entry in _data(resource)]
        return ruling(resource, data=known)


def _data(resource: Resource) -> list[Resource]:
    entries: list[Resource] = resource["provision"]["data"]
    return entries


class StoresUnknownElements(
    _Lenient, name="stores-unknown-elements", breaks=("r4.consent.refuses-unknown-elements",), packs=R4
):
    """Elements of other releases are stored and come back."""

    def bettered(self, resource: Resource) -> Resource:
        if "provision" in resource:
            resource["provision"].pop("decision", None)
        return without(resource, "subject")


class AcceptsObjectForList(
    _Lenient, name="accepts-object-for-list", breaks=("r4.consent.refuses-wrong-json-types",), packs=R4
):
    """A performer that is an object is stored."""

    def bettered(self, resource: Resource) -> Resource:
        alone = isinstance(resource["performer"], dict)
        return {**resource, "performer": [resource["performer"]]} if alone else resource


class WrongKindCrashes(Fault, name="wrong-kind-crashes", breaks=("r4.consent.refuses-wrong-json-types",), packs=R4):
    """A patient that is a text answers 500."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        if isinstance(resource.get("patient"), str):
            raise Refused(500, "exception", "unexpected TypeError")
        return super().complaints(resource, route)


class AcceptsTimeWithoutZone(
    _Lenient, name="accepts-time-without-zone", breaks=("r4.consent.refuses-bad-date-times",), packs=R4
):
    """A dateTime without offset is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return {**resource, "dateTime": re.sub(r"(T\d\d:\d\d:\d\d)$", r"\1Z", resource["dateTime"])}


class AcceptsThirtiethOfFebruary(
    _Lenient, name="accepts-thirtieth-of-february", breaks=("r4.consent.refuses-bad-date-times",), packs=R4
):
    """The thirtieth of February is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return {**resource, "dateTime": resource["dateTime"].replace("-02-30", "-02-28")}


class AcceptsTwoSources(_Lenient, name="accepts-two-sources", breaks=("r4.consent.refuses-two-sources",), packs=R4):
    """A consent with sourceAttachment and sourceReference is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return without(resource, "sourceReference") if "sourceAttachment" in resource else resource


class AcceptsAnyPatientType(
    _Lenient, name="accepts-any-patient-type", breaks=("r4.consent.refuses-wrong-reference-types",), packs=R4
):
    """A patient that is an Organization is stored."""

    def bettered(self, resource: Resource) -> Resource:
        return {**resource, "patient": SOMEBODY} if _is_organization(resource["patient"]) else resource


class AcceptsAnyActorType(
    _Lenient, name="accepts-any-actor-type", breaks=("r4.consent.refuses-wrong-reference-types",), packs=R4
):
    """An actor that is a Location is stored."""

    def bettered(self, resource: Resource) -> Resource:
        for path, value in walked(resource):
            if path.endswith(".reference") and isinstance(value, dict) and "Location/" in value.get("reference", ""):
                value["reference"] = "Device/1"
        return resource


def _is_organization(reference: Any) -> bool:
    return isinstance(reference, dict) and reference.get("reference", "").startswith("Organization/")


# -- what is legal and unusual ----------------------------------------------------------------------------------------


class ExtensionsOfPeriodsStripped(
    Fault,
    name="extensions-of-periods-stripped",
    breaks=("r4.consent.keeps-extensions",),
    packs=("r4", "nll-2023", "nll-2019"),
):
    """Extensions of periods are not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = copy.deepcopy(super().kept(resource, previous))
        for name in ("period", "dataPeriod"):
            resource.get("provision", {}).get(name, {}).pop("extension", None)
        return resource


class ModifierExtensionsStripped(
    Fault, name="modifier-extensions-stripped", breaks=("r4.consent.keeps-extensions",), packs=("r4", "nll-2023")
):
    """Modifier extensions of a consent are not stored, so that it seems to mean what it says without them."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        stored = super().kept(resource, previous)
        return {name: value for name, value in stored.items() if name != "modifierExtension"}


class UnknownExtensionIsRefused(
    Fault, name="unknown-extension-is-refused", breaks=("r4.consent.keeps-extensions",), packs=("r4", "nll-2023")
):
    """A consent whose period has an extension is refused."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        if "extension" in write.resource.get("provision", {}).get("period", {}):
            yield "the extension is not known here"


class RefusesOptoutPolicyRule(
    Fault,
    name="refuses-optout-policy-rule",
    breaks=("r4.consent.keeps-codes-outside-extensible-bindings",),
    packs=R4,
):
    """A policyRule OPTOUT is refused."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        if any(coding.get("code") == "OPTOUT" for coding in write.resource.get("policyRule", {}).get("coding", ())):
            yield "the policyRule is not known here"


class ReplacesForeignPolicyRule(
    Fault,
    name="replaces-foreign-policy-rule",
    breaks=("r4.consent.keeps-codes-outside-extensible-bindings",),
    packs=R4,
):
    """A policyRule of SNOMED CT is stored as a text."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        foreign = "snomed" in str(resource.get("policyRule"))
        return {**resource, "policyRule": {"text": "other"}} if foreign else resource


class DemandsTypeInNestedProvisions(
    Fault,
    name="demands-type-in-nested-provisions",
    breaks=("r4.consent.accepts-published-examples",),
    packs=R4,
):
    """A consent with a rule inside a rule that has no type is refused as if R4 forbade it."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        minded = super().complaints(resource, route)
        inner = resource.get("provision", {}).get("provision", ()) if route.type == "Consent" and not minded else ()
        return minded or [f"provision.provision: type is missing in {rule}" for rule in inner if "type" not in rule]


class InnerPeriodMayBeInverted(
    Fault,
    name="inner-period-may-be-inverted",
    breaks=("period.order.inverted-period-is-refused", "period.order.inverted-period-is-refused-by-validation"),
    packs=("r4",),
):
    """Only the period of the root provision has to be in order."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        told = super().complaints(resource, route)
        return [said for said in told if not said.startswith("per-1") or said.startswith("per-1: provision.period ")]


class InnerActorNeedsNoRole(
    Fault,
    name="inner-actor-needs-no-role",
    breaks=("r4.consent.refuses-missing-required-elements",),
    packs=("r4",),
):
    """An actor of a rule inside the rule may lack its role, and an entry of its data the reference."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        told = super().complaints(resource, route)
        return (
            [] if told and all(re.match(r"provision\.provision\.\d+\.(actor|data)\.", said) for said in told) else told
        )
