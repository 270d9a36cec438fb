"""What generated requests have found is kept, and tried again in every later run, of a target or of a pack."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance import packs, proof
from conformance.checks import test_generated
from conformance.clock import SetClock
from conformance.command_keep import keep
from conformance.generate.kept import TOPICS
from conformance.model import UsageError, Verdict
from conformance.own_scenarios import with_scenarios
from conformance.reference import ReferenceServer
from conformance.reference.server import as_toml
from conformance.report import results
from conformance.shipped import folder as shipped_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.model import Judged, Report

MEANING = "generated.write.meaning-survives"
CONTENT = "generated.write.content-survives"
LIES = {
    "third-actor-is-lost": MEANING,
    "ampersands-are-escaped": CONTENT,
    "deep-actors-break-the-server": "generated.write.is-answered-without-a-server-error",
    "second-entries-are-not-judged": "generated.write.invalid-is-not-stored",
    "date-times-are-indexed-as-written": "generated.search.dates-agree-with-the-prefix",
    "not-equal-forgets-the-patient": "generated.search.keeps-patients-apart",
    "history-has-three-entries": "generated.lifecycle.old-versions-stay-as-they-were",
    "deleted-after-a-change-is-read": "generated.lifecycle.deleted-stays-gone",
}
"""Fault → what it breaks: every topic, and whatever needs more than one consent."""


def against(fault: str, *options: str, scenarios: Path | None = None) -> Report:
    """A run of pack r4 in this process, with further rows."""
    clock = SetClock()
    with ReferenceServer("r4", faults=[fault] if fault else [], clock=clock.now, listen=False) as server:
        within = proof.Within(server, clock)
        within.target = {**server.target, **({"scenarios": [str(scenarios)]} if scenarios else {})}
        return proof.run("--pack", "r4", *options, within=within)


def judged(report: Report, requirement: str) -> Judged:
    return next(row for row in report.requirements if row.requirement.id == requirement)


def kept(tmp_path: Path, report: Report, requirement: str) -> Path:
    """The folder beside a target.toml that `keep` fills."""
    results.write(report, tmp_path / "reports")
    target = tmp_path / "target.toml"
    target.write_text('base_url = "https://fhir.example.org/r4"\n', encoding="utf-8")
    list(keep(requirement, report_dir=tmp_path / "reports", target=target, pack=None))
    return tmp_path / "kept"


@pytest.mark.parametrize(("fault", "requirement"), LIES.items(), ids=list(LIES))
def test_what_was_kept_is_found_again_without_generating(fault: str, requirement: str, tmp_path: Path) -> None:
    found = against(fault, "--only", requirement)
    assert judged(found, requirement).verdict in {Verdict.FAIL, Verdict.WARN}
    rows = kept(tmp_path, found, requirement)

    again = against(fault, "--only", requirement, "--generated", "0", scenarios=rows)
    assert judged(again, requirement).verdict is judged(found, requirement).verdict
    (check,) = judged(again, requirement).checks
    assert "test_kept_finding" in check["nodeid"]
    mended = judged(against("", "--only", requirement, "--generated", "0", scenarios=rows), requirement)
    assert (mended.verdict, mended.notes) == (
        Verdict.PASS,
        ("this run generates nothing: what holds for any consent was tried with kept ones alone",),
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over a socket against a server that loses the third actor, with its target.toml."""
    folder = tmp_path_factory.mktemp("run")
    with ReferenceServer("r4", faults=["third-actor-is-lost"]) as server:
        (folder / "target.toml").write_text("# Ours.\n\n" + as_toml(server.target), encoding="utf-8")
        given = ("--target", str(folder / "target.toml"), "--report-dir", str(folder / "reports"))
        proof.run("--pack", "r4", *given, "--only", MEANING, "--generated", "200")
    return folder


