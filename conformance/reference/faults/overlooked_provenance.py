"""Lies about x-provenance, roles and closing that show in one form of a request alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.messages import Answer, Request, Resource, Route, Write
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

NLL = ("nll-2023",)
BOTH = ("nll-2023", "nll-2019")


class ProvenanceTypeMayBeAbsent(
    Fault,
    name="provenance-type-may-be-absent",
    breaks=("nll-2023.headers.provenance-encoding", "nll-2019.headers.provenance-malformed"),
    packs=BOTH,
):
    """An x-provenance with agents that does not say which resource it is closes the consent."""

    def decoded_provenance(self, written: str) -> Any:
        value = super().decoded_provenance(written)
        return {"resourceType": "Provenance", **value} if isinstance(value, dict) and "agent" in value else value


class FirstProvenanceOfAListCounts(
    Fault,
    name="first-provenance-of-a-list-counts",
    breaks=("nll-2023.headers.provenance-encoding", "nll-2019.headers.provenance-malformed"),
    packs=BOTH,
):
    """An x-provenance that is a list of Provenances closes the consent by the first of them."""

    def decoded_provenance(self, written: str) -> Any:
        value = super().decoded_provenance(written)
        return value[0] if isinstance(value, list) and value else value


class ActivityDisplayIsEnough(
    Fault,
    name="activity-display-is-enough",
    breaks=("nll-2023.provenance.activity-is-needed", "nll-2019.provenance.activity-is-deregister"),
    packs=BOTH,
):
    """An activity whose coding has a display and no code will do."""

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        codings = provenance.get("activity", {}).get("coding")
        if not codings or any("display" not in coding for coding in codings):
            super().check_activity(provenance, expected=expected)


class NoAgentInTheListIsDone(
    Fault, name="no-agent-in-the-list-is-done", breaks=("nll-2023.provenance.agent-type-is-needed",), packs=NLL
):
    """A provenance whose list of agents is empty will do."""

    def check_agents(self, provenance: Resource, caller: Caller | None) -> None:
        if provenance.get("agent") != []:
            super().check_agents(provenance, caller)


class AgentTypeInWordsCrashes(
    Fault,
    name="agent-type-in-words-crashes",
    breaks=("nll-2023.provenance.agent-type-is-of-the-value-set",),
    packs=NLL,
):
    """A provenance whose agent has a type in words answers 500."""

    def check_agent_type(self, agent: Any) -> None:
        if "text" in agent.get("type", {}):
            raise Refused(500, "exception", "unexpected KeyError")
        super().check_agent_type(agent)


class AgentInWordsIsAccepted(
    Fault,
    name="agent-in-words-is-accepted",
    breaks=(
        "nll-2023.provenance.agent-who-is-needed",
        "nll-2019.provenance.agent-who-has-name-and-identifier",
    ),
    packs=BOTH,
):
    """An agent who is told in words will do."""

    def practitioner(self, provenance: Resource, agent: Any) -> Resource | None:
        return None if "display" in agent.get("who", {}) else super().practitioner(provenance, agent)


class OrganizationAsAgentIsAccepted(
    Fault,
    name="organization-as-agent-is-accepted",
    breaks=(
        "nll-2023.provenance.agent-who-is-needed",
        "nll-2019.provenance.agent-who-has-name-and-identifier",
    ),
    packs=BOTH,
):
    """A provenance of a dose consent whose agent is an organization will do."""

    def practitioner(self, provenance: Resource, agent: Any) -> Resource | None:
        if any(contained.get("resourceType") == "Organization" for contained in provenance.get("contained", ())):
            return None
        return super().practitioner(provenance, agent)


class EveryRoleMaySetAnEnd(
    Fault, name="every-role-may-set-an-end", breaks=("nll-2023.authorization.role-decides",), packs=NLL
):
    """A role that may not close is refused where the status says inactive, and sets an end all the same."""

    def authorise(self, caller: Caller, route: Route) -> None:
        if route.interaction != "update" or not self.in_scope(caller, route):
            super().authorise(caller, route)

    def check_write(self, write: Write) -> None:
        caller = write.caller
        if caller is not None and not self.role_may_write(caller) and write.resource.get("status") == "inactive":
            raise Refused(403, "forbidden", "the caller's role may not close")
        super().check_write(write)

    def check_person(self, practitioner: Resource, caller: Caller | None) -> None:
        if caller is None or self.role_may_write(caller):
            super().check_person(practitioner, caller)


class RefusedCreateReturnsTheBody(
    Fault,
    name="refused-create-returns-the-body",
    breaks=("nll-2023.errors.failed-call-answers-outcome-only",),
    packs=NLL,
):
    """A POST that prefers the representation and is refused for its headers answers its own body."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        preferred = request.method == "POST" and self.preference(request, "return") == "representation"
        return replace(answer, resource=json.loads(request.body)) if preferred and refusal.status == 400 else answer


