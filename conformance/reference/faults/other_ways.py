"""Lies about who gets a consent, by other ways than a read and a search by GET."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.security import ANYBODY
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource, Route
    from conformance.reference.searching import Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

R4_ALONE = ("r4",)
TOKENS = (
    "security.token.absent-gets-no-consent",
    "security.token.altered-is-refused",
    "security.token.expired-is-refused",
)


class _Unguarded(Fault):
    """Lets everybody in who asks in one way."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        try:
            return super().admitted(request, route)
        except Refused as refusal:
            if refusal.status == 401 and self.unguarded(request, route):
                return ANYBODY
            raise

    def unguarded(self, request: Request, route: Route) -> bool:
        raise NotImplementedError


class SearchByPostNeedsNoToken(_Unguarded, name="search-by-post-needs-no-token", breaks=TOKENS, packs=R4_ALONE):
    """A search by POST is answered whoever asks."""

    def unguarded(self, request: Request, route: Route) -> bool:
        return route.interaction == "search-type" and request.method == "POST"


class SearchByIdNeedsNoToken(_Unguarded, name="search-by-id-needs-no-token", breaks=TOKENS, packs=R4_ALONE):
    """A search by _id is answered whoever asks."""

    def unguarded(self, request: Request, route: Route) -> bool:
        return route.interaction == "search-type" and any(name == "_id" for name, _ in request.query)


class OldVersionsNeedNoToken(_Unguarded, name="old-versions-need-no-token", breaks=TOKENS, packs=R4_ALONE):
    """A version is read, and a history shown, whoever asks."""

    def unguarded(self, request: Request, route: Route) -> bool:  # noqa: ARG002 - as above
        return route.interaction in {"vread", "history-instance"}


class DeleteNeedsNoToken(
    _Unguarded,
    name="delete-needs-no-token",
    breaks=(
        "security.write.unauthorised-changes-nothing",
        "security.token.altered-is-refused",
        "security.token.expired-is-refused",
    ),
    packs=R4_ALONE,
):
    """Whoever has no token, or none of this server's, may delete a consent."""

    def unguarded(self, request: Request, route: Route) -> bool:  # noqa: ARG002 - as above
        return route.interaction == "delete"


class ReadTokenMayDelete(
    Fault, name="read-token-may-delete", breaks=("security.scope.read-token-cannot-write",), packs=R4_ALONE
):
    """A token that may only read deletes."""

    def in_scope(self, caller: Caller, route: Route) -> bool:
        return route.interaction == "delete" or super().in_scope(caller, route)


class TokenNeedsNoSignature(Fault, name="token-needs-no-signature", breaks=("security.token.altered-is-refused",)):
    """A token whose signature is empty is believed: its header says that it needs none."""

    def verified(self, token: str) -> dict[str, object] | None:
        _, claims, signature = (*token.split("."), "", "", "")[:3]
        if signature or not claims:
            return super().verified(token)
        try:
            said: dict[str, object] = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        except ValueError:
            return None
        return said


class PatientBindingOnCurrentVersionsOnly(
    Fault,
    name="patient-binding-on-current-versions-only",
    breaks=("security.patient.others-are-out-of-reach",),
    packs=R4_ALONE,
):
    """A token bound to one patient reads any version, and any history, of another patient's consent."""

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:  # noqa: ARG002 - not looked at
        return super().vread(request, route, None)

    def history(self, request: Request, route: Route, caller: Caller | None) -> Answer:  # noqa: ARG002 - as above
        return super().history(request, route, None)


class PatientBindingOnSearchesByPatient(
    Fault,
    name="patient-binding-on-searches-by-patient",
    breaks=("security.patient.others-are-out-of-reach",),
    packs=R4_ALONE,
):
    """A token bound to one patient finds everybody's consents when it names no patient."""

    def found(self, asked: Search) -> list[Stored]:
        named = any(criterion.parameter.name in {"patient", "_id"} for criterion in asked.criteria)
        return super().found(asked if named else replace(asked, caller=None))


class FrameInNarrativeIsStored(
    Fault, name="frame-in-narrative-is-stored", breaks=("security.narrative.active-content-is-not-kept",)
):
    """A narrative may hold a frame or an address that is a script; a script and an event it may not."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        told = super().complaints(resource, route)
        div = str((resource.get("text") or {}).get("div", "")).lower()
        milder = "<script" not in div and "onclick" not in div
        return [said for said in told if not (milder and said == "text.div: active content")]


class ErrorShowsFrames(Fault, name="error-shows-frames", breaks=("security.errors.no-internals",)):
    """A read of an unknown id shows where in the server it was refused, as .NET writes it."""

    def unknown(self, request: Request, route: Route) -> Answer:  # noqa: ARG002 - the same for all
        where = "   at Example.Consents.Storage.Find(String id)\n   at Example.Consents.Controller.Read(String id)"
        raise Refused(404, "not-found", f"no such consent\n{where}")
