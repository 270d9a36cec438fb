"""Lies about setting, moving and removing an end, and about what becomes of a consent once it has passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from conformance.reference import dates
from conformance.reference.fault import ALL, EVERYWHERE, Fault
from conformance.reference.faults.period import with_validity
from conformance.reference.faults.period_bounds import R4, StoresAnother, of_day
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.faults.period import Period
    from conformance.reference.messages import Answer, Headers, Request, Resource, Route, Write
    from conformance.reference.parameters import Criterion
    from conformance.reference.store import Stored

QUARTER = timedelta(days=92)


class MovesEnds(StoresAnother):
    """Knows how many days ahead an end lies."""

    creating = False

    def ahead(self, period: Period) -> timedelta | None:
        """From today to the end; None where it is no day."""
        end = period.get("end", "")
        return date.fromisoformat(end) - self.clock().date() if of_day(end) else None


class FutureEndBecomesToday(
    MovesEnds, name="future-end-becomes-today", breaks=("period.end.future-end-is-accepted",), packs=EVERYWHERE
):
    """An end that lies ahead, but less than a quarter, is stored as today."""

    def period_kept(self, period: Period) -> Period:
        ahead = self.ahead(period)
        near = ahead is not None and timedelta() < ahead < QUARTER
        return {**period, "end": str(self.clock().date())} if near else period


class NearEndIsRefused(
    Fault, name="near-end-is-refused", breaks=("period.end.future-end-is-accepted",), packs=EVERYWHERE
):
    """An end that lies ahead, but less than a quarter, is refused as invalid."""

    def check_write(self, write: Write) -> None:
        end = write.resource.get("provision", {}).get(self.validity, {}).get("end", "")
        if write.previous is not None and of_day(end):
            ahead = date.fromisoformat(end) - self.clock().date()
            if timedelta() < ahead < QUARTER:
                raise Refused(400, "invalid", "a consent ends at the close of a quarter")
        super().check_write(write)


class FutureEndIsADayOff(
    MovesEnds, name="future-end-is-a-day-off", breaks=("period.end.future-end-is-accepted",), packs=EVERYWHERE
):
    """An end that lies ahead, but less than a quarter, is stored as the day before it."""

    def period_kept(self, period: Period) -> Period:
        ahead = self.ahead(period)
        near = ahead is not None and timedelta() < ahead < QUARTER
        return {**period, "end": str(date.fromisoformat(period["end"]) - timedelta(days=1))} if near else period


class PastEndIsSilentlyMoved(
    MovesEnds, name="past-end-is-silently-moved", breaks=("period.end.past-end-has-one-outcome",), packs=ALL
):
    """An end that has passed is stored as today."""

    def period_kept(self, period: Period) -> Period:
        ahead = self.ahead(period)
        return {**period, "end": str(self.clock().date())} if ahead is not None and ahead < timedelta() else period


class PastEndIsRefusedAndDone(
    Fault, name="past-end-is-refused-and-done", breaks=("period.end.past-end-has-one-outcome",), packs=ALL
):
    """A PUT of an end that has passed answers 422 and is carried out."""

    def updated(self, request: Request, stored: Stored) -> Answer:
        end = dates.range_of(stored.content.get("provision", {}).get(self.validity, {}))[1]
        if end is not None and end <= dates.instant(self.clock()) - dates.DAY:
            raise Refused(422, "business-rule", "this end has passed")
        return super().updated(request, stored)


class FirstEndWinsSilently(
    Fault,
    name="first-end-wins-silently",
    breaks=("period.end.can-be-moved", "nll-2019.close.ends-the-period"),
    packs=ALL[:2],
):
    """A second end is acknowledged and not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        first = _end_of(previous, self.validity)

        def as_before(period: Period) -> Period:
            return {**period, "end": first} if first and "end" in period else period

        return super().kept(with_validity(resource, self.validity, as_before), previous)


class EndMovesLaterOnly(Fault, name="end-moves-later-only", breaks=("period.end.can-be-moved",), packs=ALL[:2]):
    """An end that is earlier than the one that is there is acknowledged and not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        first = _end_of(previous, self.validity)

        def later(period: Period) -> Period:
            return {**period, "end": max(first, period["end"])} if first and "end" in period else period

        return super().kept(with_validity(resource, self.validity, later), previous)


class ReopeningLeavesTheEnd(
    Fault,
    name="reopening-acknowledged-but-end-stays",
    breaks=("period.end.leaving-it-out-reopens",),
    packs=ALL,
):
    """A PUT without end on a consent that has one answers 200, and the end stays: it is merged, not replaced."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        first = _end_of(previous, self.validity)

        def merged(period: Period) -> Period:
            return {**period, "end": first} if first and "end" not in period else period

        return super().kept(with_validity(resource, self.validity, merged), previous)


