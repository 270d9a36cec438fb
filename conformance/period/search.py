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
    sixty = written.LEAP_SECOND  # looked for here, since hardly any value has one
    if (start and sixty in start.first[1]) or (end and sixty in end.first[1]) or sixty in sought.first[1]:
        sought = written.before_leap_second(sought, start, end)
        end = end and written.before_leap_second(end, start, sought)
    if start is not None and end is not None and _is_inverted(start, end, place):
        return "ambiguous"

    found = _FOUND[prefix]
    if _on_one_clock(start, end, sought):
        starts, ends, late_ends = _places(start, end, sought)
        letter = found[starts][ends]
        return _ANSWERS[letter] if found[starts][late_ends] == letter else "ambiguous"
    places = _places_in_zone(start, end, sought, place)
    if sought.parts <= written.DATE:
        # search, date: "dates do not have time zones, and time zones should not be considered". A server may hold
        # a date against the date that a bound writes, whatever its offset.
        starts, ends, late_ends = _places(start and start.as_written(), end and end.as_written(), sought)
        places |= {(starts, ends), (starts, late_ends)}
    letters = {found[starts][ends] for starts, ends in places}
    return _ANSWERS[letters.pop()] if len(letters) == 1 else "ambiguous"


def _is_inverted(start: Written, end: Written, zone: ZoneInfo | None) -> bool:
    """Whether the period is over before it begins, in every zone that dates may live in."""
    if (start.offset is None) is (end.offset is None):
        return start.first >= end.after
    return zones.begins(start, zone)[0] >= zones.stops(end, zone)[1]


def _on_one_clock(start: Written | None, end: Written | None, sought: Written) -> bool:
    """Two dates compare as dates, two times with offsets as instants; and days apart, no zone makes a difference."""
    local = sought.offset is None
    first, after = sought.first[0], sought.after[0]
    for bound in (start, end):
        if bound is not None and (bound.offset is None) is not local:
            near = bound.first[0] - after <= written.DAY and first - bound.after[0] <= written.DAY
            if near:
                return False
    return True


def _places(start: Written | None, end: Written | None, sought: Written) -> tuple[int, int, int]:
    """Return where the start lies, and where the end does at its earliest and its latest, all on one clock.

    search, date: a missing lower boundary is less than any date, a missing upper boundary is greater.
    """
    value = sought[:2]
    starts = BEFORE if start is None else _place_of_start(start.first, value)
    if end is None:
        return starts, AFTER, AFTER
    return starts, _place_of_end(written.shortest_end(end), value), _place_of_end(end.after, value)


def _places_in_zone(
    start: Written | None, end: Written | None, sought: Written, zone: ZoneInfo | None
) -> set[tuple[int, int]]:
    """Return where start and end may lie together, with values from several clocks."""
    starts = {BEFORE} if start is None else _places_of_start(start, sought, zone)
    ends = {AFTER} if end is None else _places_of_end(end, sought, zone)
    places = {(place, other) for place in starts for other in ends}
    if zone is None and start is not None and end is not None and not _may_fit(start, end, sought):
        places.discard((WITHIN, WITHIN))
    return places


def _places_of_start(start: Written, sought: Written, zone: ZoneInfo | None) -> set[int]:
    if start.offset is None and sought.offset is None:
        return {_place_of_start(start.first, sought[:2])}
    (earliest, latest), (early, late) = zones.begins(start, zone), zones.intervals(sought, zone)
    return _between(_place_of_start(earliest, late), _place_of_start(latest, early), zone)


def _places_of_end(end: Written, sought: Written, zone: ZoneInfo | None) -> set[int]:
    if end.offset is None and sought.offset is None:
        return {_place_of_end(moment, sought[:2]) for moment in (written.shortest_end(end), end.after)}
    (earliest, latest), (early, late) = zones.ends(end, zone), zones.intervals(sought, zone)
    return _between(_place_of_end(earliest, late), _place_of_end(latest, early), zone)


def _between(least: int, greatest: int, zone: ZoneInfo | None) -> set[int]:
    """An unknown zone may put a bound into the place between two others."""
    return {least, greatest} if zone is not None else set(range(least, greatest + 1))


def _place_of_start(moment: Moment, sought: Interval) -> int:
    first, after = sought
    return BEFORE if moment < first else WITHIN if moment < after else AFTER


def _place_of_end(moment: Moment, sought: Interval) -> int:
    """`moment` is the first one that is not in the period any more."""
    first, after = sought
    return BEFORE if moment <= first else WITHIN if moment <= after else AFTER


def _may_fit(start: Written, end: Written, sought: Written) -> bool:
    """Whether a zone exists in which the value contains the period: three days fit into no day, wherever it is."""
    least, greatest = zones.least_offset, zones.greatest_offset
    dated = any(value.offset is None and value.parts <= written.DATE for value in (start, end, sought))
    for close in (written.shortest_end(end), end.after):
        # The offsets at which the start lies within the value, and those at which the end does.
        offsets = []
        if sought.offset is None:
            if start.offset is not None:
                offsets.append((least(sought.first, start.first), least(sought.after, start.first) - 1))
            if end.offset is not None:
                offsets.append((greatest(sought.first, close) + 1, greatest(sought.after, close)))
        else:
            if start.offset is None:
                offsets.append((greatest(start.first, sought.after) + 1, greatest(start.first, sought.first)))
            if end.offset is None:
                offsets.append((least(close, sought.after), least(close, sought.first) - 1))
        change = _CHANGE_OF_OFFSET if dated and len(offsets) > 1 else 0
        common = not offsets or max(low for low, _ in offsets) <= min(high for _, high in offsets) + change
        if common and all(low <= high for low, high in offsets):
            return True
    return False
