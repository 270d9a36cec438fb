"""Lies about the end and the start of a consent."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.messages import Resource
    from conformance.reference.store import Stored

Period = dict[str, str]
R4_ALONE = ("r4",)
NEED_AN_END = (
    "period.end.can-be-moved",
    "period.end.future-end-is-accepted",
    "period.end.leaving-it-out-reopens",
    "period.end.past-end-has-one-outcome",
    "period.open-start.is-accepted",
)
"""What cannot be exercised where an end that is set does not read back."""
SEARCHED = (
    "period.search.after-the-end-is-no-match",
    "period.search.end-day-is-inclusive",
    "period.search.equal-leaves-out-open-periods",
    "period.search.equal-means-contained",
    "period.search.looks-at-provision-period",
    "period.search.not-equal-is-the-negation",
    "period.search.offset-is-respected",
    "period.search.open-end-reaches-any-later-date",
    "period.search.open-start-reaches-any-earlier-date",
    "period.search.starts-after-and-ends-before-are-strict",
)
"""What cannot be exercised where a period is not stored as it was sent."""


def with_validity(resource: Resource, element: str, change: Callable[[Period], Period]) -> Resource:
    """Return the consent with the period in this element of its rule changed; as it is when it has none."""
    provision = resource.get("provision", {})
    if element not in provision:
        return resource
    rest = {name: value for name, value in provision.items() if name != element}
    period = change(provision[element])
    return with_provision(resource, {**rest, element: period} if period else rest)


def with_provision(resource: Resource, provision: Resource) -> Resource:
    """Return the consent with this rule; without one when nothing of it is left, since no object may be empty."""
    rest = {name: value for name, value in resource.items() if name != "provision"}
    return {**rest, "provision": provision} if provision else rest


def _with_period(resource: Resource, change: Callable[[Period], Period]) -> Resource:
    return with_validity(resource, "period", change)


class CloseForgetsPeriodEnd(
    Fault,
    name="close-forgets-period-end",
    breaks=(
        "period.end.comes-back-as-the-same-moment",
        "nll-2023.close.read-shows-latest-version",
        "period.end.keeps-its-precision",
        "r4.update.read-back-is-the-new-content",
        "r4.write.meaning-survives",
    ),
    blocks=("r4.history.lists-every-version", *NEED_AN_END),
    packs=R4_ALONE,
):
    """The end that an update sets is acknowledged and not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None:
            resource = _with_period(resource, lambda period: {k: v for k, v in period.items() if k != "end"})
        return super().kept(resource, previous)


class CloseSetsEndToNow(
    Fault,
    name="close-sets-end-to-now",
    breaks=(
        "period.end.comes-back-as-the-same-moment",
        "nll-2023.close.read-shows-latest-version",
        "period.end.keeps-its-precision",
        "r4.update.read-back-is-the-new-content",
        "r4.write.meaning-survives",
    ),
    blocks=NEED_AN_END,
    packs=R4_ALONE,
):
    """The end that an update sets is replaced by the server's clock."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None:
            now = self.last_updated(self.clock())
            resource = _with_period(resource, lambda period: {**period, "end": now} if "end" in period else period)
        return super().kept(resource, previous)


class EndWithTimeIsForgotten(
    Fault,
    name="end-with-a-time-is-forgotten",
    breaks=("period.end.comes-back-as-the-same-moment",),
):
    """An update that sets an end with a time of day is acknowledged, and the end is not stored."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def without_time(period: Period) -> Period:
            return {name: value for name, value in period.items() if name != "end" or "T" not in value}

        return super().kept(_with_period(resource, without_time) if previous is not None else resource, previous)


class EndLosesItsOffset(
    Fault,
    name="end-loses-its-offset",
    breaks=("period.end.comes-back-as-the-same-moment",),
):
    """An update that sets an end with an offset stores Z in its place, and the time of day stays."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def without_offset(period: Period) -> Period:
            end = period.get("end", "")
            return {**period, "end": end[:-6] + "Z"} if "T" in end and not end.endswith("Z") else period

        return super().kept(_with_period(resource, without_offset) if previous is not None else resource, previous)


class PartialEndIsSpelledOut(
    Fault,
    name="partial-end-is-spelled-out",
    breaks=(
        "period.end.keeps-its-precision",
        "period.equal-bounds.are-accepted",
        "period.mixed-precision.has-one-outcome",
    ),
):
    """An end in a month or a year is stored as the last day of it."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def spelled_out(period: Period) -> Period:
            end = period.get("end", "")
            if len(end) == 4:
                return {**period, "end": f"{end}-12-31"}
            if len(end) == 7:
                last = calendar.monthrange(int(end[:4]), int(end[5:]))[1]
                return {**period, "end": f"{end}-{last:02}"}
            return period

        return super().kept(_with_period(resource, spelled_out), previous)


class YearBecomesItsLastMonth(
    Fault,
    name="end-in-a-year-becomes-its-last-month",
    breaks=("period.end.keeps-its-precision",),
):
    """An end in a year is stored as December of it."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def in_december(period: Period) -> Period:
            end = period.get("end", "")
            return {**period, "end": f"{end}-12"} if len(end) == 4 else period

        return super().kept(_with_period(resource, in_december), previous)


class DateOnlyEndBecomesMidnight(
    Fault,
    name="date-only-end-becomes-midnight",
    breaks=(
        "period.end.keeps-its-precision",
        "nll-2023.close.read-shows-latest-version",
        "period.end.comes-back-as-the-same-moment",
        "period.equal-bounds.are-accepted",
        "period.mixed-precision.has-one-outcome",
        "period.open-start.is-accepted",
        "period.order.returned-periods-are-not-inverted",
        "r4.write.meaning-survives",
    ),
    blocks=(*NEED_AN_END, *SEARCHED),
    packs=R4_ALONE,
):
    """An end on a day is stored as the first moment of that day."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def at_midnight(period: Period) -> Period:
            end = period.get("end", "")
            return {**period, "end": f"{end}T00:00:00Z"} if len(end) == 10 else period

        return super().kept(_with_period(resource, at_midnight), previous)


class ClosingMovesStart(
    Fault,
    name="closing-moves-start",
    breaks=(
        "period.start.survives-closing",
        "nll-2023.close.read-shows-latest-version",
        "period.order.returned-periods-are-not-inverted",
        "r4.write.meaning-survives",
    ),
    packs=R4_ALONE,
):
    """An update that sets an end moves the start to the day of the update."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def moved(period: Period) -> Period:
            today = self.last_updated(self.clock())[:10]
            return {**period, "start": today} if "end" in period and "start" in period else period

        return super().kept(_with_period(resource, moved) if previous is not None else resource, previous)


class ClosingAtATimeDropsStart(
    Fault,
    name="closing-at-a-time-drops-start",
    breaks=("period.start.survives-closing",),
):
    """An update that sets an end with a time of day takes the start away."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def dropped(period: Period) -> Period:
            return {k: v for k, v in period.items() if k != "start" or "T" not in period.get("end", "")}

        return super().kept(_with_period(resource, dropped) if previous is not None else resource, previous)


class ClosingAtATimeMovesStart(
    Fault,
    name="closing-at-a-time-moves-start",
    breaks=("period.start.survives-closing",),
):
    """An update that sets an end with a time of day gives the start that time too."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        def moved(period: Period) -> Period:
            start, end = period.get("start", ""), period.get("end", "")
            return {**period, "start": start + end[10:]} if len(start) == 10 and "T" in end else period

        return super().kept(_with_period(resource, moved) if previous is not None else resource, previous)