@pytest.fixture
def here(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, in which commands are given."""
    shutil.copytree(run, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def told(finding: str = MEANING, **options: Any) -> list[str]:
    return list(keep(finding, **{"report_dir": None, "target": None, "pack": None, **options}))


@pytest.mark.parametrize("finding", [MEANING, f"reports/findings/{MEANING}.sh"], ids=["by id", "by its script"])
@pytest.mark.parametrize("faults", [["third-actor-is-lost"], []], ids=["lying", "honest"])
def test_a_target_has_it_in_every_later_run(finding: str, faults: list[str], here: Path) -> None:
    lines = told(finding)
    assert lines[-2:] == [
        'target.toml: scenarios = ["kept"] was added',
        "tried again in every run of target.toml that writes",
    ]
    with ReferenceServer("r4", faults=faults) as server:
        text = (here / "target.toml").read_text(encoding="utf-8")
        listed = next(line for line in text.splitlines() if line.startswith("scenarios"))
        (here / "target.toml").write_text(f"{listed}\n{as_toml(server.target)}", encoding="utf-8")
        given = ("--target", "target.toml", "--report-dir", "later", "--only", MEANING, "--generated", "0")
        report = proof.run("--pack", "r4", *given)
    assert judged(report, MEANING).verdict is (Verdict.FAIL if faults else Verdict.PASS)


def test_a_dry_run_prints_it(here: Path) -> None:
    told()
    command = [sys.executable, "-m", "conformance.cli", "run", "--target", "target.toml", "--dry-run"]
    done = subprocess.run(
        [*command, "--only", MEANING, "--generated", "0"], cwd=here, capture_output=True, text=True, check=True
    )
    assert "test_kept_finding[generated-write-meaning-survives-" in done.stdout


def test_comments_of_the_target_stay_where_they_are(here: Path) -> None:
    before = (here / "target.toml").read_text(encoding="utf-8")
    told()
    added, *rest = (here / "target.toml").read_text(encoding="utf-8").splitlines()[2:]
    assert added.startswith('scenarios = ["kept"]')
    assert ["# Ours.", "", *rest] == before.splitlines()


def test_keeping_it_twice_is_keeping_it_once(here: Path) -> None:
    told()
    before = (here / "target.toml").read_text(encoding="utf-8")
    assert told() == ["tried again in every run of target.toml that writes"]
    assert (here / "target.toml").read_text(encoding="utf-8") == before
    assert len(list((here / "kept").iterdir())) == 2


def test_a_pack_has_it_as_a_row_of_its_own(here: Path) -> None:
    shutil.copytree(shipped_folder("profiles") / "r4", here / "r4")
    shutil.copytree(shipped_folder("fixtures") / "r4", here / "r4" / "fixtures", ignore=shutil.ignore_patterns("*.md"))
    told(pack=str(here / "r4"))

    (row,) = (row for row in packs.load(here / "r4").scenarios if row.generated)
    assert row.requirements == (MEANING,)
    options = ("--only", MEANING, "--generated", "0")
    for fault, verdict in (("third-actor-is-lost", Verdict.FAIL), ("", Verdict.PASS)):
        faults = [fault] if fault else []
        with ReferenceServer("r4", faults=faults, clock=(clock := SetClock()).now, listen=False) as server:
            report = proof.run("--pack", str(here / "r4"), *options, within=proof.Within(server, clock))
        assert judged(report, MEANING).verdict is verdict


def refused(**options: Any) -> str:
    with pytest.raises(UsageError) as caught:
        told(**options)
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("finding", "options", "said"),
    [
        (
            "generated.write.meaning",
            {},
            f"requirements: 'generated.write.meaning' is not among them; there are findings of: {MEANING}",
        ),
        (
            CONTENT,
            {},
            f"reports/results.json: requirements: '{CONTENT}' is not violated; there are findings of: {MEANING}",
        ),
        (
            "reports/findings/generated.write.meaning-survive.sh",
            {},
            f"reports/findings/generated.write.meaning-survive.sh: no such file; did you mean '{MEANING}.sh'?",
        ),
        (MEANING, {"pack": "nll-2023"}, "pack.toml: pack: is 'nll-2023', and the run was one of 'r4'; name that one"),
        (MEANING, {"pack": "r6"}, "no pack 'r6' in profiles/ (there are: "),
    ],
)
def test_what_cannot_be_kept(finding: str, options: dict[str, Any], said: str, here: Path) -> None:
    assert said in refused(finding=finding, **options)
    assert not (here / "kept").exists()


def test_a_script_whose_run_is_gone(here: Path) -> None:
    (here / "reports" / "results.json").unlink()
    assert refused(finding=f"reports/findings/{MEANING}.sh") == (
        f"reports/findings/{MEANING}.sh: reports/results.json is not there, which holds the example; "
        "name the folder of the run's reports by --report-dir"
    )


def test_no_run_and_no_target(here: Path) -> None:
    said = "cannot be read (No such file or directory); name a results.json or its folder"
    assert refused(report_dir=here / "none") == f"{here / 'none' / 'results.json'}: {said}"
    (here / "target.toml").unlink()
    assert refused().startswith("target.toml: no such file; ")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            'scenarios = ["ours"]',
            "scenarios: does not name the folder 'kept', which findings go to; add it",
        ),
        ('pack = "nll-2023"', "pack: is 'nll-2023', and the run was one of 'r4'; name that one"),
    ],
)
def test_a_target_that_is_about_something_else(key: str, said: str, here: Path) -> None:
    text = (here / "target.toml").read_text(encoding="utf-8")
    (here / "target.toml").write_text(f"{key}\n{text}", encoding="utf-8")
    assert refused() == f"target.toml: {said}"
    assert not (here / "kept").exists()


def test_a_run_of_an_older_suite(here: Path) -> None:
    path = here / "reports" / "results.json"
    told_then = json.loads(path.read_bytes())
    for row in told_then["requirements"]:
        for check in row["checks"]:
            check.pop("generated", None)
    path.write_text(json.dumps(told_then), encoding="utf-8")
    assert refused() == (
        f"reports/results.json: requirements: '{MEANING}' was not found violated by generated requests, or by an older "
        "suite; the run has found nothing by generated requests"
    )


@pytest.fixture
def loaded(here: Path) -> Callable[[str, str], str]:
    """Changes something in the row or the example that was kept, and returns what the loader says."""
    told()
    (row,) = (here / "kept").glob("*.toml")
    (example,) = (here / "kept").glob("*.json")

    def changed(old: str, new: str) -> str:
        for path in (row, example):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(UsageError) as caught:
            with_scenarios(packs.load("r4"), [row])
        said = str(caught.value)
        assert "\n" not in said
        return said.replace(row.stem, "NAME").replace("kept/", "")

    return changed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"round_trips"',
            '"round_trip"',
            "9: scenario[1].generated.topic (NAME): 'round_trip' is not known; ",
        ),
        ('"meaning"', '"menaing"', "10: scenario[1].generated.aspect (NAME): 'menaing' is nothing that "),
        ('.json"', '.jsn"', "11: scenario[1].generated.example (NAME): no file 'NAME.jsn' in kept, and no "),
        (
            f'"{MEANING}"',
            '"r4.nothing"',
            "8: scenario[1].generated.requirement (NAME): no requirement ",
        ),
        ("[scenario.generated]", "[scenario.made]", "7: scenario[1].made (NAME): unknown key; there are: "),
        ('"kind": "', '"kind": "in', "which the pack has no body of; there are: active, rich, complete"),
        ('"body"', '"bod"', "has no Consent in its body; give one"),
    ],
)
def test_a_mistake_in_what_was_kept(old: str, new: str, said: str, loaded: Callable[[str, str], str]) -> None:
    assert said in loaded(old, new)


def test_topics_are_what_the_checks_look_at() -> None:
    source = inspect.getsource(test_generated)
    for topic, aspects in TOPICS.items():
        part = source.partition(f'explore("{topic}"')[2].partition("\ndef ")[0]
        assert sorted(re.findall(r'hold\(consents, "(\w+)"', part)) == sorted(aspects)
