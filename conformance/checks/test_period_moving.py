"""Setting the end ahead, in the past and on today, moving it, and taking it away: done and then true, or refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from conformance import expect

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying

END = "2031-12-02"


@pytest.mark.parametrize("days", [1, 60, 1500], ids=["tomorrow", "two-months", "four-years"])
def test_an_end_that_lies_ahead(consents: Consents, verifying: Verifying, days: int) -> None:
    """An open consent is ended on a day to come, by the server's own clock: it reads with that end."""
    consents.effectively_ended(end=END)
    known = consents.given("active")
    end = str(consents.today() + timedelta(days=days))

    answer = consents.put_end(known, end=end)
    read = consents.read(known.id)

    with verifying("period.end.future-end-is-accepted"):
        expect.accepted(answer)
        if answer.succeeded:
            expect.ends(end, read, period=consents.period_of)


@pytest.mark.parametrize("days", [2, 300], ids=["two-days", "months"])
def test_an_end_that_has_passed(consents: Consents, verifying: Verifying, days: int) -> None:
    """A consent began a year ago. It is ended on a day that has passed: it reads with that end, or is as it was."""
    consents.effectively_ended(end=END)
    today = consents.today()
    known = consents.lasting({"start": str(today - timedelta(days=365))})
    before = consents.current(known)
    end = str(today - timedelta(days=days))

    answer = consents.put_end(known, end=end)
    after = consents.read(known.id)

    with verifying("period.end.past-end-has-one-outcome"):
        expect.done_or_refused(answer, end=end, before=before, after=after, period=consents.period_of)


def test_moving_the_end(consents: Consents, verifying: Verifying) -> None:
    """A consent has an end. It is moved ten days later, ten days earlier and to today: each time done, or refused."""
    known = consents.effectively_ended(end=END)
    for end in ("2031-12-12", "2031-11-22", str(consents.today())):
        before = consents.current(known)
        answer = consents.put_end(known, end=end)
        after = consents.read(known.id)

        with verifying("period.end.can-be-moved"):
            expect.done_or_refused(answer, end=end, before=before, after=after, period=consents.period_of)


def test_leaving_the_end_out(consents: Consents, verifying: Verifying) -> None:
    """A consent has an end. A PUT of it as it was without one takes the end away, or is refused and changes nothing."""
    known = consents.effectively_ended(end=END)
    before = consents.current(known)
    body = consents.reopening(known)

    answer = consents.update(body, kind=known.kind)
    after = consents.read(known.id)

    with verifying("period.end.leaving-it-out-reopens"):
        expect.done_or_refused(answer, end=None, before=before, after=after, period=consents.period_of)
