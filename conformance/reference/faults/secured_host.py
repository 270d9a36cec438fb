"""Lies of a host that is read and searched only: who may read, what requests are understood, how refusals look."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused, Request, Route
from conformance.reference.millennium import OF_THE_FAMOUS

if TYPE_CHECKING:
    from conformance.reference.messages import Headers, Response
    from conformance.reference.tokens import Caller

ORACLE = ("oracle-health",)
LAST = OF_THE_FAMOUS[-1]
PRINTED, STANDARD = "application/json+fhir", "application/fhir+json"
BY_ID = ("oracle-health.read.by-id", "r4.read.existing-is-ok")
UNKNOWN = ("oracle-health.read.unknown-id", "r4.read.unknown-id-is-not-found")
PRINTED_ACCEPT = ("oracle-health.headers.printed-accept-is-understood",)
STANDARD_ACCEPT = ("oracle-health.headers.standard-accept-is-understood",)
OTHER_FORMAT = ("oracle-health.headers.other-format-is-refused",)
MALFORMED = ("oracle-health.headers.authorization-empty-or-malformed",)


class OneConsentReadsWith203(Fault, name="one-consent-reads-with-203", breaks=BY_ID, packs=ORACLE):
    """The read of one consent answers 203."""

    def read(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().read(request, route, caller)
        return replace(answer, status=203) if route.id == LAST else answer


class OneConsentReadsAsABundle(Fault, name="one-consent-reads-as-a-bundle", breaks=BY_ID, packs=ORACLE):
    """The read of one consent answers a Bundle of that id."""

    def read(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().read(request, route, caller)
        bundle = {"resourceType": "Bundle", "id": route.id, "type": "collection"}
        return replace(answer, resource=bundle) if route.id == LAST else answer


class UnknownIdIsForbidden(Fault, name="unknown-authorisation-is-forbidden", breaks=UNKNOWN, packs=ORACLE):
    """An id that nobody has is refused with 403."""

    def unknown(self, request: Request, route: Route) -> Answer:  # noqa: ARG002 - as in Service
        raise Refused(403, "forbidden", "not allowed")


class UnknownIdIsABadRequest(Fault, name="unknown-authorisation-is-a-bad-request", breaks=UNKNOWN, packs=ORACLE):
    """An id that nobody has is refused with 400."""

    def unknown(self, request: Request, route: Route) -> Answer:  # noqa: ARG002 - as in Service
        raise Refused(400, "invalid", "not understood")


class ReadSkipsThePatientsScope(
    Fault, name="read-skips-the-patients-scope", breaks=["oracle-health.read.needs-both-scopes"], packs=ORACLE
):
    """A token that may not read patients reads consents."""

    def in_scope(self, caller: Caller, route: Route) -> bool:
        return super().in_scope(caller, replace(route, interaction="search-type"))


class ReadWithoutTheScopeIsAnError(
    Fault, name="read-without-the-scope-is-an-error", breaks=["oracle-health.read.needs-both-scopes"], packs=ORACLE
):
    """A read by a token that may not read patients is a server error."""

    def authorise(self, caller: Caller, route: Route) -> None:
        if not self.in_scope(caller, route):
            raise RuntimeError("no patient")
        super().authorise(caller, route)


class ReadOnlyServerStoresAPost(
    Fault, name="read-only-server-stores-a-post", breaks=["oracle-health.writes.are-not-offered"], packs=ORACLE
):
    """POST /Consent answers 201."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        if request.method == "POST" and refusal.status == 405:
            return Answer(status=201, headers=(("Location", f"{self.base}/Consent/AR-1-1"),))
        return super().refused(request, refusal)


class MetadataDemandsAToken(
    Fault, name="metadata-demands-a-token", breaks=["oracle-health.capabilities.without-token"], packs=ORACLE
):
    """The capability statement is refused without a token."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction == "capabilities":
            self.authenticate(request)
        return super().admitted(request, route)


class PrintedAcceptIsRefused(Fault, name="printed-accept-is-refused", breaks=PRINTED_ACCEPT, packs=ORACLE):
    """Accept: application/json+fhir is refused."""

    def negotiate(self, request: Request) -> None:
        if request.header("accept") == PRINTED:
            raise Refused(406, "not-supported", "not offered")
        super().negotiate(request)


class PrintedAcceptIsAnsweredInWords(
    Fault, name="printed-accept-is-answered-in-words", breaks=PRINTED_ACCEPT, packs=ORACLE
):
    """A search with Accept: application/json+fhir is answered with a text."""

    def answered(self, request: Request, route: Route) -> Answer:
        answer = super().answered(request, route)
        printed = request.header("accept") == PRINTED and route.interaction == "search-type"
        return Answer(status=200, text="one consent") if printed else answer


class QualityInAcceptIsRefused(Fault, name="quality-in-accept-is-refused", breaks=STANDARD_ACCEPT, packs=ORACLE):
    """Accept: application/fhir+json with a quality is refused."""

    def negotiate(self, request: Request) -> None:
        if "q=" in (request.header("accept") or ""):
            raise Refused(406, "not-supported", "not offered")
        super().negotiate(request)


class AcceptInCapitalsIsRefused(Fault, name="accept-in-capitals-is-refused", breaks=STANDARD_ACCEPT, packs=ORACLE):
    """Accept: Application/FHIR+JSON is refused."""

    def negotiate(self, request: Request) -> None:
        if (request.header("accept") or "").startswith("Application"):
            raise Refused(406, "not-supported", "not offered")
        super().negotiate(request)


class MissingAcceptCrashes(
    Fault, name="missing-accept-crashes", breaks=["oracle-health.headers.accept-absent-or-empty"], packs=ORACLE
):
    """A request without Accept is a server error."""

    def negotiate(self, request: Request) -> None:
        if request.header("accept") is None:
            raise RuntimeError("no Accept")
        super().negotiate(request)


class XmlRequestIsAnsweredInJson(Fault, name="xml-request-is-answered-in-json", breaks=OTHER_FORMAT, packs=ORACLE):
    """Accept: application/fhir+xml is answered with JSON."""

    def understands(self, media_range: str) -> bool:
        return "xml" in media_range or super().understands(media_range)


class XmlRequestIsABadRequest(Fault, name="xml-request-is-a-bad-request", breaks=OTHER_FORMAT, packs=ORACLE):
    """Accept: application/fhir+xml is refused with 400."""

    def negotiate(self, request: Request) -> None:
        if "xml" in (request.header("accept") or ""):
            raise Refused(400, "invalid", "not understood")
        super().negotiate(request)


class SecureHostAnswersAnybody(
    Fault,
    name="secure-host-answers-anybody",
    breaks=["oracle-health.headers.authorization-absent", "security.token.absent-gets-no-consent"],
    packs=ORACLE,
):
    """A request without Authorization is answered like any other."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        return super().admitted(request, route) if request.each("authorization") else None


