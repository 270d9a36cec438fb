"""Lies about what a refusal says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Headers, Refused, Request, Response
    from conformance.reference.store import Stored


class RefusalReturnsTheResource(
    Fault,
    name="refusal-returns-the-resource",
    breaks=("nll-2023.errors.failed-call-answers-outcome-only",),
    packs=("nll-2023", "r4"),
):
    """A PUT that is refused answers the consent as it is stored."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        stored = self.meant(request) if request.method == "PUT" and refusal.status in {400, 422} else None
        return replace(answer, resource=stored.content) if stored else answer

    def meant(self, request: Request) -> Stored | None:
        try:
            id_ = json.loads(request.body)["id"]
        except (ValueError, KeyError, TypeError):
            return None
        stored = self.store.current("Consent", str(id_))
        return stored if stored and not stored.deleted else None


class RefusalIsPlainText(
    Fault,
    name="refusal-is-plain-text",
    breaks=("nll-2023.errors.failed-call-answers-outcome-only",),
    packs=("nll-2023", "r4"),
):
    """A refusal answers with a line of plain text."""

    def written(self, request: Request, answer: Answer) -> Response:
        response = super().written(request, answer)
        if answer.status < 400:
            return response
        body = b"The request was not carried out.\n"
        own = ("content-type", "content-length")
        headers: Headers = tuple(line for line in response.headers if line[0].lower() not in own)
        labels = (("Content-Type", "text/plain;charset=utf-8"), ("Content-Length", str(len(body))))
        return replace(response, headers=(*labels, *headers), body=body)
