"""The reference server's own arithmetic of dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conformance.reference import dates

NOW = datetime(2031, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "first", "after"),
    [
        ("2031", "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"),
        ("2032-02", "2032-02-01T00:00:00Z", "2032-03-01T00:00:00Z"),
        ("2031-12", "2031-12-01T00:00:00Z", "2032-01-01T00:00:00Z"),
        ("2031-02-28", "2031-02-28T00:00:00Z", "2031-03-01T00:00:00Z"),
        ("2031-02-28T10:00Z", "2031-02-28T10:00:00Z", "2031-02-28T10:01:00Z"),
        ("2031-02-28T10:00:00+02:00", "2031-02-28T08:00:00Z", "2031-02-28T08:00:01Z"),
        ("2031-02-28T23:30:00-01:00", "2031-03-01T00:30:00Z", "2031-03-01T00:30:01Z"),
        ("2031-02-28T10:00:00", "2031-02-28T10:00:00Z", "2031-02-28T10:00:01Z"),
    ],
)
def test_a_written_date_is_a_range(written: str, first: str, after: str) -> None:
    assert dates.span(written) == (dates.span(first)[0], dates.span(after)[0])


def test_a_fraction_is_as_precise_as_it_is_written() -> None:
    second = dates.span("2031-02-28T10:00:00Z")[0]
    assert dates.span("2031-02-28T10:00:00.5Z") == (second + 500_000, second + 600_000)
    assert dates.span("2031-02-28T10:00:00.123456789Z") == (second + 123_456, second + 123_457)


def test_the_ends_of_time_are_in_range() -> None:
    assert dates.span("0001")[0] < dates.span("9999")[1]
    assert dates.instant(datetime(2031, 2, 28, 10, tzinfo=UTC)) == dates.span("2031-02-28T10:00:00Z")[0]


@pytest.mark.parametrize(
    "written",
    ["", "31", "2031-13", "2031-02-29", "2031-2-1", "2031-02-28T24:00:00Z", "2031-02-28T10:60:00Z", "2031-02-28T10Z",
     "2031-02-28 10:00:00Z", "2031-02-28T10:00:00+0100", "2031-02-28T10:00:00+14:30", "0000", "2031-02-28T10:00:00z",
     "٢٠٣١"],
)  # fmt: skip
def test_what_the_calendar_does_not_have(written: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        dates.span(written)
    assert not dates.is_date_time(written)


def test_a_resource_needs_seconds_and_zone_with_a_time() -> None:
    assert dates.is_date_time("2031-02-28T10:00:00Z")
    assert not dates.is_date_time("2031-02-28T10:00:00")
    assert not dates.is_date_time("2031-02-28T10:00Z")
    assert not dates.is_date_time(2031)


@pytest.mark.parametrize(
    ("start", "end", "inverted"),
    [
        ("2031-02-01", "2031-01-31", True),
        ("2031-02-01", "2031-02-01", False),
        ("2031-02-01T08:00:00Z", "2031-02-01", False),
        ("2031-02-01", "2031-02", False),
        ("2031-03", "2031-02-28", True),
        ("2031-01-01T10:00:00+02:00", "2031-01-01T09:00:00Z", False),
        ("2031-01-01T10:00:00Z", "2031-01-01T10:00:00+01:00", True),
    ],
)
def test_a_period_upside_down(*, start: str, end: str, inverted: bool) -> None:
    assert dates.inverted({"start": start, "end": end}) is inverted
    assert not dates.inverted({"start": start})
    assert not dates.inverted({"end": end})


TARGETS = {
    "inside": {"start": "2031-02-01", "end": "2031-11-30"},
    "across": {"start": "2031-02-01", "end": "2032-01-31"},
    "before": {"start": "2029-01-01", "end": "2030-12-31"},
    "after": {"start": "2032-01-01", "end": "2033-01-01"},
    "open end": {"start": "2031-02-01"},
    "open start": {"end": "2031-12-02"},
    "always": {"start": None},
}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2031", {"inside"}),
        ("eq2031", {"inside"}),
        ("ne2031", {"across", "before", "after", "open end", "open start", "always"}),
        ("gt2031", {"across", "after", "open end", "always"}),
        ("ge2031", {"inside", "across", "after", "open end", "open start", "always"}),
        ("lt2031", {"before", "open start", "always"}),
        ("le2031", {"inside", "across", "before", "open end", "open start", "always"}),
        ("sa2031", {"after"}),
        ("eb2031", {"before"}),
    ],
)
def test_prefixes_over_periods(value: str, found: set[str]) -> None:
    assert {name for name, period in TARGETS.items() if dates.matches(dates.range_of(period), value, now=NOW)} == found


def test_approximately_is_a_tenth_of_the_distance_from_now() -> None:
    day = dates.range_of({"start": "2031-05-20", "end": "2031-05-20"})
    assert dates.matches(day, "ap2031-05-22", now=NOW)
    assert not dates.matches(day, "ap2031-05-25", now=NOW)


@pytest.mark.parametrize("written", ["2031", "2031-02", "2031-11-30", "2032-01-01T00:00:00Z"])
def test_prefixes_complete_each_other(written: str) -> None:
    for period in TARGETS.values():
        target = dates.range_of(period)

        def is_found(prefix: str, target: dates.Range = target) -> bool:
            return dates.matches(target, prefix + written, now=NOW)

        assert is_found("eq") is not is_found("ne")
        assert is_found("sa") is not is_found("le")
        assert is_found("eb") is not is_found("ge")
        assert is_found("") is is_found("eq")