class NoTokenIsABadRequest(
    Fault,
    name="no-token-is-a-bad-request",
    breaks=["oracle-health.headers.authorization-absent", "security.token.absent-is-unauthorized"],
    packs=ORACLE,
):
    """A request without Authorization is refused with 400."""

    def authenticate(self, request: Request) -> Caller:
        if not request.each("authorization"):
            raise Refused(400, "required", "Authorization is missing")
        return super().authenticate(request)


class MalformedBearerIsForbidden(Fault, name="malformed-bearer-is-forbidden", breaks=MALFORMED, packs=ORACLE):
    """A bearer token that is none is refused with 403."""

    def authenticate(self, request: Request) -> Caller:
        if request.header("authorization") == "Bearer x":
            raise Refused(403, "forbidden", "not allowed")
        return super().authenticate(request)


class BasicCredentialsAreAccepted(Fault, name="basic-credentials-are-accepted", breaks=MALFORMED, packs=ORACLE):
    """Basic credentials of anybody read a consent."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        basic = (request.header("authorization") or "").startswith("Basic ")
        return None if basic else super().admitted(request, route)


class OpenHostCrashesOnAToken(
    Fault,
    name="open-host-crashes-on-a-token",
    breaks=["oracle-health.headers.open-host-ignores-authorization"],
    packs=ORACLE,
):
    """A host that needs no token makes a server error of one."""

    secured: ClassVar[bool] = False

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if request.each("authorization"):
            raise RuntimeError("nobody expected a token")
        return super().admitted(request, route)


class NoRequestIdInAnswers(
    Fault, name="no-request-id-in-answers", breaks=["oracle-health.headers.request-id-in-answers"], packs=ORACLE
):
    """Answers carry no X-Request-Id."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        return tuple(line for line in super().common_headers(request, answer) if line[0] != "X-Request-Id")


class PreflightIsRefused(Fault, name="preflight-is-refused", breaks=["oracle-health.cors.any-origin"], packs=ORACLE):
    """OPTIONS is refused with 401."""

    def preflight(self, request: Request) -> Answer:  # noqa: ARG002 - as in the personality
        raise self.unauthorised("a bearer token is needed")


class ErrorBodyIsMislabelled(
    Fault,
    name="error-body-is-mislabelled",
    breaks=["oracle-health.errors.body-forms", "r4.content.bodies-are-whole"],
    packs=ORACLE,
):
    """The words of a refusal are labelled as FHIR JSON."""

    def in_words(self, request: Request, answer: Answer, headers: Headers) -> Response:
        return labelled(super().in_words(request, answer, headers), STANDARD)


class ErrorBodyIsLabelledAsBytes(
    Fault, name="error-body-is-labelled-as-bytes", breaks=["oracle-health.errors.body-forms"], packs=ORACLE
):
    """The words of a refusal are labelled as bytes of no known kind."""

    def in_words(self, request: Request, answer: Answer, headers: Headers) -> Response:
        return labelled(super().in_words(request, answer, headers), "application/octet-stream")


def labelled(response: Response, media_type: str) -> Response:
    """The response with another Content-Type."""
    lines = tuple((name, media_type if name == "Content-Type" else value) for name, value in response.headers)
    return replace(response, headers=lines)


class UnknownTenantServesData(
    Fault, name="unknown-tenant-serves-data", breaks=["oracle-health.errors.unknown-tenant"], packs=ORACLE
):
    """Every tenant has the same consents."""

    def other_tenant(self, request: Request) -> Route:
        return self.asked(replace(request, path="/" + "/".join(request.path.split("/")[4:])))


class UnknownTenantIsABadRequest(
    Fault, name="unknown-tenant-is-a-bad-request", breaks=["oracle-health.errors.unknown-tenant"], packs=ORACLE
):
    """A tenant that does not exist is refused with 400."""

    def other_tenant(self, request: Request) -> Route:  # noqa: ARG002 - as in the personality
        raise Refused(400, "invalid", "no such tenant")
