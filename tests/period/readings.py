"""What a written value may mean, for the second opinion: read by hand, placed by looking at clocks.

A moment is (minute, second within the minute, whether just after it): an exact fraction, in which :60 has its place.
"""

import calendar
import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

Moment = tuple[int, Fraction, bool]
FOUR_CENTURIES = 400, 146_097 * 1440  # years, minutes


@dataclass(frozen=True)
class Value:
    """What is written: the fields as numbers, the length of the last written unit, the offset in minutes."""

    fields: tuple[int, ...]
    fraction: Fraction = Fraction(0)
    unit: Fraction = Fraction(1)
    offset: int | None = None

    @property
    def is_date(self) -> bool:
        return len(self.fields) <= 3

    @property
    def floats(self) -> bool:
        """Whether the value lives in a zone that it does not name."""
        return self.offset is None


def read(text: str) -> Value:
    day, _, time = text.partition("T")
    fields = [int(part) for part in day.split("-")]
    if not time:
        return Value(tuple(fields))
    offset = None
    if time.endswith("Z"):
        time, offset = time[:-1], 0
    elif time[-6:-5] in ("+", "-"):
        sign = 1 if time[-6] == "+" else -1
        offset = sign * (int(time[-5:-3]) * 60 + int(time[-2:]))
        time = time[:-6]
    whole, _, decimals = time.partition(".")
    fields += [int(part) for part in whole.split(":")]
    unit = Fraction(1, 10 ** len(decimals))
    return Value(tuple(fields), int(decimals or 0) * unit, unit, offset)


def bound(period: dict[str, str], name: str) -> Value | None:
    return read(period[name]) if name in period else None


def day_number(year: int, month: int = 1, day: int = 1) -> int:
    """Days since the year 1; the years 0 and 10000 too, which Python does not know."""
    cycles = 1 if year < 1 else -1 if year > 9999 else 0
    return date(year + cycles * 400, month, day).toordinal() - cycles * 146_097


def days(value: Value) -> tuple[int, int]:
    """The first day of a date, month or year, and the first day after it."""
    first = day_number(*value.fields)
    match value.fields:
        case (year,):
            length = 366 if calendar.isleap(year) else 365
        case (year, month):
            length = calendar.monthrange(year, month)[1]
        case _:
            length = 1
    return first, first + length


def wall(value: Value) -> tuple[Moment, Moment]:
    """First moment and first moment after, by the clock that the value is written by."""
    if value.is_date:
        first, after = days(value)
        return (first * 1440, Fraction(0), False), (after * 1440, Fraction(0), False)
    year, month, day, hour, minute, *second = value.fields
    start = day_number(year, month, day) * 1440 + hour * 60 + minute
    if not second:
        return (start, Fraction(0), False), (start + 1, Fraction(0), False)
    within = second[0] + value.fraction
    return (start, within, False), (start, within + value.unit, False)


