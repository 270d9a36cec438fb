"""Lies about formats: how bodies are labelled and encoded, and which formats are understood."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.answers import FHIR_JSON
from conformance.reference.fault import Fault
from conformance.reference.messages import Refused, Request, Route

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Resource, Response


class BodyLabelledTextHtml(
    Fault,
    name="body-labelled-text-html",
    breaks=("r4.content.json-media-type", "r4.content.generic-json-is-understood"),
):
    """Every body is labelled text/html."""

    def media_type(self, request: Request) -> str:  # noqa: ARG002 - the same for all
        return "text/html;charset=utf-8"


class BodyHasNoContentType(
    Fault,
    name="body-has-no-content-type",
    breaks=("r4.content.json-media-type", "r4.content.generic-json-is-understood"),
):
    """Bodies carry no Content-Type."""

    def written(self, request: Request, answer: Answer) -> Response:
        response = super().written(request, answer)
        return replace(response, headers=tuple(line for line in response.headers if line[0] != "Content-Type"))


class SearchLabelledGenericJson(Fault, name="search-labelled-generic-json", breaks=("r4.content.json-media-type",)):
    """The Bundle of a search is labelled application/json, although application/fhir+json was asked for."""

    def media_type(self, request: Request) -> str:
        label = super().media_type(request)
        return label.replace(FHIR_JSON, "application/json") if request.segments == ("Consent",) else label


class GenericJsonRefused(Fault, name="generic-json-refused", breaks=("r4.content.generic-json-is-understood",)):
    """Accept: application/json answers 406."""

    def understands(self, media_range: str) -> bool:
        return super().understands(media_range) and media_range.strip() != "application/json"


class UnacceptableFormatCrashes(
    Fault, name="unacceptable-format-crashes", breaks=("r4.content.unacceptable-format-is-refused",)
):
    """Accept: text/csv answers 500."""

    def negotiate(self, request: Request) -> None:
        if request.header("accept") == "text/csv":
            raise Refused(500, "exception", "no writer for text/csv")
        super().negotiate(request)


class UnacceptableFormatMislabelled(
    Fault, name="unacceptable-format-mislabelled", breaks=("r4.content.unacceptable-format-is-refused",)
):
    """Asked for text/csv the server sends JSON and calls it text/csv."""

    def negotiate(self, request: Request) -> None:
        if request.header("accept") != "text/csv":
            super().negotiate(request)

    def media_type(self, request: Request) -> str:
        return "text/csv" if request.header("accept") == "text/csv" else super().media_type(request)


class BodyTypeIgnored(Fault, name="body-type-ignored", breaks=("r4.content.unsupported-body-type-is-refused",)):
    """A consent labelled text/csv is created."""

    def parse_body(self, request: Request, route: Route) -> Resource:
        kept = tuple(line for line in request.headers if line[0].lower() != "content-type")
        return super().parse_body(replace(request, headers=kept), route)


class BodyInLatinOne(
    Fault, name="body-in-latin-one", breaks=("r4.content.bodies-are-utf-eight",), blocks=("r4.search.include-actor",)
):
    """Bodies are written in ISO-8859-1."""

    def serialised(self, resource: Resource) -> bytes:
        return super().serialised(resource).decode().encode("latin-1", "replace")


class NonAsciiBecomesQuestionMarks(
    Fault, name="non-ascii-becomes-question-marks", breaks=("r4.content.bodies-are-utf-eight",)
):
    """Characters outside ASCII are stored as question marks."""

    def decode(self, body: bytes) -> Any:
        return _asciified(super().decode(body))


class BodyLabelledLatinOne(Fault, name="body-labelled-latin-one", breaks=("r4.content.bodies-are-utf-eight",)):
    """Bodies are UTF-8, and Content-Type says charset=ISO-8859-1."""

    def media_type(self, request: Request) -> str:
        return super().media_type(request).replace("utf-8", "ISO-8859-1")


class FormatParameterIgnored(
    Fault, name="format-parameter-ignored", breaks=("r4.content.format-parameter",), packs=("r4",)
):
    """With _format=json and Accept: text/html the answer is 406."""

    def negotiate(self, request: Request) -> None:
        super().negotiate(replace(request, query=tuple(part for part in request.query if part[0] != "_format")))


def _asciified(value: Any) -> Any:
    return json.loads(json.dumps(value, ensure_ascii=False).encode("ascii", "replace"))