class _KeepsWhatIsLeftOut(Fault):
    """Keeps some elements that a PUT leaves out."""

    elements: tuple[str, ...] = ()

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        old = previous.content if previous is not None else {}
        return {name: old[name] for name in self.elements if name in old} | resource


class UpdateKeepsWhoTookPart(
    _KeepsWhatIsLeftOut,
    name="update-keeps-who-took-part",
    breaks=("nll-2023.close.replaces-the-whole-resource",),
    packs=NLL,
):
    """The organization and the verification that a consent was created with stay when a PUT leaves them out."""

    elements = ("organization", "verification")


class UpdateKeepsDateAndLanguage(
    _KeepsWhatIsLeftOut,
    name="update-keeps-date-and-language",
    breaks=("nll-2023.close.replaces-the-whole-resource",),
    packs=NLL,
):
    """The dateTime and the language that a consent was created with stay when a PUT leaves them out."""

    elements = ("dateTime", "language")


class UpdateAddsToTheCategories(
    Fault,
    name="update-adds-to-the-categories",
    breaks=("nll-2023.close.replaces-the-whole-resource",),
    packs=NLL,
):
    """A category that a PUT leaves out stays beside those that it names."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        old = previous.content.get("category", []) if previous is not None else []
        named = resource.get("category", [])
        left_out = [category for category in old if category not in named]
        return {**resource, "category": [*named, *left_out]} if left_out else resource


class CloseSelectsByIdentifier(
    Fault, name="close-selects-by-identifier", breaks=("nll-2023.close.body-id-selects-the-consent",), packs=NLL
):
    """A PUT whose body has the identifiers of another consent changes that one, whatever its id says."""

    def addressed(self, route: Route, resource: Resource) -> Route:
        route = super().addressed(route, resource)
        wanted = resource.get("identifier")
        for stored in self.store.everything("Consent") if wanted else ():
            if stored.id != route.id and stored.content.get("identifier") == wanted:
                return replace(route, id=stored.id)
        return route


class CloseOfAccessNeedsAnInquiryPeriod(
    Fault,
    name="close-of-access-needs-an-inquiry-period",
    breaks=("nll-2023.close.access-consent-is-ended",),
    packs=NLL,
):
    """Closing an access consent that has no inquiry period answers 500."""

    def access_complaints(self, write: Write) -> Iterator[str]:
        if write.previous is not None and "extension" not in write.resource:
            raise Refused(500, "exception", "unexpected KeyError")
        return super().access_complaints(write)


class InquiryPeriodTheWrongWayRound(
    Fault,
    name="inquiry-period-the-wrong-way-round",
    breaks=("nll-2023.profile.access-consent-inquiry-period",),
    packs=NLL,
):
    """An access consent whose inquiry period ends before it starts is stored so."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        rest = {name: value for name, value in resource.items() if name != "extension"}
        return super().complaints(rest, route)


class FirstExtensionIsTheInquiryPeriod(
    Fault,
    name="first-extension-is-the-inquiry-period",
    breaks=("nll-2023.profile.access-consent-inquiry-period",),
    packs=NLL,
):
    """An inquiry period without end is stored where another extension stands before it."""

    def access_complaints(self, write: Write) -> Iterator[str]:
        first = write.resource.get("extension", [])[:1]
        return super().access_complaints(replace(write, resource={**write.resource, "extension": first}))


class ProfileOfDoseConsentsSelectsRules(
    Fault,
    name="profile-of-dose-consents-selects-rules",
    breaks=("nll-2023.profile.meta-profile-does-not-steer",),
    packs=NLL,
):
    """An access consent that is labelled as a dose consent is judged as one."""

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        labels = write.resource.get("meta", {}).get("profile", ())
        if (
            any(label.endswith("NLLMultiDoseDispConsent") for label in labels)
            and self.kind_of(write.resource) != "dose"
        ):
            yield "a dose consent has its own category"


class TwoProfilesCrash(
    Fault, name="two-profiles-crash", breaks=("nll-2023.profile.meta-profile-does-not-steer",), packs=NLL
):
    """A body with two profiles in meta.profile answers 500."""

    def check_write(self, write: Write) -> None:
        if len(write.resource.get("meta", {}).get("profile", ())) > 1:
            raise Refused(500, "exception", "more than one profile")
        super().check_write(write)
