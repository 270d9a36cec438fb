"""Lies about which consents a search by `period` finds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference import dates
from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Request
    from conformance.reference.parameters import Criterion, Parameter
    from conformance.reference.searching import Query
    from conformance.reference.store import Stored

R4 = ("r4",)
Period = dict[str, str]
NOON = dates.DAY // 2


class _Searched(Fault):
    """Answers other than it should for some prefixes of `period`; `judged` says what it answers instead."""

    prefixes: ClassVar[tuple[str, ...]] = dates.PREFIXES

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        right = super().matches_date(value, criterion, wanted)
        prefix, written = dates.split_prefix(wanted)
        if criterion.name != "period" or prefix not in self.prefixes:
            return right
        return self.judged(value, prefix, written, right=right)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        raise NotImplementedError


class EqualMeansOverlap(
    _Searched,
    name="period-equal-means-overlap",
    breaks=("period.search.equal-means-contained", "period.search.equal-leaves-out-open-periods"),
    packs=R4,
):
    """period=2031 finds every period that touches 2031."""

    prefixes = ("eq",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        (start, end), (low, high) = dates.range_of(period), dates.span(written)
        return (start is None or start < high) and (end is None or end > low)


class EqualMeansStart(
    _Searched,
    name="period-equal-means-start",
    breaks=("period.search.equal-means-contained",),
    packs=R4,
):
    """period=2031 finds every closed period that starts in 2031, whenever it ends."""

    prefixes = ("eq",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        (start, end), (low, high) = dates.range_of(period), dates.span(written)
        return start is not None and end is not None and low <= start < high


class EqualMeansEnd(
    _Searched, name="period-equal-means-end", breaks=("period.search.equal-means-contained",), packs=R4
):
    """period=2031 finds every period that ends in 2031, whenever it started."""

    prefixes = ("eq",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        end, (low, high) = dates.range_of(period)[1], dates.span(written)
        return end is not None and low < end <= high


class OpenPeriodMatchesEqual(
    _Searched,
    name="open-period-matches-equal",
    breaks=("period.search.equal-leaves-out-open-periods",),
    packs=R4,
):
    """An open period is contained in every date that its start lies in, as if it ended with its start."""

    prefixes = ("eq",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        if "end" in period or "start" not in period:
            return right
        low, high = dates.span(written)
        return low <= dates.span(period["start"])[0] < high


class OpenPeriodEndsWithTheYear(
    _Searched,
    name="open-period-ends-with-its-year",
    breaks=("period.search.equal-leaves-out-open-periods",),
    packs=R4,
):
    """An open period is contained in the year in which it starts."""

    prefixes = ("eq",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return right or ("end" not in period and period.get("start", "")[:4] == written)


class OpenEndEndsToday(
    _Searched,
    name="open-end-ends-today",
    breaks=("period.search.open-end-reaches-any-later-date",),
    packs=R4,
):
    """An open period is compared by gt, ge and eb as if it ended now, or with its start when that lies ahead."""

    prefixes = ("gt", "ge", "eb")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        if "end" in period:
            return right
        now = dates.instant(self.clock())
        start = dates.range_of(period)[0]
        range_ = (start, max(now, start or 0))
        return dates.matches(range_, f"{prefix}{written}", now=self.clock())


class OpenEndIsFoundByEb(
    _Searched,
    name="open-end-is-found-by-eb",
    breaks=("period.search.open-end-reaches-any-later-date",),
    packs=R4,
):
    """eb finds open periods that start before the date: a missing end counts as no later than the start."""

    prefixes = ("eb",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        if "end" in period or "start" not in period:
            return right
        return dates.span(period["start"])[1] <= dates.span(written)[0]


class OpenEndIsNeverFoundByGe(
    _Searched,
    name="open-end-is-never-found-by-ge",
    breaks=("period.search.open-end-reaches-any-later-date",),
    packs=R4,
):
    """gt and ge leave open periods out: they look for an end, and there is none."""

    prefixes = ("gt", "ge")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return right and "end" in period


class OpenStartNeverMatches(
    _Searched,
    name="open-start-never-matches",
    breaks=("period.search.open-start-reaches-any-earlier-date",),
    packs=R4,
):
    """A period without start is left out of every search by period."""

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return right and "start" in period


class OpenStartStartsToday(
    _Searched,
    name="open-start-starts-today",
    breaks=("period.search.open-start-reaches-any-earlier-date",),
    packs=R4,
):
    """A period without start is compared by sa, lt and le as if it started now."""

    prefixes = ("sa", "lt", "le")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        if "start" in period:
            return right
        now = dates.instant(self.clock())
        return dates.matches((now, dates.range_of(period)[1]), f"{prefix}{written}", now=self.clock())


class EndDayIsExclusive(
    _Searched,
    name="end-day-is-exclusive",
    breaks=("period.search.end-day-is-inclusive",),
    packs=R4,
):
    """gt and ge compare a date-only end as 00:00 of that day."""

    prefixes = ("gt", "ge")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        return _ending(period, prefix, written, later=-dates.DAY) if _on_a_day(period) else right


class EndDayEndsAtNoon(
    _Searched,
    name="end-day-ends-at-noon",
    breaks=("period.search.end-day-is-inclusive",),
    packs=R4,
):
    """gt and ge compare a date-only end as noon of that day."""

    prefixes = ("gt", "ge")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        return _ending(period, prefix, written, later=-NOON) if _on_a_day(period) else right


class EndIsIgnoredInSearch(
    _Searched,
    name="end-is-ignored-in-search",
    breaks=("period.search.after-the-end-is-no-match", "period.search.offset-is-respected"),
    packs=R4,
):
    """gt and ge treat every period as open."""

    prefixes = ("gt", "ge")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return True


class EndDayLastsTwoDays(
    _Searched,
    name="end-day-lasts-two-days",
    breaks=("period.search.after-the-end-is-no-match",),
    packs=R4,
):
    """gt and ge compare a date-only end as the close of the day after it."""

    prefixes = ("gt", "ge")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        return _ending(period, prefix, written, later=dates.DAY) if _on_a_day(period) else right


class EndMomentLastsItsMinute(
    _Searched,
    name="end-moment-lasts-its-day",
    breaks=("period.search.after-the-end-is-no-match",),
    packs=R4,
):
    """gt and ge compare an end to the second, in UTC, as the close of its day."""

    prefixes = ("gt", "ge")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        end = period.get("end", "")
        if not end.endswith("Z"):
            return right
        return dates.matches(dates.range_of({**period, "end": end[:10]}), f"{prefix}{written}", now=self.clock())


class SearchComparesWallClock(
    _Searched, name="search-compares-wall-clock", breaks=("period.search.offset-is-respected",), packs=R4
):
    """Offsets are cut off before two times are compared."""

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        clocks = {name: _without_offset(value) for name, value in period.items()}
        return dates.matches(dates.range_of(clocks), f"{prefix}{_without_offset(written)}", now=self.clock())


class ZoneOfSearchValueIgnored(
    _Searched, name="zone-of-the-search-value-is-ignored", breaks=("period.search.offset-is-respected",), packs=R4
):
    """The offset of a search value is cut off; that of what is stored counts."""

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return dates.matches(dates.range_of(period), f"{prefix}{_without_offset(written)}", now=self.clock())


class OffsetHasTheWrongSign(
    _Searched, name="offset-has-the-wrong-sign", breaks=("period.search.offset-is-respected",), packs=R4
):
    """The offset of a search value is added where it is to be taken away."""

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        turned = written[:19] + written[19:].translate(str.maketrans("+-", "-+"))
        return dates.matches(dates.range_of(period), f"{prefix}{turned}", now=self.clock())


class HalfHoursAreCutFromSearchValues(
    _Searched, name="half-hours-are-cut-from-search-values", breaks=("period.search.offset-is-respected",), packs=R4
):
    """The offset of a search value counts in whole hours."""

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return dates.matches(dates.range_of(period), f"{prefix}{_in_whole_hours(written)}", now=self.clock())


class HalfHoursAreCutFromBounds(
    _Searched, name="half-hours-are-cut-from-bounds", breaks=("period.search.offset-is-respected",), packs=R4
):
    """The offsets of what is stored are indexed in whole hours."""

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        indexed = {name: _in_whole_hours(value) for name, value in period.items()}
        return dates.matches(dates.range_of(indexed), f"{prefix}{written}", now=self.clock())


class EndOfAMonthIsItsFirstDay(
    _Searched, name="end-of-a-month-is-its-first-day", breaks=("period.search.end-day-is-inclusive",), packs=R4
):
    """An end to a month or a year is indexed as the first day of that."""

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        end = period.get("end", "")
        if not end or len(end) >= len("YYYY-MM-DD"):
            return right
        indexed = {**period, "end": f"{end}-01-01"[:10]}
        return dates.matches(dates.range_of(indexed), f"{prefix}{written}", now=self.clock())


class StartsAfterAMonthMeansItsFirstDay(
    _Searched,
    name="starts-after-a-month-means-its-first-day",
    breaks=("period.search.starts-after-and-ends-before-are-strict",),
    packs=R4,
):
    """sa2031-06 finds what starts within June."""

    prefixes = ("sa",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        if len(written) != len("YYYY-MM"):
            return right
        return dates.matches(dates.range_of(period), f"{prefix}{written}-01", now=self.clock())


class SearchComparesText(
    _Searched,
    name="search-compares-text",
    breaks=("period.search.offset-is-respected",),
    packs=R4,
):
    """gt and lt compare a time with an offset as text."""

    prefixes = ("gt", "lt")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:
        bound = period.get("end" if prefix == "gt" else "start", "")
        if "T" not in bound or bound.endswith("Z") or "T" not in written:
            return right
        return bound > written if prefix == "gt" else bound < written


class PlusIsReadAsBlank(Fault, name="plus-is-read-as-blank", breaks=("period.search.offset-is-respected",), packs=R4):
    """An encoded plus in a search value is decoded twice, to a blank, and the value is refused."""

    def query(self, request: Request) -> Query:
        return tuple(
            (name, re.sub(r"\+(?=\d\d:\d\d$)", " ", value) if name == "period" else value)
            for name, value in super().query(request)
        )


class NotEqualMeansNoOverlap(
    _Searched, name="not-equal-means-no-overlap", breaks=("period.search.not-equal-is-the-negation",), packs=R4
):
    """ne2031 leaves out every period that touches 2031."""

    prefixes = ("ne",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        (start, end), (low, high) = dates.range_of(period), dates.span(written)
        return not ((start is None or start < high) and (end is None or end > low))


class NotEqualMeansEqual(
    _Searched, name="not-equal-means-equal", breaks=("period.search.not-equal-is-the-negation",), packs=R4
):
    """The prefix ne is taken as no prefix."""

    prefixes = ("ne",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return not right


class NotEqualLeavesOutOpenPeriods(
    _Searched, name="not-equal-leaves-out-open-periods", breaks=("period.search.not-equal-is-the-negation",), packs=R4
):
    """ne leaves out periods without end."""

    prefixes = ("ne",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return right and "end" in period


STRICT = "period.search.starts-after-and-ends-before-are-strict"


class EndsBeforeLooksAtStart(
    _Searched,
    name="ends-before-looks-at-start",
    breaks=(STRICT, "r4.search.result-is-the-current-content"),
    packs=R4,
):
    """eb2031-06 finds a closed period that starts before June 2031."""

    prefixes = ("eb",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return right or (
            "end" in period and "start" in period and dates.span(period["start"])[0] < dates.span(written)[0]
        )


class StartsAfterIncludesTheDay(_Searched, name="starts-after-includes-the-day", breaks=(STRICT,), packs=R4):
    """sa2031 finds a period that starts within 2031."""

    prefixes = ("sa",)

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        return right or ("start" in period and dates.span(period["start"])[0] >= dates.span(written)[0])


class PrefixesAreMixedUp(
    _Searched,
    name="prefixes-are-mixed-up",
    breaks=(
        STRICT,
        "period.search.open-end-reaches-any-later-date",
        "period.search.open-start-reaches-any-earlier-date",
    ),
    packs=R4,
):
    """sa and eb are taken for each other."""

    prefixes = ("sa", "eb")

    def judged(self, period: Period, prefix: str, written: str, *, right: bool) -> bool:  # noqa: ARG002 - as above
        other = {"sa": "eb", "eb": "sa"}[prefix]
        return dates.matches(dates.range_of(period), f"{other}{written}", now=self.clock())


ROOT = "period.search.looks-at-provision-period"


class PeriodSearchReadsDataPeriod(Fault, name="period-search-reads-data-period", breaks=(ROOT,), packs=R4):
    """A search by period also looks at dataPeriod."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        if parameter.name != "period" or found:
            return found
        data = (stored.content.get("provision") or {}).get("dataPeriod")
        return [data] if data else []


