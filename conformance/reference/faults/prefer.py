"""Lies about what a write answers when the client said what it prefers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource
    from conformance.reference.store import Stored


class MinimalStillReturnsResource(
    Fault, name="minimal-still-returns-resource", breaks=("r4.prefer.minimal-has-no-body",)
):
    """With return=minimal a write answers the whole consent."""

    def preferred(self, request: Request, stored: Stored) -> Resource | None:
        wanted = self.preference(request, "return")
        return self.presented(stored, request) if wanted == "minimal" else super().preferred(request, stored)


class RepresentationIsEmpty(
    Fault,
    name="representation-is-empty",
    breaks=(
        "r4.prefer.representation-has-the-resource",
        "nll-2023.headers.prefer-representation",
    ),
):
    """With return=representation a write answers without a body."""

    def preferred(self, request: Request, stored: Stored) -> Resource | None:
        wanted = self.preference(request, "return")
        return None if wanted == "representation" else super().preferred(request, stored)


class RepresentationEchoesRequest(
    Fault, name="representation-echoes-request", breaks=("r4.prefer.representation-has-the-resource",)
):
    """With return=representation a write answers the body that was sent, not what is stored."""

    def preferred(self, request: Request, stored: Stored) -> Resource | None:
        if self.preference(request, "return") != "representation":
            return super().preferred(request, stored)
        sent: Resource = json.loads(request.body)
        return sent


class OperationOutcomePreferenceIgnored(
    Fault,
    name="operation-outcome-preference-ignored",
    breaks=(
        "r4.prefer.operation-outcome-on-request",
        "nll-2023.headers.prefer-operation-outcome",
    ),
):
    """With return=OperationOutcome a write answers the consent."""

    def preferred(self, request: Request, stored: Stored) -> Resource | None:
        wanted = self.preference(request, "return")
        return self.presented(stored, request) if wanted == "operationoutcome" else super().preferred(request, stored)


class OperationOutcomeUnasked(
    Fault, name="operation-outcome-unasked", breaks=("r4.prefer.operation-outcome-on-request",)
):
    """A write without Prefer answers an OperationOutcome."""

    def preferred(self, request: Request, stored: Stored) -> Resource | None:
        if self.preference(request, "return") is None:
            return self.outcome(severity="information", code="informational", text="stored")
        return super().preferred(request, stored)
