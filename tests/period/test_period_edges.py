"""Edges that the decision table leaves out, each worked out by hand."""

from typing import Any

import pytest

from conformance.period import in_force, order, same, search_matches

MANY_NINES = "9" * 20_000


@pytest.mark.parametrize(
    ("period", "instant", "zone", "expected"),
    [
        pytest.param({"end": "9999"}, "9999-12-31T09:59:59Z", None, "yes", id="the last year runs everywhere"),
        pytest.param({"end": "9999"}, "9999-12-31T10:00:00Z", None, "ambiguous", id="it may be over in the far east"),
        pytest.param({"end": "9999-12-31"}, "9999-12-31T22:59:59Z", "Europe/Stockholm", "yes", id="the last day"),
        pytest.param({"end": "9999-12-31"}, "9999-12-31T23:00:00Z", "Europe/Stockholm", "no", id="after the last day"),
        pytest.param({"end": "9999-12-31"}, "9999-12-31T23:59:59-14:00", None, "no", id="an instant of the year 10000"),
        pytest.param({"start": "0001"}, "0001-01-01T12:00:00Z", None, "yes", id="the first day has begun everywhere"),
        pytest.param({"start": "0001"}, "0001-01-01T00:00:00+14:00", None, "ambiguous", id="an instant of the year 0"),
        pytest.param({"start": "0001"}, "0001-01-01T00:00:00Z", "UTC", "yes", id="the first instant of the first year"),
        pytest.param(
            {"end": "2016-12-31T23:59:60Z"}, "2016-12-31T23:59:60Z", None, "yes", id="a leap second contains itself"
        ),
        pytest.param(
            {"end": "2016-12-31T23:59:60Z"}, "2017-01-01T00:00:00Z", None, "no", id="a leap second is not midnight"
        ),
        pytest.param(
            {"end": "2016-12-31T23:59:59Z"}, "2016-12-31T23:59:60Z", None, "no", id="second 59 is not the leap second"
        ),
        pytest.param(
            {"end": "2016-12-31T23:59:59Z"}, "2016-12-31T23:59:59.5Z", None, "ambiguous", id="within second 59"
        ),
        pytest.param({"end": "2016-12-31"}, "2016-12-31T23:59:60.9Z", "UTC", "yes", id="a day has its leap second"),
        pytest.param(
            {"start": "2017-01-01"}, "2016-12-31T23:59:60.9Z", "UTC", "no", id="the next day has begun after it"
        ),
        pytest.param(
            {"end": "2020-06-15T10:00:00.000000001Z"},
            "2020-06-15T10:00:00.000000002Z",
            None,
            "no",
            id="nanoseconds are exact",
        ),
        pytest.param(
            {"end": "2020-06-15T10:00:00.10Z"}, "2020-06-15T10:00:00.105Z", None, "ambiguous", id="within the hundredth"
        ),
        pytest.param(
            {"end": "2020-06-15T10:00:00.10Z"}, "2020-06-15T10:00:00.110Z", None, "no", id="after the hundredth"
        ),
        pytest.param(
            {"end": f"2020-06-15T10:00:00.{MANY_NINES}Z"},
            "2020-06-15T10:00:01Z",
            None,
            "no",
            id="twenty thousand decimals",
        ),
        pytest.param({"end": "2020-06-15T10:00:00-00:00"}, "2020-06-15T10:00:01Z", None, "no", id="offset -00:00"),
        pytest.param({"end": "2020-06-15T00:00:00-14:00"}, "2020-06-15T14:00:00Z", None, "yes", id="offset -14:00"),
        pytest.param(
            {"start": "2018-11-04"}, "2018-11-04T03:00:00Z", "America/Sao_Paulo", "yes", id="a day without midnight"
        ),
        pytest.param(
            {"end": "2018-11-03"},
            "2018-11-04T02:59:59Z",
            "America/Sao_Paulo",
            "yes",
            id="the day before lasts until then",
        ),
        pytest.param(
            {"start": "1919-03-31"},
            "1919-03-31T04:30:00Z",
            "America/Toronto",
            "yes",
            id="half past eleven to half past 12",
        ),
        pytest.param(
            {"start": "1919-03-31"}, "1919-03-31T04:29:59Z", "America/Toronto", "no", id="and not a second before"
        ),
        pytest.param(
            {"start": "2010-11-07"}, "2010-11-07T02:30:00Z", "America/St_Johns", "yes", id="a midnight that comes twice"
        ),
        pytest.param(
            {"end": "2024-04-06"}, "2024-04-06T13:00:00Z", "Australia/Lord_Howe", "no", id="Lord Howe, summer time"
        ),
        pytest.param(
            {"end": "2024-04-07"}, "2024-04-07T13:29:59Z", "Australia/Lord_Howe", "yes", id="Lord Howe, 24.5 hours"
        ),
        pytest.param(
            {"end": "2024-04-07"}, "2024-04-07T13:30:00Z", "Australia/Lord_Howe", "no", id="Lord Howe, after 24.5 hours"
        ),
        pytest.param(
            {"start": "2011-12-30", "end": "2011-12-30"},
            "2011-12-30T10:00:00Z",
            "Pacific/Apia",
            "no",
            id="a day that the zone leaves out",
        ),
        pytest.param(
            {"start": "2020-06-16", "end": "2020-06-15"}, "2020-06-15T18:00:00Z", None, "no", id="inverted, no zone"
        ),
        pytest.param(
            {"start": "2020-06-15", "end": "2020-06-15"},
            "2020-06-15T10:00:00Z",
            None,
            "ambiguous",
            id="one day, no zone",
        ),
        pytest.param(
            {"end": "2024-10-27T02:30:00"}, "2024-10-27T01:00:00Z", "Europe/Stockholm", "ambiguous", id="which 02:30"
        ),
        pytest.param(
            {"start": "2019-10-02T15:28:59", "end": "2019-10-02T15:28:59"},
            "2019-10-02T13:28:30Z",
            None,
            "no",
            id="no zone is half a minute off",
        ),
    ],
)
def test_in_force_at_an_edge(period: dict[str, str], instant: str, zone: str | None, expected: str) -> None:
    assert in_force(period, instant, zone) == expected


