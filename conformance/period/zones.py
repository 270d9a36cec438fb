"""Which instants a value means: those of its own offset, of the declared zone, or of any zone on earth.

The first functions answer twice, with the earliest and the latest that may be meant; where all is clear, with the same.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from conformance.period.written import DATE, DAY, shortest_end

if TYPE_CHECKING:
    from conformance.period.written import Interval, Moment, Written

# search, date: dates have no zone, and the specification leaves open which one they live in. All lie between these.
EASTERNMOST = 14 * 3600
WESTERNMOST = -12 * 3600

_MIDNIGHT_AGAIN = time(fold=1)
_NO_OFFSET = timedelta()
_LAST_DAY = date.max.toordinal()
_CALENDAR_CYCLE = 146_097  # days in 400 years; then dates, weekdays and with them the rules of a zone repeat


@cache
def declared(name: str | None) -> ZoneInfo | None:
    """Load the zone of that name; None where no zone is declared. A zone's rules are kept, never an answer."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"no time zone {name!r}: expected an IANA name such as Europe/Stockholm") from None


def begins(value: Written, zone: ZoneInfo | None) -> tuple[Moment, Moment]:
    """Return the first instant of a value."""
    first, _, offset, parts = value
    if offset is not None:
        return first, first
    if zone is not None and parts <= DATE:
        only = start_of_day(first[0] // DAY, zone), ""
        return only, only
    east, west = _offsets(value, zone)
    return (first[0] - east, first[1]), (first[0] - west, first[1])


def stops(value: Written, zone: ZoneInfo | None) -> tuple[Moment, Moment]:
    """Return the first instant after a value."""
    _, after, offset, parts = value
    if offset is not None:
        return after, after
    if zone is not None and parts <= DATE:
        only = start_of_day(after[0] // DAY, zone), ""
        return only, only
    east, west = _offsets(value, zone)
    return (after[0] - east, after[1]), (after[0] - west, after[1])


def ends(end: Written, zone: ZoneInfo | None) -> tuple[Moment, Moment]:
    """Return the first instant after a period with this end."""
    if end.parts <= DATE:
        return stops(end, zone)
    shortest = shortest_end(end)
    if end.offset is not None:
        return shortest, end.after
    east, west = _offsets(end, zone)
    return (shortest[0] - east, shortest[1]), (end.after[0] - west, end.after[1])


def intervals(value: Written, zone: ZoneInfo | None) -> tuple[Interval, Interval]:
    """Return a value from its first instant to the first one after it."""
    (first, last_first), (after, last_after) = begins(value, zone), stops(value, zone)
    return (first, after), (last_first, last_after)


def start_of_day(day: int, zone: ZoneInfo) -> int:
    """Return the first instant, in seconds, whose date in that zone is the day with this ordinal number.

    Days have 23, 24, 25 hours and other lengths. A midnight that comes twice counts the first time; a day without
    midnight, or one that the zone leaves out, begins with the next instant that exists.
    """
    if day > _LAST_DAY:
        return start_of_day(day - _CALENDAR_CYCLE, zone) + _CALENDAR_CYCLE * DAY
    midnight = datetime.fromordinal(day)
    before = zone.utcoffset(midnight) or _NO_OFFSET
    after = zone.utcoffset(datetime.combine(midnight, _MIDNIGHT_AGAIN)) or _NO_OFFSET
    if after <= before:
        return day * DAY - before.days * DAY - before.seconds
    # PEP 495: the two offsets of a wall time that does not exist are those before and after the clock moved forward.
    passed, reached = day * DAY - _seconds(after), day * DAY - _seconds(before)
    candidates = range(passed, reached + 1)
    return candidates[bisect_left(candidates, x=True, key=lambda second: _offset_at(second, zone) == after)]


def least_offset(local: Moment, instant: Moment) -> int:
    """Return the least offset, in whole minutes as FHIR writes them, at which `local` is no later than `instant`."""
    return -((instant[0] - local[0] - (local[1] > instant[1])) // 60)


def greatest_offset(local: Moment, instant: Moment) -> int:
    """Return the greatest offset, in whole minutes, at which `local` is no earlier than `instant`."""
    return (local[0] - instant[0] - (local[1] < instant[1])) // 60


def _offsets(value: Written, zone: ZoneInfo | None) -> tuple[int, int]:
    """Return the greatest and the least offset of a local value. A clock put back shows a time with either of two."""
    if zone is None:
        return EASTERNMOST, WESTERNMOST
    second = value.first[0]
    wall = datetime.fromordinal(second // DAY) + timedelta(seconds=second % DAY)
    one, other = (_seconds(zone.utcoffset(wall.replace(fold=fold)) or _NO_OFFSET) for fold in (0, 1))
    return max(one, other), min(one, other)


def _offset_at(second: int, zone: ZoneInfo) -> timedelta:
    moment = datetime.fromordinal(second // DAY) + timedelta(seconds=second % DAY)
    return zone.utcoffset(zone.fromutc(moment.replace(tzinfo=zone))) or _NO_OFFSET


def _seconds(offset: timedelta) -> int:
    return offset.days * DAY + offset.seconds
