"""All forms of one run say the same: the same requirements with the same verdicts, the same counts."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import synthetic
from fhir.resources.R4B import testreport as model

from conformance.model import RunVerdict, Verdict
from conformance.report import extras, html, junit, markdown, results, table, terminal, testreport
from conformance.report.summary import WORDS
from conformance.validation.validator import Validator

if TYPE_CHECKING:
    from pathlib import Path

RUNS = {"every-verdict": synthetic.every_verdict, "hostile": synthetic.hostile, "large": lambda: synthetic.large(60)}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_ids_and_counts_agree_in_all_forms(run: Any, tmp_path: Path) -> None:
    report = run()
    verdicts = {judged.requirement.id: judged.verdict.value for judged in report.requirements}
    counted = {verdict.value: list(verdicts.values()).count(verdict.value) for verdict in Verdict}

    stored = json.loads(results.write(report, tmp_path).read_bytes())
    assert {row["id"]: row["verdict"] for row in stored["requirements"]} == verdicts
    assert stored["counts"] == counted

    page = html.write(report, tmp_path / "report.html").read_text("utf-8")
    assert dict(re.findall(r'id="([^"]+)" data-verdict="([\w-]+)"', page)) == verdicts
    matrix = re.findall(r'<th scope="row"><span class="badge v-([\w-]+)"[^>]*>.*?<td><b>(\d+)</b></td></tr>', page)
    assert {verdict: int(count) for verdict, count in matrix} == {key: n for key, n in counted.items() if n}

    with table.write(report, tmp_path / "requirements.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["id"]: row["verdict"] for row in csv.DictReader(file)} == verdicts

    suites = ET.parse(junit.write(report, tmp_path / "junit.xml")).getroot()  # noqa: S314 - we wrote it
    cases = {case.get("name"): case.find("properties/property[@name='verdict']") for case in suites.iter("testcase")}
    assert {name: verdict.get("value") for name, verdict in cases.items() if verdict is not None} == verdicts
    red = ("fail", "stale-deviation"), ("error", "not-testable", "not-run"), ("not-applicable", "not-tested")
    for word, kinds in zip(("failures", "errors", "skipped"), red, strict=True):
        assert int(suites.get(word) or 0) == sum(counted[kind] for kind in kinds)
    assert suites.get("tests") == str(len(verdicts))

    resource = json.loads(testreport.write(report, tmp_path / "TestReport.json").read_bytes())
    said = {one["name"]: one["action"][0]["assert"]["message"].partition(":")[0] for one in resource["test"]}
    assert said == verdicts

    summary = markdown.write(report, tmp_path / "summary.md").read_text("utf-8")
    words = {word: verdict.value for verdict, word in WORDS.items()}
    rows = re.findall(r"^\| ([a-z ]+) \|(?: \d+ \|){3} (\d+) \|$", summary, re.MULTILINE)
    assert {words[word]: int(count) for word, count in rows} == {key: n for key, n in counted.items() if n}

    line = terminal.lines(report)[3]
    assert {words[word]: int(n) for n, word in re.findall(r"(\d+) ([a-z]+(?: [a-z]+)?)", line)} == {
        key: n for key, n in counted.items() if n
    }


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_test_report_is_one(run: Any) -> None:
    """By our own validator, and by somebody else's."""
    resource = testreport.to_resource(run())
    model.TestReport.model_validate(resource)
    assert errors(resource) == []
    assert "score" not in resource


def test_the_validator_sees_what_no_test_report_has() -> None:
    resource = testreport.to_resource(synthetic.every_verdict())
    assert errors({**resource, "result": "great"})
    assert errors({**resource, "colour": "red"})


def errors(resource: dict[str, Any]) -> list[str]:
    return [str(issue) for issue in Validator().validate(resource) if issue.severity in {"error", "fatal"}]


