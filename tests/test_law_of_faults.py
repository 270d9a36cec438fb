"""The suite against the reference server: honest, differing legally, and lying, one lie at a time."""

from __future__ import annotations

import os

import pytest

from conformance import packs, proof
from conformance.reference import FAULTS, VARIATIONS

EMBEDDED = [name for name in packs.available() if packs.load(name).personality == name]
HOW_MUCH = os.environ.get("CONFORMANCE_LAW", "third")
"""`third`: every third lie and liberty, each lie in its home pack; `all`: all of them; `everywhere`: in every pack."""


def chosen(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return names[::3] if HOW_MUCH == "third" else names


LIES = chosen(
    [
        (pack, name)
        for name, fault in sorted(FAULTS.items())
        for pack in (fault.packs if HOW_MUCH == "everywhere" else fault.packs[:1])
        if pack in EMBEDDED
    ]
)
LIBERTIES = chosen([(pack, name) for name, variation in sorted(VARIATIONS.items()) for pack in variation.packs])


@pytest.mark.parametrize("pack", EMBEDDED)
def test_the_honest_server_is_conformant(pack: str) -> None:
    assert proof.blamed(proof.against(pack)) == []


@pytest.mark.parametrize(("pack", "name"), LIES, ids=[f"{pack}-{name}" for pack, name in LIES])
def test_a_lie_is_caught_for_what_it_is(pack: str, name: str) -> None:
    assert proof.breaches(proof.against(pack, faults=[name]), FAULTS[name]) == []


@pytest.mark.parametrize(("pack", "name"), LIBERTIES, ids=[f"{pack}-{name}" for pack, name in LIBERTIES])
def test_a_legal_variation_is_not_blamed(pack: str, name: str) -> None:
    assert proof.blamed(proof.over_a_socket(pack, variations=[name])) == []


def test_every_fault_names_requirements_that_exist() -> None:
    known = {row.id for name in packs.available() for row in packs.load(name).catalogue.requirements}
    assert {name: sorted(fault.breaks - known) for name, fault in FAULTS.items() if fault.breaks - known} == {}
