"""Lies about the content of x-provenance, and about who may write at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.faults.closing import NEED_A_CLOSE, NO_CLOSE
from conformance.reference.messages import Refused, Request, Resource, Route
from conformance.reference.provenance import DEREGISTER, REGISTER
from conformance.reference.tokens import PRESCRIBER, Caller

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Write
    from conformance.reference.store import Stored

NLL = ("nll-2023",)
ANYBODY = Caller(claims={**PRESCRIBER, "scope": "user/*.read user/*.write"})


class CloseWithoutActivityIsDone(
    Fault, name="close-without-activity-is-done", breaks=("nll-2023.provenance.activity-is-needed",), packs=NLL
):
    """A provenance without activity will do."""

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        if "activity" in provenance:
            super().check_activity(provenance, expected=expected)


class ActivityInWordsIsEnough(
    Fault, name="activity-in-words-is-enough", breaks=("nll-2023.provenance.activity-is-needed",), packs=NLL
):
    """A provenance whose activity is told in words will do."""

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        if "text" not in provenance.get("activity", {}):
            super().check_activity(provenance, expected=expected)


class CloseAcceptsRegisterActivity(
    Fault,
    name="close-accepts-register-activity",
    breaks=("nll-2023.provenance.activity-fits-the-action",),
    packs=NLL,
):
    """A provenance that says that a dose consent is registered closes it."""

    def expected_activities(self, resource: Resource, previous: Stored | None) -> frozenset[str] | None:
        expected = super().expected_activities(resource, previous)
        return frozenset({REGISTER, DEREGISTER}) if expected and previous else expected


class CloseWithoutAgentTypeIsDone(
    Fault, name="close-without-agent-type-is-done", breaks=("nll-2023.provenance.agent-type-is-needed",), packs=NLL
):
    """A provenance whose agent has no type will do."""

    def check_agent_type(self, agent: Any) -> None:
        if "type" in agent:
            super().check_agent_type(agent)


class CloseWithoutAgentIsDone(
    Fault, name="close-without-agent-is-done", breaks=("nll-2023.provenance.agent-type-is-needed",), packs=NLL
):
    """A provenance without agent will do."""

    def check_agents(self, provenance: Resource, caller: Caller | None) -> None:
        if "agent" in provenance or "recorded" in provenance:
            super().check_agents(provenance, caller)
        elif provenance.get("activity") is None:
            raise Refused(400, "required", "x-provenance is empty")


class UnknownAgentTypeCrashes(
    Fault,
    name="unknown-agent-type-crashes",
    breaks=("nll-2023.provenance.agent-type-is-of-the-value-set",),
    packs=NLL,
):
    """A provenance whose agent has an unknown type answers 500."""

    def check_agent_type(self, agent: Any) -> None:
        if "NOT_A_TYPE" in str(agent):
            raise Refused(500, "exception", "unexpected KeyError")
        super().check_agent_type(agent)


class CloseWithoutAgentWhoIsDone(
    Fault,
    name="close-without-agent-who-is-done",
    breaks=("nll-2023.provenance.agent-who-is-needed", "nll-2023.provenance.access-consent-rules"),
    packs=NLL,
):
    """A provenance whose agent is nobody will do."""

    def practitioner(self, provenance: Resource, agent: Any) -> Resource | None:
        return super().practitioner(provenance, agent) if "who" in agent else None


class DanglingAgentIsAccepted(
    Fault, name="dangling-agent-is-accepted", breaks=("nll-2023.provenance.agent-who-is-needed",), packs=NLL
):
    """A provenance whose agent refers to somebody that it does not contain will do."""

    def practitioner(self, provenance: Resource, agent: Any) -> Resource | None:
        if agent.get("who", {}).get("reference") == "#missing":
            return None
        return super().practitioner(provenance, agent)


class PatientAsAgentIsAccepted(
    Fault, name="patient-as-agent-is-accepted", breaks=("nll-2023.provenance.agent-who-is-needed",), packs=NLL
):
    """A provenance of a dose consent whose agent is a patient will do."""

    def practitioner(self, provenance: Resource, agent: Any) -> Resource | None:
        if any(contained.get("resourceType") == "Patient" for contained in provenance.get("contained", ())):
            return None
        return super().practitioner(provenance, agent)


class CloseDemandsTarget(
    Fault,
    name="close-demands-target",
    breaks=("nll-2023.provenance.who-and-why-are-enough", *NO_CLOSE),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT whose provenance names no target is refused."""

    def check_provenance(self, write: Write) -> None:
        super().check_provenance(write)
        if write.previous is not None and not self.provenance(write.request).get("target"):
            raise Refused(400, "required", "x-provenance has no target")


