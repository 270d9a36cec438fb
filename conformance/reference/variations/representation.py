"""Legal differences in how answers are written."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Variation

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.reference.messages import Answer, Headers, Request, Resource, Response, Route
    from conformance.reference.store import Stored

OF_ALL_RELEASES = ("r4", "nll-2023", "oracle-health", "medicasoft", "r5-ballot")


class HeaderNamesInLowerCase(Variation, name="header-names-in-lower-case"):
    """Header names are sent in lower case: they are compared without regard to case (RFC 9110 §5.1)."""

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:
        response = super().sent(request, route, response)
        return replace(response, headers=tuple((name.lower(), value) for name, value in response.headers))


class HeadersInOtherOrder(Variation, name="headers-in-other-order"):
    """Headers come in the opposite order: the order of different names means nothing (RFC 9110 §5.3)."""

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:
        response = super().sent(request, route, response)
        return replace(response, headers=response.headers[::-1])


class FurtherHeaders(Variation, name="further-headers"):
    """Headers that nobody asked for are sent: recipients ignore what they do not know (RFC 9110 §5.1)."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        further = (("X-Powered-By", "a reference server"), ("Vary", "Accept"), ("Server", "reference"))
        return (*super().common_headers(request, answer), *further)


class MediaTypeWithoutCharset(Variation, name="media-type-without-charset"):
    """Content-Type has no charset: FHIR's JSON is UTF-8 in any case (http.html#mime-type)."""

    def media_type(self, request: Request) -> str:
        return super().media_type(request).partition(";")[0]


class MediaTypeInCapitals(Variation, name="media-type-in-capitals", packs=OF_ALL_RELEASES):
    """Content-Type is written in capitals, its charset after a blank: neither has a case (RFC 9110 §8.3.1, §8.3.2)."""

    def media_type(self, request: Request) -> str:
        return super().media_type(request).partition(";")[0].upper() + "; charset=UTF-8"


class MediaTypeNamesTheVersion(Variation, name="media-type-names-the-version"):
    """Content-Type has the parameter fhirVersion: R4 defines it (http.html#version-parameter)."""

    def media_type(self, request: Request) -> str:
        return super().media_type(request).partition(";")[0] + "; fhirVersion=4.0"


class KeysInOtherOrder(Variation, name="keys-in-other-order"):
    """The properties of every object come in opposite order: in JSON their order means nothing (RFC 8259 §4)."""

    def serialised(self, resource: Resource) -> bytes:
        return super().serialised(_reversed(resource))


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(value[name]) for name in reversed(value)}
    return [_reversed(entry) for entry in value] if isinstance(value, list) else value


class CharactersEscaped(Variation, name="characters-escaped", packs=OF_ALL_RELEASES):
    r"""Characters are written as \u escapes, within ASCII some: both spellings are the same string (RFC 8259 §7)."""

    def serialised(self, resource: Resource) -> bytes:
        return json.dumps(resource).replace("Consent", r"\u0043onsent").encode()


class BodiesIndented(Variation, name="bodies-indented"):
    """Bodies are spread over lines: white space between tokens means nothing (RFC 8259 §2)."""

    def serialised(self, resource: Resource) -> bytes:
        return json.dumps(resource, ensure_ascii=False, indent=4).encode() + b"\n"


class BodiesInChunks(Variation, name="bodies-in-chunks"):
    """No answer states its length: the body then comes in chunks (RFC 9112 §7.1)."""

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:
        response = super().sent(request, route, response)
        if not response.body:
            return response
        headers = tuple(line for line in response.headers if line[0].lower() != "content-length")
        return replace(response, headers=headers)


class BodiesAreZipped(Variation, name="bodies-are-zipped"):
    """Bodies are compressed with gzip: without Accept-Encoding any coding is acceptable (RFC 9110 §12.5.3)."""

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:
        response = super().sent(request, route, response)
        if not response.body:
            return response
        body = gzip.compress(response.body)
        kept = tuple(line for line in response.headers if line[0].lower() != "content-length")
        lines = (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"), ("Content-Length", str(len(body))))
        return replace(response, headers=(*kept, *lines), body=body)


class ConnectionIsClosed(Variation, name="connection-is-closed"):
    """The connection ends after every answer: a server may close it at any time (RFC 9112 §9.6)."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        return (*super().common_headers(request, answer), ("Connection", "close"))


class LastUpdatedInAnotherZone(Variation, name="last-updated-in-another-zone"):
    """meta.lastUpdated is written with the offset +02:00: an instant may have any (datatypes.html#instant)."""

    def last_updated(self, moment: datetime) -> str:
        from datetime import timedelta, timezone  # noqa: PLC0415 - only used here

        return moment.astimezone(timezone(timedelta(hours=2))).isoformat(timespec="seconds")


class LastUpdatedToTheMicrosecond(Variation, name="last-updated-to-the-microsecond"):
    """meta.lastUpdated has six decimals: an instant may have as many as the server keeps (datatypes.html#instant)."""

    def last_updated(self, moment: datetime) -> str:
        return moment.isoformat(timespec="microseconds")


class FurtherMeta(Variation, name="further-meta"):
    """meta has a source, a tag and a profile of the server's own: meta is the server's to fill (resource.html#Meta)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        own = {
            "source": "urn:example:reference",
            "profile": [*resource["meta"].get("profile", []), "http://example.org/StructureDefinition/our-consent"],
            "tag": [{"system": "http://example.org/tags", "code": "served"}],
        }
        return {**resource, "meta": {**resource["meta"], **own}}


class NarrativeIsAdded(Variation, name="narrative-is-added"):
    """Consents are shown with a generated narrative: a server may write one (narrative.html)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        div = f'<div xmlns="http://www.w3.org/1999/xhtml">{stored.type} {stored.id}</div>'
        return {**resource, "text": {"status": "generated", "div": div}}


class ExtensionIsAdded(Variation, name="extension-is-added"):
    """Consents are shown with an extension of the server's own: extensions may appear anywhere (extensibility.html)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        own = {"url": "http://example.org/StructureDefinition/received-by", "valueString": "desk 4"}
        return {**resource, "extension": [*resource.get("extension", []), own]}


class DisplayIsAdded(Variation, name="display-is-added"):
    """References to patients are shown with a display: a server may say what it knows (references.html#Reference)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if "patient" not in resource:
            return resource
        return {**resource, "patient": {"display": "a patient", **resource["patient"]}}


class ReferencesAreAbsolute(Variation, name="references-are-absolute"):
    """The reference to the patient is shown with the server's base: the same reference (references.html#literal)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        reference = resource.get("patient", {}).get("reference", "")
        if not reference.startswith("Patient/"):
            return resource
        return {**resource, "patient": {**resource["patient"], "reference": f"{self.base}/{reference}"}}


class OutcomeHasMoreIssues(Variation, name="outcome-has-more-issues"):
    """A refusal also carries a piece of information: an OperationOutcome has any number of issues."""

    def outcome(self, *, severity: str, code: str, text: str) -> Resource:
        outcome = super().outcome(severity=severity, code=code, text=text)
        more = {"severity": "information", "code": "informational", "details": {"text": "see the handbook"}}
        return {**outcome, "id": "o1", "issue": [more, *outcome["issue"]]}


class LoudScheme(Variation, name="loud-scheme", packs=("r4", "oracle-health")):
    """A fullUrl begins with HTTP: case is nothing in a scheme (RFC 3986 §3.1)."""

    def full_url(self, stored: Stored) -> str:
        scheme, _, rest = super().full_url(stored).partition(":")
        return f"{scheme.upper()}:{rest}"