def moved(moment: Moment, minutes: Fraction | int) -> Moment:
    """Earlier by that many minutes; offsets before 1900 have seconds."""
    if minutes == int(minutes):
        return (moment[0] - int(minutes), *moment[1:])
    seconds = moment[0] * 60 + moment[1] - minutes * 60
    return int(seconds // 60), seconds % 60, moment[2]


def exact(moment: Moment, leaps: frozenset[int]) -> Moment:
    """The end of a minute is the beginning of the next one; a minute has 61 seconds if a value says so."""
    minute, second, after = moment
    length = 61 if minute in leaps else 60
    return (minute + 1, second - length, after) if second >= length else moment


@functools.cache
def day_begins(day: int, zone: ZoneInfo) -> Fraction:
    """The first instant, in minutes, whose date in the zone is that day or a later one: look at every minute."""
    if not 400 < day < day_number(9990):
        cycles = 1 if day <= 400 else -1
        return day_begins(day + cycles * 146_097, zone) - cycles * FOUR_CENTURIES[1]
    midnight = datetime.fromordinal(day).replace(tzinfo=UTC)
    around = [midnight + timedelta(hours=hours) for hours in (-30, 30)]
    offsets = {moment.astimezone(zone).utcoffset() for moment in around}
    if len(offsets) == 1:
        return day * 1440 - Fraction(int(offsets.pop().total_seconds()), 60)
    for minutes in range(-30 * 60, 30 * 60):
        if (midnight + timedelta(minutes=minutes)).astimezone(zone).date().toordinal() >= day:
            return Fraction(day * 1440 + minutes)
    raise AssertionError(f"day {day} never begins in {zone}")


def offsets_of(value: Value, zone: ZoneInfo) -> set[int]:
    """Offsets, in minutes, at which the zone's clock shows a time; those on either side if it never does."""
    clock = datetime(*value.fields[:5], min(value.fields[5], 59) if len(value.fields) > 5 else 0)  # noqa: DTZ001
    near = {
        ((clock + timedelta(hours=hours)).replace(tzinfo=UTC)).astimezone(zone).utcoffset() for hours in (-30, 0, 30)
    }
    shown = {
        offset for offset in near if (clock - offset).replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) == clock
    }
    return {int(offset.total_seconds()) // 60 for offset in shown or near}


@dataclass(frozen=True)
class Reading:
    """One way to place values on the line of time: a zone by name, or the offsets at the first and the last moment."""

    zone: ZoneInfo | None = None
    first_offset: int = 0
    last_offset: int = 0
    leaps: frozenset[int] = frozenset()

    def interval(self, value: Value) -> tuple[Moment, Moment]:
        first, after = wall(value)
        if not value.floats:
            first, after = moved(first, value.offset), moved(after, value.offset)
        elif self.zone is not None and value.is_date:
            zero = (0, Fraction(0), False)
            first, after = (moved(zero, -day_begins(day, self.zone)) for day in days(value))
        else:
            last = self.last_offset if value.is_date else self.first_offset
            first, after = moved(first, self.first_offset), moved(after, last)
        return exact(first, self.leaps), exact(after, self.leaps)


def leap_minutes(values: Iterable[Value | None]) -> frozenset[int]:
    return frozenset(
        wall(value)[0][0] - (value.offset or 0)
        for value in values
        if value and len(value.fields) == 6 and value.fields[5] == 60
    )


WEST, EAST = -12 * 60, 14 * 60


def candidate_offsets(values: list[Value]) -> list[int]:
    """Each second hour of the window, and each minute at which a floating bound passes one with an offset."""
    floating = [moment for value in values if value.floats for moment in Reading().interval(value)]
    fixed = [moment for value in values if not value.floats for moment in Reading().interval(value)]
    passing = {here[0] - there[0] + minutes for here in floating for there in fixed for minutes in (-1, 0, 1)}
    return sorted(offset for offset in {*range(WEST, EAST + 1, 120), *passing} if WEST <= offset <= EAST)


def readings(values: list[Value], zone: str | None, *, changing: bool = False) -> Iterator[Reading]:
    """Every reading of the zone. `changing`: those, too, in which it puts its clock by up to an hour in between."""
    leaps = leap_minutes(values)
    floating = [value for value in values if value.floats]
    if zone is not None:
        declared = ZoneInfo(zone)
        timed = {offset for value in floating if not value.is_date for offset in offsets_of(value, declared)}
        for offset in timed or {0}:
            yield Reading(declared, offset, offset, leaps)
        return
    offsets = candidate_offsets(values) if floating else [0]
    for first, last in itertools.product(offsets, offsets) if changing else zip(offsets, offsets, strict=True):
        if abs(first - last) <= 60:
            yield Reading(None, first, last, leaps)


def parts(value: Value, *, utc: bool) -> list[Fraction | int]:
    """Year, month, day, hour, minute, second with decimals: as written or with the zone normalised to UTC."""
    if value.is_date:
        return list(value.fields)
    if not utc:
        return [*value.fields[:5], value.fields[5] + value.fraction]
    minute, second, _ = moved(wall(value)[0], value.offset)
    day, minutes = divmod(minute, 1440)
    cycles = 1 if day < 1 else -1 if day > date.max.toordinal() else 0
    there = date.fromordinal(day + cycles * 146_097)
    return [there.year - cycles * 400, there.month, there.day, *divmod(minutes, 60), second]
