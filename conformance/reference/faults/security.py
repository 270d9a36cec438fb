"""Lies about tokens, scopes and bonds, about what a refusal leaves behind or tells, and about how answers travel."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import jwt

from conformance.reference.fault import Fault
from conformance.reference.messages import Refused, Request, Resource, Route
from conformance.reference.tokens import PRESCRIBER, Caller

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Headers
    from conformance.reference.store import Stored

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


class RefusalWithoutTokenShowsTheConsent(
    Fault,
    name="refusal-without-token-shows-the-consent",
    breaks=(
        "security.token.absent-gets-no-consent",
        "security.denied.body-holds-no-content",
    ),
):
    """A read without authorization answers 401 with the consent in the body."""

    def answered(self, request: Request, route: Route) -> Answer:
        try:
            return super().answered(request, route)
        except Refused as refusal:
            if refusal.status != 401 or route.interaction != "read" or request.header("authorization") is not None:
                raise
            shown = self.perform(request, route, ANYBODY)
            return replace(shown, status=401, headers=refusal.headers)


class RefusalWithoutTokenShowsTheMatches(
    Fault,
    name="refusal-without-token-shows-the-matches",
    breaks=(
        "security.token.absent-gets-no-consent",
        "security.denied.body-holds-no-content",
    ),
):
    """A search without authorization answers 401 with the consents that it finds."""

    def answered(self, request: Request, route: Route) -> Answer:
        try:
            return super().answered(request, route)
        except Refused as refusal:
            found = route.interaction == "search-type" and request.header("authorization") is None
            if refusal.status != 401 or not found:
                raise
            return replace(self.perform(request, route, ANYBODY), status=401, headers=refusal.headers)


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
        "nll-2023.headers.authorization-empty",
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
        "nll-2023.headers.authorization-empty",
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


class UnauthorisedCreateIsStored(
    Fault,
    name="unauthorised-create-answers-refusal-but-stores",
    breaks=("security.write.unauthorised-changes-nothing", "nll-2023.headers.authorization-absent"),
    packs=("r4", "nll-2023"),
):
    """A POST that is refused with 401 creates the consent."""

    def answered(self, request: Request, route: Route) -> Answer:
        try:
            return super().answered(request, route)
        except Refused as refusal:
            if refusal.status == 401 and route.interaction == "create":
                self.perform(request, route, ANYBODY)
            raise


class BlankBearerIsAccepted(
    Fault, name="blank-bearer-is-accepted", breaks=("nll-2023.headers.authorization-empty",), packs=NLL
):
    """The word Bearer without a token is as good as a token."""

    def authenticate(self, request: Request) -> Caller:
        blank = (request.header("authorization") or "").strip() == "Bearer"
        return ANYBODY if blank else super().authenticate(request)


class BlankAuthorizationReads(
    Fault, name="blank-authorization-reads", breaks=("nll-2023.headers.authorization-empty",), packs=NLL
):
    """A read with an authorization header that has no value answers the consent."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction == "read" and request.header("authorization") == "":
            return ANYBODY
        return super().admitted(request, route)


class MissingTokenIsAServerError(
    Fault,
    name="missing-token-is-a-server-error",
    breaks=(
        "security.token.absent-is-unauthorized",
        "security.token.absent-gets-no-consent",
        "nll-2023.headers.authorization-absent",
    ),
):
    """A request without authorization answers 500."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction != "capabilities" and request.header("authorization") is None:
            raise Refused(500, "exception", "unexpected NoneType")
        return super().admitted(request, route)


class MissingTokenIsABadRequest(
    Fault, name="missing-token-is-a-bad-request", breaks=("security.token.absent-is-unauthorized",)
):
    """A request without authorization answers 400."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if route.interaction != "capabilities" and request.header("authorization") is None:
            raise Refused(400, "login", "there is no token")
        return super().admitted(request, route)


class ChallengeMissing(Fault, name="challenge-missing", breaks=("security.token.challenge-is-sent",)):
    """A 401 has no WWW-Authenticate."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        return replace(super().refused(request, refusal), headers=())


class ChallengeNamesNoScheme(Fault, name="challenge-names-no-scheme", breaks=("security.token.challenge-is-sent",)):
    """WWW-Authenticate of a 401 has parameters, and no scheme that they belong to."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        headers = tuple((name, value.removeprefix("Bearer ")) for name, value in answer.headers)
        return replace(answer, headers=headers)


