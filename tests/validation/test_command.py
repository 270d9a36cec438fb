"""`consent-conformance validate`: inputs, formats and exit codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from conformance.validation import Validator
from conformance.validation.command import main
from tests.validation.documents import consent, small

WRONG: dict[str, Any] = {**small(), "status": "bogus"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.json").write_text(json.dumps(consent()))
    (tmp_path / "wrong.json").write_text(json.dumps(WRONG, indent=1))
    (tmp_path / "many.ndjson").write_text("".join(json.dumps(one) + "\n" for one in [small(), WRONG, small()] * 50))
    (tmp_path / "notes.txt").write_text("not a resource")
    return tmp_path


def test_exit_codes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder / "good.json")]) == 0
    assert main([str(folder / "wrong.json")]) == 1
    assert main([str(folder / "missing.json")]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main([str(folder / "good.json"), "--pack", "no-such-pack"]) == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_line_of_json_per_document_in_order(folder: Path, capsys: pytest.CaptureFixture[str], jobs: str) -> None:
    assert main([str(folder), "--format", "json", "--jobs", jobs]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 152
    assert [line["valid"] for line in lines[1:7]] == [True, False, True] * 2
    assert lines[2]["file"].endswith("many.ndjson:2")
    found = next(issue for issue in lines[-1]["issues"] if issue["severity"] == "error")
    assert found == found | {
        "expression": "Consent.status",
        "rule": "required-binding",
        "code": "code-invalid",
        "line": 3,
    }
    assert all("not in" in issue["message"] for issue in lines[-1]["issues"] if issue["rule"] == "required-binding")


def test_text_names_place_rule_found_and_allowed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(folder / "wrong.json"), "--quiet"])
    out = capsys.readouterr().out
    assert "NOT VALID" in out
    for word in ("3:2", "Consent.status", "[required-binding]", "'bogus'", "active"):
        assert word in out


def test_an_operation_outcome_is_itself_valid(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(folder / "wrong.json"), str(folder / "good.json"), "--format", "outcome"])
    for line in capsys.readouterr().out.splitlines():
        issues = Validator().validate_bytes(line.encode())
        assert [issue for issue in issues if issue.severity == "error"] == []


@pytest.mark.parametrize(("options", "count"), [([], 1), (["--ndjson"], 2)])
def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], count: int
) -> None:
    text = json.dumps(small()) + ("\n" + json.dumps(WRONG) if options else "")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["-", "--format", "json", *options]) == count - 1
    assert len(capsys.readouterr().out.splitlines()) == count


def test_nothing_to_validate_is_not_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.ndjson").write_text("\n\n", encoding="utf-8")
    assert main([str(tmp_path)]) == 2
    assert f"nothing was validated: there is no resource in {tmp_path}" in capsys.readouterr().err


def test_empty_standard_input_is_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert main(["-"]) == 2
    assert "nothing was validated" in capsys.readouterr().err


def test_a_mistyped_call_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, empty = tmp_path / "good.json", tmp_path / "empty"
    good.write_text(json.dumps(small()))
    empty.mkdir()
    for call, said in {
        ("",): "a FILE is empty",
        (str(good), "--package", str(empty)): "there is no StructureDefinition",
        (str(good), "--query", "status=active"): "--query: is of use with --from-server alone",
        (str(good), "--base-url", "http://127.0.0.1:1"): "--base-url: is of use with --from-server alone",
    }.items():
        assert main(list(call)) == 2, call
        assert said in capsys.readouterr().err, call


def test_what_cannot_be_read_in_a_folder_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gone.json").symlink_to(folder / "nowhere.json")
    assert main([str(folder)]) == 2
    assert "gone.json: is no file that can be read" in capsys.readouterr().err


def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=lambda: pipe.write_text(json.dumps(small())))
    writing.start()
    assert main([str(pipe)]) == 0
    writing.join()


def test_a_full_disk_is_no_verdict(folder: Path) -> None:
    command = [sys.executable, "-m", "conformance.cli", "validate", str(folder / "good.json")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "what was found cannot be written: No space left" in done.stderr


def test_a_number_beyond_all_numbers_loses_no_other_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = (
        json.dumps(small())[:-1]
        + ', "extension": [{"url": "http://a.example", "valueDecimal": 1e1000000000000000000}]}'
    )
    (tmp_path / "three.ndjson").write_text("\n".join([json.dumps(small()), wild, json.dumps(small())]))
    assert main([str(tmp_path), "--format", "json"]) == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["valid"] for one in found] == [True, False, True]
    assert [issue["rule"] for issue in found[1]["issues"]] == ["json-number"]


def test_which_profile_was_not_held_against(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """None of several is chosen for a resource that claims none; another version than the one claimed is named."""
    file = tmp_path / "access.json"
    file.write_text(json.dumps(small()))
    assert main([str(file), "--pack", "nll-2023"]) == 0
    assert "several are given for Consent" in capsys.readouterr().out
    profile = "http://electronichealth.se/fhir/StructureDefinition/NLLAccessConsent|9.9"
    file.write_text(json.dumps({**small(), "meta": {"profile": [profile]}, "patient": {"reference": "Patient/1"}}))
    assert main([str(file), "--pack", "nll-2023"]) == 0
    assert "version 9.9 of" in capsys.readouterr().out
    assert main([str(file), "--pack", "nll-2019"]) == 0
    assert "pack nll-2019 has no profiles" in capsys.readouterr().err


def test_half_a_character_can_be_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(b'{"resourceType": "Consent", "status": "\\ud800"}')
    for form in ("text", "json", "outcome"):
        assert main([str(file), "--format", form]) == 1
    assert capsys.readouterr().out


def test_the_profiles_of_a_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = "http://electronichealth.se/fhir/StructureDefinition/NLLAccessConsent"
    file = tmp_path / "access.json"
    options = ["--pack", "nll-2023", "--profile", profile, "--format", "json"]
    file.write_text(json.dumps({**small(), "patient": {"reference": "Patient/1"}}))
    assert main([str(file), *options]) == 0
    file.write_text(json.dumps({**small(), "patient": {"display": "Maja"}}))
    assert main([str(file), *options]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[1])
    assert [issue["expression"] for issue in last["issues"] if issue["severity"] == "error"] == [
        "Consent.patient.reference"
    ]
