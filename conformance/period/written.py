"""What is written in a bound of a Period or in a search value: an interval from its first moment to its last.

A moment is a pair: whole seconds since the first of January of the year 1, and the decimals as text without closing
zeros. Text keeps any number of decimals exact, and such pairs compare like the times that they stand for.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Moment = tuple[int, str]
Interval = tuple[Moment, Moment]
"""From the first moment to the first one that no longer belongs to it."""

DAY = 86_400

# FHIRPath 6.1.1 compares part by part; seconds with their decimals are one part.
YEAR, MONTH, DATE, MINUTE, SECOND = 1, 2, 3, 5, 6

JUST_AFTER = "!"  # in the place of decimals: sorts before every digit
LEAP_SECOND = ":"  # in the place of decimals of second 59: sorts after every digit


class Written(NamedTuple):
    """One value. A tuple, not a dataclass: it is made three times for each answer.

    The moments are in UTC where an offset is written (`offset`, in seconds), and else by the clock of whichever zone
    the value lives in. `parts` is the precision, one of the constants above.
    """

    first: Moment
    after: Moment
    offset: int | None
    parts: int

    def as_written(self) -> Written:
        """Return the same by the clock on which it is written, whatever its offset."""
        (first, decimals), (after, decimals_after), offset, parts = self
        offset = offset or 0
        return _written(((first + offset, decimals), (after + offset, decimals_after), None, parts))


# Skips the keyword handling of the class, which takes longer than the rest.
_written: Callable[[tuple[Moment, Moment, int | None, int]], Written] = partial(tuple.__new__, Written)

_MONTH_OR_YEAR = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?")
# dateTime: offsets to 14:00, -00:00 among them. The empty one is a missing one.
_OFFSETS: dict[str, int | None] = {"": None, "Z": 0} | {
    f"{sign}{minutes // 60:02}:{minutes % 60:02}": minutes * (60 if sign == "+" else -60)
    for sign in "+-"
    for minutes in range(14 * 60 + 1)
}
_NEXT_DIGIT = dict(zip("012345678", "123456789", strict=True))
_PREFIXES = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})
_YEAR_ONE = datetime(1, 1, 1)  # noqa: DTZ001 - a wall clock has no zone


def date_time(text: Any) -> Written:
    """Read a FHIR dateTime; a ValueError says what is wrong with any other value.

    dateTime: where hours and minutes are given, a zone SHALL be given; seconds must be there; the date SHALL exist.
    """
    written = stored_date_time(text)
    if written.parts == SECOND and written.offset is None:
        raise ValueError(f"{text!r} is no FHIR dateTime: a time of day needs a zone, Z or ±hh:mm")
    return written


def stored_date_time(text: Any) -> Written:
    """Read what a server may hold in a bound: a FHIR dateTime, or one whose zone is missing.

    The Swedish page of 2019 prints `2019-10-02T15:28:59`. A server that stored it means a time of its own zone.
    """
    written = _read(text, "FHIR dateTime")
    if written.parts == MINUTE:
        raise ValueError(f"{text!r} is no FHIR dateTime: seconds must be given, if only as :00")
    return written


def instant(text: Any) -> Written:
    """Read a point in time."""
    written = _read(text, "instant")
    if written.parts != SECOND or written.offset is None:
        raise ValueError(f"{text!r} is no instant: it needs a date, a time with seconds and a zone, Z or ±hh:mm")
    return written


def search_value(text: Any) -> tuple[str, Written]:
    """Read one value of a date search, percent-decoded: its prefix (`eq` where none is given), and the date.

    search, date: minutes SHALL accompany an hour; seconds and zone may be missing. A blank where a plus should be,
    from a `+` that was not sent as %2B, is an error and not repaired.
    """
    prefix = text[:2] if isinstance(text, str) else ""
    if prefix in _PREFIXES:
        return prefix, _read(text[2:], "date to search for")
    return "eq", _read(text, "search value")


def bounds(period: Mapping[str, Any], reader: Callable[[Any], Written]) -> tuple[Written | None, Written | None]:
    """Read start and end with one of the functions above. None for a missing bound; a ValueError names the bound."""
    name = "start"
    try:
        start = None if (text := period.get(name)) is None else reader(text)
        name = "end"
        end = None if (text := period.get(name)) is None else reader(text)
    except ValueError as problem:
        raise ValueError(f"Period.{name}: {problem}") from None
    except AttributeError:
        raise ValueError(f"{period!r} is no Period: expected a mapping with start, end, both or neither") from None
    return start, end


def before_leap_second(value: Written, *others: Written | None) -> Written:
    """Return the value; its second 59 ends early where another one writes second 60 of the same minute."""
    for other in others:
        if other is not None and LEAP_SECOND in other.first[1]:
            ends_its_minute = value.parts == SECOND and value.after == (other.first[0] + 1, "")
            if ends_its_minute and LEAP_SECOND not in value.first[1]:
                return value._replace(after=(other.first[0], LEAP_SECOND))
    return value


def shortest_end(end: Written) -> Moment:
    """Return the first moment after a period with this end, where that is the earliest that it may mean.

    Period.end: every time that matches the end is inside, so a date lasts as long as its day. Whether an end to the
    second, or to its decimals, covers that whole unit or is an exact point (FHIRPath 6.1.1) is open.
    """
    first = end.first
    return (first[0], first[1] + JUST_AFTER) if end.parts == SECOND else end.after


def _read(text: Any, kind: str) -> Written:
    """Read YYYY, YYYY-MM, YYYY-MM-DD, YYYY-MM-DDThh:mm or YYYY-MM-DDThh:mm:ss.sss; a time with Z, ±hh:mm or neither.

    Where the separators stand where they should, Python's own reading takes nothing but digits between them, and a
    zone at the end.
    """
    if isinstance(text, str):
        try:
            if len(text) == len("YYYY-MM-DD") and text[4:8:3] == "--":
                first = date.fromisoformat(text).toordinal() * DAY
                return _written(((first, ""), (first + DAY, ""), None, DATE))
            if text[4:19:3] == "--T::":
                return _second(text[:19], text[19:])
            if text[4:16:3] == "--T:":
                offset = _OFFSETS[text[16:]]
                minute = _seconds(text[:16]) - (offset or 0)
                return _written(((minute, ""), (minute + 60, ""), offset, MINUTE))
            if _MONTH_OR_YEAR.fullmatch(text):
                return _month_or_year(text)
        except ValueError:
            raise ValueError(f"{text!r} is no {kind}: there is no such day or no such time of day") from None
        except KeyError:
            raise ValueError(f"{text!r} is no {kind}: its zone is neither Z nor ±hh:mm, up to 14:00") from None
    raise ValueError(
        f"{text!r} is no {kind}: expected YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss, decimals if any, and a zone"
    )


def _month_or_year(text: str) -> Written:
    """Period: a month or year covers every time that matches it, as a date does."""
    year, month = int(text[:4]), int(text[5:] or 0)
    first = date(year, month or 1, 1).toordinal()
    after = date(year, month + 1, 1).toordinal() if 0 < month < 12 else date(year, 12, 31).toordinal() + 1
    return _written(((first * DAY, ""), (after * DAY, ""), None, MONTH if month else YEAR))


def _second(wall: str, rest: str) -> Written:
    """A time begins at its instant and ends where the next unit of its last written digit begins."""
    zone, decimals = rest, None
    if rest[:1] == ".":
        at = len(rest) - (1 if rest[-1] == "Z" else 6 if rest[-3:-2] == ":" else 0)
        digits = rest[1:at]
        if digits.isdigit() and digits.isascii():
            zone, decimals = rest[at:], digits
    offset = _OFFSETS[zone]
    leap = ""
    if wall[17:] == "60":
        # dateTime: leap seconds are allowed. This one lies after all of second 59 and before the next minute.
        wall, leap = wall[:17] + "59", LEAP_SECOND
    second = _seconds(wall) - (offset or 0)
    if decimals is None:
        return _written(((second, leap), (second + 1, ""), offset, SECOND))
    kept = decimals.rstrip("9")
    after = (second, leap + kept[:-1] + _NEXT_DIGIT[kept[-1]]) if kept else (second + 1, "")
    return _written(((second, leap + decimals.rstrip("0")), after, offset, SECOND))


def _seconds(wall: str) -> int:
    if wall[11:13] == "24":
        raise ValueError  # dateTime: "the time 24:00 is not allowed"; newer versions of Python do
    if wall[-1:] == "Z":
        raise ValueError  # Python reads a zone where digits are missing before it
    since = datetime.fromisoformat(wall) - _YEAR_ONE
    return (since.days + 1) * DAY + since.seconds
