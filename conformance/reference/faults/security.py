"""Lies about tokens: who is let in, and what a refused write leaves behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.messages import Refused, Request, Resource, Route
from conformance.reference.tokens import PRESCRIBER, Caller

if TYPE_CHECKING:
    from conformance.reference.messages import Answer

NLL = ("nll-2023",)
ANYBODY = Caller(claims={**PRESCRIBER, "scope": "user/*.read user/*.write"})


class CloseWithoutTokenIsDone(
    Fault,
    name="close-without-token-is-done",
    breaks=("nll-2023.headers.authorization-absent",),
    packs=NLL,
):
    """A PUT without authorization closes the consent."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction == "update" and request.header("authorization") is None:
            return ANYBODY
        return super().admitted(request, route)


class CreateWithoutTokenIsDone(
    Fault,
    name="create-without-token-is-done",
    breaks=("nll-2023.headers.authorization-absent",),
    packs=NLL,
):
    """A POST without authorization creates the consent."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction == "create" and request.header("authorization") is None:
            return ANYBODY
        return super().admitted(request, route)


class FetchWithoutTokenIsDone(
    Fault,
    name="fetch-without-token-is-done",
    breaks=("security.token.absent-gets-no-consent", "nll-2023.headers.authorization-absent"),
):
    """A read without authorization answers the consent."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction == "read" and request.header("authorization") is None:
            return ANYBODY
        return super().admitted(request, route)


class SearchWithoutTokenIsDone(
    Fault,
    name="search-without-token-is-done",
    breaks=("security.token.absent-gets-no-consent", "nll-2023.headers.authorization-absent"),
):
    """A search without authorization answers the consents."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction == "search-type" and request.header("authorization") is None:
            return ANYBODY
        return super().admitted(request, route)


class BasicSchemeIsAccepted(
    Fault,
    name="basic-scheme-is-accepted",
    breaks=("nll-2023.headers.authorization-malformed",),
    packs=NLL,
):
    """User name and password in place of a token are as good as a token."""

    def authenticate(self, request: Request) -> Caller:
        scheme = (request.header("authorization") or "").partition(" ")[0].lower()
        return ANYBODY if scheme == "basic" else super().authenticate(request)


class DecodedClaimsAreAccepted(
    Fault,
    name="decoded-claims-are-accepted",
    breaks=("nll-2023.headers.authorization-malformed",),
    packs=NLL,
):
    """The claims of a token, sent as plain JSON, are as good as the token."""

    def authenticate(self, request: Request) -> Caller:
        try:
            claims = json.loads(request.header("authorization") or "")
        except ValueError:
            return super().authenticate(request)
        return Caller(claims={"scope": "user/*.read user/*.write", **claims})


class TokenIsNotVerified(
    Fault,
    name="token-is-not-verified",
    breaks=("nll-2023.headers.authorization-malformed", "security.write.unauthorised-changes-nothing"),
):
    """Any word in place of a token is as good as a token."""

    def verified(self, token: str) -> dict[str, object] | None:
        return super().verified(token) or (None if token.count(".") == 2 else {**ANYBODY.claims, "exp": 2**40})


class UnauthorisedWriteIsStored(
    Fault,
    name="unauthorised-write-answers-refusal-but-stores",
    breaks=(
        "security.write.unauthorised-changes-nothing",
        "nll-2023.headers.authorization-absent",
        "nll-2023.headers.authorization-malformed",
    ),
    packs=("r4", "nll-2023"),
):
    """A PUT that is refused with 401 changes the consent."""

    def answered(self, request: Request, route: Route) -> Answer:
        try:
            return super().answered(request, route)
        except Refused as refusal:
            if refusal.status == 401 and route.interaction == "update":
                self.perform(request, route, ANYBODY)
            raise


class UnauthorisedWriteAdvancesTheVersion(
    Fault,
    name="unauthorised-write-advances-the-version",
    breaks=(
        "security.write.unauthorised-changes-nothing",
        "nll-2023.headers.authorization-absent",
        "nll-2023.headers.authorization-malformed",
    ),
    packs=("r4", "nll-2023"),
):
    """A PUT that is refused with 401 gives the consent a new version with the old content."""

    def answered(self, request: Request, route: Route) -> Answer:
        try:
            return super().answered(request, route)
        except Refused as refusal:
            if refusal.status == 401 and route.interaction == "update":
                self.touch(request, route)
            raise

    def touch(self, request: Request, route: Route) -> None:
        resource: Resource = self.parse_body(request, route)
        chosen = self.addressed(route, resource)
        previous = self.current(chosen)
        if previous is not None and not previous.deleted:
            self.save(chosen, previous.content, previous)
