"""The reference server's own arithmetic of FHIR dates, periods and date searches.

A written date stands for a range of instants: 2031-12 for all of December. A range is a pair of microseconds counted
from year 1, half open; None as a bound means that there is none. Values without a zone are read in UTC, the zone
of this server.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime
from typing import Any

Range = tuple[int | None, int | None]

WRITTEN = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.(?P<fraction>\d+))?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
SECOND = 1_000_000
DAY = 86_400 * SECOND


def span(written: str) -> tuple[int, int]:
    """Return the range that a written date or time covers. ValueError when it is none that the calendar has.

    Seconds may be left out, as in search values (search.html#date); what a resource may hold is `is_date_time`.
    """
    found = WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is not a date or time of the form YYYY[-MM[-DD[Thh:mm[:ss[.f]][zone]]]]")
    numbers = ("year", "month", "day", "hour", "minute", "second")
    parts = {name: int(found[name]) for name in numbers if found[name]}
    year, month, day = parts["year"], parts.get("month"), parts.get("day")
    if month is None:
        return date(year, 1, 1).toordinal() * DAY, (date(year, 12, 31).toordinal() + 1) * DAY
    if day is None:
        last = calendar.monthrange(date(year, month, 1).year, month)[1]
        return date(year, month, 1).toordinal() * DAY, (date(year, month, last).toordinal() + 1) * DAY
    midnight = date(year, month, day).toordinal() * DAY
    if "hour" not in parts:
        return midnight, midnight + DAY
    hour, minute, second = parts["hour"], parts["minute"], parts.get("second", 0)
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(f"{written!r} is not a time of day")
    start = midnight + (hour * 3600 + minute * 60 + second) * SECOND - _offset(found["zone"] or "Z")
    if "second" not in parts:
        return start, start + 60 * SECOND
    if not found["fraction"]:
        return start, start + SECOND
    digits = found["fraction"][:6]
    unit = 10 ** (6 - len(digits))
    start += int(digits) * unit
    return start, start + unit


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59 or (hours == 14 and minutes):
        raise ValueError(f"{zone!r} is no offset between -14:00 and +14:00")
    size = (hours * 3600 + minutes * 60) * SECOND
    return -size if zone[0] == "-" else size


def is_date_time(written: Any) -> bool:
    """Whether a value may stand in a dateTime element (datatypes.html#dateTime): seconds and zone go with a time."""
    if not isinstance(written, str):
        return False
    found = WRITTEN.fullmatch(written)
    if found is None or (found["hour"] and not (found["second"] and found["zone"])):
        return False
    try:
        span(written)
    except ValueError:
        return False
    return True


def range_of(period: Any) -> Range:
    """Return the range of a Period; a missing bound is no bound. ValueError when a bound cannot be read."""
    start, end = period.get("start"), period.get("end")
    return (span(start)[0] if start else None, span(end)[1] if end else None)


def inverted(period: Any) -> bool:
    """Whether a period ends before it starts (per-1). Where precisions differ the doubt is in the period's favour."""
    start, end = range_of(period)
    return start is not None and end is not None and end <= start


def split_prefix(value: str) -> tuple[str, str]:
    """Return the prefix of a date-search value, `eq` when there is none, and the rest."""
    return (value[:2], value[2:]) if value[:2] in PREFIXES else ("eq", value)


def matches(target: Range, value: str, *, now: datetime) -> bool:
    """Whether one search value selects a target of this range (search.html#prefix). ValueError when it has no sense."""
    prefix, written = split_prefix(value)
    return relates(target, prefix, span(written), now=now)


def relates(target: Range, prefix: str, value: tuple[int, int], *, now: datetime) -> bool:
    """Whether a target's range stands to that of a search value as the prefix says.

    ge and le reach from the value's own first or last instant, gt and lt beyond the value.
    """
    low, high = value
    start = target[0] if target[0] is not None else -1
    end = target[1] if target[1] is not None else 10**20
    if prefix == "ap":
        margin = abs(instant(now) - low) // 10
        return start < high + margin and end > low - margin
    contained = low <= start and end <= high
    return {
        "eq": contained,
        "ne": not contained,
        "gt": end > high,
        "lt": start < low,
        "ge": end > low,
        "le": start < high,
        "sa": start >= high,
        "eb": end <= low,
    }[prefix]


def instant(moment: datetime) -> int:
    """Return an aware datetime on the scale of this module."""
    utc = moment.astimezone(UTC)
    since = utc.hour * 3600 + utc.minute * 60 + utc.second
    return utc.toordinal() * DAY + since * SECOND + utc.microsecond
