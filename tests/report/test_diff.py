"""Two runs compared."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING

import pytest
import synthetic

from conformance import cli
from conformance.model import Report, Verdict
from conformance.report import diff, results

if TYPE_CHECKING:
    from pathlib import Path


def run(**verdicts: Verdict) -> Report:
    return synthetic.report([synthetic.judged(f"a.b.{name}", verdict) for name, verdict in verdicts.items()], [])


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (Verdict.PASS, Verdict.FAIL, "broken"),
        (Verdict.PASS, Verdict.NOT_TESTABLE, "broken"),
        (Verdict.KNOWN_DEVIATION, Verdict.STALE_DEVIATION, "broken"),
        (Verdict.FAIL, Verdict.PASS, "fixed"),
        (Verdict.FAIL, Verdict.WARN, "fixed"),
        (Verdict.WARN, Verdict.PASS, "fixed"),
        (Verdict.KNOWN_DEVIATION, Verdict.PASS, "fixed"),
        (Verdict.FAIL, Verdict.NOT_APPLICABLE, "changed"),
        (Verdict.FAIL, Verdict.KNOWN_DEVIATION, "changed"),
        (Verdict.FAIL, Verdict.ERROR, "changed"),
        (Verdict.PASS, Verdict.WARN, "changed"),
        (Verdict.NOT_APPLICABLE, Verdict.PASS, "changed"),
    ],
)
def test_one_requirement(old: Verdict, new: Verdict, kind: str) -> None:
    found = diff.diff(run(x=old), run(x=new))
    assert {one: len(found.of(one)) for one in diff.KINDS} == {one: int(one == kind) for one in diff.KINDS}
    assert found.something_broke is (kind == "broken")


def test_new_and_gone() -> None:
    found = diff.diff(run(x=Verdict.PASS, y=Verdict.PASS), run(y=Verdict.PASS, z=Verdict.PASS))
    assert [change.id for change in found.new] == ["a.b.z"]
    assert [change.id for change in found.gone] == ["a.b.x"]
    assert not found.something_broke
    assert diff.diff(run(), run(z=Verdict.FAIL)).something_broke


def test_the_three_forms_name_the_same() -> None:
    old, new = run(x=Verdict.PASS, y=Verdict.FAIL), run(x=Verdict.FAIL, y=Verdict.PASS)
    found = diff.diff(old, dataclasses.replace(new, mode="read-only"))
    assert diff.text(found) == (
        "note: different modes: full and read-only\nbroken (1)\n  a.b.x: pass → fail\nfixed (1)\n  a.b.y: fail → pass\n"
    )
    assert diff.markdown(found).splitlines()[-2:] == [
        "| broken | `a.b.x` | pass → fail |",
        "| fixed | `a.b.y` | fail → pass |",
    ]
    data = json.loads(diff.json_text(found))
    assert data["broken"] == [{"id": "a.b.x", "old": "pass", "new": "fail"}]
    assert data["something_broke"] is True
    assert set(data) == {*diff.KINDS, "remarks", "something_broke"}


def test_nothing_changed() -> None:
    found = diff.diff(run(x=Verdict.FAIL), run(x=Verdict.FAIL))
    assert diff.text(found) == "no requirement changed its verdict\n"
    assert diff.markdown(found) == "No requirement changed its verdict.\n"
    assert not found.something_broke


def test_two_thousand_requirements_take_no_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second is the goal, of which this takes a fifth; machines that run tests are busy."""
    old = results.write(synthetic.large(2000), tmp_path / "old")
    new = results.write(synthetic.large(2000, failing=0.2), tmp_path / "new")
    started = time.perf_counter()
    assert cli.main(["diff", str(old), str(new)]) == 1
    assert time.perf_counter() - started < 3
    assert "broken (200)" in capsys.readouterr().out
