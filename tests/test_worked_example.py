"""The pack in docs/worked-example, added without code, is held against its embedded server, right and wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance import coverage, packs, proof
from conformance.model import Report, RunVerdict, UsageError, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parent.parent / "docs" / "worked-example" / "ihe-pcf"
CONTENT = "ihe-pcf.content"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "ihe-pcf"))


def tripped(report: Report) -> dict[str, Verdict]:
    return {
        row.requirement.id: row.verdict for row in report.requirements if row.verdict in {Verdict.FAIL, Verdict.WARN}
    }


def test_it_holds_no_code() -> None:
    kinds = {path.suffix for path in EXAMPLE.rglob("*") if path.is_file()}
    assert kinds <= {".toml", ".json", ".md"}


def test_each_of_its_requirements_has_a_check_or_a_reason() -> None:
    pack = packs.load(EXAMPLE)
    places = coverage.places(pack)
    assert [row.id for row in pack.catalogue.requirements if row.not_tested is None and row.id not in places] == []


def test_its_embedded_server_is_conformant() -> None:
    report = proof.against(str(EXAMPLE))
    assert proof.blamed(report) == []
    own = [row for row in report.requirements if row.requirement.id.startswith("ihe-pcf.")]
    assert {row.verdict for row in own} == {Verdict.PASS, Verdict.NOT_TESTED}


@pytest.mark.parametrize(
    ("fault", "requirement"),
    [
        ("metadata-missing", "ihe-pcf.capabilities.are-provided"),
        ("fetch-unknown-crashes", "ihe-pcf.read.unknown-id-is-an-error"),
        ("search-ignores-patient", "ihe-pcf.search.by-patient-and-status"),
    ],
)
def test_a_lie_of_the_personality_is_caught(fault: str, requirement: str) -> None:
    report = proof.against(str(EXAMPLE), faults=[fault], options=["--only", "ihe-pcf"])
    assert tripped(report).get(requirement) is Verdict.FAIL


def no_organization(consent: dict[str, Any]) -> None:
    del consent["organization"]


def a_policy_rule(consent: dict[str, Any]) -> None:
    consent["policyRule"] = {"text": "opt-in"}


def another_scope(consent: dict[str, Any]) -> None:
    consent["scope"]["coding"][0]["code"] = "research"


def a_made_up_status(consent: dict[str, Any]) -> None:
    consent["status"] = "finished"


@pytest.mark.parametrize(
    ("change", "requirement", "verdict"),
    [
        (no_organization, "says-who-when-and-what", Verdict.WARN),
        (a_policy_rule, "leaves-out-what-pcf-does-not-use", Verdict.WARN),
        (another_scope, "has-the-fixed-codes", Verdict.WARN),
        (a_made_up_status, "follows-fhir", Verdict.FAIL),
    ],
)
def test_what_the_server_held_before_is_held_against_the_profile(
    change: Callable[[dict[str, Any]], None], requirement: str, verdict: Verdict, copied: Path
) -> None:
    file = copied / "seed" / "consent-smith.json"
    consent = json.loads(file.read_text("utf-8"))
    change(consent)
    file.write_text(json.dumps(consent), encoding="utf-8")

    report = proof.against(str(copied))

    assert {id: of for id, of in tripped(report).items() if id.startswith(CONTENT)} == {  # noqa: A001 - FHIR's own word
        f"{CONTENT}.{requirement}": verdict
    }


def test_what_the_suite_has_written_itself_is_not_held_against_the_server(copied: Path) -> None:
    """The body of a create has a policyRule, which the profile leaves out: the server has to return it."""
    file = copied / "fixtures" / "basic.json"
    body = json.loads(file.read_text("utf-8"))
    a_policy_rule(body)
    file.write_text(json.dumps(body), encoding="utf-8")

    report = proof.against(str(copied))

    assert proof.blamed(report) == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("seed/organisation.json", "{}", "seed/organisation.json: nothing reads this file; name it in embedded.seed"),
        ("seed/organization.json", '{"resourceType": "Organization"}', "holds no resource with an id"),
    ],
)
def test_seeds_are_read_loudly(file: str, text: str, said: str, copied: Path) -> None:
    (copied / file).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        packs.load(copied)


def test_a_run_is_conformant() -> None:
    assert proof.over_a_socket(str(EXAMPLE)).verdict is RunVerdict.CONFORMANT
