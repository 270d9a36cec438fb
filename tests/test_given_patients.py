"""A target that takes consents for its own patients only, who have consents already, is not blamed for those."""

from __future__ import annotations

import uuid

import pytest

from conformance import proof
from conformance.clock import SetClock
from conformance.model import Report, Verdict
from conformance.reference import FAULTS, ReferenceServer
from conformance.reference.messages import Route

PACKS = ["r4", "nll-2023", "nll-2019"]


def run_with_given_patients(pack: str, *faults: str) -> Report:
    clock = SetClock()
    with ReferenceServer(pack, faults=faults, clock=clock.now, listen=False) as server:
        within = proof.Within(server, clock)
        given = {**server.target["given"], "patients": [_with_a_consent(server) for _ in range(8)]}
        within.target = {**server.target, "dialect": {"patients": "given"}, "given": given}
        return proof.run("--pack", pack, "--generated", "0", within=within)


def _with_a_consent(server: ReferenceServer) -> str:
    """The id of a new patient who has a consent already."""
    consent = server.service.store.current("Consent", server.target["given"]["consents"][0])
    assert consent is not None
    patient = str(uuid.uuid4())
    stored = {**consent.content, "id": str(uuid.uuid4()), "patient": {"reference": f"Patient/{patient}"}}
    for resource in ({"resourceType": "Patient", "id": patient}, stored):
        route = Route(interaction="create", type=resource["resourceType"], id=resource["id"])
        server.service.save(route, resource, None)
    return patient


@pytest.mark.parametrize("pack", PACKS)
def test_consents_of_others_are_not_taken_for_ours(pack: str) -> None:
    report = run_with_given_patients(pack)

    red = {Verdict.ERROR, Verdict.FAIL, Verdict.WARN}
    assert {row.requirement.id: row.reason for row in report.requirements if row.verdict in red} == {}


@pytest.mark.parametrize("fault", ["unauthorised-create-answers-refusal-but-stores", "close-without-id-creates"])
def test_a_consent_that_should_not_be_there_is_known_again(fault: str) -> None:
    report = run_with_given_patients("nll-2023", fault)

    red = {Verdict.FAIL, Verdict.WARN}
    failed = {row.requirement.id for row in report.requirements if row.verdict in red}
    assert FAULTS[fault].aim in failed
