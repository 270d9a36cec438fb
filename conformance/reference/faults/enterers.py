"""Lies about the request headers of 2019: who may cancel a consent, and what X-Provenance has to say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.end_dating import CANCELLING, NEED_A_CANCEL
from conformance.reference.faults.headers import (
    CloseWithoutProvenanceIsDone,
    CreateWithoutProvenanceIsDone,
    ProvenanceTypeNotLookedAt,
)
from conformance.reference.faults.security import (
    ANYBODY,
    BasicSchemeIsAccepted,
    CloseWithoutTokenIsDone,
    CreateWithoutTokenIsDone,
    TokenIsNotVerified,
)
from conformance.reference.messages import Refused, Request, Resource, Route, Write
from conformance.reference.provenance import DEREGISTER, REGISTER, codes, objects

if TYPE_CHECKING:
    from conformance.reference.tokens import Caller

NLL = ("nll-2019",)
BOTH_ERAS = ("nll-2019", "nll-2023")


class CancelWithoutTokenIsDone(
    CloseWithoutTokenIsDone,
    name="cancel-without-token-is-done",
    breaks=("nll-2019.headers.authorization-absent",),
    packs=NLL,
):
    """A PUT without Authorization cancels the consent."""


class RegisterWithoutTokenIsDone(
    CreateWithoutTokenIsDone,
    name="register-without-token-is-done",
    breaks=("nll-2019.headers.authorization-absent",),
    packs=NLL,
):
    """A POST without Authorization registers a consent."""


class EmptyBearerIsAnonymousAccess(
    Fault,
    name="empty-bearer-is-anonymous-access",
    breaks=("nll-2019.headers.authorization-empty",),
    packs=NLL,
):
    """The word Bearer without a token is as good as a token."""

    def authenticate(self, request: Request) -> Caller:
        if (request.header("authorization") or "").strip().lower() == "bearer":
            return ANYBODY
        return super().authenticate(request)


class EmptyAuthorizationIsAnonymousAccess(
    Fault,
    name="empty-authorization-is-anonymous-access",
    breaks=("nll-2019.headers.authorization-empty",),
    packs=NLL,
):
    """An Authorization header without a value is as good as a token."""

    def authenticate(self, request: Request) -> Caller:
        return ANYBODY if request.header("authorization") == "" else super().authenticate(request)


class BasicSchemeCancels(
    BasicSchemeIsAccepted,
    name="basic-scheme-cancels",
    breaks=("nll-2019.headers.authorization-malformed",),
    packs=NLL,
):
    """User name and password in place of a token are as good as a token."""


class AnyBearerIsValid(
    TokenIsNotVerified,
    name="any-bearer-is-valid",
    breaks=("nll-2019.headers.authorization-malformed", "security.write.unauthorised-changes-nothing"),
    packs=NLL,
):
    """Any word after Bearer is as good as a token."""


class CancelWithoutProvenanceIsDone(
    CloseWithoutProvenanceIsDone,
    name="cancel-without-provenance-is-done",
    breaks=("nll-2019.headers.provenance-absent",),
    packs=NLL,
):
    """A PUT without X-Provenance cancels the consent."""


class CancelWithoutProvenanceIsRefusedAndDone(
    Fault,
    name="cancel-without-provenance-is-refused-and-done",
    breaks=("nll-2019.headers.provenance-absent",),
    packs=NLL,
):
    """A PUT without X-Provenance is refused, and the consent has its end."""

    def check_provenance(self, write: Write) -> None:
        if write.previous is not None and write.request.header("x-provenance") is None:
            self.save(write.route, write.resource, write.previous)
        super().check_provenance(write)


class EmptyProvenanceIsEnough(
    Fault,
    name="empty-provenance-is-enough",
    breaks=("nll-2019.headers.provenance-empty",),
    packs=NLL,
):
    """An X-Provenance of {} cancels the consent."""

    def check_provenance(self, write: Write) -> None:
        if write.request.header("x-provenance") != "{}":
            super().check_provenance(write)


class ValuelessProvenanceIsEnough(
    Fault,
    name="valueless-provenance-is-enough",
    breaks=("nll-2019.headers.provenance-empty",),
    packs=NLL,
):
    """An X-Provenance without a value cancels the consent."""

    def check_provenance(self, write: Write) -> None:
        if write.request.header("x-provenance") != "":
            super().check_provenance(write)


class UnreadableProvenanceIsSkipped(
    Fault,
    name="unreadable-provenance-is-skipped",
    breaks=("nll-2019.headers.provenance-malformed",),
    packs=NLL,
):
    """An X-Provenance that is no JSON, a truncated one for instance, cancels the consent."""

    def check_provenance(self, write: Write) -> None:
        try:
            self.provenance(write.request)
        except Refused as refusal:
            if refusal.reason == "X-Provenance is not JSON":
                return
            raise
        super().check_provenance(write)


class AnyResourceIsAProvenance(
    ProvenanceTypeNotLookedAt,
    name="any-resource-is-a-provenance",
    breaks=("nll-2019.headers.provenance-malformed",),
    packs=NLL,
):
    """An X-Provenance that holds another resource, with the elements of a Provenance, cancels the consent."""


class RegisterWithoutProvenanceIsDone(
    CreateWithoutProvenanceIsDone,
    name="register-without-provenance-is-done",
    breaks=("nll-2019.headers.provenance-on-create",),
    packs=NLL,
):
    """A POST without X-Provenance registers a consent."""


class RegisterWithoutProvenanceIsRefusedAndDone(
    Fault,
    name="register-without-provenance-is-refused-and-done",
    breaks=("nll-2019.headers.provenance-on-create",),
    packs=NLL,
):
    """A POST without X-Provenance is refused, and the patient has a consent."""

    def check_provenance(self, write: Write) -> None:
        if write.previous is None and write.request.header("x-provenance") is None:
            self.save(write.route, write.resource, None)
        super().check_provenance(write)


class ProvenanceOnAReadCrashes(
    Fault,
    name="provenance-on-a-read-crashes",
    breaks=("nll-2019.headers.provenance-not-needed-to-read",),
    packs=NLL,
):
    """A read with X-Provenance answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if not route.writes and request.header("x-provenance") is not None:
            raise Refused(500, "exception", "nothing is written")
        super().check_headers(request, route, caller)


