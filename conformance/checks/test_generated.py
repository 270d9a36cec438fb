"""What holds for any consent, tried with some that nobody wrote down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.checks.conftest import Explore
    from conformance.client import Consents
    from conformance.recorder import Verifying


def test_generated_consents_come_back(consents: Consents, verifying: Verifying, explore: Explore) -> None:
    """Consents rich in what servers lose are created and read. What was taken is there as it was sent."""
    explored = explore("round_trips", share=0.22)

    with verifying("generated.write.meaning-survives"):
        explored.hold(consents, "meaning")
    with verifying("generated.write.content-survives"):
        explored.hold(consents, "content")
    with verifying("generated.write.is-answered-without-a-server-error"):
        explored.hold(consents, "answers")


def test_generated_consents_are_found(consents: Consents, verifying: Verifying, explore: Explore) -> None:
    """Consents are created and searched for by what they hold, by dates around theirs, and by what they do not hold."""
    explored = explore("searches", share=0.38)

    with verifying("generated.search.finds-what-was-written"):
        explored.hold(consents, "found")
    with verifying("generated.search.dates-agree-with-the-prefix"):
        explored.hold(consents, "dates")
    with verifying("generated.search.keeps-patients-apart"):
        explored.hold(consents, "apart")


def test_generated_faults_are_not_stored(consents: Consents, verifying: Verifying, explore: Explore) -> None:
    """Consents are created, and sent again with one fault at any depth; texts that are none are sent as well."""
    explored = explore("mutants", share=0.09)

    with verifying("generated.write.invalid-is-not-stored"):
        explored.hold(consents, "stored")
    with verifying("generated.write.is-answered-without-a-server-error"):
        explored.hold(consents, "answers")


def test_generated_lifecycles_are_remembered(consents: Consents, verifying: Verifying, explore: Explore) -> None:
    """Consents are created, changed, closed, reopened, deleted and looked for in any order, by two clients.

    Each read and search shows what a model of the server predicts.
    """
    explored = explore("lifecycles", share=0.31)

    with verifying("generated.lifecycle.read-shows-the-last-write"):
        explored.hold(consents, "current")
    with verifying("generated.lifecycle.search-shows-the-last-write"):
        explored.hold(consents, "search")
    with verifying("generated.lifecycle.version-ids-are-never-used-again"):
        explored.hold(consents, "versions")
    with verifying("generated.lifecycle.old-versions-stay-as-they-were"):
        explored.hold(consents, "old")
    with verifying("generated.lifecycle.stale-update-is-refused"):
        explored.hold(consents, "stale")
    with verifying("generated.lifecycle.deleted-stays-gone"):
        explored.hold(consents, "gone")
    with verifying("generated.write.is-answered-without-a-server-error"):
        explored.hold(consents, "answers")
