"""Lies about cancelling a dose consent of 2019: a PUT to [base]/Consent that end-dates provision.dataPeriod."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.faults.closing import CloseAtTypeAddressRefused, ThirdVersionIsNotKept
from conformance.reference.faults.period import with_provision
from conformance.reference.messages import Refused, Request, Resource, Route, Write

if TYPE_CHECKING:
    from conformance.reference.messages import Answer
    from conformance.reference.store import Stored

NLL = ("nll-2019",)
CANCELLING = (
    "nll-2019.close.date-time-without-zone",
    "nll-2019.close.documented-body-is-accepted",
    "nll-2019.close.end-may-follow-the-consents-date",
    "nll-2019.close.ends-the-period",
    "nll-2019.close.put-to-the-type-address",
    "nll-2019.close.start-may-be-left-out",
)
"""What says that a PUT is accepted and done: broken where no consent can be cancelled."""
NEED_A_CANCEL = (
    "nll-2019.close.changes-nothing-else",
    "nll-2019.close.changes-only-the-consent-named",
    "nll-2019.close.other-category-is-not-closed",
    "nll-2019.headers.access-and-purpose-not-needed",
    "nll-2019.headers.authorization-absent",
    "nll-2019.headers.authorization-empty",
    "nll-2019.headers.authorization-malformed",
    "nll-2019.headers.names-in-any-case",
    "nll-2019.headers.provenance-absent",
    "nll-2019.headers.provenance-empty",
    "nll-2019.headers.provenance-malformed",
    "nll-2019.headers.repeated-are-handled-cleanly",
    "nll-2019.provenance.activity-is-deregister",
    "nll-2019.provenance.agent-is-the-token-holder",
    "nll-2019.provenance.agent-type-is-enterer",
    "nll-2019.provenance.agent-who-has-name-and-identifier",
    "nll-2019.provenance.name-and-identifier-are-enough",
    "period.end.can-be-moved",
    "period.end.comes-back-as-the-same-moment",
    "period.end.future-end-is-accepted",
    "period.end.keeps-its-precision",
    "period.end.leaving-it-out-reopens",
    "period.end.past-end-has-one-outcome",
    "period.open-start.is-accepted",
    "period.start.survives-closing",
    "r4.search.full-urls-are-unique",
    "r4.search.result-is-the-current-content",
    "r4.write.meaning-survives",
    "security.scope.read-token-cannot-write",
)
"""What cannot be exercised where no consent can be cancelled, or cancelling has no effect."""
SHOW_AN_END = (
    "period.end.comes-back-as-the-same-moment",
    "period.end.keeps-its-precision",
    "r4.write.meaning-survives",
)
"""What looks at the end that a PUT has set."""


def end_of(resource: Resource) -> str:
    """The end of the validity; empty where there is none."""
    return str(resource.get("provision", {}).get("dataPeriod", {}).get("end", ""))


def with_validity(resource: Resource, **bounds: Any) -> Resource:
    """The consent with other bounds of its validity; None takes one away."""
    provision = resource.get("provision", {})
    changed = {**provision.get("dataPeriod", {}), **bounds}
    kept = {name: value for name, value in changed.items() if value is not None}
    rest = {name: value for name, value in provision.items() if name != "dataPeriod"}
    return with_provision(resource, {**rest, "dataPeriod": kept} if kept else rest)


class CancelOfWhatWasFoundIsRefusedAndDone(
    Fault,
    name="cancel-of-what-was-found-is-refused-and-done",
    breaks=("nll-2019.close.put-to-the-type-address",),
    packs=NLL,
):
    """A PUT of a consent as it was read, with its version, is carried out and answers 409."""

    def updated(self, request: Request, stored: Stored) -> Answer:
        if "versionId" in json.loads(request.body).get("meta", {}):
            raise Refused(409, "conflict", "the version is the server's to set")
        return super().updated(request, stored)


class CancelAtTypeAddressRefused(
    CloseAtTypeAddressRefused,
    name="cancel-at-type-address-refused",
    breaks=("nll-2019.close.put-to-the-type-address", *CANCELLING),
    blocks=NEED_A_CANCEL,
    packs=NLL,
):
    """A PUT to [base]/Consent answers 405: cancelling needs the consent's own address."""


