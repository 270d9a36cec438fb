"""Lies about which periods are taken, and what is stored of their bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from conformance.reference import dates
from conformance.reference.fault import ALL, Fault
from conformance.reference.faults.period import SEARCHED, Period, with_validity
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource, Route, Write
    from conformance.reference.store import Stored

R4 = ("r4",)
SHORT_BODIES = ("nll-2019", "nll-2023")
"""Where none of our examples has a time in its period: in the others they show the loss of one as well."""
ORDER = ("period.order.inverted-period-is-refused", "period.order.inverted-period-is-refused-by-validation")
ORDER_OF_A_VALIDATOR = ORDER[::-1]
OFFSETS_TOO = "period.equal-bounds.are-accepted"
"""10:00+02:00 to 08:00Z is one moment."""


class StoresAnother(Fault):
    """Stores another period than was sent, where `period_kept` says so."""

    creating: ClassVar[bool] = True
    updating: ClassVar[bool] = True

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if self.updating if previous else self.creating:
            resource = with_validity(resource, self.validity, self.rewritten)
        return super().kept(resource, previous)

    def rewritten(self, period: Period) -> Period:
        """The period with its bounds as `period_kept` has them; what else it holds, such as extensions, stays."""
        bounds = {name: value for name, value in period.items() if name in {"start", "end"}}
        return {**{name: value for name, value in period.items() if name not in bounds}, **self.period_kept(bounds)}

    def period_kept(self, period: Period) -> Period:
        raise NotImplementedError


class RefusesPeriods(Fault):
    """Refuses to create a consent for a period that `minded` complains about, as if it broke a rule of FHIR."""

    def validate(self, resource: Resource, route: Route) -> None:
        super().validate(resource, route)
        provision = resource.get("provision") or {}
        minded = self.minded(provision.get(self.validity) or {}) if route.interaction == "create" else ""
        if minded:
            raise Refused(400, "invalid", minded)

    def minded(self, period: Period) -> str:
        raise NotImplementedError


def of_day(written: str) -> bool:
    return len(written) == len("2031-12-02")


def moved(written: str, by: timedelta) -> str:
    """The same time, written in UTC, after a while."""
    moment = (datetime.fromisoformat(written) + by).astimezone(UTC)
    return moment.isoformat().replace("+00:00", "Z")


# -- seconds and offsets ------------------------------------------------------------------------------------------


class OffsetIsDropped(
    StoresAnother,
    name="offset-is-dropped",
    breaks=(
        "period.end.keeps-seconds-and-offset-meaning",
        "period.end.comes-back-as-the-same-moment",
        "period.equal-bounds.are-accepted",
        "period.order.returned-periods-are-not-inverted",
        "r4.create.read-back-is-the-same",
        "r4.write.meaning-survives",
    ),
    blocks=SEARCHED,
    packs=R4,
):
    """Bounds with an offset are stored with Z in its place, and the time of day stays."""

    def period_kept(self, period: Period) -> Period:
        return {
            name: value[:-6] + "Z" if "T" in value and value[-6] in "+-" else value for name, value in period.items()
        }


class OffsetIsAppliedTwice(
    StoresAnother,
    name="offset-is-applied-twice",
    breaks=("period.end.keeps-seconds-and-offset-meaning",),
    blocks=SEARCHED,
    packs=ALL,
):
    """The bounds of a new consent are brought to UTC, and then moved by their offset of +10:00 once more."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        return {
            name: moved(value, timedelta(hours=-10)) if value.endswith("+10:00") else value
            for name, value in period.items()
        }


class SecondsAreRounded(
    StoresAnother,
    name="seconds-are-rounded",
    breaks=("period.end.keeps-seconds-and-offset-meaning",),
    blocks=SEARCHED,
    packs=ALL,
):
    """The start of a new consent is stored to the minute."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        start = period.get("start", "")
        return {**period, "start": f"{start[:17]}00{start[19:]}"} if "T" in start else period


class WindowBecomesItsDays(
    StoresAnother,
    name="window-becomes-its-days",
    breaks=(
        "period.end.keeps-seconds-and-offset-meaning",
        "period.equal-bounds.are-accepted",
        "period.mixed-precision.has-one-outcome",
        "period.open-end.is-accepted-and-stays-open",
        "period.open-start.is-accepted",
        "period.order.returned-periods-are-not-inverted",
    ),
    blocks=SEARCHED,
    packs=SHORT_BODIES,
):
    """The bounds of a new consent are stored as the days on which they lie."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        return {name: value[:10] for name, value in period.items()}


# -- a bound that is missing --------------------------------------------------------------------------------------


