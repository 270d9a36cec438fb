"""What is stored of a period: its bounds, their precision, their offset, and whether one of them is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying

DAY = "2031-12-02"


@pytest.mark.parametrize("end", [DAY, "2031-12-02T10:30:15+02:00"], ids=["a-date", "a-moment-with-offset"])
def test_the_end_comes_back(consents: Consents, verifying: Verifying, end: str) -> None:
    """An open consent gets an end; a read shows the same end, and the start as it was."""
    known = consents.given("active")
    if consents.period_of(consents.current(known)).get("end") is not None:
        raise consents.untestable("the consent has an end before one is set")

    answer = consents.put_end(known, end=end)
    read = consents.read(known.id)

    with verifying("period.end.comes-back-as-the-same-moment"):
        if consents.taken(answer, usual=lambda: consents.ended(consents.given("active"), end=DAY)):
            expect.ends(end, read, period=consents.period_of)
    with verifying("period.start.survives-closing"):
        if consents.taken(answer, usual=lambda: consents.ended(consents.given("active"), end=DAY)):
            start, before = consents.period_of(read.consent).get("start"), consents.period_of(known.body).get("start")
            expect.true(
                start is not None and expect.same_moment(start, before),
                f"the start {before}",
                f"the start {start}",
                read,
            )


@pytest.mark.parametrize("end", [DAY, "2031-12", "2031"], ids=["day", "month", "year"])
def test_the_end_keeps_its_precision(consents: Consents, verifying: Verifying, end: str) -> None:
    """A consent is ended on a day, in a month, in a year: it reads back to the day, the month, the year."""
    known = consents.given("active")
    answer = consents.put_end(known, end=end)
    read = consents.read(known.id)

    with verifying("period.end.keeps-its-precision"):
        if consents.taken(answer, usual=lambda: consents.ended(consents.given("active"), end=DAY)):
            expect.equal(consents.period_of(read.consent).get("end"), end, "the end", read)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2031-06-23T17:02:33+10:00", "2031-06-23T17:32:33+10:00"),
        ("2031-06-23T00:02:33+05:30", "2031-06-22T23:32:33-03:00"),
        ("2031-12-31T23:59:59Z", "2032-01-01T00:00:01Z"),
    ],
    ids=["half-an-hour", "two-offsets", "over-the-new-year"],
)
def test_a_window_in_seconds(consents: Consents, verifying: Verifying, start: str, end: str) -> None:
    """A consent is created for a short window, to the second and with offsets: it reads back as the same window."""
    consents.given("active")
    wanted = {"start": start, "end": end}

    answer = consents.create(consents.bounded(wanted), kind="active")
    with verifying("period.end.keeps-seconds-and-offset-meaning"):
        if consents.taken(answer, usual=lambda: consents.given("active")):
            read = consents.read(consents.kept(answer, "active").id)
            expect.same_period(wanted, read, period=consents.period_of)


@pytest.mark.parametrize(
    "start", ["2024-03-01", "2031-12", "2031-12-02T08:00:00Z"], ids=["a-past-day", "a-month-ahead", "a-moment"]
)
def test_a_period_without_end(consents: Consents, verifying: Verifying, start: str) -> None:
    """A consent that has an end can be created, and so can one without: it reads without end."""
    consents.lasting({"start": "2024-03-01", "end": DAY})

    answer = consents.create(consents.bounded({"start": start}), kind="active")
    with verifying("period.open-end.is-accepted-and-stays-open"):
        if not answer.succeeded and not _takes(consents, {"start": start, "end": "2035-12-31"}):
            answer.note(f"the server takes no period that starts with {start}")
            return
        expect.accepted(answer)
        if answer.succeeded:
            read = consents.read(consents.kept(answer, "active").id)
            if consents.dialect.default_end is not None:
                answer.note(f"a consent without end is given one: {consents.dialect.default_end}")
                return
            expect.same_period({"start": start}, read, period=consents.period_of)


@pytest.mark.parametrize("end", [DAY, "2031-12-02T10:00:00Z"], ids=["a-day", "a-moment"])
def test_a_period_without_start(consents: Consents, verifying: Verifying, end: str) -> None:
    """A consent that has a start can be created, and so can one with an end alone: it reads without start."""
    consents.lasting({"start": "2024-03-01", "end": DAY})

    answer = consents.create(consents.bounded({"end": end}), kind="active")
    with verifying("period.open-start.is-accepted"):
        if not answer.succeeded and not _takes(consents, {"start": "2024-03-01", "end": end}):
            answer.note(f"the server takes no period that ends with {end}")
            return
        expect.accepted(answer)
        if answer.succeeded:
            read = consents.read(consents.kept(answer, "active").id)
            expect.same_period({"end": end}, read, period=consents.period_of)


def test_an_update_without_start(consents: Consents, verifying: Verifying) -> None:
    """A consent with a start can be ended. A PUT with an end alone leaves it without start, or with the one it had."""
    consents.effectively_ended(end=DAY)
    known = consents.given("active")
    before = consents.period_of(known.body).get("start")
    body = consents.ending(known, end=DAY)
    consents.period_of(body).pop("start", None)

    answer = consents.update(body, kind=known.kind, action="close")
    read = consents.read(known.id)

    with verifying("period.open-start.is-accepted"):
        expect.accepted(answer)
        if answer.succeeded:
            expect.ends(DAY, read, period=consents.period_of)
            start = consents.period_of(read.consent).get("start")
            kept = start is None or expect.same_moment(start, before)
            expect.true(kept, f"no start, or {before}", f"the start {start}", read)
            if start is not None:
                answer.note("a start that a PUT leaves out is kept, which http.html#update calls unexpected")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (DAY, DAY),
        ("2031-12-02T10:00:00Z", "2031-12-02T10:00:00Z"),
        ("2031-12-02T10:00:00+02:00", "2031-12-02T08:00:00Z"),
        ("2031-12", "2031-12"),
    ],
    ids=["a-day", "a-moment", "a-moment-written-twice", "a-month"],
)
def test_a_period_of_one_day(consents: Consents, verifying: Verifying, start: str, end: str) -> None:
    """A consent for some years can be created, and so can one that starts and ends at the same time."""
    consents.lasting({"start": "2024-03-01", "end": DAY})
    wanted = {"start": start, "end": end}

    answer = consents.create(consents.bounded(wanted), kind="active")
    with verifying("period.equal-bounds.are-accepted"):
        if not answer.succeeded and not _takes(consents, {"start": start, "end": "2035-12-31"}):
            answer.note(f"the server takes no period with {start}")
            return
        expect.accepted(answer)
        if answer.succeeded:
            read = consents.read(consents.kept(answer, "active").id)
            expect.same_period(wanted, read, period=consents.period_of)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2031-12-02T08:00:00Z", DAY), ("2031-12-02", "2031-12-02T20:00:00Z"), ("2031-12", DAY), (DAY, "2031-12")],
    ids=["a-time-and-its-day", "a-day-and-a-time-in-it", "a-month-and-a-day-in-it", "a-day-and-its-month"],
)
def test_bounds_of_unlike_precision(consents: Consents, verifying: Verifying, start: str, end: str) -> None:
    """A consent for some years can be created. One from a day to a time in it, or so, is kept as sent or refused."""
    consents.lasting({"start": "2024-03-01", "end": DAY})
    wanted = {"start": start, "end": end}

    answer = consents.create(consents.bounded(wanted), kind="active")
    with verifying("period.mixed-precision.has-one-outcome"):
        if answer.succeeded:
            read = consents.read(consents.kept(answer, "active").id)
            expect.same_period(wanted, read, period=consents.period_of)
        else:
            expect.refused(answer)
            answer.note(f"bounds of unlike precision are refused: {answer.described}")


def _takes(consents: Consents, period: dict[str, str]) -> bool:
    """Whether bounds in these forms are taken at all, where both are there and years lie between them."""
    return consents.create(consents.bounded(period), kind="active").succeeded