class CancelPutsOffNearEnds(
    Fault,
    name="cancel-puts-off-near-ends",
    breaks=("nll-2019.close.ends-the-period", "period.end.future-end-is-accepted"),
    packs=NLL,
):
    """An end less than a year ahead is stored as the same day of the next year."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        end = end_of(resource)
        if previous is not None and len(end) == len("2031-12-02"):
            day = date.fromisoformat(end)
            if timedelta(0) < day - self.clock().date() < timedelta(days=365):
                resource = with_validity(resource, end=str(day + timedelta(days=365)))
        return super().kept(resource, previous)


class CancelLeavesDataPeriodOpen(
    Fault,
    name="cancel-leaves-data-period-open",
    breaks=("nll-2019.close.ends-the-period", *SHOW_AN_END),
    blocks=NEED_A_CANCEL,
    packs=NLL,
):
    """The end that a PUT sets is acknowledged and not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        return super().kept(with_validity(resource, end=None) if previous else resource, previous)


class CancelMovesEndToPeriod(
    Fault,
    name="cancel-moves-end-to-period",
    breaks=("nll-2019.close.ends-the-period", *SHOW_AN_END),
    blocks=NEED_A_CANCEL,
    packs=NLL,
):
    """The end that a PUT sets in provision.dataPeriod is returned in provision.period."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None and end_of(resource):
            moved = with_validity(resource, end=None)
            period = {"period": {"end": end_of(resource)}}
            resource = with_provision(moved, {**moved.get("provision", {}), **period})
        return super().kept(resource, previous)


class CancelledAgainIsReopened(
    Fault,
    name="cancelled-again-is-reopened",
    breaks=("nll-2019.close.ends-the-period",),
    packs=NLL,
):
    """The same end, set once more, is taken away."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        again = previous is not None and end_of(resource) == end_of(previous.content)
        return super().kept(with_validity(resource, end=None) if again else resource, previous)


class CancelDropsFarEnds(
    Fault,
    name="cancel-drops-far-ends",
    breaks=("nll-2019.close.ends-the-period",),
    packs=NLL,
):
    """An end after 2037 is acknowledged and not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        far = previous is not None and end_of(resource) > "2038"
        return super().kept(with_validity(resource, end=None) if far else resource, previous)


class CancelWithoutIdEndsTheNewest(
    Fault,
    name="cancel-without-id-ends-the-newest",
    breaks=("nll-2019.close.changes-only-the-consent-named",),
    packs=NLL,
):
    """A PUT that names no consent replaces the one that was created last."""

    def addressed(self, route: Route, resource: Resource) -> Route:
        if "id" not in resource:
            newest = max(self.store.everything("Consent"), key=lambda stored: stored.first)
            return replace(route, id=newest.id)
        return super().addressed(route, resource)


class CancelEndsTheNextOneToo(
    Fault,
    name="cancel-ends-the-next-one-too",
    breaks=("nll-2019.close.changes-only-the-consent-named",),
    packs=NLL,
):
    """Cancelling a consent end-dates the one that was created after it as well."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        stored = super().save(route, resource, previous)
        if previous is not None and route.type == "Consent":
            following = [other for other in self.store.everything("Consent") if other.first > previous.first]
            for other in following[:1]:
                super().save(replace(route, id=other.id), with_validity(other.content, end=end_of(resource)), other)
        return stored


class CancelEndsThePatientsOthers(
    Fault,
    name="cancel-ends-the-patients-others",
    breaks=("nll-2019.close.changes-only-the-consent-named",),
    packs=NLL,
):
    """Cancelling a consent end-dates the other consents of the same patient as well."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        stored = super().save(route, resource, previous)
        if previous is not None and route.type == "Consent":
            for other in self.store.everything("Consent"):
                if other.id != route.id and other.content.get("patient") == resource.get("patient"):
                    super().save(replace(route, id=other.id), with_validity(other.content, end=end_of(resource)), other)
        return stored


class CancelGivesTheNextOneAVersion(
    Fault,
    name="cancel-gives-the-next-one-a-version",
    breaks=("nll-2019.close.changes-only-the-consent-named",),
    packs=NLL,
):
    """Cancelling a consent gives the one that was created after it a new version with the old content."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        stored = super().save(route, resource, previous)
        if previous is not None and route.type == "Consent":
            following = [other for other in self.store.everything("Consent") if other.first > previous.first]
            for other in following[:1]:
                super().save(replace(route, id=other.id), other.content, other)
        return stored