class ProvenanceNameHasACase(
    Fault,
    name="provenance-name-has-a-case",
    breaks=("nll-2019.headers.names-in-any-case",),
    packs=NLL,
):
    """X-Provenance is not found when its name is written in small letters."""

    def provenance(self, request: Request) -> Resource:
        if not any(name == "X-Provenance" for name, _ in request.headers):
            raise Refused(400, "required", "X-Provenance is needed to write a consent")
        return super().provenance(request)


class AuthorizationNameHasACase(
    Fault,
    name="authorization-name-has-a-case-in-a-put",
    breaks=("nll-2019.headers.names-in-any-case",),
    packs=NLL,
):
    """Authorization of a PUT is not found when its name is written in capital letters."""

    def authenticate(self, request: Request) -> Caller:
        if request.method == "PUT" and any(name == "AUTHORIZATION" for name, _ in request.headers):
            raise self.unauthorised("a bearer token is needed")
        return super().authenticate(request)


class RepeatedProvenanceCrashes(
    Fault,
    name="repeated-provenance-crashes",
    breaks=("nll-2019.headers.repeated-are-handled-cleanly",),
    packs=NLL,
):
    """A PUT with two X-Provenance headers answers 500."""

    def provenance(self, request: Request) -> Resource:
        if len(request.each("x-provenance")) > 1:
            raise Refused(500, "exception", "too many values to unpack")
        return super().provenance(request)


class PurposeCrashes(
    Fault,
    name="purpose-crashes",
    breaks=("nll-2019.headers.access-and-purpose-not-needed",),
    packs=NLL,
):
    """A PUT with X-Purpose answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.writes and request.header("x-purpose"):
            raise Refused(500, "exception", "no such purpose")
        super().check_headers(request, route, caller)


class AccessIsRefusedAndDone(
    Fault,
    name="access-is-refused-and-done",
    breaks=("nll-2019.headers.access-and-purpose-not-needed",),
    packs=NLL,
):
    """A PUT with X-Access is refused, and the consent has its end."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and write.request.header("x-access") is not None:
            self.save(write.route, write.resource, write.previous)
            raise Refused(400, "invalid", "X-Access is not applicable")


