"""Consents whose end has passed, by the clock of the target."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from conformance import period
from conformance.client.kept import Kept
from conformance.client.searching import POLL_EVERY
from conformance.client.setup import SetUp
from conformance.clock import http_date
from conformance.model import NotTestable

if TYPE_CHECKING:
    from conformance.client.kept import Json

LONG_OVER = {"start": "2017-02-01", "end": "2019-06-30"}
"""A period that is over, whatever the zone of its dates and the clock of the target."""

YEARS = range(2020, 9000)
"""Years of a Date that are believed. Earlier, what checks take for over lies ahead; later, no end can be written."""

A_MOMENT = timedelta(seconds=2)
"""How far ahead an end lies that is waited for."""


class Expiry(SetUp):
    """The target's time, and what is over in it."""

    def time_there(self) -> datetime:
        """The time that it is for the target, by the Date of an answer; by our clock where that has none. In UTC."""
        answer = self.read(self.unused_id())
        told = http_date(answer.header("Date"))
        return told if told is not None and told.year in YEARS else self.clock.now()

    def today(self) -> date:
        """The day that it is for the target, in UTC."""
        return self.time_there().date()

    def expired(self, *, patient: str | None = None) -> Kept:
        """A consent whose end has passed: of long ago, ended a moment ago, or given.

        Raises:
            NotTestable: the target takes no such end, and gave none.

        """
        if self._may_create:
            created = self.create(self.bounded(LONG_OVER, patient=patient), kind="active")
            if created.succeeded:
                return self.kept(created, "active")
            if (passed := self.just_expired(patient=patient)) is not None:
                return passed
        for id in self._target.given.ended_consents:  # noqa: A001 - FHIR's own word
            body = self.current(id)
            if self._is_over(body):
                return Kept(id, body, "active")
        raise NotTestable("no consent whose end has passed is known", remedy="name one under given.ended-consents")

    def just_expired(self, *, patient: str | None = None) -> Kept | None:
        """An active consent that was created with an end a moment ahead, after that moment; None when it is refused."""
        end = self.time_there().replace(microsecond=0) + A_MOMENT
        bounds = {"start": LONG_OVER["start"], "end": end.isoformat().replace("+00:00", "Z")}
        created = self.create(self.bounded(bounds, patient=patient), kind="active")
        if not created.succeeded:
            return None
        known = self.kept(created, "active")
        deadline = self.clock.elapsed() + 5 * A_MOMENT.total_seconds()
        while self.time_there() <= end:
            if self.clock.elapsed() > deadline:
                raise self.untestable(f"the target's Date does not reach {bounds['end']}")
            self.clock.wait(POLL_EVERY)
        return known

    def _is_over(self, body: Json) -> bool:
        """Whether the end has passed, whatever the zone of its date."""
        bounds = {name: value for name, value in self.period_of(body).items() if name == "end"}
        try:
            return period.in_force(bounds, self.time_there().isoformat(), self.dialect.zone) == "no"
        except ValueError:  # no dateTime
            return False
