"""Lies about headers that trace a request, date an answer, or are spelled in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Headers, Request
    from conformance.reference.tokens import Caller


class RequestIdReplacedSilently(
    Fault,
    name="request-id-replaced-silently",
    breaks=("r4.headers.request-id-is-traceable", "nll-2023.headers.request-id-is-ours"),
    packs=("r4", "nll-2023"),
):
    """X-Request-Id is the server's own, and the client's is nowhere."""

    def request_id(self, request: Request) -> str:  # noqa: ARG002 - not the client's
        return "request-1"


class NoDateHeader(Fault, name="no-date-header", breaks=("r4.headers.date-is-sent",)):
    """Answers carry no Date."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        return tuple(line for line in super().common_headers(request, answer) if line[0] != "Date")


class DateIsNoHttpDate(Fault, name="date-is-no-http-date", breaks=("r4.headers.date-is-sent",)):
    """Date is written as FHIR writes an instant."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        rest = tuple(line for line in super().common_headers(request, answer) if line[0] != "Date")
        return (("Date", self.last_updated(self.clock())), *rest)


class HeaderNamesCaseSensitive(
    Fault, name="header-names-case-sensitive", breaks=("r4.headers.names-are-case-insensitive",), packs=("r4",)
):
    """Only a header that is spelled Authorization carries a token."""

    def authenticate(self, request: Request) -> Caller:
        if not any(name == "Authorization" for name, _ in request.headers):
            raise self.unauthorised("a bearer token is needed")
        return super().authenticate(request)


class AcceptInCapitalsUnseen(
    Fault, name="accept-in-capitals-is-unseen", breaks=("r4.headers.names-are-case-insensitive",), packs=("r4",)
):
    """A header ACCEPT is overlooked, and what the client did not ask for is not sent."""

    def negotiate(self, request: Request) -> None:
        if any(name == "ACCEPT" for name, _ in request.headers):
            raise Refused(406, "not-supported", "no format was asked for")
        super().negotiate(request)
