"""What a check may ask for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from conformance.plugin import RECORDER, RUNNING
from conformance.recorder import Recorder, Verifying

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.generate.exploring import Explored
    from conformance.running import Running
    from conformance.scenarios import Generated


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Running:
    return request.config.stash[RUNNING]


@pytest.fixture
def recorder(request: pytest.FixtureRequest, running: Running) -> Recorder:
    """The notebook of this check."""
    notebook = Recorder(running.preparation.redactor)
    request.node.stash[RECORDER] = notebook
    return notebook


class Explore:
    """Tries generated examples within the budget of the run."""

    def __init__(self, consents: Consents, recorder: Recorder, running: Running) -> None:
        self._consents, self._recorder, self._running = consents, recorder, running

    def __call__(self, topic: str, *, share: float) -> Explored:
        """Make the examples of a module of `conformance.generate`, for this share of the run's budget; try each.

        What violates something is made small.
        """
        from conformance.generate.exploring import Budget, Exploring  # noqa: PLC0415 - Hypothesis is slow to import

        made = import_module(f"conformance.generate.{topic}")
        self._recorder.brief = True
        preparation = self._running.preparation
        budget = Budget(requests=preparation.generated, seed=preparation.seed)
        exploring = Exploring(self._consents, self._recorder, budget, topic)
        always = made.always(exploring) if hasattr(made, "always") else ()
        return exploring.explore(
            made.examples(exploring), made.attempt, share=share, smaller=made.smaller(exploring), always=always
        )

    def again(self, kept: Generated) -> Explored:
        """Try one example that was kept."""
        from conformance.generate.exploring import Budget, Exploring  # noqa: PLC0415 - see above

        made = import_module(f"conformance.generate.{kept.topic}")
        if not self._running.preparation.generated:
            self._recorder.note("this run generates nothing: what holds for any consent was tried with kept ones alone")
        exploring = Exploring(self._consents, self._recorder, Budget(requests=0), kept.topic)
        return exploring.again(self._consents.pack.fixture(kept.example), made.attempt, aspect=kept.aspect)


@pytest.fixture
def explore(consents: Consents, recorder: Recorder, running: Running) -> Explore:
    """Tries generated examples within the budget of the run."""
    return Explore(consents, recorder, running)


@pytest.fixture
def consents(running: Running, recorder: Recorder) -> Consents:
    """The Consent endpoint of the target."""
    return running.consents(recorder)


@pytest.fixture
def verifying(running: Running, recorder: Recorder) -> Verifying:
    """Ties assertions to requirements."""
    return Verifying(recorder, running.preparation.applicable, running.preparation.examples)
