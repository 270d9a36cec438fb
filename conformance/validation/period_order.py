"""Whether a period's start is not after its end (per-1), zones and unequal precision in mind.

Values are compared part by part; a part that only one value has leaves the answer open. A date has no zone: against a
time it covers every zone from -12:00 to +14:00, so only what is later (or earlier) everywhere is decided.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conformance.validation.primitives import date_time

_EAST, _WEST = timedelta(hours=14), timedelta(hours=12)


def order(start: str, end: str) -> str:
    """`ok`, `violation` or `undetermined`; what is no dateTime is nobody's violation: `ok`."""
    if start <= end and len(start) == len(end) and start[19:] == end[19:]:
        return "ok"  # same shape and zone: the order of the text is the order of time
    if date_time(start) is not True or date_time(end) is not True:
        return "ok"
    if "T" in start and "T" in end:
        first, last = _instant(start), _instant(end)
        return "ok" if first <= last else _within_a_second(start, end, first, last)
    if "T" not in start and "T" not in end:
        shorter = min(len(start), len(end))
        if start[:shorter] == end[:shorter]:
            return "ok" if len(start) == len(end) else "undetermined"
        return "ok" if start[:shorter] < end[:shorter] else "violation"
    return _date_against_time(start, end)


def _instant(text: str) -> tuple[datetime, str]:
    """The second in UTC, and the decimals as text that compares like a fraction."""
    clock = text[:19].replace(":60", ":59") if text[17:19] == "60" else text[:19]
    rest = text[19:]
    zone_at = max(rest.rfind("+"), rest.rfind("-"), rest.rfind("Z"))
    decimals, zone = rest[1:zone_at], rest[zone_at:]
    moment = datetime.fromisoformat(clock).replace(tzinfo=UTC)
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        try:
            moment = moment - offset if zone[0] == "+" else moment + offset
        except OverflowError:  # the first or last day of the calendar
            pass
    return moment, decimals.rstrip("0")


def _within_a_second(start: str, end: str, first: tuple[datetime, str], last: tuple[datetime, str]) -> str:
    """An end without decimals may mean its whole second."""
    if first[0] == last[0] and "." in start and "." not in end:
        return "undetermined"
    return "violation"


def _date_against_time(start: str, end: str) -> str:
    date, timed = (start, end) if "T" in end else (end, start)
    moment = _instant(timed)[0]
    written = {timed[: len(date)], moment.isoformat()[: len(date)]}
    begin, after = _days(date)
    if date is start:
        if all(date < other for other in written) and moment >= begin + _WEST:
            return "ok"
        return "violation" if all(date > other for other in written) and moment < begin - _EAST else "undetermined"
    if all(other < date for other in written) and moment < after - _EAST:
        return "ok"
    return "violation" if all(other > date for other in written) and moment >= after + _WEST else "undetermined"


def _days(date: str) -> tuple[datetime, datetime]:
    """Midnight UTC at the begin of a year, month or day, and at the begin of the next one."""
    year, month, day = (int(part) for part in [*date.split("-"), "1", "1"][:3])
    if len(date) == 4:
        following = (year + 1, 1, 1)
    elif len(date) == 7:
        following = (year + month // 12, month % 12 + 1, 1)
    else:
        return _midnight(year, month, day), _midnight(year, month, day) + timedelta(days=1)
    return _midnight(year, month, day), _midnight(*following)


def _midnight(year: int, month: int, day: int) -> datetime:
    return datetime(min(max(year, 2), 9997), month, day, tzinfo=UTC)
