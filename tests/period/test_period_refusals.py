"""What is no dateTime, no search value, no instant, no period and no zone is a ValueError that says so."""

from typing import Any

import pytest

from conformance.period import in_force, order, same, search_matches


@pytest.mark.parametrize(
    "value",
    [
        "2020-06-15T10:00:", "2020-06-15T10:00:5", "2020-06-15T10:00:5Z", "2020-06-15T1:00:00Z", "2020-06-15T10:00: 5Z",
        "2020-06-15T10:00:+5Z", "2020-06-1_T10:00:00Z", "2020- 6-15", "+020-06-15", "2020-06-15T-1:00Z", "20 0",
        "", "ge", "GE2020", "=2020", ">=2020", "gte2020", "nele2020", "ge 2020", "ge2020,le2021", "ge2020&le2021",
        "2020-06-15T10", "2020-06-15T10Z", "2020-06T10:00", "2020-06-15T10:00.5Z", "2020-06-15T10:00:00.Z",
        "2020-06-15T10:00:00 02:00", "2020-06-15T10:00:00%2B02:00", "2020-06-15T10:00:00+0200",
        "2020-06-15T10:00:00+14:01", "2020-06-15T10:00:00+02", "2020-06-15T24:00Z", "2020-06-15T10:60Z",
        "2020-06-15T10:00:61Z", "2020-06-15t10:00:00Z", "2020-06-15T10:00:00z", "2020-06-15Z", "2020-00", "2020-13",
        "2020-6", "2020-06-31", "2021-02-29", "1900-02-29", "0000", "0000-01-01", "20200615", "2020-W25-1", "+2020",
        "2020-06-15\n", "2020-06-15T10:00:00Z\n", "\uff12020-06-15", "2020-06-15T10:00:00.\u0663Z", "T10:00",
        2020, None, [],
    ],
)  # fmt: skip
def test_what_is_no_search_value(value: Any) -> None:
    with pytest.raises(ValueError, match=r" is no (search value|date to search for): "):
        search_matches({"start": "2020-01-01"}, value, "UTC")


@pytest.mark.parametrize("bound", ["2020-06-15T10:00Z", "2020-06-15T10:00", "2020-06-15T24:00:00Z", "", 2020, ["2020"]])
@pytest.mark.parametrize("name", ["start", "end"])
def test_what_is_no_bound(name: str, bound: Any) -> None:
    period = {"start": "2020-01-01", "end": "2020-12-31", name: bound}
    for ask in (
        lambda: in_force(period, "2020-06-15T12:00:00Z", None),
        lambda: search_matches(period, "2020", None),
        lambda: same({}, period),
        lambda: order(period, None),
    ):
        with pytest.raises(ValueError, match=rf"^Period\.{name}: .* is no FHIR dateTime: "):
            ask()


@pytest.mark.parametrize("instant", ["2020-06-15", "2020-06-15T10:00Z", "2020-06-15T10:00:00", "now", None])
def test_what_is_no_instant(instant: Any) -> None:
    with pytest.raises(ValueError, match=" is no instant: "):
        in_force({}, instant, None)


@pytest.mark.parametrize("period", [None, [], "2020"])
def test_what_is_no_period(period: Any) -> None:
    with pytest.raises(ValueError, match=" is no Period: "):
        in_force(period, "2020-06-15T12:00:00Z", None)


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Europe", "+02:00", "../UTC"])
def test_what_is_no_zone_is_said_even_where_none_is_needed(zone: str) -> None:
    with pytest.raises(ValueError, match=r"no time zone .*: expected an IANA name"):
        order({}, zone)