@pytest.mark.parametrize(
    ("period", "zone", "expected"),
    [
        pytest.param({}, None, "ok", id="nothing to compare"),
        pytest.param(
            {"start": "2016-12-31T23:59:60Z", "end": "2016-12-31T23:59:59Z"}, None, "violation", id="leap second"
        ),
        pytest.param({"start": "2016-12-31T23:59:60Z", "end": "2017-01-01T00:00:00Z"}, None, "ok", id="leap, midnight"),
        pytest.param(
            {"start": "9999-12-31", "end": "9999-12-31T23:00:00-05:00"}, None, "undetermined", id="year 10000"
        ),
        pytest.param({"start": "0001-01-01T00:00:00+14:00", "end": "0001-01-01"}, None, "undetermined", id="year 0"),
        pytest.param(
            {"start": "2020-06-15T10:00:00.0000000001Z", "end": "2020-06-15T10:00:00.0000000000Z"},
            None,
            "violation",
            id="a tenth of a nanosecond",
        ),
        pytest.param(
            {"start": "2020-06-15", "end": "2020-06-16T05:00:00+14:00"}, None, "undetermined", id="the 15th in UTC"
        ),
        pytest.param({"start": "2011-12-30", "end": "2011-12-30"}, "Pacific/Apia", "ok", id="dates need no zone"),
        pytest.param({"start": "2020-W25-1", "end": "2020"}, None, ValueError, id="a week date is no dateTime"),
        pytest.param({"start": "2020-01-01T10:30:Z"}, None, ValueError, id="a zone in the place of the seconds"),
        pytest.param({"end": "2020-01-01T10:Z"}, None, ValueError, id="a zone in the place of the minutes"),
        pytest.param({"end": "2019-12-02T15:28:59"}, None, ValueError, id="a time without zone is no dateTime"),
        pytest.param({"start": "2020-06-31"}, None, ValueError, id="one malformed bound is enough"),
    ],
)
def test_order_at_an_edge(period: dict[str, str], zone: str | None, expected: Any) -> None:
    if expected is ValueError:
        with pytest.raises(ValueError, match=r"^Period\.(start|end): '.*' is no FHIR dateTime: "):
            order(period, zone)
    else:
        assert order(period, zone) == expected


DAY_AND_A_QUARTER = {"start": "2020-06-14T21:00:00Z", "end": "2020-06-16T03:00:00Z"}
LOCAL_DAY = {"start": "2020-06-14T22:00:00Z", "end": "2020-06-15T21:59:59Z"}
SUMMER_TIME_ENDS = {"start": "2024-10-26T22:00:00Z", "end": "2024-10-27T22:59:59Z"}
ONE_DAY = {"start": "2020-06-15", "end": "2020-06-15"}
INVERTED = {"start": "2020-06-16", "end": "2020-06-15"}