class CancelDemandsPurpose(
    Fault,
    name="cancel-demands-purpose",
    breaks=("nll-2019.headers.access-and-purpose-not-needed", *CANCELLING),
    blocks=NEED_A_CANCEL,
    packs=NLL,
):
    """A PUT without X-Purpose is refused."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        if route.interaction == "update" and not request.header("x-purpose"):
            raise Refused(400, "required", "X-Purpose is needed")


class ActivityNotLookedAt(
    Fault,
    name="activity-not-looked-at",
    breaks=("nll-2019.provenance.activity-is-deregister",),
    packs=NLL,
):
    """Any activity code cancels a consent."""

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        any_code = expected is not None and DEREGISTER in expected
        super().check_activity(provenance, expected=None if any_code else expected)


class ActivityMayBeMissing(
    Fault,
    name="activity-may-be-missing",
    breaks=("nll-2019.provenance.activity-is-deregister",),
    packs=NLL,
):
    """A provenance without activity code cancels a consent."""

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        cancelling = expected is not None and DEREGISTER in expected
        if not cancelling or codes(provenance.get("activity")):
            super().check_activity(provenance, expected=expected)


class AgentMayBeMissing(
    Fault,
    name="agent-may-be-missing",
    breaks=("nll-2019.provenance.agent-type-is-enterer",),
    packs=NLL,
):
    """A provenance without agent cancels a consent."""

    def check_provenance(self, write: Write) -> None:
        provenance = self.provenance(write.request)
        if write.previous is not None and "agent" not in provenance and "activity" in provenance:
            return
        super().check_provenance(write)


class AgentTypeNotLookedAt(
    Fault,
    name="agent-type-not-looked-at",
    breaks=("nll-2019.provenance.agent-type-is-enterer",),
    packs=NLL,
):
    """An agent of any type, or of none, cancels a consent."""

    def enterer(self, provenance: Resource) -> Resource:
        agents = objects(provenance.get("agent"))
        if agents and DEREGISTER in codes(provenance.get("activity")):
            return agents[0]
        return super().enterer(provenance)


class OneOfManyAgentsIsEnough(
    Fault,
    name="one-of-many-agents-is-enough",
    breaks=("nll-2019.provenance.agent-type-is-enterer",),
    packs=NLL,
):
    """Where a provenance has several agents, none of them needs to be an enterer to cancel a consent."""

    def enterer(self, provenance: Resource) -> Resource:
        agents = objects(provenance.get("agent"))
        if len(agents) > 1 and DEREGISTER in codes(provenance.get("activity")):
            return agents[0]
        return super().enterer(provenance)


class NamelessPractitionerIsEnough(
    Fault,
    name="nameless-practitioner-is-enough",
    breaks=("nll-2019.provenance.agent-who-has-name-and-identifier",),
    packs=NLL,
):
    """A practitioner without name cancels a consent."""

    def check_named(self, practitioner: Resource, *, registering: bool) -> None:
        if registering or "name" in practitioner:
            super().check_named(practitioner, registering=registering)


class UnidentifiedPractitionerIsEnough(
    Fault,
    name="unidentified-practitioner-is-enough",
    breaks=("nll-2019.provenance.agent-who-has-name-and-identifier",),
    packs=NLL,
):
    """A practitioner without identifier cancels a consent."""

    def check_named(self, practitioner: Resource, *, registering: bool) -> None:
        if registering or "identifier" in practitioner:
            super().check_named(practitioner, registering=registering)

    def check_person(self, practitioner: Resource, caller: Caller | None) -> None:
        if "identifier" in practitioner:
            super().check_person(practitioner, caller)


class CancelDemandsAProfession(
    Fault,
    name="cancel-demands-a-profession",
    breaks=("nll-2019.provenance.name-and-identifier-are-enough",),
    packs=NLL,
):
    """A practitioner without qualification cannot cancel a consent."""

    def check_named(self, practitioner: Resource, *, registering: bool) -> None:
        super().check_named(practitioner, registering=registering)
        if not registering and "qualification" not in practitioner:
            raise Refused(400, "required", "the practitioner of X-Provenance has no profession")


class CancelDemandsWorkplace(
    Fault,
    name="cancel-demands-workplace",
    breaks=("nll-2019.provenance.name-and-identifier-are-enough", *CANCELLING),
    blocks=NEED_A_CANCEL,
    packs=NLL,
):
    """A practitioner without workplace name cannot cancel a consent."""

    def check_named(self, practitioner: Resource, *, registering: bool) -> None:  # noqa: ARG002 - asked of everybody
        super().check_named(practitioner, registering=True)


class AgentMayBeAnyone(
    Fault,
    name="agent-may-be-anyone",
    breaks=("nll-2019.provenance.agent-is-the-token-holder",),
    packs=NLL,
):
    """A practitioner other than the person of the token cancels a consent."""

    def check_person(self, practitioner: Resource, caller: Caller | None) -> None:
        """Anyone is welcome."""


class AgentIsKnownByName(
    Fault,
    name="agent-is-known-by-name",
    breaks=("nll-2019.provenance.agent-is-the-token-holder",),
    packs=NLL,
):
    """The practitioner's name alone is compared with the person of the token."""

    def check_person(self, practitioner: Resource, caller: Caller | None) -> None:
        if {name.get("family") for name in objects(practitioner.get("name"))} != {"Läkare"}:
            super().check_person(practitioner, caller)