class ReopeningMovesTheEnd(
    Fault, name="reopening-moves-the-end", breaks=("period.end.leaving-it-out-reopens",), packs=ALL
):
    """A PUT without end on a consent that has one answers 200, and the end is then the last day of all: 9999-12-31."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        first = _end_of(previous, self.validity)

        def far(period: Period) -> Period:
            return {**period, "end": "9999-12-31"} if first and "end" not in period else period

        return super().kept(with_validity(resource, self.validity, far), previous)


def _end_of(stored: Stored | None, element: str) -> str:
    """The end of what was stored before; empty where there is none."""
    rule = stored.content.get("provision", {}) if stored else {}
    return str(rule.get(element, {}).get("end", ""))


class AfterTheEnd(Fault):
    """Knows for how long the end of a consent has passed."""

    def over_for(self, stored: Stored) -> int:
        """In microseconds; 0 where it has not passed, or there is none."""
        if stored.type != "Consent" or stored.resource is None:
            return 0
        end = dates.range_of(stored.content.get("provision", {}).get(self.validity, {}))[1]
        return max(0, dates.instant(self.clock()) - end) if end is not None else 0


YEARS = 3 * 365 * dates.DAY


class ExpiredConsentReadsGone(
    AfterTheEnd,
    name="expired-consent-reads-gone",
    breaks=("period.expired.still-reads",),
    blocks=("period.expired.status-search-agrees-with-read", "period.expired.status-may-stay-active"),
    packs=ALL,
):
    """A consent whose end has passed years ago reads 410."""

    def looked_up(self, route: Route) -> Stored | None:
        stored = super().looked_up(route)
        if stored is not None and self.over_for(stored) > YEARS:
            return replace(stored, resource=None)
        return stored


class ExpiredConsentReadsEmpty(
    AfterTheEnd, name="expired-consent-reads-as-an-outcome", breaks=("period.expired.still-reads",), packs=("nll-2019",)
):
    """A consent whose end has passed years ago reads 200 with an OperationOutcome."""

    def shown(self, stored: Stored, request: Request) -> Answer:
        answer = super().shown(stored, request)
        if self.over_for(stored) > YEARS and request.method == "GET":
            return replace(answer, resource=self.outcome(severity="information", code="expired", text="it has ended"))
        return answer


class SearchHidesExpired(
    AfterTheEnd,
    name="search-hides-expired",
    breaks=("period.expired.still-found-by-patient",),
    blocks=("period.expired.status-search-agrees-with-read",),
    packs=ALL,
):
    """A search leaves out consents whose end has passed years ago."""

    def searched(self, kind: str) -> list[Stored]:
        return [stored for stored in super().searched(kind) if self.over_for(stored) <= YEARS]


class ExpiryMarksEnteredInError(
    AfterTheEnd,
    name="expiry-marks-entered-in-error",
    breaks=("period.expired.status-may-stay-active",),
    packs=ALL,
):
    """When the end has passed, for the hour that follows, a consent is shown as entered in error."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        return {**resource, "status": "entered-in-error"} if 0 < self.over_for(stored) < dates.DAY // 24 else resource


class ExpiredLeftOutOfActiveSearch(
    AfterTheEnd,
    name="expired-left-out-of-active-search",
    breaks=("period.expired.status-search-agrees-with-read",),
    packs=R4,
):
    """A search by the status active omits consents whose end has passed, although they read as active."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        if criterion.name == "status" and "active" in criterion.written and self.over_for(stored):
            return False
        return super().matches_criterion(stored, criterion)


class ExpiredFoundAsInactive(
    AfterTheEnd,
    name="expired-found-as-inactive",
    breaks=("period.expired.status-search-agrees-with-read",),
    packs=R4,
):
    """A search by the status inactive also finds consents whose end has passed and that read as active."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        if criterion.name == "status" and "inactive" in criterion.written and self.over_for(stored):
            return True
        return super().matches_criterion(stored, criterion)


class ClockAnHourOff(Fault, name="clock-an-hour-off", breaks=("period.clock.is-near-the-runs-clock",), packs=ALL):
    """Date is an hour ahead."""

    hours = 1

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        told = format_datetime((self.clock() + timedelta(hours=self.hours)).replace(microsecond=0), usegmt=True)
        headers = super().common_headers(request, answer)
        return tuple((name, told if name == "Date" else value) for name, value in headers)


class ClockADayBehind(
    ClockAnHourOff, name="clock-a-day-behind", breaks=("period.clock.is-near-the-runs-clock",), packs=ALL
):
    """Date is a day behind."""

    hours = -24


class NestedPeriodIsLost(
    Fault,
    name="nested-period-is-lost",
    breaks=("r4.write.meaning-survives", "r4.create.read-back-is-the-same"),
    packs=R4,
):
    """Rules within rules are stored without their periods."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        rule: Any = resource.get("provision", {})
        if "provision" in rule:
            inner = [{name: value for name, value in each.items() if name != "period"} for each in rule["provision"]]
            resource = {**resource, "provision": {**rule, "provision": inner}}
        return super().kept(resource, previous)
