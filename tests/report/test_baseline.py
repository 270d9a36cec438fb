"""The first list of known deviations: complete, not to be taken as it is, and safe to paste."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import synthetic

from conformance import cli, target
from conformance.model import PLACEHOLDER, UsageError, Verdict
from conformance.report import results
from conformance.report.baseline import baseline

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ("reason", "owner", "tracker", "expires")


def read(text: str) -> dict[str, Any]:
    """What stands in the tables that were written, by requirement."""
    return {row["requirement"]: row for row in tomllib.loads(text).get("deviation", [])}


def test_it_lists_what_fails_and_keeps_what_is_on_record() -> None:
    report = synthetic.every_verdict()
    listed = read(baseline(report))
    assert set(listed) == {
        *(one.requirement.id for one in report.requirements if one.verdict is Verdict.FAIL),
        "r4.update.if-match",
    }
    assert {listed["nll-2023.close.unknown-id-fails"][key] for key in KEYS} == {PLACEHOLDER}
    assert listed["r4.update.if-match"]["tracker"] == "https://tracker.example.org/CONS-7"
    assert listed["r4.update.if-match"]["expires"] == "2026-06-30"


def test_an_entry_that_has_expired_and_still_fails_needs_a_new_date() -> None:
    rows = [
        dataclasses.replace(one, verdict=Verdict.STALE_DEVIATION, reason="the known deviation expired on 2026-06-30")
        for one in synthetic.every_verdict().requirements
        if one.requirement.id == "r4.update.if-match"
    ]
    (row,) = read(baseline(synthetic.report(rows, []))).values()
    assert (row["owner"], row["expires"]) == ("Team Consent", PLACEHOLDER)


def test_each_entry_says_what_it_is_about() -> None:
    above = baseline(synthetic.every_verdict()).partition('requirement = "nll-2023.close.unknown-id-fails"')[0]
    assert above.splitlines()[-3:] == [
        "# SHALL: A PUT whose id names no consent fails.",
        "# expected a refusal (4xx); got 201 with a Consent",
        "[[deviation]]",
    ]
    assert "The run was not complete: 5 requirements may fail as well." in above


def test_nothing_that_a_server_sent_becomes_an_entry() -> None:
    evil = 'x\n[[deviation]]\nrequirement = "a.b.d"\r\x7f\u2028'
    check = synthetic.check("violated", expected="a", actual=evil)
    text = baseline(synthetic.report([synthetic.judged("a.b.c", Verdict.FAIL, evil, check)], []))
    assert list(read(text)) == ["a.b.c"]
    assert set(read(baseline(synthetic.hostile()))) == {"hostile.fail.one", "hostile.known-deviation.one"}


def test_target_toml_refuses_what_nobody_filled_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = results.write(synthetic.every_verdict(), tmp_path)
    assert cli.main(["baseline", str(stored)]) == 0
    path = tmp_path / "target.toml"
    path.write_text('base_url = "https://fhir.example.org"\n' + capsys.readouterr().out, encoding="utf-8")
    with pytest.raises(UsageError) as refusal:
        target.load(path, environ={})
    said = str(refusal.value).splitlines()
    assert len(said) == 4 * 3
    line = next(
        n for n, text in enumerate(path.read_text("utf-8").splitlines(), 1) if text == f'expires = "{PLACEHOLDER}"'
    )
    assert (
        f"{path}:{line}: deviation[1].expires (nll-2023.close.unknown-id-fails): still holds '{PLACEHOLDER}'; "
        "give the last day on which it holds, such as 2026-12-31"
    ) in said
    filled = path.read_text("utf-8").replace(f'expires = "{PLACEHOLDER}"', "expires = 2026-12-31")
    path.write_text(filled.replace(f'"{PLACEHOLDER}"', json.dumps("CONS-7, team consent")), encoding="utf-8")
    assert len(target.load(path, environ={}).deviations) == 4


def test_a_run_without_failures_gives_no_entry() -> None:
    text = baseline(synthetic.report([synthetic.judged("a.b.c", Verdict.PASS)], []))
    assert read(text) == {}
    assert "0 new, 0 on record before." in text
