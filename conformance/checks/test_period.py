"""What the end of a consent means: how it is stored and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying


@pytest.mark.parametrize("end", ["2031-12-02", "2031-12-02T10:30:15+02:00"], ids=["a-date", "a-moment-with-offset"])
def test_the_end_comes_back(consents: Consents, verifying: Verifying, end: str) -> None:
    """An open consent gets an end; a read shows the same end, and the start as it was."""
    known = consents.given("active")
    if consents.period_of(consents.current(known)).get("end") is not None:
        raise consents.untestable("the consent has an end before one is set")

    consents.ended(known, end=end)
    read = consents.read(known.id)

    with verifying("period.end.comes-back-as-the-same-moment"):
        stored = consents.period_of(read.consent).get("end")
        expect.true(stored is not None, f"the end {end}", "no end", read)
        expect.true(expect.same_moment(str(stored), end), f"the end {end}", f"the end {stored}", read)
    with verifying("period.start.survives-closing"):
        start, before = consents.period_of(read.consent).get("start"), consents.period_of(known.body).get("start")
        expect.true(
            start is not None and expect.same_moment(str(start), str(before)),
            f"the start {before}",
            f"the start {start}",
            read,
        )


@pytest.mark.parametrize("end", ["2031-12-02", "2031-12", "2031"], ids=["day", "month", "year"])
def test_the_end_keeps_its_precision(consents: Consents, verifying: Verifying, end: str) -> None:
    """A consent is ended on a day, in a month, in a year: it reads back to the day, the month, the year."""
    known = consents.given("active")
    consents.ended(known, end=end)
    read = consents.read(known.id)

    with verifying("period.end.keeps-its-precision"):
        expect.equal(consents.period_of(read.consent).get("end"), end, "the end", read)