class OpenPeriodGetsAnEnd(
    StoresAnother,
    name="open-period-gets-default-end",
    breaks=("period.open-end.is-accepted-and-stays-open",),
    blocks=SEARCHED,
    packs=ALL,
):
    """A new consent without end that starts in 2031 or later is stored with an end, at the close of the next year."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        start = period.get("start", "")
        return {**period, "end": f"{int(start[:4]) + 1}-12-31"} if start > "2031" and "end" not in period else period


class OpenEndBecomesTheEndOfTime(
    StoresAnother,
    name="open-end-becomes-the-end-of-time",
    breaks=("period.open-end.is-accepted-and-stays-open",),
    packs=ALL,
):
    """A new consent without end that starts at a time of day is stored with the end 9999-12-31."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        timed = "T" in period.get("start", "") and "end" not in period
        return {**period, "end": "9999-12-31"} if timed else period


class OpenPeriodIsRefused(
    RefusesPeriods,
    name="open-period-is-refused",
    breaks=("period.open-end.is-accepted-and-stays-open",),
    packs=ALL,
):
    """A new consent without end that starts in some month is refused as invalid."""

    def minded(self, period: Period) -> str:
        return "an end is needed" if "end" not in period and len(period.get("start", "")) == len("2031-12") else ""


class EndWithoutStartIsRefused(
    RefusesPeriods,
    name="end-without-start-is-refused",
    breaks=("period.open-start.is-accepted",),
    blocks=SEARCHED,
    packs=ALL,
):
    """A new consent without start is refused as invalid."""

    def minded(self, period: Period) -> str:
        return "a start is needed" if "end" in period and "start" not in period else ""


class MissingStartBecomesEnd(
    StoresAnother,
    name="missing-start-becomes-end",
    breaks=("period.open-start.is-accepted",),
    blocks=SEARCHED,
    packs=ALL,
):
    """A new consent without start is stored as one that starts when it ends."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        return {"start": period["end"], **period} if "end" in period else period


class UpdateWithoutStartStartsToday(
    StoresAnother, name="update-without-start-starts-today", breaks=("period.open-start.is-accepted",), packs=R4
):
    """A start that a PUT leaves out is set to the day of the PUT."""

    creating = False

    def period_kept(self, period: Period) -> Period:
        return {"start": str(self.clock().date()), **period}


# -- bounds that are near each other ------------------------------------------------------------------------------


class EqualBoundsRefused(
    RefusesPeriods,
    name="equal-bounds-refused",
    breaks=("period.equal-bounds.are-accepted",),
    blocks=SEARCHED,
    packs=ALL,
):
    """A new consent that starts and ends on the same day, or at the same moment, is refused as invalid."""

    def minded(self, period: Period) -> str:
        start, end = period.get("start"), period.get("end")
        return "start is not lower than end" if start and end and dates.span(start) == dates.span(end) else ""


class EqualMomentsAreADayApart(
    StoresAnother,
    name="equal-moments-are-a-day-apart",
    breaks=("period.equal-bounds.are-accepted",),
    packs=ALL,
):
    """A new consent that starts and ends at the same moment is stored as one that lasts a day."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        start, end = period.get("start", ""), period.get("end", "")
        same = "T" in start and "T" in end and dates.span(start) == dates.span(end)
        return {**period, "end": moved(end, timedelta(days=1))} if same else period


class MixedPrecisionEndBecomesStart(
    StoresAnother,
    name="mixed-precision-end-becomes-start",
    breaks=("period.mixed-precision.has-one-outcome",),
    packs=ALL,
):
    """Where a new consent starts at a time on the day of its end, the end becomes that time."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        start, end = period.get("start", ""), period.get("end", "")
        return {**period, "end": start} if "T" in start and of_day(end) and start.startswith(end) else period


class MonthBecomesItsFirstDay(
    StoresAnother,
    name="month-becomes-the-day-beside-it",
    breaks=("period.mixed-precision.has-one-outcome",),
    packs=ALL,
):
    """Where a new consent starts or ends in the month of its other bound, a day, the month becomes that day."""

    updating = False

    def period_kept(self, period: Period) -> Period:
        start, end = period.get("start", ""), period.get("end", "")
        if of_day(end) and len(start) == len("2031-12") and end.startswith(start):
            return {**period, "start": end}
        if of_day(start) and len(end) == len("2031-12") and start.startswith(end):
            return {**period, "end": start}
        return period


class MixedPrecisionCrashes(
    Fault,
    name="mixed-precision-crashes",
    breaks=("period.mixed-precision.has-one-outcome",),
    packs=ALL,
):
    """A start on a day and an end at a time of that day answer 500."""

    def check_write(self, write: Write) -> None:
        period = write.resource.get("provision", {}).get(self.validity, {})
        start, end = period.get("start", ""), period.get("end", "")
        if of_day(start) and "T" in end and end.startswith(start):
            raise Refused(500, "exception", "cannot compare a date with a time")
        super().check_write(write)


# -- the order of start and end -----------------------------------------------------------------------------------


class _Order(Fault):
    """Has another opinion of what an inverted period is."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        minded = [one for one in super().complaints(resource, route) if not one.startswith("per-1: provision")]
        period = (resource.get("provision") or {}).get(self.validity) if not minded else None
        if not isinstance(period, dict) or not {"start", "end"} <= set(period):
            return minded
        return ["per-1: it ends before it starts"] if self.is_inverted(period) else []

    def is_inverted(self, period: Period) -> bool:
        raise NotImplementedError


