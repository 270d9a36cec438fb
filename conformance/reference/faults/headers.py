"""Lies about the request headers of the Swedish National Medication List: absent, empty, malformed, twice."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.faults.closing import NEED_A_CLOSE, NEED_A_CLOSE_OF_ACCESS
from conformance.reference.messages import Headers, Refused, Request, Resource, Route, Write

if TYPE_CHECKING:
    from conformance.reference.messages import Answer
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

NLL = ("nll-2023",)
BLANK_HEADERS = ("prefer", "x-access", "x-patientref", "x-purpose")


class CloseDemandsBlankHeaders(
    Fault,
    name="close-demands-blank-headers",
    breaks=("nll-2023.headers.documented-set-is-accepted",),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT without prefer, x-access, x-patientref and x-purpose is refused."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        if route.interaction == "update" and not all(request.header(name) for name in BLANK_HEADERS):
            raise Refused(400, "required", f"{', '.join(BLANK_HEADERS)} are needed")


class CloseOfAccessDemandsAccess(
    Fault,
    name="close-of-access-demands-access",
    breaks=("nll-2023.headers.documented-set-is-accepted",),
    blocks=("nll-2023.close.put-to-the-type-address", *NEED_A_CLOSE_OF_ACCESS),
    packs=NLL,
):
    """A PUT of an access consent without x-access is refused."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        access = write.previous is not None and self.kind_of(write.resource) == "access"
        if access and not write.request.header("x-access"):
            raise Refused(400, "required", "x-access is needed")


