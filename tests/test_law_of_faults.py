"""The suite against the reference server: honest, differing legally, and lying, one lie at a time.

`make test` plays every third lie and liberty; `make prove` plays all of them.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from conformance import coverage, matrix, packs
from conformance.reference import FAULTS

PARTS = 1 if os.environ.get("CONFORMANCE_LAW") == "all" else 3
HONEST = [trial for trial in matrix.trials() if trial.kind == matrix.HONEST]
TRIALS = [trial for trial in matrix.trials() if trial.kind != matrix.HONEST][::PARTS]


@pytest.mark.parametrize("trial", [*HONEST, *TRIALS], ids=str)
def test_what_is_tripped_is_what_is_broken(trial: matrix.Trial) -> None:
    assert matrix.carried_out(trial).breaches == ()


def test_every_fault_names_requirements_that_exist() -> None:
    known = {row.id for name in packs.available() for row in packs.load(name).catalogue.requirements}
    assert {name: sorted(fault.breaks - known) for name, fault in FAULTS.items() if fault.breaks - known} == {}


def test_every_requirement_is_the_aim_of_enough_faults() -> None:
    """One, and two where it can fail a server."""
    aims = Counter(fault.aim for fault in FAULTS.values())
    lacking = {}
    for name in matrix.embedded():
        pack = packs.load(name)
        checked = coverage.places(pack)
        for row in pack.catalogue.requirements:
            if row.not_tested is None and row.id in checked and aims[row.id] < (2 if row.can_fail else 1):
                lacking[row.id] = aims[row.id]

    assert lacking == {}
