"""A server that does as its vendor's page prints it is noted and not blamed; one that goes further is blamed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from conformance import packs, proof
from conformance.model import Exchange, Verdict
from conformance.printed import Examples

if TYPE_CHECKING:
    from conformance.model import Report

SLIPS = (
    "trap.oracle.boolean-as-text",
    "trap.oracle.element-id-twice",
    "trap.oracle.inverted-period",
    "trap.oracle.version-as-number",
    "trap.oracle.include-match-mode",
    "trap.oracle.orphan-search-entry",
    "trap.oracle.read-answers-other-id",
)
BOTH_WAYS = (
    "trap.oracle.error-section",
    "trap.oracle.id-and-include",
    "trap.oracle.id-list",
    "trap.oracle.old-media-type",
    "trap.oracle.once-or-repeat",
)
PACK = packs.load("oracle-health")
EXAMPLES = Examples(PACK)
READ = PACK.fixture("as-documented/read.json")
LIST = PACK.fixture("as-documented/search-by-patient.json")
ENTRIES = "r4.search.entries-have-resources"
OWN_ID = "r4.read.id-matches-request"


def exchange(body: Any, address: str = "/Consent?patient=12742397") -> Exchange:
    return Exchange(id="1", method="GET", url=f"https://x.example{address}", status=200, response_body=json.dumps(body))


@pytest.fixture(scope="module")
def report() -> Report:
    return proof.against("oracle-health", variations=["printed-examples"])


def test_nobody_is_blamed_for_what_the_page_prints(report: Report) -> None:
    assert proof.blamed(report) == []


@pytest.mark.parametrize("trap", [*SLIPS, *BOTH_WAYS])
def test_each_contradiction_that_is_met_is_noted_once_for_each_requirement(report: Report, trap: str) -> None:
    noted = [[note for note in row.notes if f"{trap}:" in note] for row in report.requirements]
    assert any(noted)
    assert all(len(set(notes)) == len(notes) for notes in noted)


@pytest.mark.parametrize(
    "fault",
    [
        "role-of-a-third-system",
        "action-in-capitals",
        "id-with-an-include-finds-nothing",
        "two-ids-crash",
        "two-patients-crash",
        "error-body-is-mislabelled",
        "mode-on-includes-only",
        "reads-answer-another-id",
        "bundle-ends-without-a-resource",
        "periods-end-before-they-start",
    ],
)
def test_what_goes_beyond_both_readings_is_blamed_all_the_same(fault: str) -> None:
    from conformance.reference import FAULTS

    report = proof.against("oracle-health", variations=["printed-examples"], faults=[fault])

    tripped = {row.requirement.id for row in report.requirements if row.verdict in {Verdict.FAIL, Verdict.WARN}}
    assert FAULTS[fault].aim in tripped


def test_a_printed_answer_is_excused_whoever_serves_it() -> None:
    elsewhere = json.loads(json.dumps(LIST).replace("fhir-open.cerner.com", "ehr.hospital.example"))
    assert EXAMPLES.excuse(ENTRIES, [exchange({**elsewhere, "id": "another", "link": []})]) is not None


@pytest.mark.parametrize(
    ("requirement", "body", "address"),
    [
        pytest.param(
            ENTRIES, {**LIST, "entry": [*LIST["entry"], {"search": {"mode": "match"}}]}, "/Consent", id="more"
        ),
        pytest.param(ENTRIES, {**LIST, "type": "collection"}, "/Consent", id="another-type"),
        pytest.param("r4.search.full-url-is-present", LIST, "/Consent", id="another-requirement"),
        pytest.param(OWN_ID, {**READ, "status": "draft"}, "/Consent/AR-12724069-12724066", id="another-content"),
        pytest.param(OWN_ID, READ, "/Consent/AR-1-1", id="another-request"),
        pytest.param(OWN_ID, [], "/Consent/AR-12724069-12724066", id="no-resource"),
    ],
)
def test_anything_else_is_not_excused(requirement: str, body: Any, address: str) -> None:
    assert EXAMPLES.excuse(requirement, [exchange(body, address)]) is None
    assert EXAMPLES.mended(requirement, [exchange(body, address)])[1] == ()


def test_one_printed_answer_does_not_excuse_another_one() -> None:
    printed, other = exchange(READ, "/Consent/AR-12724069-12724066"), exchange(READ, "/Consent/AR-1-1")
    assert EXAMPLES.excuse(OWN_ID, [printed]) is not None
    assert EXAMPLES.excuse(OWN_ID, [printed, other]) is None
    assert EXAMPLES.excuse(OWN_ID, []) is None


def test_only_the_slip_is_mended() -> None:
    stranger = {"fullUrl": "https://x.example/Consent/2", "resource": {"resourceType": "Consent", "id": "2"}}
    (mended,), notes = EXAMPLES.mended(ENTRIES, [exchange(LIST)])
    assert len(json.loads(mended.response_body or "")["entry"]) == 1
    assert len(notes) == 1
    (unmended,), none = EXAMPLES.mended(ENTRIES, [exchange({**LIST, "entry": [*LIST["entry"], stranger]})])
    assert (len(json.loads(unmended.response_body or "")["entry"]), none) == (3, ())
