"""The documented scenarios: sequences of requests, as data of the pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.play import Play

if TYPE_CHECKING:
    from conformance.checks.conftest import Explore
    from conformance.client import Consents
    from conformance.recorder import Verifying
    from conformance.scenarios import Scenario


def test_documented_scenario(consents: Consents, verifying: Verifying, scenario: Scenario) -> None:
    """The requests of a documented scenario are sent one after the other; each answer is held against its row."""
    play = Play(consents)
    for step in scenario.steps:
        answer = play.request(step)
        for row in step.expect:
            with verifying(*row.requirements):
                play.hold(answer, row)
        play.remember(step, answer)


def test_kept_finding(consents: Consents, verifying: Verifying, explore: Explore, finding: Scenario) -> None:
    """An example in which generated requests once found something wrong is tried again."""
    assert finding.generated is not None  # those that are documented have a check of their own
    with verifying(*finding.requirements):
        explore.again(finding.generated).hold(consents, finding.generated.aspect)
