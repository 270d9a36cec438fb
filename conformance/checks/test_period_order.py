"""A period that ends before it starts is no period (per-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import expect
from conformance.found import with_elements
from conformance.headers import Change

if TYPE_CHECKING:
    from conformance.client import Consents, Json
    from conformance.recorder import Verifying

INVERTED = Change(flaw="the period ends before it starts")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2031-12-02T10:00:01Z", "2031-12-02T10:00:00Z"),
        ("2031-12-02", "2031-12-01"),
        ("2032", "2031"),
        ("2031-12-02T09:00:00Z", "2031-12-02T10:00:00+02:00"),
        ("2032-02-01T08:00:00Z", "2031-12"),
    ],
    ids=["a-second", "a-day", "a-year", "an-hour-by-offset", "a-time-after-a-month"],
)
def test_an_end_before_the_start(consents: Consents, verifying: Verifying, start: str, end: str) -> None:
    """A consent whose bounds stand the right way round can be created. With the bounds swapped it is refused."""
    right_way = consents.create(consents.bounded({"start": end, "end": start}), kind="active")
    answer = consents.create(consents.bounded({"start": start, "end": end}), kind="active", change=INVERTED)

    with verifying("period.order.inverted-period-is-refused", "period.order.inverted-period-is-refused-by-validation"):
        if consents.taken(right_way, usual=lambda: consents.lasting({"start": "2024-03-01", "end": "2031-12-02"})):
            expect.true(answer.refused, f"a refusal (4xx) of {start} to {end}", answer.described, answer)


@pytest.mark.parametrize(
    "path", ["provision.dataPeriod", "provision.provision"], ids=["of-the-data", "of-a-rule-inside"]
)
def test_another_end_before_its_start(consents: Consents, verifying: Verifying, path: str) -> None:
    """A consent with a period of its data, or of a rule inside, is created. With the bounds swapped it is refused."""
    consents.lasting({"start": "2024-03-01", "end": "2031-12-02"})

    def body(**period: str) -> Json:
        value = period if path.endswith("Period") else [{"type": "permit", "period": period}]
        return with_elements(consents.body("active"), {path: value})

    right_way = consents.create(body(start="2024-03-01", end="2031-12-01"), kind="active")
    answer = consents.create(body(start="2031-12-01", end="2024-03-01"), kind="active", change=INVERTED)

    with verifying("period.order.inverted-period-is-refused", "period.order.inverted-period-is-refused-by-validation"):
        if right_way.succeeded:
            expect.refused(answer)
        else:
            answer.note(f"the server takes no such period at all: {right_way.described}")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2031-12-02T10:00:00+02:00", "2031-12-02T09:00:00Z"),
        ("2031-12-02T23:30:00-05:00", "2031-12-03T06:00:00+01:00"),
        ("2031-12-02T10:00:00.5Z", "2031-12-02T10:00:00.75Z"),
    ],
    ids=["an-earlier-hour-on-the-clock", "another-day-on-the-clock", "within-a-second"],
)
def test_an_order_that_shows_only_in_one_zone(consents: Consents, verifying: Verifying, start: str, end: str) -> None:
    """A consent for some hours, with offsets, can be created; and so can one whose order the offsets decide."""
    consents.lasting({"start": "2024-03-01", "end": "2031-12-03"})
    hours = {"start": start[:10] + "T00:00:00+02:00", "end": "2031-12-04T00:00:00+01:00"}
    usual = consents.create(consents.bounded(hours), kind="active")

    answer = consents.create(consents.bounded({"start": start, "end": end}), kind="active")

    with verifying("period.order.inverted-period-is-refused", "period.order.inverted-period-is-refused-by-validation"):
        if not usual.succeeded:
            answer.note(f"the server takes no period with times: {usual.described}")
        else:
            expect.accepted(answer)
