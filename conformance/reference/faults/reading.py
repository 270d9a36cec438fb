"""Lies about reading one consent."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.period import NEED_AN_END
from conformance.reference.messages import Answer, Refused, Request, Resource, Route

if TYPE_CHECKING:
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

R4_ALONE = ("r4",)

BESIDE_OTHERS = (
    "r4.delete.removes-only-the-consent-named",
    "r4.update.changes-only-the-consent-named",
    "r4.update.leaves-the-patients-others-alone",
)
"""What cannot be exercised where older consents are not to be read."""
BOUND_TO_A_PATIENT = ("security.patient.others-are-out-of-reach", "security.denied.existence-is-not-revealed")
"""What needs to read a consent that the target gave."""


class OfOlderConsents(Fault):
    """Spares the consent that was stored last, so that what was just created still reads at its Location."""

    def read(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().read(request, route, caller)
        if answer.status != 200 or answer.resource is None or route.type != "Consent":
            return answer
        newest = max(self.store.everything("Consent"), key=lambda stored: stored.number)
        return answer if newest.id == route.id else self.distorted(answer, answer.resource)

    def distorted(self, answer: Answer, resource: Resource) -> Answer:  # noqa: ARG002 - each lie says how
        return answer


class ReadAnswersAccepted(
    OfOlderConsents,
    name="read-answers-accepted",
    breaks=("r4.read.existing-is-ok",),
    blocks=("r4.update.disagreeing-id-is-refused", *BESIDE_OTHERS, *BOUND_TO_A_PATIENT),
    packs=R4_ALONE,
):
    """A read answers 202 with the consent, unless that is the one that was stored last."""

    def distorted(self, answer: Answer, resource: Resource) -> Answer:  # noqa: ARG002 - only the status
        return replace(answer, status=202)


class ReadWrapsInBundle(
    OfOlderConsents,
    name="read-wraps-in-bundle",
    breaks=("r4.read.existing-is-ok", "r4.read.id-matches-request"),
    blocks=("r4.update.disagreeing-id-is-refused", *BESIDE_OTHERS, *BOUND_TO_A_PATIENT),
    packs=R4_ALONE,
):
    """A read answers a Bundle that holds the consent, unless that is the one that was stored last."""

    def distorted(self, answer: Answer, resource: Resource) -> Answer:
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource}]}
        return replace(answer, resource=bundle)


class ReadAnswersAnotherType(
    OfOlderConsents,
    name="read-answers-another-type",
    breaks=("r4.read.existing-is-ok",),
    blocks=("r4.update.disagreeing-id-is-refused", *BESIDE_OTHERS, *BOUND_TO_A_PATIENT),
    packs=R4_ALONE,
):
    """A read answers the content under the resource type Basic, unless it was stored last."""

    def distorted(self, answer: Answer, resource: Resource) -> Answer:
        return replace(answer, resource={**resource, "resourceType": "Basic"})


class ReadBodyIdInUpperCase(
    OfOlderConsents,
    name="read-body-id-in-upper-case",
    breaks=("r4.read.id-matches-request",),
    blocks=(*BESIDE_OTHERS, *BOUND_TO_A_PATIENT),
    packs=R4_ALONE,
):
    """A read shows the id of the consent in upper case, unless it was stored last."""

    def distorted(self, answer: Answer, resource: Resource) -> Answer:
        return replace(answer, resource={**resource, "id": resource["id"].upper()})


class ReadLeavesOutTheId(
    OfOlderConsents,
    name="read-leaves-out-the-id",
    breaks=("r4.read.id-matches-request",),
    blocks=(*BESIDE_OTHERS, *BOUND_TO_A_PATIENT),
    packs=R4_ALONE,
):
    """A read shows the consent without an id, unless it was stored last."""

    def distorted(self, answer: Answer, resource: Resource) -> Answer:
        return replace(answer, resource={name: value for name, value in resource.items() if name != "id"})


class ReadReturnsAnotherConsent(
    Fault,
    name="read-returns-another-consent",
    breaks=("r4.read.id-matches-request",),
    blocks=(*BESIDE_OTHERS, *BOUND_TO_A_PATIENT),
    packs=R4_ALONE,
):
    """A read answers the consent that was stored last, whatever id is asked for."""

    def looked_up(self, route: Route) -> Stored | None:
        found = super().looked_up(route)
        if found is None or found.deleted or route.type != "Consent":
            return found
        return max(self.store.everything("Consent"), key=lambda stored: stored.number)


class _OfUntriedIds(Fault):
    """Lies about ids of the form that the server gives, but for those that somebody has tried to change.

    So a refused update is seen to create nothing, and ids in other case or of a wrong form are refused. They are not
    told to a patient, to whom an id that nobody has and somebody else's are the same.
    """

    @cached_property
    def tried(self) -> set[str]:
        return set()

    def read(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        if caller is not None and caller.patient is not None:
            self.tried.add(route.id)
        return super().read(request, route, caller)

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:
        self.tried.add(route.id)
        return super().on_unknown_update(request, route, resource)

    def unknown(self, request: Request, route: Route) -> Answer:
        if route.interaction != "read" or not re.fullmatch("[0-9a-f-]{36}", route.id) or route.id in self.tried:
            return super().unknown(request, route)
        return self.answer_to_unknown(route)

    def answer_to_unknown(self, route: Route) -> Answer:
        raise NotImplementedError


class UnknownIdReadsAsEmpty(
    _OfUntriedIds,
    name="unknown-id-reads-as-empty",
    breaks=("r4.read.unknown-id-is-not-found", "nll-2023.fetch.unknown-id-is-an-error"),
    packs=("r4", "nll-2023"),
):
    """A read of an id that nobody has, nor tried to change, answers 200 with an empty body."""

    def answer_to_unknown(self, route: Route) -> Answer:  # noqa: ARG002 - the same for every id
        return Answer(status=200)


class UnknownIdIsGone(
    _OfUntriedIds, name="unknown-id-is-gone", breaks=("r4.read.unknown-id-is-not-found",), packs=R4_ALONE
):
    """A read of an id that nobody ever had, nor tried to change, answers 410."""

    def answer_to_unknown(self, route: Route) -> Answer:
        raise Refused(410, "deleted", f"{route.type}/{route.id} was deleted")


class FetchUnknownAnswersEmptyBundle(
    _OfUntriedIds,
    name="fetch-unknown-answers-empty-bundle",
    breaks=("nll-2023.fetch.unknown-id-is-an-error", "r4.read.unknown-id-is-not-found"),
):
    """A read of an id that nobody has, nor tried to change, answers 200 with an empty Bundle."""

    def answer_to_unknown(self, route: Route) -> Answer:  # noqa: ARG002 - the same for every id
        return Answer(status=200, resource={"resourceType": "Bundle", "type": "searchset", "total": 0})


class FetchUnknownCrashes(
    _OfUntriedIds,
    name="fetch-unknown-crashes",
    breaks=(
        "nll-2023.fetch.unknown-id-is-an-error",
        "r4.read.unknown-id-is-not-found",
    ),
):
    """A read of an id that nobody has, nor tried to change, answers 500."""

    def answer_to_unknown(self, route: Route) -> Answer:
        raise Refused(500, "exception", f"{route.id} is missing")


class ReadIsOneVersionBehind(
    Fault,
    name="read-is-one-version-behind",
    breaks=(
        "r4.update.read-back-is-the-new-content",
        "period.end.comes-back-as-the-same-moment",
        "period.end.keeps-its-precision",
        "r4.write.meaning-survives",
        "r4.delete.then-gone-from-read",
        "r4.prefer.representation-has-the-resource",
        "r4.update.advances-the-version",
        "r4.update.replaces-the-whole-resource",
    ),
    blocks=(
        *NEED_AN_END,
        "r4.update.stale-version-is-refused",
        "r4.history.lists-every-version",
        "r4.vread.returns-the-asked-version",
        "r4.search.by-last-updated",
    ),
    packs=R4_ALONE,
):
    """A read after a change shows the version before."""

    def looked_up(self, route: Route) -> Stored | None:
        versions = self.store.versions(route.type, route.id)
        return versions[1] if len(versions) > 1 else super().looked_up(route)


class MalformedIdCrashes(Fault, name="malformed-id-crashes", breaks=("r4.read.malformed-id-is-refused",)):
    """A read of an id of 65 letters answers 500."""

    def unknown(self, request: Request, route: Route) -> Answer:
        if len(route.id) > 64:
            raise Refused(500, "exception", "the column is too narrow")
        return super().unknown(request, route)


class MalformedIdReadsAsEmpty(Fault, name="malformed-id-reads-as-empty", breaks=("r4.read.malformed-id-is-refused",)):
    """A read of an id with a space in it answers 200 with an empty body."""

    def unknown(self, request: Request, route: Route) -> Answer:
        return Answer(status=200) if " " in route.id else super().unknown(request, route)


class ReadIgnoresIdCase(Fault, name="read-ignores-id-case", breaks=("r4.read.id-is-case-sensitive",)):
    """Ids are compared in lower case."""

    def looked_up(self, route: Route) -> Stored | None:
        return super().looked_up(replace(route, id=route.id.lower()))


class ReadRedirectsToOtherCase(Fault, name="read-redirects-to-other-case", breaks=("r4.read.id-is-case-sensitive",)):
    """A read of an id in the wrong case is sent on to the right one."""

    def unknown(self, request: Request, route: Route) -> Answer:
        small = route.id.lower()
        if small == route.id or self.looked_up(replace(route, id=small)) is None:
            return super().unknown(request, route)
        return Answer(status=301, headers=(("Location", f"{self.base}/{route.type}/{small}"),))


class HeadSaysNotFound(Fault, name="head-says-not-found", breaks=("r4.read.head-mirrors-get",)):
    """HEAD of a consent that exists answers 404."""

    def read(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        return self.unknown(request, route) if request.method == "HEAD" else super().read(request, route, caller)


class HeadOfUnknownSaysOk(Fault, name="head-of-unknown-says-ok", breaks=("r4.read.head-mirrors-get",)):
    """HEAD of an id that nobody has answers 200."""

    def unknown(self, request: Request, route: Route) -> Answer:
        return Answer(status=200) if request.method == "HEAD" else super().unknown(request, route)


class ReadIgnoresTheLastDigit(
    Fault, name="read-ignores-the-last-digit", breaks=("r4.read.unknown-id-is-not-found",), packs=R4_ALONE
):
    """An id that nobody has reads as the consent whose id differs in the last digit alone."""

    def looked_up(self, route: Route) -> Stored | None:
        held = super().looked_up(route) is not None or route.type != "Consent" or not route.id
        alike = () if held else self.store.everything("Consent")
        near = [other for other in alike if other.id[:-1] == (route.id or "")[:-1]]
        return near[0] if near else super().looked_up(route)


class ReadEndsTheIdEarly(
    Fault, name="read-ends-the-id-early", breaks=("r4.read.unknown-id-is-not-found",), packs=R4_ALONE
):
    """Of an id of more than 36 characters the rest is not looked at."""

    def looked_up(self, route: Route) -> Stored | None:
        return super().looked_up(replace(route, id=(route.id or "")[:36]))