class RegisterAcceptsActivityOfCancelling(
    Fault,
    name="register-accepts-activity-of-cancelling",
    breaks=("nll-2019.create.provenance-content",),
    packs=NLL,
):
    """A POST whose activity is AVREGISTRERA_DOSSAMTYCKE registers a consent."""

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        registering = expected is not None and REGISTER in expected
        super().check_activity(provenance, expected=frozenset({REGISTER, DEREGISTER}) if registering else expected)


class RegisterAcceptsMissingWorkplace(
    Fault,
    name="register-accepts-missing-workplace",
    breaks=("nll-2019.create.provenance-content",),
    packs=NLL,
):
    """A practitioner without workplace name registers a consent."""

    def check_named(self, practitioner: Resource, *, registering: bool) -> None:  # noqa: ARG002 - of nobody
        super().check_named(practitioner, registering=False)


class RegisterAcceptsAnyActivity(
    Fault,
    name="register-accepts-any-activity",
    breaks=("nll-2019.create.provenance-content",),
    packs=NLL,
):
    """A POST with an activity that nobody has defined registers a consent."""

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        made_up = not codes(provenance.get("activity")) & {REGISTER, DEREGISTER}
        registering = expected is not None and REGISTER in expected
        super().check_activity(provenance, expected=None if made_up and registering else expected)


class RegisterWithBasicSchemeIsDone(
    Fault,
    name="register-with-basic-scheme-is-done",
    breaks=("nll-2019.headers.authorization-malformed", "nll-2023.headers.authorization-malformed"),
    packs=BOTH_ERAS,
):
    """A POST with user name and password in place of a token registers a consent."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction == "create" and (request.header("authorization") or "").startswith("Basic "):
            return ANYBODY
        return super().admitted(request, route)


class RegisterWithEmptyAuthorizationIsDone(
    Fault,
    name="register-with-empty-authorization-is-done",
    breaks=("nll-2019.headers.authorization-empty", "nll-2023.headers.authorization-empty"),
    packs=BOTH_ERAS,
):
    """A POST with an Authorization that is empty, or Bearer alone, registers a consent."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        sent = request.header("authorization")
        if route.interaction == "create" and sent is not None and sent.strip() in {"", "Bearer"}:
            return ANYBODY
        return super().admitted(request, route)


class RegisterWithEmptyProvenanceIsDone(
    Fault,
    name="register-with-empty-provenance-is-done",
    breaks=("nll-2019.headers.provenance-empty",),
    packs=NLL,
):
    """A POST with an X-Provenance of {}, or without a value, registers a consent."""

    def check_provenance(self, write: Write) -> None:
        if write.previous is not None or write.request.header("x-provenance") not in {"", "{}"}:
            super().check_provenance(write)


class RegisterWithUnreadableProvenanceIsDone(
    Fault,
    name="register-with-unreadable-provenance-is-done",
    breaks=("nll-2019.headers.provenance-malformed", "nll-2023.headers.provenance-encoding"),
    packs=BOTH_ERAS,
):
    """A POST with an X-Provenance that is no JSON registers a consent."""

    def check_provenance(self, write: Write) -> None:
        try:
            super().check_provenance(write)
        except Refused as refusal:
            if write.previous is not None or not refusal.reason.endswith("JSON"):
                raise


class EmptyNameIsAName(
    Fault,
    name="empty-name-is-a-name",
    breaks=("nll-2019.provenance.agent-who-has-name-and-identifier",),
    packs=NLL,
):
    """A practitioner whose name says nothing cancels a consent."""

    def check_named(self, practitioner: Resource, *, registering: bool) -> None:
        named = (
            practitioner if registering or not practitioner.get("name") else {**practitioner, "name": [{"text": "-"}]}
        )
        super().check_named(named, registering=registering)


class AnyoneContainedIsTheAgent(
    Fault,
    name="anyone-contained-is-the-agent",
    breaks=("nll-2019.provenance.agent-is-the-token-holder",),
    packs=NLL,
):
    """The person of the token cancels a consent when X-Provenance contains them, whoever the agent is."""

    def practitioner(self, provenance: Resource, agent: Resource) -> Resource | None:
        return super().practitioner(provenance, agent) if len(objects(provenance.get("contained"))) < 2 else None