class CancelDropsTheCategorysSystem(
    Fault,
    name="cancel-drops-the-categorys-system",
    breaks=("nll-2019.close.changes-nothing-else",),
    packs=NLL,
):
    """After a PUT the coding of the category has no system any more."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None:
            codes = [coding["code"] for concept in resource["category"] for coding in concept.get("coding", ())]
            resource = {**resource, "category": [{"coding": [{"code": code} for code in codes]}]}
        return super().kept(resource, previous)


class CancelUpdatesDateTime(
    Fault,
    name="cancel-updates-date-time",
    breaks=("nll-2019.close.changes-nothing-else", "nll-2019.close.date-time-without-zone"),
    packs=NLL,
):
    """The dateTime becomes the time of the PUT."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None and "dateTime" in resource:
            resource = {**resource, "dateTime": self.last_updated(self.clock())}
        return super().kept(resource, previous)


class CancelWithAnotherCategoryCrashes(
    Fault,
    name="cancel-with-another-category-crashes",
    breaks=("nll-2019.close.other-category-is-not-closed",),
    packs=NLL,
):
    """A PUT with another category than the consent has answers 500."""

    def validate(self, resource: Resource, route: Route) -> None:
        if route.interaction == "update" and _of_another_category(resource):
            raise Refused(500, "exception", "no such category")
        super().validate(resource, route)


class CancelWithAnotherCategoryIsHalfDone(
    Fault,
    name="cancel-with-another-category-is-half-done",
    breaks=("nll-2019.close.other-category-is-not-closed",),
    packs=NLL,
):
    """A PUT with another category than the consent has is refused, and the consent has its end."""

    def validate(self, resource: Resource, route: Route) -> None:
        if route.interaction == "update" and _of_another_category(resource):
            chosen = self.addressed(route, resource)
            previous = self.current(chosen)
            if previous is not None:
                self.save(chosen, with_validity(previous.content, end=end_of(resource)), previous)
        super().validate(resource, route)


class CancelRefusesAnEndNearTheDate(
    Fault,
    name="cancel-refuses-an-end-near-the-date",
    breaks=("nll-2019.close.end-may-follow-the-consents-date",),
    packs=NLL,
):
    """An end less than 90 days after the consent's dateTime is refused."""

    def check_write(self, write: Write) -> None:
        end, dated = end_of(write.resource)[:10], str(write.resource.get("dateTime", ""))[:10]
        if write.previous is not None and len(end) == len(dated) == len("2031-12-02"):
            after = date.fromisoformat(end) - date.fromisoformat(dated)
            if after < timedelta(days=90):
                raise Refused(422, "business-rule", "a consent lasts for a quarter")
        super().check_write(write)


class CancelDemandsEndOnTheDate(
    Fault,
    name="cancel-demands-end-on-the-consents-date",
    breaks=("nll-2019.close.end-may-follow-the-consents-date", *CANCELLING),
    blocks=NEED_A_CANCEL,
    packs=NLL,
):
    """An end on a later day than the consent's dateTime is refused."""

    def check_write(self, write: Write) -> None:
        end, dated = end_of(write.resource)[:10], str(write.resource.get("dateTime", ""))[:10]
        if write.previous is not None and end > dated:
            raise Refused(422, "business-rule", "a consent ends on the day of its date")
        super().check_write(write)


class CancelDemandsFullTime(
    Fault,
    name="cancel-demands-full-time",
    breaks=("nll-2019.close.end-may-follow-the-consents-date", *CANCELLING),
    blocks=NEED_A_CANCEL,
    packs=NLL,
):
    """An end without a time of day is refused."""

    def check_write(self, write: Write) -> None:
        if write.previous is not None and end_of(write.resource) and "T" not in end_of(write.resource):
            raise Refused(422, "business-rule", "the end needs a time of day")
        super().check_write(write)


