"""What a killed run has left on a server is not held against it in the next one; what anybody else wrote is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import proof
from conformance.clock import SetClock
from conformance.journal import marked
from conformance.model import Verdict

if TYPE_CHECKING:
    from conformance.reference.messages import Resource

INVERTED: Resource = {
    "resourceType": "Consent",
    "id": "left-behind",
    "status": "active",
    "scope": {"text": "privacy"},
    "category": [{"text": "sharing"}],
    "patient": {"reference": "Patient/somebody-else"},
    "dateTime": "2024-03-01",
    "policy": [{"uri": "https://example.org/policy"}],
    "provision": {"period": {"start": "2032", "end": "2031"}},
}
ASKED = "period.order.returned-periods-are-not-inverted"


@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        pytest.param(marked(INVERTED, "tag", "8a1c-of-another-run"), Verdict.PASS, id="ours"),
        pytest.param(INVERTED, Verdict.FAIL, id="not ours"),
    ],
)
def test_a_wrong_consent_from_before_the_run(held: Resource, verdict: Verdict) -> None:
    clock = SetClock()
    with proof.server_of("r4", clock=clock.now, listen=False, holdings=[held]) as server:
        only = ("--only", ASKED, "--only", "r4.search.bad-syntax-is-refused")
        report = proof.run("--pack", "r4", *only, within=proof.Within(server, clock))

    judged = next(row for row in report.requirements if row.requirement.id == ASKED)
    assert judged.verdict is verdict, judged.reason
