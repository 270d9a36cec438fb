"""Lies about what goes together in a consent: choices, inner rules, narratives, contained resources, codes."""

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

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource
    from conformance.reference.store import Stored


class BothSourcesReturned(
    OfOldConsents, name="both-sources-returned", breaks=("r4.consent.source-is-one-choice",), packs=PACKS
):
    """A consent of long ago has a sourceReference and a sourceAttachment."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "sourceAttachment": {"contentType": "text/plain", "data": "U2lnbmVkLg=="}}


class SourceIsAdded(OfUpdates, name="source-is-added", breaks=("r4.consent.source-is-one-choice",), packs=PACKS):
    """An update answers with the scanned form and with a reference to the archive."""

    def distorted(self, resource: Resource) -> Resource:
        form = {"contentType": "application/pdf", "url": "https://example.org/form.pdf"}
        return {**resource, "sourceAttachment": form, "sourceReference": {"display": "the archive"}}


class ProvisionTypeOptin(
    OfUpdates, name="provision-type-optin", breaks=("r4.consent.provision-type-is-known",), packs=PACKS
):
    """An update answers with a provision of type optin."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, type="optin")


class InnerProvisionTypeInCapitals(
    OfOldConsents,
    name="inner-provision-type-in-capitals",
    breaks=("r4.consent.provision-type-is-known",),
    packs=PACKS,
):
    """A rule inside the rule of a consent of long ago is of type DENY."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, provision=[{"type": "DENY"}])


class NestedProvisionRenamed(
    OfOldConsents,
    name="nested-provision-renamed",
    breaks=("r4.consent.nested-provisions-follow-the-same-rules",),
    packs=PACKS,
):
    """The rules inside an inner rule of a consent of long ago are called except."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, provision=[{"type": "deny", "except": [{"type": "permit"}]}])


class FourthLevelProvisionLost(
    Fault,
    name="fourth-level-provision-lost",
    breaks=("r4.consent.nested-provisions-follow-the-same-rules",),
    packs=PACKS,
):
    """Of rules inside rules, the fourth level is not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        return {**resource, "provision": _pruned(resource["provision"], 3)} if "provision" in resource else resource


def _pruned(rule: Resource, levels: int) -> Resource:
    inner = [_pruned(one, levels - 1) for one in rule.get("provision", ())] if levels > 1 else []
    return {**without(rule, "provision"), **({"provision": inner} if inner else {})}


class VendorElementAtRoot(
    OfUpdates, name="vendor-element-at-root", breaks=("r4.consent.no-unknown-elements",), packs=PACKS
):
    """An update answers with a consent that has a validUntil of the server's own."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "validUntil": "2031-12-24"}


class LaterReleaseElement(
    OfOldConsents, name="later-release-element", breaks=("r4.consent.no-unknown-elements",), packs=PACKS
):
    """A consent of long ago has a decision, as in R5."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "decision": "permit"}


class MissingEndAsNull(OfUpdates, name="missing-end-as-null", breaks=("r4.consent.no-empty-values",), packs=PACKS):
    """An update answers with a dataPeriod whose end is null."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, dataPeriod={"start": "2020", "end": None})


class EmptyListKept(OfOldConsents, name="empty-list-kept", breaks=("r4.consent.no-empty-values",), packs=PACKS):
    """The performer of a consent of long ago is an empty list."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "performer": []}


class EmptySystemKept(OfOldConsents, name="empty-system-kept", breaks=("r4.consent.no-empty-values",), packs=PACKS):
    """The system of a category of long ago is an empty string."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "category": [{"coding": [{**resource["category"][0]["coding"][0], "system": ""}]}]}


