"""What a run says about periods does not depend on when and where it is made.

`CONFORMANCE_SWEEP=all pytest tests/test_any_clock.py` goes round the clock in steps of fifteen minutes instead of three
hours, and in every zone through both nights on which Sweden turns its clocks.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from conformance import proof
from conformance.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOLE = os.environ.get("CONFORMANCE_SWEEP") == "all"
STEP = timedelta(minutes=15 if WHOLE else 180)
DAY = datetime(2026, 6, 15, 0, 7, 30, tzinfo=UTC)
ROUND_THE_CLOCK = [DAY + number * STEP for number in range(int(timedelta(days=1) / STEP))]
CRITICAL = {
    "clocks-go-forward-in-sweden": datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC),
    "clocks-go-back-in-sweden": datetime(2026, 10, 25, 0, 59, 58, tzinfo=UTC),
    "midnight-in-sweden": datetime(2026, 6, 15, 21, 59, 58, tzinfo=UTC),
    "midnight-in-utc": datetime(2026, 6, 15, 23, 59, 58, tzinfo=UTC),
    "new-year": datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC),
    "leap-day": datetime(2028, 2, 28, 23, 59, 58, tzinfo=UTC),
}
ZONES = (
    "UTC",
    "Europe/Stockholm",
    "Asia/Kolkata",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "America/New_York",
    "Pacific/Apia",
)
PACKS = ("r4", "nll-2019") if WHOLE else ("r4",)


@pytest.fixture
def there(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A machine that lies in some zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def verdicts(pack: str, start: datetime, *variations: str) -> dict[str, Verdict]:
    """What becomes of the requirements about periods in a run that begins then."""
    report = proof.against(pack, variations=variations, options=("--only", "period"), start=start)
    judged = {row.requirement.id: row.verdict for row in report.requirements if row.requirement.set == "r4/period"}
    return {id: verdict for id, verdict in judged.items() if verdict is not Verdict.NOT_APPLICABLE}  # noqa: A001


def red(found: dict[str, Verdict]) -> dict[str, Verdict]:
    return {id: verdict for id, verdict in found.items() if verdict not in {Verdict.PASS, Verdict.NOT_TESTED}}  # noqa: A001


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("start", ROUND_THE_CLOCK, ids=[f"{start:%H:%M}" for start in ROUND_THE_CLOCK])
def test_the_time_of_day_makes_no_difference(pack: str, start: datetime) -> None:
    found = verdicts(pack, start)
    assert found
    assert red(found) == {}


@pytest.mark.parametrize("start", CRITICAL.values(), ids=CRITICAL)
def test_nights_that_matter_make_no_difference(start: datetime) -> None:
    assert red(verdicts("r4", start, "dates-live-in-sweden")) == {}


@pytest.mark.parametrize("there", ZONES, indirect=True)
def test_the_zone_of_the_machine_makes_no_difference(there: str) -> None:
    assert there
    for start in CRITICAL.values() if WHOLE else [CRITICAL["clocks-go-back-in-sweden"]]:
        assert red(verdicts("r4", start)) == {}


def test_a_clock_of_another_day_is_seen_and_no_excuse() -> None:
    """The server is a day behind the suite: that is said, and changes no other verdict."""
    report = proof.against("r4", faults=["clock-a-day-behind"], options=("--only", "period"))
    found = {row.requirement.id: row.verdict for row in report.requirements if row.requirement.set == "r4/period"}
    assert {id for id, verdict in found.items() if verdict in {Verdict.WARN, Verdict.FAIL}} == {  # noqa: A001
        "period.clock.is-near-the-runs-clock"
    }