class CloseRefusesDocumentedUserAgent(
    Fault,
    name="close-refuses-documented-user-agent",
    breaks=("nll-2023.headers.documented-set-is-accepted",),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT whose x-user-agent states the documented version, 0.01010101010.1 beta, is refused."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        if route.interaction == "update" and request.header("x-user-agent"):
            raise Refused(400, "invalid", "the version is not three numbers")


class CloseDemandsContextId(
    Fault,
    name="close-demands-context-id",
    breaks=("nll-2023.headers.documented-set-is-accepted",),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT without x-context-id is refused."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        if route.interaction == "update" and not request.header("x-context-id"):
            raise Refused(400, "required", "x-context-id is needed")


class CloseWithoutProvenanceIsDone(
    Fault,
    name="close-without-provenance-header-is-done",
    breaks=("nll-2023.headers.provenance-absent",),
    packs=NLL,
):
    """A PUT without x-provenance closes the consent."""

    def check_provenance(self, write: Write) -> None:
        if write.previous is None or write.request.header("x-provenance") is not None:
            super().check_provenance(write)


class CreateWithoutProvenanceIsDone(
    Fault,
    name="create-without-provenance-header-is-done",
    breaks=("nll-2023.headers.provenance-absent",),
    packs=NLL,
):
    """A POST without x-provenance creates the consent."""

    def check_provenance(self, write: Write) -> None:
        if write.previous is not None or write.request.header("x-provenance") is not None:
            super().check_provenance(write)


class BrokenBase64IsSkipped(
    Fault,
    name="broken-base64-is-skipped",
    breaks=("nll-2023.headers.provenance-encoding",),
    packs=NLL,
):
    """An x-provenance that is not base64 closes the consent."""

    def check_provenance(self, write: Write) -> None:
        try:
            self.provenance(write.request)
        except Refused as refusal:
            if refusal.reason == "x-provenance is not base64 of JSON":
                return
            raise
        super().check_provenance(write)


class ProvenanceTypeNotLookedAt(
    Fault,
    name="provenance-type-not-looked-at",
    breaks=("nll-2023.headers.provenance-encoding",),
    packs=NLL,
):
    """An x-provenance that holds another resource, with the elements of a Provenance, closes the consent."""

    def decoded_provenance(self, written: str) -> Any:
        value = super().decoded_provenance(written)
        return {**value, "resourceType": "Provenance"} if isinstance(value, dict) else value


class ProvenanceOutsideLatinIsRefused(
    Fault,
    name="provenance-outside-latin-one-is-refused",
    breaks=("nll-2023.headers.provenance-encoding",),
    packs=NLL,
):
    """A name outside ISO-8859-1 in x-provenance makes the PUT fail."""

    def provenance(self, request: Request) -> Resource:
        provenance = super().provenance(request)
        if any(ord(character) > 0xFF for character in str(provenance)):
            raise Refused(400, "invalid", "x-provenance has characters outside ISO-8859-1")
        return provenance


class RequestIdOnlyOnSuccess(
    Fault,
    name="request-id-only-on-success",
    breaks=("nll-2023.headers.request-id-is-returned",),
    packs=NLL,
):
    """Refusals carry no X-Request-ID."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        headers = super().common_headers(request, answer)
        return headers if answer.status < 400 else _without_request_id(headers)


class RequestIdNotOnSearch(
    Fault,
    name="request-id-not-on-search",
    breaks=("nll-2023.headers.request-id-is-returned",),
    packs=NLL,
):
    """Answers to a search carry no X-Request-ID."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        headers = super().common_headers(request, answer)
        return _without_request_id(headers) if request.segments == ("Consent",) and request.query else headers


class MissingRequestIdCrashes(
    Fault, name="missing-request-id-crashes", breaks=("nll-2023.headers.request-id-absent",), packs=NLL
):
    """A PUT without x-request-id answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.interaction == "update" and request.header("x-request-id") is None:
            raise Refused(500, "exception", "unexpected KeyError")
        super().check_headers(request, route, caller)


class LongRequestIdCrashes(
    Fault, name="long-request-id-crashes", breaks=("nll-2023.headers.request-id-malformed",), packs=NLL
):
    """A PUT whose x-request-id is longer than a column of the log answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.interaction == "update" and len(request.header("x-request-id") or "") > 128:
            raise Refused(500, "exception", "unexpected KeyError")
        super().check_headers(request, route, caller)


class MissingOrgInfoCrashes(
    Fault, name="missing-org-info-crashes", breaks=("nll-2023.headers.org-info-absent",), packs=NLL
):
    """A PUT without x-org-info answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.interaction == "update" and request.header("x-org-info") is None:
            raise Refused(500, "exception", "unexpected KeyError")
        super().check_headers(request, route, caller)


class MissingUserAgentCrashes(
    Fault, name="missing-user-agent-crashes", breaks=("nll-2023.headers.user-agent-absent",), packs=NLL
):
    """A PUT without x-user-agent answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.interaction == "update" and request.header("x-user-agent") is None:
            raise Refused(500, "exception", "unexpected KeyError")
        super().check_headers(request, route, caller)


class BrokenOrgInfoCrashes(
    Fault, name="broken-org-info-crashes", breaks=("nll-2023.headers.org-info-malformed",), packs=NLL
):
    """A PUT whose x-org-info cannot be decoded answers 500."""

    def check_object_header(self, name: str, written: str) -> None:
        try:
            super().check_object_header(name, written)
        except Refused as refusal:
            if name == "x-org-info" and "," not in written:
                raise Refused(500, "exception", "unexpected JSONDecodeError") from refusal
            raise


class BrokenUserAgentCrashes(
    Fault, name="broken-user-agent-crashes", breaks=("nll-2023.headers.user-agent-malformed",), packs=NLL
):
    """A PUT whose x-user-agent cannot be decoded, or has no name, answers 500."""

    def check_object_header(self, name: str, written: str) -> None:
        try:
            super().check_object_header(name, written)
        except Refused as refusal:
            if name == "x-user-agent" and "," not in written:
                raise Refused(500, "exception", "unexpected KeyError") from refusal
            raise


class PatientrefIsRefused(
    Fault,
    name="patientref-of-the-patient-is-refused",
    breaks=("nll-2023.headers.patientref-not-needed-to-close",),
    packs=NLL,
):
    """A PUT with the x-patientref of its own patient is refused."""

    def check_patientref(self, write: Write) -> None:
        super().check_patientref(write)
        if (write.request.header("x-patientref") or "").strip():
            raise Refused(400, "invalid", "x-patientref is for reads")


class PatientrefOverridesBody(
    Fault,
    name="patientref-overrides-body",
    breaks=("nll-2023.headers.patientref-of-another-patient",),
    packs=NLL,
):
    """A consent is moved to the patient that x-patientref names."""

    def check_patientref(self, write: Write) -> None:
        named = (write.request.header("x-patientref") or "").strip()
        if named and " " not in named:
            write.resource["patient"] = {"reference": f"Patient/{named}"}
        super().check_patientref(write)


class UnknownAccessCrashes(
    Fault, name="unknown-access-crashes", breaks=("nll-2023.headers.access-not-needed-to-close",), packs=NLL
):
    """A PUT with an x-access that is no code answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.interaction == "update" and request.header("x-access") == "NOT_A_CODE":
            raise Refused(500, "exception", "unexpected ValueError")
        super().check_headers(request, route, caller)


class UnknownPurposeCrashes(
    Fault, name="unknown-purpose-crashes", breaks=("nll-2023.headers.purpose-not-needed-to-close",), packs=NLL
):
    """A PUT with an x-purpose that is no code answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.interaction == "update" and request.header("x-purpose") == "NOT_A_CODE":
            raise Refused(500, "exception", "unexpected ValueError")
        super().check_headers(request, route, caller)


class FetchWithBadPurposeCrashes(
    Fault,
    name="fetch-with-unknown-purpose-crashes",
    breaks=("nll-2023.headers.access-and-purpose-for-fetch",),
    packs=NLL,
):
    """A read with an x-purpose that is no code answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.interaction == "read" and request.header("x-purpose") == "NOT_A_CODE":
            raise Refused(500, "exception", "unexpected ValueError")
        super().check_headers(request, route, caller)


class FetchWithProvenanceCrashes(
    Fault,
    name="fetch-with-provenance-crashes",
    breaks=("nll-2023.headers.provenance-not-needed-to-fetch",),
    packs=NLL,
):
    """A read that brings an x-provenance answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if route.interaction == "read" and request.header("x-provenance"):
            raise Refused(500, "exception", "unexpected NoneType")
        super().check_headers(request, route, caller)


class ContextIdUsedOnce(
    Fault, name="context-id-used-once", breaks=("nll-2023.headers.context-id-is-optional",), packs=NLL
):
    """A second call with the same x-context-id is refused."""

    @cached_property
    def contexts(self) -> set[str]:
        return set()

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        context = request.header("x-context-id")
        if context and context in self.contexts:
            raise Refused(400, "duplicate", "x-context-id was used before")
        self.contexts.update([context] if context else [])


class CloseRepresentationIsOld(
    Fault,
    name="close-representation-is-old",
    breaks=(
        "nll-2023.headers.prefer-representation",
        "r4.prefer.representation-has-the-resource",
        "r4.read.etag-names-the-version",
    ),
    packs=NLL,
):
    """With return=representation a close answers the consent as it was before."""

    def preferred(self, request: Request, stored: Stored) -> Resource | None:
        versions = self.store.versions(stored.type, stored.id)
        old = versions[1] if len(versions) > 1 and self.preference(request, "return") == "representation" else stored
        return super().preferred(request, old)


class UnknownPreferenceIsRefused(
    Fault, name="unknown-preference-is-refused", breaks=("nll-2023.headers.prefer-representation",), packs=NLL
):
    """A PUT with a preference that means nothing is refused."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        if route.interaction == "update" and self.preference(request, "return") == "nonsense":
            raise Refused(400, "invalid", "there is no such preference")


class SpacedPreferenceNotUnderstood(
    Fault,
    name="spaced-preference-not-understood",
    breaks=("nll-2023.headers.prefer-operation-outcome",),
    packs=NLL,
):
    """A preference with blanks around its equals sign is not understood."""

    def preference(self, request: Request, name: str) -> str | None:
        return None if " = " in (request.header("prefer") or "") else super().preference(request, name)


class RequestIdIsReplaced(
    Fault, name="request-id-is-replaced", breaks=("nll-2023.headers.request-id-is-ours",), packs=NLL
):
    """X-Request-ID is a value of the server's own."""

    def request_id(self, request: Request) -> str:  # noqa: ARG002 - not the client's
        return str(uuid.uuid4())


class ProvenanceInCapitalsUnseen(
    Fault, name="provenance-in-capitals-is-unseen", breaks=("nll-2023.headers.names-in-any-case",), packs=NLL
):
    """An x-provenance that is spelled in capitals is overlooked."""

    def provenance(self, request: Request) -> Resource:
        seen = tuple(line for line in request.headers if line[0] != "X-PROVENANCE")
        return super().provenance(replace(request, headers=seen))


class ContentTypeInCapitalsRefused(
    Fault, name="content-type-in-capitals-is-refused", breaks=("nll-2023.headers.names-in-any-case",), packs=NLL
):
    """A PUT whose Content-Type is spelled in capitals is refused."""

    def parse_body(self, request: Request, route: Route) -> Resource:
        if any(name == "CONTENT-TYPE" for name, _ in request.headers):
            raise Refused(415, "not-supported", "the body has no Content-Type")
        return super().parse_body(request, route)


class RepeatedHeaderCrashes(
    Fault, name="repeated-header-crashes", breaks=("nll-2023.headers.repeated-are-handled-cleanly",), packs=NLL
):
    """A PUT that brings x-org-info twice answers 500."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        if len(request.each("x-org-info")) > 1:
            raise Refused(500, "exception", "unexpected list")
        super().check_headers(request, route, caller)


class BlankProvenanceIsEnough(
    Fault, name="blank-provenance-is-enough", breaks=("nll-2023.headers.provenance-empty",), packs=NLL
):
    """An x-provenance without a value closes the consent."""

    def check_provenance(self, write: Write) -> None:
        if write.previous is None or write.request.header("x-provenance") != "":
            super().check_provenance(write)


class ProvenanceOfNothingIsEnough(
    Fault, name="provenance-of-nothing-is-enough", breaks=("nll-2023.headers.provenance-empty",), packs=NLL
):
    """An x-provenance that is the encoding of {} creates the consent."""

    def check_provenance(self, write: Write) -> None:
        if write.previous is not None or write.request.header("x-provenance") != "e30=":
            super().check_provenance(write)


def _without_request_id(headers: Headers) -> Headers:
    return tuple(line for line in headers if line[0] != "X-Request-Id")
