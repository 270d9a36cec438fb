"""Whether a period contains an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from conformance.period import written, zones

if TYPE_CHECKING:
    from collections.abc import Mapping


def in_force(period: Mapping[str, Any], instant: str, zone: str | None) -> Literal["yes", "no", "ambiguous"]:
    """Say whether a consent with this period is in force at an instant, as far as time decides that.

    "ambiguous": the zone of a bound matters and is unknown, or the instant lies within the last second (or the last
    decimal) that the end writes. A time without zone in a bound is read like a date, in the declared zone. Status and
    nested rules are not looked at. A ValueError names a bound that is no dateTime, an instant without zone, or a zone
    that does not exist.
    """
    start, end = written.bounds(period, written.stored_date_time)
    at = written.instant(instant)
    place = zones.declared(zone)
    moment = at.first
    clear = True

    # Period.start: inclusive. Where it is missing, the lower boundary is not known; search, date reads that as a
    # boundary before any date. A date needs its zone only near the instant: no clock is a day away from UTC.
    if start is not None:
        earliest = latest = start.first
        if start.offset is None and abs(start.first[0] - moment[0]) <= written.DAY:
            earliest, latest = zones.begins(start, place)
        if moment < earliest:
            return "no"
        clear = moment >= latest

    # Period.end: inclusive; "2012-02-03" holds 2012-02-03T10:00:00. Where it is missing, the period is ongoing, and
    # there is no maximum.
    if end is not None:
        end = written.before_leap_second(end, at)
        earliest, latest = written.shortest_end(end), end.after
        if end.offset is None and abs(end.after[0] - moment[0]) <= written.DAY:
            earliest, latest = zones.ends(end, place)
        if moment >= latest:
            return "no"
        clear = clear and moment < earliest

    if clear:
        return "yes"
    # Both bounds live in one zone, known or not: there must be one where the start has come and the end has not.
    if place is None and start is not None and end is not None and start.offset is None and end.offset is None:
        just_after = moment[0], moment[1] + written.JUST_AFTER
        if zones.least_offset(start.first, moment) > zones.greatest_offset(end.after, just_after):
            return "no"
    return "ambiguous"