class CancelWithoutStartRefused(
    Fault,
    name="cancel-without-start-refused",
    breaks=("nll-2019.close.start-may-be-left-out", "nll-2019.close.documented-body-is-accepted"),
    packs=NLL,
):
    """A PUT whose dataPeriod has no start is refused."""

    def check_write(self, write: Write) -> None:
        if write.previous is not None and "start" not in write.resource.get("provision", {}).get("dataPeriod", {}):
            raise Refused(422, "business-rule", "a period has a start and an end")
        super().check_write(write)


class CancelWithoutStartStartsNow(
    Fault,
    name="cancel-without-start-starts-now",
    breaks=("nll-2019.close.start-may-be-left-out", "period.open-start.is-accepted"),
    packs=NLL,
):
    """A start that a PUT leaves out is set to the day of the PUT."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None and "start" not in resource.get("provision", {}).get("dataPeriod", {}):
            resource = with_validity(resource, start=str(self.clock().date()))
        return super().kept(resource, previous)


def names_a_profile(resource: Resource) -> bool:
    """Whether meta.profile of a body names one; that of the example names none."""
    return bool(resource.get("meta", {}).get("profile"))


class CancelWithoutProfileStartsNow(
    Fault,
    name="cancel-without-profile-starts-now",
    breaks=("nll-2019.close.start-may-be-left-out",),
    packs=NLL,
):
    """A PUT that names no profile and has no start, as in the example, starts the period on the day of the PUT."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        begun = "start" in resource.get("provision", {}).get("dataPeriod", {})
        if previous is not None and not begun and not names_a_profile(resource):
            resource = with_validity(resource, start=str(self.clock().date()))
        return super().kept(resource, previous)


class CancelWithoutProfileStaysOpen(
    Fault,
    name="cancel-without-profile-stays-open",
    breaks=("nll-2019.close.ends-the-period",),
    packs=NLL,
):
    """The end that a PUT without a profile sets, as in the example, is acknowledged and not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None and not names_a_profile(resource):
            resource = with_validity(resource, end=None)
        return super().kept(resource, previous)


class CancelDemandsTheProfile(
    Fault,
    name="cancel-demands-the-profile",
    breaks=("nll-2019.close.documented-body-is-accepted",),
    packs=NLL,
):
    """A PUT whose body names no profile is refused."""

    def check_write(self, write: Write) -> None:
        if write.previous is not None and not names_a_profile(write.resource):
            raise Refused(422, "business-rule", "meta.profile says what a consent is")
        super().check_write(write)


class ZonelessDateTimeCrashes(
    Fault,
    name="zoneless-date-time-crashes",
    breaks=("nll-2019.close.date-time-without-zone",),
    packs=NLL,
):
    """A PUT whose dateTime has a time and no zone answers 500."""

    def check_write(self, write: Write) -> None:
        if _zoneless(write.resource):
            raise Refused(500, "exception", "no zone")
        super().check_write(write)


class ZonelessDateTimeIsShifted(
    Fault,
    name="zoneless-date-time-is-shifted",
    breaks=("nll-2019.close.date-time-without-zone",),
    packs=NLL,
):
    """A dateTime without zone is taken as Swedish time and comes back two hours earlier, in UTC."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if _zoneless(resource):
            written = resource["dateTime"]
            resource = {**resource, "dateTime": f"{written[:11]}{int(written[11:13]) - 2:02}{written[13:]}Z"}
        return super().kept(resource, previous)


def _zoneless(resource: Resource) -> bool:
    written = str(resource.get("dateTime", ""))
    return "T" in written and len(written) == len("2019-10-02T15:28:59")


def _of_another_category(resource: Resource) -> bool:
    return "consent-dose-disp" not in json.dumps(resource.get("category"))


class SecondCancelIsNotKept(
    ThirdVersionIsNotKept,
    name="second-cancel-is-not-kept",
    breaks=("nll-2019.close.ends-the-period", "period.end.can-be-moved", "period.end.leaving-it-out-reopens"),
    packs=NLL,
):
    """Cancelling for the second time, with another end, is answered with 200, and the first end stays."""
