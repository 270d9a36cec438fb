"""Whether a search by `period` finds a consent with a period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from conformance.period import written, zones

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from conformance.period.written import Interval, Moment, Written

# Where a bound lies: before, within or after the range of times that the search value stands for.
BEFORE, WITHIN, AFTER = 0, 1, 2

# search, prefix: compares "the range of the search value", "the range of the target", and those below and above the
# value. One word for each place of the start (before, within, after); in it a letter for each place of the end.
# Y found, N not found, o open: whether the ranges above and below begin at the value's first instant or beyond its
# last one is not said, and how near a miss `ap` still finds is left to the server.
_FOUND = {
    "eq": ("NNN", "NYN", "NNN"),  # the value fully contains the target
    "ne": ("YYY", "YNY", "YYY"),  # it does not
    "lt": ("YYY", "NNN", "NNN"),  # the range below the value overlaps the target
    "gt": ("NoY", "NoY", "NoY"),  # the range above the value overlaps the target
    "le": ("YYY", "YYo", "NNN"),  # as lt, or contained as in eq
    "ge": ("NoY", "NYY", "NYY"),  # as gt, or contained as in eq
    "sa": ("NNN", "NNN", "YYY"),  # the target lies wholly after the value
    "eb": ("YNN", "YNN", "YNN"),  # the target lies wholly before the value
    "ap": ("oYY", "oYY", "ooo"),  # they overlap
}
_ANSWERS: dict[str, Literal["yes", "no", "ambiguous"]] = {"Y": "yes", "N": "no", "o": "ambiguous"}

# A day has at most 25 hours: from one end of a date to the other, a zone's offset changes by no more than this.
_CHANGE_OF_OFFSET = 60


def search_matches(period: Mapping[str, Any], value: str, zone: str | None) -> Literal["yes", "no", "ambiguous"]:
    """Say whether `period=value` finds a consent whose `provision.period` this is.

    `value` is one value as the server sees it, percent-decoded, with or without prefix; what is none is a ValueError.
    "ambiguous": the zone of a date matters and is unknown; or servers may differ in how they read the prefix, the last
    second of an end, or a date beside a bound with an offset; or the period ends before it starts.
    """
    prefix, sought = written.search_value(value)
    start, end = written.bounds(period, written.stored_date_time)
    place = zones.declared(zone)
    if start is None and end is None:
        # Consent, search parameters: `period` is provision.period. Nothing there, nothing to match.
        return "ambiguous" if prefix == "ne" else "no"
    if end is not None:
        end = written.before_leap_second(end, sought)
        sought = written.before_leap_second(sought, end)
        if start is not None and _is_inverted(start, end, place):
            return "ambiguous"
    sought = written.before_leap_second(sought, start)

    found = _FOUND[prefix]
    outcome = _outcome(found, start, end, sought, place)
    if sought.parts <= written.DATE and _has_offset(start, end):
        # search, date: "dates do not have time zones, and time zones should not be considered". A server may hold a
        # date against the date that a bound writes, whatever its offset.
        start, end = start and start.as_written(), end and end.as_written()
        if outcome != _outcome(found, start, end, sought, place):
            return "ambiguous"
    return _ANSWERS[outcome]


def _is_inverted(start: Written, end: Written, zone: ZoneInfo | None) -> bool:
    """Whether the period is over before it begins, in every zone that dates may live in."""
    if (start.offset is None) is (end.offset is None):
        return start.first >= end.after
    return zones.begins(start, zone)[0] >= zones.stops(end, zone)[1]


def _outcome(
    found: tuple[str, str, str], start: Written | None, end: Written | None, sought: Written, zone: ZoneInfo | None
) -> str:
    """Return the letter for the places where the bounds lie; `o` where they may lie in places with unlike letters."""
    # Two dates compare as dates, in whichever zone they live. All else compares as instants.
    as_date = as_instant = sought[:2], sought[:2]
    dated = sought.offset is None
    if dated and _has_offset(start, end):
        (first, last_first), (after, last_after) = zones.begins(sought, zone), zones.stops(sought, zone)
        as_instant = (first, after), (last_first, last_after)

    # search, date: a missing lower boundary is less than any date, a missing upper boundary is greater.
    first_start = last_start = BEFORE
    if start is not None:
        early, late = as_instant if start.offset is not None else as_date
        earliest, latest = (start.first, start.first) if dated and start.offset is None else zones.begins(start, zone)
        first_start = last_start = _place_of_start(earliest, late)
        if earliest != latest or early != late:
            last_start = _place_of_start(latest, early)
    first_end = last_end = AFTER
    if end is not None:
        early, late = as_instant if end.offset is not None else as_date
        if dated and end.offset is None:
            earliest, latest = written.shortest_end(end), end.after
        else:
            earliest, latest = zones.ends(end, zone)
        first_end = last_end = _place_of_end(earliest, late)
        if earliest != latest or early != late:
            last_end = _place_of_end(latest, early)

    if first_start == last_start and first_end == last_end:
        return found[first_start][first_end]
    places = {(s, e) for s in range(first_start, last_start + 1) for e in range(first_end, last_end + 1)}
    if zone is None and start is not None and end is not None and not _may_fit(start, end, sought):
        places.discard((WITHIN, WITHIN))
    letters = {found[s][e] for s, e in places}
    return letters.pop() if len(letters) == 1 else "o"


def _has_offset(start: Written | None, end: Written | None) -> bool:
    return (start is not None and start.offset is not None) or (end is not None and end.offset is not None)


def _place_of_start(moment: Moment, sought: Interval) -> int:
    first, after = sought
    return BEFORE if moment < first else WITHIN if moment < after else AFTER


def _place_of_end(moment: Moment, sought: Interval) -> int:
    """`moment` is the first one that is not in the period any more."""
    first, after = sought
    return BEFORE if moment <= first else WITHIN if moment <= after else AFTER


def _may_fit(start: Written, end: Written, sought: Written) -> bool:
    """Whether a zone exists in which the value contains the period: three days fit into no day, wherever it is."""
    if (start.offset is None) is not (end.offset is None) or (start.offset is None) is (sought.offset is None):
        return True
    closes = written.shortest_end(end)
    if sought.offset is None:
        least, greatest = zones.least_offset(sought.first, start.first), zones.greatest_offset(sought.after, closes)
    else:
        least, greatest = zones.least_offset(closes, sought.after), zones.greatest_offset(start.first, sought.first)
    dated = any(value.parts <= written.DATE for value in (start, end, sought))
    return least <= greatest + (_CHANGE_OF_OFFSET if dated else 0)
