"""The triage against results.json files made by hand, in the published form."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from conformance.model import UsageError
from interop.__main__ import main
from interop.triage import complaints, explained, skeleton

if TYPE_CHECKING:
    from pathlib import Path

ROW = """
[[explained]]
requirement = "r4.search.unsupported-modifier-is-refused"
verdict = "fail"
whose = "server"
section = "search.html §3.1.1.4.4: the server SHALL reject a modifier that it does not support"
explanation = "It leaves the parameter out and answers everything."
checks = ["test_unsupported_modifier"]
curl = 'curl -si "$BASE/Consent?status:bogus=1"'
answer = '''
HTTP/1.1 200 OK
parameter ignored
'''
"""
ID = "r4.search.unsupported-modifier-is-refused"


def triage(folder: Path, *rows: str) -> Path:
    path = folder / "triage.toml"
    path.write_text("".join(rows), encoding="utf-8")
    return path


def requirement(name: str, verdict: str, *failing: str) -> dict[str, Any]:
    check = {
        "title": "",
        "message": "expected 400; got 200",
        "expected": "400",
        "actual": "200",
        "notes": [],
        "exchanges": ["e1"],
    }
    held = {**check, "nodeid": "checks/test_search.py::test_that_holds", "outcome": "held"}
    wrong = [{**check, "nodeid": f"checks/test_search.py::{test}", "outcome": "violated"} for test in failing]
    return {
        "id": name,
        "level": "SHALL",
        "basis": "documented",
        "text": "",
        "source": "https://hl7.org/fhir/R4/search.html#modifiers",
        "set": "r4/search",
        "verdict": verdict,
        "reason": "",
        "notes": [],
        "checks": [held, *wrong],
    }


def results(*requirements: dict[str, Any]) -> dict[str, Any]:
    exchange = {
        "id": "e1",
        "method": "GET",
        "url": "http://127.0.0.1:8090/fhir/Consent?status:bogus=1",
        "request_headers": [["Accept", "application/fhir+json"], ["Host", "127.0.0.1"]],
        "request_body": None,
        "status": 200,
        "response_headers": [],
        "response_body": '{"resourceType":"Bundle"}',
    }
    return {
        "schema": "1",
        "pack": {"name": "r4", "title": "", "requirement_set": ""},
        "target": {"base_url": "http://127.0.0.1:8090/fhir"},
        "exchanges": {"e1": exchange},
        "requirements": [requirement("r4.read.existing-is-ok", "pass"), *requirements],
    }


def test_an_explained_failure_is_no_complaint(tmp_path: Path) -> None:
    rows = explained(triage(tmp_path, ROW))
    found = results(requirement(ID, "fail", "test_unsupported_modifier"))
    assert complaints(rows, found, "open") == complaints(rows, found, "tokens") == []


def test_a_failure_without_a_row_is_new(tmp_path: Path) -> None:
    rows = explained(triage(tmp_path, ROW))
    found = results(
        requirement(ID, "fail", "test_unsupported_modifier"), requirement("r4.delete.x", "warn", "test_deleting")
    )
    assert complaints(rows, found, "open") == ["new: r4.delete.x ends in warn and is not explained: 200"]


@pytest.mark.parametrize("verdict", ["error", "stale-deviation", "not-testable", "not-run"])
def test_what_could_not_be_judged_needs_a_row_too(verdict: str) -> None:
    found = results(requirement("r4.delete.x", verdict))
    assert [said.split(":")[0] for said in complaints([], found, "open")] == ["new"]


@pytest.mark.parametrize("verdict", ["pass", "not-applicable", "not-tested", "known-deviation"])
def test_quiet_verdicts_need_no_row(verdict: str) -> None:
    assert complaints([], results(requirement("r4.delete.x", verdict)), "open") == []


@pytest.mark.parametrize("verdict", ["pass", "not-applicable"])
def test_a_row_without_its_failure_is_gone(tmp_path: Path, verdict: str) -> None:
    rows = explained(triage(tmp_path, ROW))
    said = complaints(rows, results(requirement(ID, verdict)), "open")
    assert said == [f"gone: {ID} no longer ends in fail; take its row away"]


def test_another_verdict_is_a_change(tmp_path: Path) -> None:
    rows = explained(triage(tmp_path, ROW))
    found = results(requirement(ID, "warn", "test_unsupported_modifier"))
    assert complaints(rows, found, "open") == [f"changed: {ID} is explained as fail and ends in warn"]


def test_another_check_behind_the_same_verdict_is_a_change(tmp_path: Path) -> None:
    """Otherwise a wrong check of ours could hide behind a right one."""
    rows = explained(triage(tmp_path, ROW))
    found = results(requirement(ID, "fail", "test_unsupported_modifier", "test_other"))
    said = complaints(rows, found, "open")
    assert said == [
        f"changed: {ID} was found by test_unsupported_modifier, now by test_other, test_unsupported_modifier"
    ]


def test_a_fault_of_ours_is_a_complaint_even_when_it_is_explained(tmp_path: Path) -> None:
    rows = explained(triage(tmp_path, ROW.replace('whose = "server"', 'whose = "ours"')))
    found = results(requirement(ID, "fail", "test_unsupported_modifier"))
    assert complaints(rows, found, "open") == [f"ours: {ID}: It leaves the parameter out and answers everything."]


def test_a_row_counts_in_its_modes_only(tmp_path: Path) -> None:
    rows = explained(triage(tmp_path, ROW, 'modes = ["tokens"]\n'))
    found = results(requirement(ID, "fail", "test_unsupported_modifier"))
    assert complaints(rows, found, "tokens") == []
    assert [said.split(":")[0] for said in complaints(rows, found, "open")] == ["new"]


def test_a_run_that_verified_nothing_proves_nothing() -> None:
    found = results()
    found["requirements"] = [requirement("r4.read.existing-is-ok", "not-applicable")]
    assert [said.split(":")[0] for said in complaints([], found, "open")] == ["nothing"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (ROW.replace('"fail"', '"pass"'), r"\$\.explained\[0\]\.verdict \(r4\.search.*'pass' is not one of"),
        (ROW.replace('"server"', '"nobody"'), r"whose.*'nobody' is not one of"),
        (ROW.replace("explanation", "explanaton"), "explanaton"),
        (ROW.replace("section", "#"), "'section' is a required property"),
        (ROW.replace('["test_unsupported_modifier"]', "[]"), "checks"),
        (ROW.replace("It leaves the parameter out and answers everything.", " "), "explanation"),
        (ROW + ROW, "explained 2 times for mode open"),
        (ROW + 'modes = ["closed"]', "'closed' is not one of"),
        ("[[explain]]", "'explain' was unexpected"),
        ("explained = 1", "1 is not of type 'array'"),
        ("explained = [1]", r"\$\.explained\[0\]: 1 is not of type 'object'"),
        ("[[", "no valid TOML"),
    ],
)
def test_a_triage_that_is_not_understood_is_refused(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        explained(triage(tmp_path, row))


def test_the_committed_triage_is_understood_and_blames_us_for_nothing() -> None:
    from interop.__main__ import TRIAGE
    from interop.triage import Whose

    assert [row.requirement for row in explained(TRIAGE) if row.whose is Whose.OURS] == []


def test_a_skeleton_is_a_row_that_lacks_only_the_judgement(tmp_path: Path) -> None:
    drafted = skeleton(results(requirement(ID, "fail", "test_unsupported_modifier")), ID, "open")
    row = tomllib.loads(drafted)["explained"][0]
    assert "curl -si -X GET -H 'Accept: application/fhir+json' \"$BASE\"'/Consent?status:bogus=1'" in row["curl"]
    assert row["answer"].strip() == '200 {"resourceType":"Bundle"}'
    with pytest.raises(UsageError, match="whose"):
        explained(triage(tmp_path, drafted))
    decided = explained(triage(tmp_path, drafted.replace('whose = ""', 'whose = "server"')))
    assert complaints(decided, results(requirement(ID, "fail", "test_unsupported_modifier")), "open") == []


def test_the_command_judges_stored_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = tmp_path / "results.json"
    stored.write_text(json.dumps(results(requirement(ID, "fail", "test_unsupported_modifier"))), encoding="utf-8")
    ask = ["--mode", "open", "--results", str(stored), "--triage"]
    assert main([*ask, str(triage(tmp_path, ROW))]) == 0
    assert "server: 1" in capsys.readouterr().out
    assert main([*ask, str(triage(tmp_path, "")), "--skeletons"]) == 1
    said = capsys.readouterr().out
    assert f"open: new: {ID}" in said
    assert "[[explained]]" in said


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "2"}', '{"schema": "1", "pack": {"name": "nll-2023"}}'])
def test_the_command_refuses_other_files(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    stored = tmp_path / "results.json"
    stored.write_text(text, encoding="utf-8")
    assert main(["--mode", "open", "--results", str(stored), "--triage", str(triage(tmp_path, ROW))]) == 2
    assert "results.json" in capsys.readouterr().err
