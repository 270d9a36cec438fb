"""How the reference server words its answers: resources, OperationOutcomes, headers, media types, preferences."""

from __future__ import annotations

import json
import re
from email.utils import format_datetime
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.messages import Answer, Headers, Refused, Request, Resource, Response, Route

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from conformance.reference.store import Store, Stored
    from conformance.reference.tokens import Tokens

FHIR_JSON = "application/fhir+json"
JSON_TYPES = frozenset({FHIR_JSON, "application/json", "application/json+fhir", "text/json"})
UNDERSTOOD_RANGES = JSON_TYPES | {"*/*", "application/*"}


class Answers:
    """The seams that give an answer its form. `base` is the address of the service without a slash at its end."""

    interactions: ClassVar[tuple[str, ...]] = ("read", "create", "update", "search-type")
    """What is offered on Consent."""
    fhir_version: ClassVar[str] = "4.0.1"
    types: ClassVar[frozenset[str]] = frozenset({"Consent", "Patient", "RelatedPerson", "Practitioner", "Organization"})

    def __init__(self, *, base: str, store: Store, clock: Callable[[], datetime], tokens: Tokens) -> None:
        self.base = base
        self.store = store
        self.clock = clock
        self.tokens = tokens

    def offered(self, kind: str) -> tuple[str, ...]:
        """Return the interactions on a type; what consents refer to is created, read and found, and never changed."""
        return self.interactions if kind == "Consent" else ("read", "create", "search-type")

    def outcome(self, *, severity: str, code: str, text: str) -> Resource:
        """Return the OperationOutcome that tells a client what happened."""
        issue = {"severity": severity, "code": code, "diagnostics": text}
        return {"resourceType": "OperationOutcome", "issue": [issue]}

    def refused(self, request: Request, refusal: Refused) -> Answer:  # noqa: ARG002 - faults look at it
        """Return the answer to a request that is not carried out."""
        told = self.outcome(severity="error", code=refusal.code, text=refusal.reason)
        return Answer(status=refusal.status, resource=told, headers=refusal.headers)

    def crashed(self, request: Request, crash: Exception) -> Answer:  # noqa: ARG002 - faults look at it
        """Return the answer to a request that met a bug of ours: what kind of bug, and nothing from inside."""
        told = self.outcome(severity="fatal", code="exception", text=f"unexpected {type(crash).__name__}")
        return Answer(status=500, resource=told)

    def presented(self, stored: Stored, request: Request) -> Resource:  # noqa: ARG002 - faults look at it
        """Return the form in which a stored version is shown in any answer."""
        return stored.content

    def shown(self, stored: Stored, request: Request) -> Answer:
        """Return the answer to a read of one version."""
        return Answer(status=200, resource=self.presented(stored, request), headers=self.version_headers(stored))

    def version_headers(self, stored: Stored) -> Headers:
        """Return the headers that name a version (http.html#concurrency, http.html#read)."""
        modified = format_datetime(stored.updated.replace(microsecond=0), usegmt=True)
        return (("ETag", self.etag(stored)), ("Last-Modified", modified))

    def etag(self, stored: Stored) -> str:
        return f'W/"{stored.version}"'

    def created(self, request: Request, stored: Stored) -> Answer:
        """Return the answer to a successful create."""
        headers = (("Location", self.location(stored)), *self.version_headers(stored))
        return Answer(status=201, resource=self.preferred(request, stored), headers=headers)

    def updated(self, request: Request, stored: Stored) -> Answer:
        """Return the answer to a successful update."""
        return Answer(status=200, resource=self.preferred(request, stored), headers=self.version_headers(stored))

    def location(self, stored: Stored) -> str:
        """Return the address of what was created, with its version where versions can be read (http.html#create)."""
        version = f"/_history/{stored.version}" if "vread" in self.offered(stored.type) else ""
        return f"{self.base}/{stored.type}/{stored.id}{version}"

    def preferred(self, request: Request, stored: Stored) -> Resource | None:
        """Return the body of a successful write that the client asked for; the resource when it did not say."""
        wanted = self.preference(request, "return")
        if wanted == "minimal":
            return None
        if wanted == "operationoutcome":
            return self.outcome(severity="information", code="informational", text="stored")
        return self.presented(stored, request)

    def preference(self, request: Request, name: str) -> str | None:
        """Return the lower-case value of one preference of the Prefer header (RFC 7240), None when not stated."""
        for part in re.split(r"[,;]", request.header("prefer") or ""):
            key, _, value = part.partition("=")
            if key.strip().lower() == name:
                return value.strip().strip('"').lower() or None
        return None

    def negotiate(self, request: Request) -> None:
        """Refuse a request that accepts only formats we do not write (406); _format stands over Accept."""
        wanted = next((value for name, value in request.query if name == "_format" and value), None)
        if wanted is not None:
            if wanted.replace(" ", "+").partition(";")[0].strip().lower() not in JSON_TYPES | {"json"}:
                raise Refused(406, "not-supported", f"_format {wanted!r} is not offered; there is {FHIR_JSON}")
            return
        accepted = request.header("accept")
        if accepted and not any(self.understands(part) for part in accepted.split(",")):
            raise Refused(406, "not-supported", f"none of {accepted!r} is offered; there is {FHIR_JSON}")

    def understands(self, media_range: str) -> bool:
        """Whether one part of an Accept header names a format that we write."""
        name, *parameters = (piece.strip().lower() for piece in media_range.split(";"))
        refuses = any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
        return name in UNDERSTOOD_RANGES and not refuses

    def media_type(self, request: Request) -> str:  # noqa: ARG002 - faults look at it
        """Return the label of every body."""
        return f"{FHIR_JSON};charset=utf-8"

    def common_headers(self, request: Request, answer: Answer) -> Headers:  # noqa: ARG002 - faults look at it
        """Return the headers of every answer, refusals included."""
        headers: Headers = (
            ("Date", format_datetime(self.clock().replace(microsecond=0), usegmt=True)),
            ("Cache-Control", "no-store"),
        )
        request_id = self.request_id(request)
        return (*headers, ("X-Request-Id", request_id)) if request_id else headers

    def request_id(self, request: Request) -> str | None:
        """Return what X-Request-Id answers: the client's own value (http.html#custom)."""
        return request.header("x-request-id")

    def serialised(self, resource: Resource) -> bytes:
        return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()

    def written(self, request: Request, answer: Answer) -> Response:
        """Return the answer as bytes with all its headers."""
        headers = (*answer.headers, *self.common_headers(request, answer))
        if answer.resource is None and answer.text:
            return self.in_words(request, answer, headers)
        if answer.resource is None:
            length: Headers = () if answer.status in {204, 304} else (("Content-Length", "0"),)
            return Response(status=answer.status, headers=(*headers, *length))
        body = self.serialised(answer.resource)
        labels = (("Content-Type", self.media_type(request)), ("Content-Length", str(len(body))))
        shown = b"" if request.method == "HEAD" else body
        return Response(status=answer.status, headers=(*labels, *headers), body=shown)

    def in_words(self, request: Request, answer: Answer, headers: Headers) -> Response:
        """Return an answer whose body is plain text."""
        body = answer.text.encode()
        labels = (("Content-Type", "text/plain;charset=utf-8"), ("Content-Length", str(len(body))))
        shown = b"" if request.method == "HEAD" else body
        return Response(status=answer.status, headers=(*labels, *headers), body=shown)

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:  # noqa: ARG002 - faults look
        """Return the response as it goes out; the last seam of all."""
        return response