class AcceptsInvertedPeriod(
    _Order, name="accepts-inverted-period", breaks=ORDER_OF_A_VALIDATOR, packs=("r4", *ALL[:2])
):
    """A consent whose period ends before it starts is stored."""

    def is_inverted(self, period: Period) -> bool:  # noqa: ARG002 - as in _Order
        return False


class AcceptsInversionWithinADay(
    _Order, name="accepts-inversion-within-a-day", breaks=ORDER, packs=("nll-2023", "nll-2019", "r4")
):
    """Start and end are compared by their days alone."""

    def is_inverted(self, period: Period) -> bool:
        return period["end"][:10] < period["start"][:10] and not period["start"].startswith(period["end"])


class InvertedCheckIgnoresOffset(
    _Order, name="inverted-check-ignores-offset", breaks=(*ORDER_OF_A_VALIDATOR, OFFSETS_TOO), packs=("r4", *ALL[:2])
):
    """Start and end are compared by their clocks: 10:00+02:00 to 09:00Z is refused although it is in order."""

    def is_inverted(self, period: Period) -> bool:
        start, end = (value[:19] for value in (period["start"], period["end"]))
        return dates.inverted({"start": start, "end": end})


class InvertedCheckComparesText(
    _Order, name="inverted-check-compares-text", breaks=(*ORDER, OFFSETS_TOO), packs=("nll-2023", "nll-2019", "r4")
):
    """Start and end are compared as texts, so that 10:00+02:00 comes after 09:00Z."""

    def is_inverted(self, period: Period) -> bool:
        return period["end"] < period["start"] and not period["start"].startswith(period["end"])


class SwapsInvertedBounds(_Order, name="swaps-inverted-bounds", breaks=ORDER, packs=("nll-2019", "nll-2023", "r4")):
    """A consent whose period ends before it starts is stored with the bounds swapped."""

    def is_inverted(self, period: Period) -> bool:  # noqa: ARG002 - as in _Order
        return False

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def in_order(period: Period) -> Period:
            return {"start": period["end"], "end": period["start"]} if dates.inverted(period) else period

        return super().kept(with_validity(resource, self.validity, in_order), previous)


class OldPeriodReturnedInverted(
    Fault,
    name="old-period-returned-inverted",
    breaks=("period.order.returned-periods-are-not-inverted",),
):
    """The period of a consent that ended before 2020 is shown with its bounds swapped."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        def swapped(period: Period) -> Period:
            old = "start" in period and period.get("end", "9999") < "2020"
            return {"start": period["end"], "end": period["start"]} if old else period

        return with_validity(super().presented(stored, request), self.validity, swapped)


class PeriodsEndBeforeTheyStart(
    Fault,
    name="periods-end-before-they-start",
    breaks=("period.order.returned-periods-are-not-inverted",),
    packs=("oracle-health",),
):
    """Every period of a rule has an end of 1900: the page prints one that ends before it starts, and not that."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        def early(period: Period) -> Period:
            return {**period, "end": "1900-01-01T00:00:00Z"} if "start" in period else period

        return with_validity(super().presented(stored, request), self.validity, early)


class DataPeriodBoundsSwapped(
    Fault,
    name="data-period-bounds-swapped",
    breaks=(
        "period.order.returned-periods-are-not-inverted",
        "r4.create.read-back-is-the-same",
        "r4.write.meaning-survives",
    ),
    packs=R4,
):
    """The dataPeriod of a rule within rules is shown with its bounds swapped."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        return (
            {**resource, "provision": _with_data_swapped(resource["provision"])}
            if "provision" in resource
            else resource
        )


def _with_data_swapped(rule: Resource) -> Resource:
    inner = [_with_data_swapped(each) for each in rule.get("provision", [])]
    data = rule.get("dataPeriod", {})
    changed = {"dataPeriod": {"start": data["end"], "end": data["start"]}} if {"start", "end"} <= set(data) else {}
    return {**rule, **changed, **({"provision": inner} if inner else {})}
