"""Stored runs through the command line: compared, rendered again, seen together."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
import synthetic
from test_page import parsed

from conformance import cli
from conformance.model import RunVerdict, Verdict
from conformance.report import forms, overview, results

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Report
    from conftest import Visitor


def at(day: int, report: Report, **verdicts: Verdict) -> Report:
    rows = [
        dataclasses.replace(one, verdict=verdicts.get(f"r{n}", one.verdict))
        for n, one in enumerate(report.requirements)
    ]
    return dataclasses.replace(report, requirements=tuple(rows), started=f"2026-03-{day:02d}T09:30:00Z")


def test_diff_says_what_broke_with_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = synthetic.every_verdict()
    old = results.write(at(1, report, r0=Verdict.PASS), tmp_path / "old")
    new = results.write(report, tmp_path / "new")
    assert cli.main(["diff", str(old), str(new.parent)]) == 1
    assert "broken (1)\n  nll-2023.close.unknown-id-fails: pass → fail" in capsys.readouterr().out
    assert cli.main(["diff", str(new), str(old), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["fixed"][0]["id"] == "nll-2023.close.unknown-id-fails"
    assert cli.main(["diff", str(new), str(new), "--format", "markdown"]) == 0
    assert capsys.readouterr().out == "No requirement changed its verdict.\n"
    assert cli.main(["diff", str(new), str(tmp_path / "nowhere")]) == 2
    assert "nowhere: cannot be read" in capsys.readouterr().err


def test_a_stored_run_renders_to_the_same_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = forms.write_all(synthetic.every_verdict(), tmp_path / "run")
    assert [path.name for path in written] == [
        "results.json",
        "report.html",
        "summary.md",
        "requirements.csv",
        "junit.xml",
        "TestReport.json",
    ]
    assert cli.main(["render", str(written[0]), "--output", str(tmp_path / "again")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5
    for path in written[1:]:
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_run_is_compared_with_the_one_before_it_in_its_folder(tmp_path: Path) -> None:
    report = synthetic.every_verdict()
    forms.write_all(at(1, report, r0=Verdict.PASS), tmp_path)
    forms.write_all(report, tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Since the run of 2026-03-01 09:30" in page
    assert "1 broken" in page
    forms.write_all(dataclasses.replace(report, pack="r4"), tmp_path)
    assert "Since the run" not in (tmp_path / "report.html").read_text("utf-8")
    (tmp_path / "results.json").write_text("{}")
    forms.write_all(report, tmp_path)
    assert "Since the run" not in (tmp_path / "report.html").read_text("utf-8")


def test_the_overview_tells_systems_topics_and_since_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = synthetic.every_verdict()
    for day, verdicts in {1: {}, 2: {"r0": Verdict.PASS}, 3: {}, 4: {"r1": Verdict.PASS}}.items():
        forms.write_all(at(day, report, **verdicts), tmp_path / f"day-{day}")
    passing = [one for one in report.requirements if one.verdict is Verdict.PASS]
    other = synthetic.report(passing, list(report.exchanges.values()), target={"base_url": "https://other.example.org"})
    results.write(dataclasses.replace(other, verdict=RunVerdict.CONFORMANT), tmp_path / "other")
    assert cli.main(["overview", str(tmp_path), "--output", str(tmp_path / "index.html")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'index.html'}\n"
    text = (tmp_path / "index.html").read_text("utf-8")
    page = parsed(text)
    assert page.unbalanced == []
    assert "2 systems, 5 runs." in page.text
    assert "since 2026-03-03 A PUT whose id names no consent fails." in page.text
    assert "since 2026-03-01 A call that fails answers an OperationOutcome" in page.text
    assert "since 2026-03-04" not in page.text
    assert '<a href="day-4/report.html">2026-03-04 09:30</a>' in text
    assert "%" not in page.text
    cells = [attributes.get("class") for tag, attributes in page.elements if tag == "td"]
    assert "c-fail" in cells
    assert "c-pass" in cells


def test_an_overview_of_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["overview", str(tmp_path)]) == 2
    assert f"no results.json below {tmp_path}" in capsys.readouterr().err


def test_hostile_text_adds_nothing_to_the_overview() -> None:
    runs = [overview.Run(report=synthetic.hostile(), page="x/report.html")]
    page = parsed(overview.render(runs))
    assert page.unbalanced == []
    assert not {tag for tag, _ in page.elements} & {"script", "img", "iframe"}


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_overview_opens_in_peace(visitor: Visitor, tmp_path: Path, scheme: str) -> None:
    runs = [overview.Run(report=at(day, synthetic.every_verdict()), page=f"{day}/report.html") for day in range(1, 9)]
    path = overview.write(runs, tmp_path / "index.html")
    visit = visitor.open(path, color_scheme=scheme, bypass_csp=True)
    assert visit.complaints == []
    assert visit.requests == [path.as_uri()]
    assert visit.barriers() == []