class CloseDemandsRecorded(
    Fault,
    name="close-demands-recorded",
    breaks=("nll-2023.provenance.who-and-why-are-enough", *NO_CLOSE),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT whose provenance does not say when is refused."""

    def check_provenance(self, write: Write) -> None:
        super().check_provenance(write)
        if write.previous is not None and not self.provenance(write.request).get("recorded"):
            raise Refused(400, "required", "x-provenance has no recorded")


class TargetInProvenanceCrashes(
    Fault, name="target-in-provenance-crashes", breaks=("nll-2023.provenance.who-and-why-are-enough",), packs=NLL
):
    """A PUT whose provenance names its target answers 500."""

    def check_provenance(self, write: Write) -> None:
        if "target" in self.provenance(write.request):
            raise Refused(500, "exception", "unexpected duplicate")
        super().check_provenance(write)


class AccessCloseAcceptsReason(
    Fault, name="access-close-accepts-reason", breaks=("nll-2023.provenance.access-consent-rules",), packs=NLL
):
    """The provenance of an access consent may have a reason."""

    def check_reason(self, provenance: Resource, *, access_consent: bool) -> None:
        """Mind no reason."""


class AccessCloseAcceptsRemotePractitioner(
    Fault,
    name="access-close-accepts-remote-practitioner",
    breaks=("nll-2023.provenance.access-consent-rules",),
    packs=NLL,
):
    """The provenance of an access consent may name its practitioner by an address."""

    def practitioner(self, provenance: Resource, agent: Any) -> Resource | None:
        if str(agent.get("who", {}).get("reference", "")).startswith("https://"):
            return None
        return super().practitioner(provenance, agent)


class _OfAccessConsents(Fault):
    """Is less strict about the provenance of an access consent."""

    lax = False

    def check_provenance(self, write: Write) -> None:
        self.lax = self.kind_of(write.resource) == "access"
        super().check_provenance(write)


class AccessConsentNeedsNoProvenance(
    Fault,
    name="access-consent-needs-no-provenance",
    breaks=("nll-2023.headers.provenance-absent",),
    packs=NLL,
):
    """An access consent is written without x-provenance."""

    def check_provenance(self, write: Write) -> None:
        if self.kind_of(write.resource) != "access" or write.request.header("x-provenance") is not None:
            super().check_provenance(write)


class AccessConsentNeedsNoActivity(
    _OfAccessConsents,
    name="access-consent-needs-no-activity",
    breaks=("nll-2023.provenance.activity-is-needed",),
    packs=NLL,
):
    """The provenance of an access consent may lack the activity."""

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        if not self.lax or "activity" in provenance:
            super().check_activity(provenance, expected=expected)


class AccessConsentNeedsNoAgentType(
    _OfAccessConsents,
    name="access-consent-needs-no-agent-type",
    breaks=("nll-2023.provenance.agent-type-is-needed",),
    packs=NLL,
):
    """The agent in the provenance of an access consent may lack a type."""

    def check_agent_type(self, agent: Any) -> None:
        if not self.lax or "type" in agent:
            super().check_agent_type(agent)


class AccessCreateAcceptsRemotePractitioner(
    Fault,
    name="access-create-accepts-remote-practitioner",
    breaks=("nll-2023.provenance.access-consent-rules",),
    packs=NLL,
):
    """An access consent is created though its provenance names the practitioner by an address, or not at all."""

    creates = False

    def check_provenance(self, write: Write) -> None:
        self.creates = write.previous is None and self.kind_of(write.resource) == "access"
        super().check_provenance(write)

    def practitioner(self, provenance: Resource, agent: Any) -> Resource | None:
        if self.creates and not str(agent.get("who", {}).get("reference", "")).startswith("#"):
            return None
        return super().practitioner(provenance, agent)


class ProvenancePersonNotCompared(
    Fault,
    name="provenance-person-not-compared",
    breaks=("nll-2023.authorization.person-matches-provenance",),
    packs=NLL,
):
    """A provenance may name another prescriber than the token does."""

    def check_person(self, practitioner: Resource, caller: Caller | None) -> None:
        """Compare nobody."""


class EveryRoleMayClose(Fault, name="every-role-may-close", breaks=("nll-2023.authorization.role-decides",), packs=NLL):
    """Any valid token closes a consent."""

    def role_may_write(self, caller: Caller) -> bool:  # noqa: ARG002 - whoever it is
        return True

    def check_person(self, practitioner: Resource, caller: Caller | None) -> None:
        if caller is None or caller.prescriber_code is not None:
            super().check_person(practitioner, caller)


class RefusedRoleClosesAllTheSame(
    Fault, name="refused-role-closes-all-the-same", breaks=("nll-2023.authorization.role-decides",), packs=NLL
):
    """A PUT by a role that may not close is refused with 403, and closes the consent."""

    def answered(self, request: Request, route: Route) -> Answer:
        try:
            return super().answered(request, route)
        except Refused as refusal:
            if route.interaction == "update" and refusal.reason == "the caller's role may not write":
                self.perform(request, route, ANYBODY)
            raise


class FetchingRoleIsLockedOut(
    Fault, name="fetching-role-is-locked-out", breaks=("nll-2023.authorization.fetching-role-may-fetch",), packs=NLL
):
    """A role that may fetch and not close gets 403 on a read."""

    def authorise(self, caller: Caller, route: Route) -> None:
        super().authorise(caller, route)
        if route.interaction == "read" and caller.professions and not self.role_may_write(caller):
            raise Refused(403, "forbidden", "the caller's role may not read")


class FetchingRoleFindsNothing(
    Fault, name="fetching-role-finds-nothing", breaks=("nll-2023.authorization.fetching-role-may-fetch",), packs=NLL
):
    """To a role that may fetch and not close every consent is unknown."""

    def visible(self, caller: Caller | None, stored: Stored) -> bool:
        hidden = caller is not None and bool(caller.professions) and not self.role_may_write(caller)
        return not hidden and super().visible(caller, stored)
