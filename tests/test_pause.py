"""How long a refusal for want of time is waited for: by the clock that its date was written by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from conformance.target import Http
from conformance.wire import Received, pause_before_repeating

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(minutes=1), timedelta(days=-400)])
def test_a_date_is_read_by_the_servers_clock(ahead: timedelta) -> None:
    there = NOW + ahead
    until = format_datetime(there + timedelta(seconds=2), usegmt=True)
    received = Received(429, (("Date", format_datetime(there, usegmt=True)), ("Retry-After", until)), b"", NOW, 0.0)
    assert pause_before_repeating(received, earlier=0, http=Http()) == 2


def test_without_a_date_our_own_clock_counts() -> None:
    until = format_datetime(NOW + timedelta(seconds=3), usegmt=True)
    received = Received(503, (("Retry-After", until),), b"", NOW, 0.0)
    assert pause_before_repeating(received, earlier=0, http=Http()) == 3
