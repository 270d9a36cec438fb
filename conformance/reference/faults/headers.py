"""Lies about request headers, x-provenance and x-request-id of the Swedish National Medication List."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.faults.closing import NEED_A_CLOSE
from conformance.reference.messages import Headers, Refused, Request, Resource, Route, Write

if TYPE_CHECKING:
    from conformance.reference.messages import Answer
    from conformance.reference.tokens import Caller

NLL = ("nll-2023",)
BLANK_HEADERS = ("prefer", "x-access", "x-patientref", "x-purpose")


class CloseDemandsBlankHeaders(
    Fault,
    name="close-demands-blank-headers",
    breaks=(
        "nll-2023.headers.documented-set-is-accepted",
        "nll-2023.close.access-consent-is-ended",
        "nll-2023.close.dose-consent-is-ended",
        "nll-2023.close.put-to-the-type-address",
        "nll-2023.close.replaces-the-whole-resource",
    ),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT without prefer, x-access, x-patientref and x-purpose is refused."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        if route.interaction == "update" and not all(request.header(name) for name in BLANK_HEADERS):
            raise Refused(400, "required", f"{', '.join(BLANK_HEADERS)} are needed")


class CloseRefusesDocumentedUserAgent(
    Fault,
    name="close-refuses-documented-user-agent",
    breaks=(
        "nll-2023.headers.documented-set-is-accepted",
        "nll-2023.close.access-consent-is-ended",
        "nll-2023.close.dose-consent-is-ended",
        "nll-2023.close.put-to-the-type-address",
        "nll-2023.close.replaces-the-whole-resource",
    ),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT whose x-user-agent states the documented version, 0.01010101010.1 beta, is refused."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        if route.interaction == "update" and request.header("x-user-agent"):
            raise Refused(400, "invalid", "the version is not three numbers")


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


def _without_request_id(headers: Headers) -> Headers:
    return tuple(line for line in headers if line[0] != "X-Request-Id")
