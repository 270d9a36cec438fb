"""Lies that show only beside what is usual: two patients, a second tag, an old signature, another spelling."""

from __future__ import annotations

import uuid
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, ClassVar

import jwt

from conformance.reference.fault import Fault
from conformance.reference.faults.security import ANYBODY

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource, Route
    from conformance.reference.searching import Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

R4_ALONE = ("r4",)


class _OneOfSeveralPatientsDecides(Fault):
    """A token bound to one patient finds everything that is asked for where one of several patients is its own."""

    method: ClassVar[str]
    place: ClassVar[int]

    def found(self, asked: Search) -> list[Stored]:
        bound = asked.caller.patient if asked.caller is not None else None
        named = next((one.values for one in asked.criteria if one.parameter.name == "patient"), ())
        several = bound is not None and asked.request.method == self.method and len(named) > 1
        decided = several and named[self.place].rpartition("/")[2] == bound
        return super().found(replace(asked, caller=ANYBODY) if decided else asked)


class FirstOfSeveralPatientsDecides(
    _OneOfSeveralPatientsDecides,
    name="first-of-several-patients-decides",
    breaks=("security.patient.others-are-out-of-reach",),
):
    """A token bound to one patient finds the consents of all that a search names, where its own is the first."""

    method, place = "GET", 0


class LastOfSeveralPatientsInAFormDecides(
    _OneOfSeveralPatientsDecides,
    name="last-of-several-patients-in-a-form-decides",
    breaks=("security.patient.others-are-out-of-reach",),
    packs=R4_ALONE,
):
    """A token bound to one patient finds the consents of all that a form names, where its own is the last."""

    method, place = "POST", -1


class PagesWithoutTokenBeginAgain(
    Fault,
    name="pages-without-token-begin-again",
    breaks=("security.token.absent-gets-no-consent",),
    packs=R4_ALONE,
):
    """Without a token the next link of a search shows its first page again."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        if any(name == "_after" for name, _ in request.query) and request.header("authorization") is None:
            return ANYBODY
        return super().admitted(request, route)

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        if asked.caller is ANYBODY:
            asked = replace(asked, query=tuple(pair for pair in asked.query if pair[0] != "_after"))
        return super().page(asked, matches)


class SignatureIsKnownFromBefore(
    Fault, name="signature-is-known-from-before", breaks=("security.token.altered-is-refused",)
):
    """A signature that fitted once is believed under whatever it stands."""

    known: frozenset[str] = frozenset()

    def verified(self, token: str) -> dict[str, object] | None:
        claims, signature = super().verified(token), token.rpartition(".")[2]
        if claims is not None:
            self.known |= {signature}
        elif signature in self.known:
            return dict(jwt.decode(token, options={"verify_signature": False}))
        return claims


class VersionsAreReadByTheirNumberAlone(
    Fault,
    name="versions-are-read-by-their-number-alone",
    breaks=("r4.vread.returns-the-asked-version",),
    packs=R4_ALONE,
):
    """No two consents have a version of the same name, and a version reads below the id of any consent."""

    holders: tuple[tuple[str, str], ...] = ()

    def new_version(self, previous: Stored | None) -> str:  # noqa: ARG002 - each is another one
        return str(uuid.uuid4())

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        stored = super().save(route, resource, previous)
        self.holders = (*self.holders, (stored.version, stored.id))
        return stored

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        return super().vread(request, replace(route, id=dict(self.holders).get(route.version, route.id)), caller)


class StrongIfMatchIsOverlooked(
    Fault,
    name="strong-if-match-is-overlooked",
    breaks=("r4.update.stale-version-is-refused",),
    packs=R4_ALONE,
):
    """An If-Match without W/ is taken for none."""

    def check_precondition(self, request: Request, previous: Stored) -> None:
        if not (request.header("if-match") or "").startswith('"'):
            super().check_precondition(request, previous)


class IfMatchInSmallLettersIsOverlooked(
    Fault,
    name="if-match-in-small-letters-is-overlooked",
    breaks=("r4.headers.names-are-case-insensitive",),
    packs=R4_ALONE,
):
    """The header if-match is taken for none."""

    def check_precondition(self, request: Request, previous: Stored) -> None:
        if all(name != "if-match" for name, _ in request.headers):
            super().check_precondition(request, previous)


class UnknownBodyIdIsOverlooked(
    Fault, name="unknown-body-id-is-overlooked", breaks=("r4.update.disagreeing-id-is-refused",), packs=R4_ALONE
):
    """A PUT whose body has an id that nobody has is stored under the id of the address."""

    def addressed(self, route: Route, resource: Resource) -> Route:
        sent = resource.get("id")
        unknown = isinstance(sent, str) and self.store.current(route.type, sent.lower()) is None
        return route if unknown else super().addressed(route, resource)


class BodyIdHasNoCase(
    Fault, name="body-id-has-no-case", breaks=("r4.update.disagreeing-id-is-refused",), packs=R4_ALONE
):
    """A PUT whose body has the id of the address in capital letters is stored."""

    def addressed(self, route: Route, resource: Resource) -> Route:
        return super().addressed(route, {**resource, "id": str(resource["id"]).lower()} if "id" in resource else {})


class VersionsHaveIdsWithoutCase(
    Fault, name="versions-have-ids-without-case", breaks=("r4.read.id-is-case-sensitive",), packs=R4_ALONE
):
    """A version of a consent reads by its id in capital letters."""

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        return super().vread(request, replace(route, id=route.id.lower()), caller)


class SeveralTagsAlwaysMatch(
    Fault, name="several-tags-always-match", breaks=("r4.read.not-modified-only-when-unchanged",), packs=R4_ALONE
):
    """An If-None-Match that names several versions answers 304."""

    def not_modified(self, request: Request, stored: Stored) -> bool:
        return "," in (request.header("if-none-match") or "") or super().not_modified(request, stored)


class ModifiedSinceIsTakenToTheMinute(
    Fault,
    name="modified-since-is-taken-to-the-minute",
    breaks=("r4.read.not-modified-only-when-unchanged",),
    packs=R4_ALONE,
):
    """An If-Modified-Since that is less than a minute before the last change answers 304."""

    def not_modified(self, request: Request, stored: Stored) -> bool:
        since = request.header("if-modified-since")
        if since is None or request.header("if-none-match") is not None:
            return super().not_modified(request, stored)
        return (stored.updated - parsedate_to_datetime(since)).total_seconds() < 60
