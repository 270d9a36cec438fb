"""The same four questions answered a second time: slowly, and by another way.

Written from the rules of period semantics, not from the package. Where the package works out the extremes and compares
them, this enumerates: every reading that the specification allows (each candidate zone, an end as a unit or as a point,
each way to read a prefix, a date as written or not) is played through with plain true or false, and the answer is what
all readings say. Where the package computes when a day begins, this looks at the clock of the zone minute by minute.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from readings import Moment, Reading, Value, bound, leap_minutes, parts, read, readings

Interval = tuple[Moment, Moment]
Answers = Iterator[bool]


def verdict(answers: Iterable[bool]) -> str:
    given = set(answers)
    return "ambiguous" if len(given) != 1 else "yes" if given.pop() else "no"


def closings(end: Value | None, interval: Interval | None) -> list[Moment | None]:
    """Where a period ends: as the whole unit that is written and, for a time, as the exact point (just after it)."""
    if end is None or interval is None:
        return [None]
    (minute, second, _), after = interval
    return [after] if end.is_date else [after, (minute, second, True)]


def each_on_its_own(
    values: Iterable[Value | None], zone: str | None, *, changing: bool
) -> Iterator[tuple[Reading, ...]]:
    """Readings of start, end and a third value: in one zone, but a time that its clock shows twice may be either."""
    values = list(values)
    present = [value for value in values if value]
    if zone is None:
        for reading in readings(present, None, changing=changing):
            # An end that lives in another half of the year than the start.
            yield reading, replace(reading, first_offset=reading.last_offset), reading
        return
    leaps = leap_minutes(present)
    yield from itertools.product(
        *([replace(reading, leaps=leaps) for reading in readings([value] if value else [], zone)] for value in values)
    )


def in_force(period: dict[str, str], instant: str, zone: str | None) -> str:
    start, end, at = bound(period, "start"), bound(period, "end"), read(instant)
    answers = []
    for of_start, of_end, of_instant in each_on_its_own((start, end, at), zone, changing=False):
        moment = of_instant.interval(at)[0]
        begun = start is None or of_start.interval(start)[0] <= moment
        ends = closings(end, end and of_end.interval(end))
        answers += [begun and (closing is None or moment < closing) for closing in ends]
    return verdict(answers)


def order(period: dict[str, str], zone: str | None) -> str:
    start, end = bound(period, "start"), bound(period, "end")
    if start is None or end is None:
        return "ok"
    # Date against date needs no zone: any one will do.
    in_question = readings([start, end], None if start.floats and end.floats else zone)
    answers: set[bool | None] = {reading.interval(start)[0] < reading.interval(end)[1] for reading in in_question}
    answers.add(fhirpath_less_or_equal(start, end, utc=True))
    if start.floats is not end.floats:
        answers.add(fhirpath_less_or_equal(start, end, utc=False))
    return "ok" if answers == {True} else "violation" if answers == {False} else "undetermined"


def fhirpath_less_or_equal(start: Value, end: Value, *, utc: bool) -> bool | None:
    for one, other in itertools.zip_longest(parts(start, utc=utc), parts(end, utc=utc)):
        if one is None or other is None:
            return None
        if one != other:
            return one < other
    return True


def search_matches(period: dict[str, str], value: str, zone: str | None) -> str:
    prefix = value[:2] if value[0].isalpha() else "eq"
    sought = read(value.removeprefix(prefix))
    start, end = bound(period, "start"), bound(period, "end")
    if start is None and end is None:
        return "ambiguous" if prefix == "ne" else "no"
    if start and end and is_inverted(start, end, sought, zone):
        return "ambiguous"
    values = (start, end, sought)
    dated = any(value and value.floats and value.is_date for value in values)
    answers: list[bool] = []
    for reading in each_on_its_own(values, zone, changing=dated and prefix in ("eq", "ne")):
        answers += found(prefix, values, reading)
    if sought.is_date:
        as_written = tuple(value and replace(value, offset=None) for value in values)
        answers += found(prefix, as_written, (Reading(leaps=leap_minutes(as_written)),) * 3)
    return verdict(answers)


def is_inverted(start: Value, end: Value, sought: Value, zone: str | None) -> bool:
    return all(
        on_one_clock(start, end, of_start, of_end)[0][0] >= on_one_clock(start, end, of_start, of_end)[1][1]
        for of_start, of_end, _ in each_on_its_own((start, end, sought), zone, changing=False)
    )


def on_one_clock(one: Value, other: Value, of_one: Reading, of_other: Reading) -> tuple[Interval, Interval]:
    """Date against date needs no zone."""
    if one.floats and other.floats:
        of_one = of_other = Reading(leaps=of_one.leaps)
    return of_one.interval(one), of_other.interval(other)


def found(prefix: str, values: tuple[Value | None, ...], reading: tuple[Reading, ...]) -> Answers:
    """Whether a prefix finds the period in that reading of the values, each way that the prefix itself is read."""
    start, end, sought = values
    starts_below = starts_in_or_below = True
    if start:
        (begins, _), (low, high) = on_one_clock(start, sought, reading[0], reading[2])
        starts_below, starts_in_or_below = begins < low, begins < high
    closing_interval, (low, high) = on_one_clock(end, sought, *reading[1:]) if end else (None, (None, None))
    for closing in closings(end, closing_interval):
        ends_above, ends_in_or_above = (True, True) if closing is None else (closing > high, closing > low)
        contained = starts_in_or_below and not starts_below and ends_in_or_above and not ends_above
        yield from {
            "eq": [contained],
            "ne": [not contained],
            "lt": [starts_below],
            # Beyond the value; or "the specified value and up".
            "gt": [ends_above, ends_in_or_above],
            # From the value's first instant, or to its last; or beyond it, or contained.
            "ge": [ends_in_or_above, ends_in_or_above and not (starts_below and not ends_above)],
            "le": [starts_in_or_below, starts_in_or_below and not (ends_above and not starts_below)],
            "sa": [not starts_in_or_below],
            "eb": [not ends_in_or_above],
            # Overlap, with a margin as wide as the server likes.
            "ap": [starts_in_or_below and ends_in_or_above, True],
        }[prefix]


def same(a: dict[str, str], b: dict[str, str]) -> bool:
    return all(same_value(bound(a, name), bound(b, name)) for name in ("start", "end"))


def same_value(one: Value | None, other: Value | None) -> bool:
    if one is None or other is None:
        return one is None and other is None
    if one.floats or other.floats:
        return (one.fields, one.fraction, one.offset) == (other.fields, other.fraction, other.offset)
    return parts(one, utc=True) == parts(other, utc=True)


def is_date_time(text: str) -> bool:
    """Whether a generated bound is a dateTime: a time has a zone."""
    value = read(text)
    return value.is_date or not value.floats