@pytest.mark.parametrize(
    ("period", "value", "zone", "expected"),
    [
        pytest.param({}, "lt2020", None, "no", id="no period, nothing to match"),
        pytest.param({}, "ne2020", None, "ambiguous", id="no period, ne"),
        pytest.param(INVERTED, "ge2030", None, "ambiguous", id="inverted matches nothing in particular"),
        pytest.param(DAY_AND_A_QUARTER, "eq2020-06-15", None, "no", id="thirty hours fit into no day anywhere"),
        pytest.param(DAY_AND_A_QUARTER, "ne2020-06-15", None, "yes", id="and are not equal to it anywhere"),
        pytest.param(LOCAL_DAY, "eq2020-06-15", None, "ambiguous", id="a day somewhere"),
        pytest.param(
            LOCAL_DAY, "eq2020-06-15", "Europe/Stockholm", "ambiguous", id="a day in the zone, two as written"
        ),
        pytest.param(LOCAL_DAY, "eq2020-06", "Europe/Stockholm", "yes", id="in the month either way"),
        pytest.param(SUMMER_TIME_ENDS, "eq2024-10-27", None, "ambiguous", id="25 hours are a day in Stockholm"),
        pytest.param(ONE_DAY, "eq2020-06-15T11:00:00Z", None, "no", id="no day fits into a second"),
        pytest.param(ONE_DAY, "ge2020-06-15T12:00", None, "yes", id="date and zone-less time share their zone"),
        pytest.param(ONE_DAY, "eb2020-06-16T00:00", None, "yes", id="zone-less midnight after the day"),
        pytest.param(
            {"start": "2011-12-30", "end": "2011-12-30"}, "2011-12-30", "Pacific/Apia", "yes", id="dates only"
        ),
        pytest.param(
            {"end": "2016-12-31T23:59:59Z"}, "ge2016-12-31T23:59:60Z", None, "no", id="ends before leap second"
        ),
        pytest.param(
            {"end": "2016-12-31T23:59:60Z"}, "gt2016-12-31T23:59:59Z", None, "yes", id="ends with leap second"
        ),
        pytest.param({"end": "2016-12-31"}, "ge2016-12-31T23:59:60Z", "UTC", "ambiguous", id="both end at midnight"),
        pytest.param({"end": "9999"}, "gt9999-12-31", None, "ambiguous", id="both end with the calendar"),
        pytest.param({"end": "9999"}, "ge9999-12-31T23:59:59-14:00", None, "no", id="beyond the calendar"),
        pytest.param({"start": "0001"}, "lt0001", None, "no", id="nothing before the calendar"),
        pytest.param(
            {"end": "2020-06-15T10:00:00Z"}, "ge2020-06-15T10:00:00.5Z", None, "ambiguous", id="in the last second"
        ),
        pytest.param(
            {"end": "2020-06-15T10:00:00Z"}, "sa2020-06-15T10:00:00.5Z", None, "no", id="no start, never after"
        ),
        pytest.param({"end": "2020-06-15T10:00:00Z"}, "ge2020-06-15T10:01+00:00", None, "no", id="minutes and offset"),
        pytest.param(
            {"end": "2020-06-15T10:00:00Z"}, "eb2020-06-15T10:01-00:00", None, "yes", id="unknown local offset"
        ),
        pytest.param({"start": "2020-06-15"}, "ap2020-06-14", None, "ambiguous", id="how near is approximately"),
        pytest.param({"start": "2020-06-15"}, "ap2020-06-16", None, "yes", id="overlap is approximately"),
    ],
)
def test_search_at_an_edge(period: dict[str, str], value: str, zone: str | None, expected: str) -> None:
    assert search_matches(period, value, zone) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param({}, {}, True, id="both empty"),
        pytest.param({"start": "2020"}, {"end": "2020"}, False, id="bounds swapped"),
        pytest.param({"end": "2020-06-15T10:00:00.120Z"}, {"end": "2020-06-15T12:00:00.12+02:00"}, True, id="zeros"),
        pytest.param({"end": "2016-12-31T23:59:60Z"}, {"end": "2017-01-01T00:59:60+01:00"}, True, id="leap second"),
        pytest.param({"end": "2016-12-31T23:59:60Z"}, {"end": "2017-01-01T00:00:00Z"}, False, id="leap second moved"),
        pytest.param({"end": "9999-12-31T23:00:00-14:00"}, {"end": "9999-12-31T23:00:00-14:00"}, True, id="year 10000"),
        pytest.param({"end": "2020-01-01"}, {"end": "2020-01"}, False, id="same first instant, other precision"),
        pytest.param({"end": "2020-06-15T10:00:00"}, {"end": "2020-06-15T10:00:00Z"}, False, id="zone added"),
    ],
)
def test_same_at_an_edge(one: dict[str, str], other: dict[str, str], expected: bool) -> None:  # noqa: FBT001 - a table
    assert same(one, other) is expected
    assert same(other, one) is expected