class NarrativeNotXhtml(
    OfOldConsents, name="narrative-not-xhtml", breaks=("r4.consent.narrative-is-safe-and-well-formed",), packs=PACKS
):
    """The narrative of a consent of long ago is HTML with unclosed tags."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "text": {"status": "generated", "div": "<div><p>Consent<br></div>"}}


class NarrativeStatusMadeUp(
    OfOldConsents,
    name="narrative-status-made-up",
    breaks=("r4.consent.narrative-is-safe-and-well-formed",),
    packs=PACKS,
):
    """The narrative of a consent of long ago has the status auto."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "text": {**resource["text"], "status": "auto"}}


class NarrativeStripped(
    Fault, name="narrative-stripped", breaks=("r4.consent.narrative-is-present",), packs=("r4", "nll-2023", "nll-2019")
):
    """The narrative is taken out of every consent."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        return without(super().presented(stored, request), "text")


class ContainedTargetLost(
    OfUpdates, name="contained-target-lost", breaks=("r4.consent.contained-resources-are-used",), packs=PACKS
):
    """An update answers with a reference to a contained resource that is not there."""

    def distorted(self, resource: Resource) -> Resource:
        return {**without(resource, "contained"), "organization": [{"reference": "#clinic"}]}


class ContainedGetsMeta(
    OfOldConsents, name="contained-gets-meta", breaks=("r4.consent.contained-resources-are-used",), packs=PACKS
):
    """The organization contained in a consent of long ago has a time of its own."""

    def distorted(self, resource: Resource) -> Resource:
        updated = {"lastUpdated": "2023-01-10T08:30:00Z"}
        clinic = {"resourceType": "Organization", "id": "clinic", "meta": updated, "name": "Exempelkliniken"}
        return {**resource, "contained": [clinic], "organization": [{"reference": "#clinic"}]}


class ElementIdRepeated(
    OfOldConsents, name="element-id-repeated", breaks=("r4.consent.element-ids-are-unique",), packs=PACKS
):
    """Two actors of a consent of long ago have the same element id."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, actor=[{**actor, "id": "a1"} for actor in resource["provision"]["actor"]])


class ElementIdWithBlank(
    OfUpdates, name="element-id-with-blank", breaks=("r4.consent.element-ids-are-unique",), packs=PACKS
):
    """An update answers with an element id of two words."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "category": [{**resource["category"][0], "id": "dose consent"}]}


class ScopeCodeMadeUp(
    OfOldConsents, name="scope-code-made-up", breaks=("r4.consent.scope-code-is-from-the-value-set",), packs=PACKS
):
    """The scope of a consent of long ago is a code that consentscope does not have."""

    def distorted(self, resource: Resource) -> Resource:
        coding = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "privacy"}
        return {**resource, "scope": {"coding": [coding]}}


class CategoryCodeMadeUp(
    OfOldConsents,
    name="category-code-made-up",
    breaks=("r4.consent.category-code-is-from-the-value-set",),
    packs=PACKS,
):
    """A category of a consent of long ago is a code that consentcategorycodes does not have."""

    def distorted(self, resource: Resource) -> Resource:
        coding = {"system": "http://terminology.hl7.org/CodeSystem/consentcategorycodes", "code": "privacy"}
        return {**resource, "category": [*resource["category"], {"coding": [coding]}]}


class PolicyCodeMadeUp(
    OfOldConsents, name="policy-code-made-up", breaks=("r4.consent.other-extensible-codes",), packs=PACKS
):
    """The policyRule of a consent of long ago is a code that consentpolicycodes does not have."""

    def distorted(self, resource: Resource) -> Resource:
        coding = {"system": "http://terminology.hl7.org/CodeSystem/consentpolicycodes", "code": "nope"}
        return {**resource, "policyRule": {"coding": [coding]}}


class ClassCodeMadeUp(OfUpdates, name="class-code-made-up", breaks=("r4.consent.other-extensible-codes",), packs=PACKS):
    """An update answers with a class that is no resource type."""

    def distorted(self, resource: Resource) -> Resource:
        return ruling(resource, class_=[{"system": "http://hl7.org/fhir/resource-types", "code": "Medicine"}])
