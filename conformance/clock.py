"""The time that the suite lives in: the machine's, or one that a proof has set and in which waiting takes no time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.model import Exchange


LAST_SECOND = 253402300799
"""Of the year 9999, in seconds since 1970: what lies beyond can be any number of digits long."""


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Return seconds that only grow, for time limits."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let that much time pass."""
        time.sleep(seconds)


class SetClock(Clock):
    """A clock that starts at a chosen time and goes on from there; whoever waits turns it on."""

    def __init__(self, start: datetime | None = None) -> None:
        self._ahead = (start - super().now()) if start is not None else timedelta()
        self._waited = 0.0

    def now(self) -> datetime:
        return super().now() + self._ahead + timedelta(seconds=self._waited)

    def elapsed(self) -> float:
        return super().elapsed() + self._waited

    def wait(self, seconds: float) -> None:
        self._waited += seconds


def ahead(answer: Exchange) -> float | None:
    """By how many seconds the Date of an answer is ahead of the moment when it was asked for; None without Date."""
    told = http_date(answer.header("Date"))
    return None if told is None else (told - datetime.fromisoformat(answer.started)).total_seconds()


def http_date(text: str | None) -> datetime | None:
    """A date as HTTP writes it (RFC 9110 §5.6.7), aware and in UTC; None for what is none, whatever a server says."""
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