class LowerCaseBearerRefused(
    Fault, name="lower-case-bearer-refused", breaks=("security.token.scheme-name-is-case-insensitive",)
):
    """A token after the word bearer in small letters is refused."""

    def authenticate(self, request: Request) -> Caller:
        if (request.header("authorization") or "").startswith("bearer "):
            raise self.unauthorised("the scheme is not known")
        return super().authenticate(request)


def _believed(token: str) -> dict[str, object] | None:
    """What a token says, without a look at its signature; None when it is no token at all."""
    try:
        return dict(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return None


class SignatureIsNotVerified(Fault, name="signature-is-not-verified", breaks=("security.token.altered-is-refused",)):
    """A token is believed whatever its signature is."""

    def verified(self, token: str) -> dict[str, object] | None:
        return _believed(token)


class SignatureIsNotVerifiedForSearches(
    Fault, name="signature-is-not-verified-for-searches", breaks=("security.token.altered-is-refused",)
):
    """For a search a token is believed whatever its signature is."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        try:
            return super().admitted(request, route)
        except Refused as refusal:
            token = (request.header("authorization") or "").partition(" ")[2]
            claims = _believed(token)
            if route.interaction == "search-type" and refusal.reason == "the token is not valid" and claims:
                return Caller(claims=claims)
            raise


class ExpiryIsNotLookedAt(Fault, name="expiry-is-not-looked-at", breaks=("security.token.expired-is-refused",)):
    """A token never expires."""

    def expired(self, exp: object) -> bool:  # noqa: ARG002 - whenever that was
        return False


class _ExpiredTokenStillServes(Fault):
    """A token that has expired is as good as any for some interactions."""

    served: ClassVar[frozenset[str]]

    def admitted(self, request: Request, route: Route) -> Caller | None:
        try:
            return super().admitted(request, route)
        except Refused as refusal:
            if route.interaction in self.served and refusal.reason == "the token has expired":
                return ANYBODY
            raise


class ExpiredTokenStillSearches(
    _ExpiredTokenStillServes, name="expired-token-still-searches", breaks=("security.token.expired-is-refused",)
):
    """A token that has expired still searches."""

    served = frozenset({"search-type"})


class ExpiredTokenStillWrites(
    _ExpiredTokenStillServes, name="expired-token-still-writes", breaks=("security.token.expired-is-refused",)
):
    """A token that has expired still creates and closes consents."""

    served = frozenset({"create", "update"})


class ExpiredTokenStillDeletes(
    _ExpiredTokenStillServes,
    name="expired-token-still-deletes",
    breaks=("security.token.expired-is-refused",),
    packs=("r4",),
):
    """A token that has expired still deletes a consent."""

    served = frozenset({"delete"})


class ExpiredWriteIsStored(
    Fault, name="expired-write-is-refused-but-stored", breaks=("security.write.unauthorised-changes-nothing",)
):
    """A write with a token that has expired is refused with 401, and carried out."""

    def answered(self, request: Request, route: Route) -> Answer:
        try:
            return super().answered(request, route)
        except Refused as refusal:
            if route.writes and refusal.reason == "the token has expired":
                self.perform(request, route, ANYBODY)
            raise


class SignatureIsNotVerifiedForWrites(
    Fault, name="signature-is-not-verified-for-writes", breaks=("security.token.altered-is-refused",)
):
    """For a write a token is believed whatever its signature is."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        try:
            return super().admitted(request, route)
        except Refused as refusal:
            token = (request.header("authorization") or "").partition(" ")[2]
            claims = _believed(token)
            if route.writes and refusal.reason == "the token is not valid" and claims:
                return Caller(claims=claims)
            raise


class LastAuthorizationWins(
    Fault, name="last-authorization-wins", breaks=("security.token.two-headers-are-not-merged",)
):
    """Of two Authorization headers the last one counts."""

    def authenticate(self, request: Request) -> Caller:
        last = request.each("authorization")[-1:]
        rest = tuple(line for line in request.headers if line[0].lower() != "authorization")
        headers = (*rest, *(("Authorization", value) for value in last))
        return super().authenticate(replace(request, headers=headers))


class ScopesAreNotLookedAt(Fault, name="scopes-are-not-looked-at", breaks=("security.scope.read-token-cannot-write",)):
    """A token may write whatever its scopes are."""

    def in_scope(self, caller: Caller, route: Route) -> bool:  # noqa: ARG002 - whatever they are
        return True


class ReadTokenMayCreate(Fault, name="read-token-may-create", breaks=("security.scope.read-token-cannot-write",)):
    """A token that may only read creates a consent."""

    def in_scope(self, caller: Caller, route: Route) -> bool:
        return route.interaction == "create" or super().in_scope(caller, route)


class PatientBindingOnReadOnly(
    Fault, name="patient-binding-on-read-only", breaks=("security.patient.others-are-out-of-reach",)
):
    """A token bound to one patient finds another patient's consents by search."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        return super().search(request, route, ANYBODY if caller is not None else None)


class PatientBindingOnSearchOnly(
    Fault,
    name="patient-binding-on-search-only",
    breaks=("security.patient.others-are-out-of-reach", "security.denied.existence-is-not-revealed"),
):
    """A token bound to one patient reads another patient's consents by their ids."""

    def read(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        return super().read(request, route, ANYBODY if caller is not None else None)


class ForbiddenIdCrashes(Fault, name="forbidden-id-crashes", breaks=("security.denied.existence-is-not-revealed",)):
    """A read of another patient's consent by a token bound to one patient answers 500."""

    def read(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        stored = self.looked_up(route)
        if stored is not None and not self.visible(caller, stored):
            raise Refused(500, "exception", "unexpected NoneType")
        return super().read(request, route, caller)


class RefusalQuotesTheConsent(
    Fault, name="refusal-quotes-the-consent", breaks=("security.denied.body-holds-no-content",)
):
    """A refusal to read a consent quotes whose it is."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        kind, *rest = request.segments
        stored = self.store.current(kind, rest[0]) if request.method == "GET" and len(rest) == 1 else None
        if kind == "Consent" and stored is not None and not stored.deleted and refusal.status in {401, 403, 404}:
            whose = stored.content.get("patient", {}).get("reference")
            refusal = Refused(refusal.status, refusal.code, f"{refusal.reason}: it is {whose}'s", refusal.headers)
        return super().refused(request, refusal)


class ErrorShowsStackTrace(Fault, name="error-shows-stack-trace", breaks=("security.errors.no-internals",)):
    """The OperationOutcome of a refusal holds a stack trace."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        trace = "\n\tat org.example.consents.ConsentService.read(ConsentService.java:117)"
        return super().refused(request, Refused(refusal.status, refusal.code, refusal.reason + trace, refusal.headers))


class ErrorShowsFilePath(Fault, name="error-shows-file-path", breaks=("security.errors.no-internals",)):
    """The OperationOutcome of a refusal names a file of the server."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        told = f"{refusal.reason} (see /var/log/consents/error.log)"
        return super().refused(request, Refused(refusal.status, refusal.code, told, refusal.headers))


class ScriptInNarrativeIsStored(
    Fault, name="script-in-narrative-is-stored", breaks=("security.narrative.active-content-is-not-kept",)
):
    """A script in a narrative is stored as it is."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        return [said for said in super().complaints(resource, route) if said != "text.div: active content"]


class LocationLeadsToPlainHttp(Fault, name="location-leads-to-plain-http", breaks=("security.transport.is-encrypted",)):
    """Location of a create is an address over http at the name that the server has inside."""

    def location(self, stored: Stored) -> str:
        return super().location(stored).replace(self.base, "http://consents.internal.example/fhir")


class ConsentIsPubliclyCacheable(
    Fault, name="consent-is-publicly-cacheable", breaks=("security.cache.consents-are-not-shared",)
):
    """Answers may be kept by any cache for an hour."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        rest = tuple(line for line in super().common_headers(request, answer) if line[0] != "Cache-Control")
        return (*rest, ("Cache-Control", "public, max-age=3600"))
