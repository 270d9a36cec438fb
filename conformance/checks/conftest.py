"""What a check may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.plugin import RECORDER, RUNNING
from conformance.recorder import Recorder, Verifying

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.running import Running


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Running:
    return request.config.stash[RUNNING]


@pytest.fixture
def recorder(request: pytest.FixtureRequest, running: Running) -> Recorder:
    """The notebook of this check."""
    notebook = Recorder(running.preparation.redactor)
    request.node.stash[RECORDER] = notebook
    return notebook


@pytest.fixture
def consents(running: Running, recorder: Recorder) -> Consents:
    """The Consent endpoint of the target."""
    return running.consents(recorder)


@pytest.fixture
def verifying(running: Running, recorder: Recorder) -> Verifying:
    """Ties assertions to requirements."""
    return Verifying(recorder, running.preparation.applicable, running.preparation.examples)