class PeriodSearchFallsBackToDateTime(Fault, name="period-search-falls-back-to-date-time", breaks=(ROOT,), packs=R4):
    """Where a consent has no period, a search by period looks at its dateTime."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        if parameter.name != "period" or found or "dateTime" not in stored.content:
            return found
        return [{"start": stored.content["dateTime"], "end": stored.content["dateTime"]}]


class MissingPeriodMatchesEverything(Fault, name="missing-period-matches-everything", breaks=(ROOT,), packs=R4):
    """A consent without period is found by every search by period, as if it were open on both sides."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        return [{}] if parameter.name == "period" and not found else found


def _on_a_day(period: Period) -> bool:
    return len(period.get("end", "")) == len("2031-12-02")


def _ending(period: Period, prefix: str, written: str, *, later: int) -> bool:
    """Answer gt or ge for a period that ends that many microseconds later than it does."""
    start, end = dates.range_of(period)
    low, high = dates.span(written)
    moved = (end or 0) + later
    return moved > (high if prefix == "gt" else low) or (prefix == "ge" and (start or 0) >= low and moved <= high)


def _in_whole_hours(written: str) -> str:
    """A time whose offset has lost its minutes; anything else as it is."""
    return re.sub(r"(?<=[+-]\d\d:)\d\d$", "00", written) if "T" in written else written


def _without_offset(written: str) -> str:
    return re.sub(r"(T.*?)(Z|[+-]\d\d:\d\d)$", r"\1Z", written)
