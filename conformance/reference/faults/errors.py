"""Lies about what a refusal says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Headers, Request, Resource, Response, Route
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller


class RefusalReturnsTheResource(
    Fault,
    name="refusal-returns-the-resource",
    breaks=(
        "nll-2023.errors.failed-call-answers-outcome-only",
        "r4.errors.carry-an-outcome",
    ),
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


class ForbiddenCloseReturnsTheBody(
    Fault,
    name="forbidden-close-returns-the-body",
    breaks=("nll-2023.errors.failed-call-answers-outcome-only",),
    packs=("nll-2023",),
):
    """A PUT that prefers the representation and that the caller's role may not send is refused with its own body."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        preferred = request.method == "PUT" and self.preference(request, "return") == "representation"
        return replace(answer, resource=json.loads(request.body)) if preferred and refusal.status == 403 else answer


class RefusalIsPlainText(
    Fault,
    name="refusal-is-plain-text",
    breaks=(
        "nll-2023.errors.failed-call-answers-outcome-only",
        "r4.errors.carry-an-outcome",
    ),
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


class ErrorsHaveNoBody(
    Fault,
    name="errors-have-no-body",
    breaks=("r4.errors.carry-an-outcome", "nll-2023.errors.failed-call-answers-outcome-only"),
    packs=("r4", "nll-2023"),
):
    """Refusals have no body."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        return replace(super().refused(request, refusal), resource=None)


class OutcomeWithoutIssues(Fault, name="outcome-without-issues", breaks=("r4.errors.outcome-is-well-formed",)):
    """The OperationOutcome of a refusal has no issue."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        return replace(super().refused(request, refusal), resource={"resourceType": "OperationOutcome"})


class OutcomeWithMadeUpCode(Fault, name="outcome-with-made-up-code", breaks=("r4.errors.outcome-is-well-formed",)):
    """The code of an issue is a number of the server's own."""

    def outcome(self, *, severity: str, code: str, text: str) -> Resource:
        return super().outcome(severity=severity, code=f"E-{len(code)}", text=text)


class RefusalWithInformationOnly(
    Fault, name="refusal-with-information-only", breaks=("r4.errors.outcome-is-well-formed",)
):
    """A refusal carries information, and neither an error nor a fatal issue."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        told = self.outcome(severity="information", code=refusal.code, text=refusal.reason)
        return replace(super().refused(request, refusal), resource=told)


class LongQueryCrashes(Fault, name="long-query-crashes", breaks=("r4.errors.bad-input-is-not-a-server-error",)):
    """A query of more than 4,000 characters answers 500."""

    def perform(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        if sum(len(name) + len(value) for name, value in request.query) > 4000:
            raise Refused(500, "exception", "the statement is too long")
        return super().perform(request, route, caller)


class BrokenJsonCrashes(
    Fault,
    name="broken-json-crashes",
    breaks=(
        "r4.errors.bad-input-is-not-a-server-error",
        "nll-2023.close.body-is-needed",
    ),
):
    """A body that is no JSON answers 500."""

    def decode(self, body: bytes) -> Any:
        try:
            return super().decode(body)
        except Refused as refusal:
            if refusal.code == "structure":
                raise Refused(500, "exception", refusal.reason) from refusal
            raise