@pytest.mark.parametrize("verdict", RunVerdict)
def test_every_verdict_of_a_run_has_its_words(verdict: RunVerdict, tmp_path: Path) -> None:
    report = synthetic.report([synthetic.judged("a.b.c", Verdict.PASS)], [], verdict=verdict)
    model.TestReport.model_validate(testreport.to_resource(report))
    headline = markdown.render(report).splitlines()[0]
    assert f"<h1>{headline[2:].partition(':')[0]}</h1>" in html.write(report, tmp_path / "p.html").read_text("utf-8")
    assert terminal.lines(report)[0].startswith(headline[2:].partition(":")[0].upper())


def test_the_terminal_tells_a_failure_in_four_lines(tmp_path: Path) -> None:
    names = ["results.json", "report.html", "findings/a.sh", "findings/b.sh"]
    lines = terminal.lines(synthetic.every_verdict(), [tmp_path / name for name in names])
    start = lines.index("FAIL  nll-2023.close.unknown-id-fails")
    assert lines[start + 1 : start + 5] == [
        "  expected  a refusal (4xx)",
        "  actual    201 with a Consent",
        f"  look at   {tmp_path}/report.html#nll-2023.close.unknown-id-fails",
        "",
    ]
    assert lines[-2:] == [f"In {tmp_path}: results.json, findings/", f"Report: {tmp_path}/report.html"]


def test_nothing_that_a_server_sent_steers_the_terminal_or_the_table() -> None:
    """No escape sequence, no line of its own, no formula, no markup."""
    report = synthetic.hostile()
    assert all(line.isprintable() for line in terminal.lines(report))
    evil = synthetic.report([synthetic.judged("a.b.c", Verdict.FAIL, reason="=HYPERLINK(1)|<b>*x*</b>\x1b[31m")], [])
    assert "'=HYPERLINK" in table.render(evil)
    (failure,) = ET.fromstring(junit.render(evil)).iter("failure")  # noqa: S314 - ours
    assert failure.get("message") == r"=HYPERLINK(1)|<b>*x*</b>\u001b[31m"
    summary = markdown.render(evil)
    assert r"=HYPERLINK(1)\|\<b\>\*x\*\</b\>" in summary
    assert "\x1b" not in summary


def test_many_failures_fit_a_job_summary() -> None:
    """GitHub takes 1 MiB per step."""
    summary = markdown.render(synthetic.large(4000, failing=1.0))
    assert len(summary.encode()) < 300_000
    assert "and 3800 more in the report" in summary


def test_steps_are_counted_once_each() -> None:
    summary = markdown.render(synthetic.every_verdict())
    steps = [line for line in summary.splitlines() if line.startswith("1. ")]
    named = Counter(re.findall(r"`([a-z0-9.-]+)`", "\n".join(steps)))
    assert set(named.values()) == {1}
    assert steps[0].startswith("1. Change the server: 3 requirements are violated.")
    assert any("set auth.other\\_role in target.toml" in step for step in steps)


def test_a_conformant_run_needs_nothing() -> None:
    report = synthetic.report([synthetic.judged("a.b.c", Verdict.PASS)], [], verdict=RunVerdict.CONFORMANT)
    assert "Nothing to change." in markdown.render(report)
    assert "1 requirement verified." in terminal.lines(report)


def test_what_is_excluded_on_record_is_no_obstacle() -> None:
    from conformance import judge

    reason = f"{judge.EXCLUDED}the archive is out of scope"
    rows = [synthetic.judged("a.b.c", Verdict.PASS), synthetic.judged("a.b.d", Verdict.NOT_RUN, reason=reason)]
    report = synthetic.report(rows, [], verdict=RunVerdict.CONFORMANT)
    page = html.render(report)
    assert "1 requirement verified." in page
    assert "Nothing to change." in page
    assert '<section id="excluded"' in page
    assert '<section id="not-testable"' not in page
    suites = ET.fromstring(junit.render(report))  # noqa: S314 - ours
    assert (suites.get("errors"), suites.get("skipped")) == ("0", "1")


def test_an_exchange_for_the_log_of_pytest_html_is_escaped_and_has_no_ids() -> None:
    (exchange,) = synthetic.hostile().exchanges.values()
    fragment = extras.fragment(exchange, opened=True)
    assert "<script" not in fragment
    assert "<img" not in fragment
    assert " id=" not in fragment
    assert "curl --include" in fragment
