"""Whether a period is in order: the invariant per-1 of Period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from conformance.period import written, zones

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.period.written import Written


def order(period: Mapping[str, Any], zone: str | None) -> Literal["ok", "violation", "undetermined"]:
    """Say whether a period keeps per-1: "if present, start SHALL have a lower value than end".

    The prose says lower, the expression `start <= end`, and later versions say lower or equal: equal bounds are ok.
    Two things must agree: the intervals (the start begins before the end is over, in every zone that it may be) and
    FHIRPath's `<=`. Where they differ, or FHIRPath has no answer, one server may accept and another one refuse:
    "undetermined". A bound that is no dateTime, a time without zone among them, is a ValueError and not a violation:
    it breaks the rule of the data type, and per-1 compares dateTimes.
    """
    start, end = written.bounds(period, written.date_time)
    place = zones.declared(zone)
    if start is None or end is None:
        return "ok"
    end = written.before_leap_second(end, start)
    if (start.offset is None) is (end.offset is None):
        runs = {start.first < end.after}
    else:
        (earliest, latest), (first_end, last_end) = zones.begins(start, place), zones.stops(end, place)
        runs = {earliest < last_end, latest < first_end}
    answers = runs | _less_or_equal(start, end)
    if answers == {True}:
        return "ok"
    return "violation" if answers == {False} else "undetermined"


def _less_or_equal(start: Written, end: Written) -> set[bool | None]:
    """FHIRPath 6.2 `<=`: part by part from the year, seconds and decimals as one; None where one value ends first.

    Two times compare as instants. For a date and a time, engines take the time's date in UTC or as it is written.
    """
    if start.parts == end.parts:
        return {start.first <= end.first}
    return {
        True if s.after <= e.first else False if s.first >= e.after else None
        for s, e in ((start, end), (start.as_written(), end.as_written()))
    }
