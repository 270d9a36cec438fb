"""GET [base]/Consent?_lastUpdated=…: what was changed before a time, and what after it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from conformance import expect
from conformance.found import element

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying

LATE = "2199-01-01"
"""A day before which everything of these days was updated."""
INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def test_searching_by_last_update(consents: Consents, verifying: Verifying) -> None:
    """A consent is created and changed later. It was updated after its creation, and not by then or before.

    The moment of its creation is asked for in other zones as well.
    """
    known = consents.given("active")
    created = element(consents.current(known), "meta.lastUpdated")
    updated = consents.updated_after(known, created)
    near = [consents.of_patient(known.patient)] if consents.offers("search:patient") else []
    if near:
        consents.findable(known)

    after = consents.find(*near, ("_lastUpdated", f"gt{created}"), include=[known.id])
    since = consents.find(*near, ("_lastUpdated", f"ge{updated}"), include=[known.id])
    by_then = consents.find(
        *near, ("_lastUpdated", f"le{created}"), until=lambda found: known.id not in found.ids, tolerant=True
    )
    with verifying("r4.search.by-last-updated"):
        expect.matches(after, include=[known.id])
        expect.matches(since, include=[known.id])
        expect.matches(by_then, exclude=[known.id])
    for prefix, finds, leaves in (
        ("gt", created, LATE),
        ("ge", updated, LATE),
        ("le", LATE, created),
        ("sa", created, LATE),
        ("lt", LATE, created),
        ("eb", LATE, created),
    ):
        if consents.search([*near, ("_lastUpdated", f"{prefix}{LATE}")]).refused:
            continue  # R4 obliges nobody to have all prefixes
        with verifying("r4.search.by-last-updated"):
            found = consents.find(*near, ("_lastUpdated", f"{prefix}{finds}"), include=[known.id])
            expect.matches(found, include=[known.id])
        with verifying("r4.search.by-last-updated"):
            expect.matches(
                consents.find(*near, ("_lastUpdated", f"{prefix}{leaves}"), tolerant=True), exclude=[known.id]
            )
    for hours in (5, -7):
        elsewhere = _in_a_zone(str(created), hours)
        with verifying("r4.search.by-last-updated"):
            expect.matches(
                consents.find(*near, ("_lastUpdated", f"gt{elsewhere}"), include=[known.id]), include=[known.id]
            )
            expect.matches(consents.find(*near, ("_lastUpdated", f"le{elsewhere}"), tolerant=True), exclude=[known.id])


def _in_a_zone(instant: str, hours: int) -> str:
    """The same instant, as precise as it is, with an offset of so many hours; as it is where it is none."""
    found = INSTANT.fullmatch(instant)
    if found is None:
        return instant
    try:
        read = datetime.fromisoformat(found[1] + found[3])
    except ValueError:  # no time that the calendar has, which is judged elsewhere
        return instant
    moment = read.astimezone(timezone(timedelta(hours=hours))).isoformat()
    return moment[:19] + (found[2] or "") + moment[19:]
