"""What the checks of `period` searches ask is decided, whatever the zone of a server's dates and its reading of ge."""

from __future__ import annotations

import contextlib
import inspect
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.checks import test_period_search as checks
from conformance.period import search_matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FUNCTIONS = [
    function
    for name, function in inspect.getmembers(checks, inspect.isfunction)
    if name.startswith("test_") and name != "test_the_search_looks_at_the_rules_own_period"  # bodies, not dates
]
DECLARED = (
    None,
    "UTC",
    "Europe/Stockholm",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "America/New_York",
)


class Probes:
    """Stands in the place of `Among` and holds each probe against the table of answers."""

    asked = 0

    def __init__(self, consents: Any, **periods: dict[str, str]) -> None:
        self.zone = consents.dialect.zone
        self.periods = periods

    def judge(self, *values: str, finds: str = "", leaves: str = "") -> None:
        for name in finds.split():
            answers = {search_matches(self.periods[name], value, self.zone) for value in values}
            assert answers == {"yes"}, (self.periods[name], values, self.zone)
        for name in leaves.split():
            answers = {search_matches(self.periods[name], value, self.zone) for value in values}
            assert "no" in answers, (self.periods[name], values, self.zone)
        Probes.asked += 1


@contextlib.contextmanager
def verifying(*_: str) -> Iterator[None]:
    yield


@pytest.mark.parametrize("zone", DECLARED)
@pytest.mark.parametrize("check", FUNCTIONS, ids=lambda check: check.__name__)
def test_every_probe_is_decided(check: Callable[..., None], zone: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "Among", Probes)
    before = Probes.asked
    check(SimpleNamespace(dialect=SimpleNamespace(zone=zone), offers=lambda _: True), verifying)
    assert Probes.asked > before
