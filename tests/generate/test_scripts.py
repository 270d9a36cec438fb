"""The script of a finding repeats it against the server that lies, and shows nothing against an honest one."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path  # noqa: TC003 - pytest reads annotations of fixtures
from typing import Any

import pytest

from conformance.generate import sameness
from conformance.proof import run
from conformance.reference import ReferenceServer
from conformance.reference.server import as_toml
from conformance.report.results import read

CONTENT = "generated.write.content-survives"


def answers(script: Path, server: ReferenceServer) -> list[Any]:
    """The bodies of the answers that a script prints, in order."""
    shell = {**os.environ, "TOKEN": server.target["auth"]["token"]}
    done = subprocess.run(["sh", str(script)], env=shell, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run against a server that loses the third actor."""
    folder = tmp_path_factory.mktemp("run")
    with ReferenceServer("r4", faults=["third-actor-is-lost"]) as server:
        (folder / "target.toml").write_text(as_toml(server.target), encoding="utf-8")
        given = ("--target", str(folder / "target.toml"), "--report-dir", str(folder))
        run("--pack", "r4", *given, "--only", CONTENT, "--generated", "200")
    return folder


def test_a_finding_is_two_exchanges(finding: Path) -> None:
    row = next(row for row in read(finding).requirements if row.requirement.id == CONTENT)
    assert [len(check["exchanges"]) for check in row.checks if check["outcome"] == "violated"] == [2]


@pytest.mark.parametrize("faults", [["third-actor-is-lost"], []], ids=["lying", "honest"])
def test_its_script_shows_it_again(finding: Path, faults: list[str], tmp_path: Path) -> None:
    script = (finding / "findings" / f"{CONTENT}.sh").read_text(encoding="utf-8")
    sent = json.loads(next(iter(read(finding).exchanges.values())).request_body or "")
    with ReferenceServer("r4", faults=faults) as server:
        here = tmp_path / "again.sh"
        here.write_text(re.sub(r"http://127\.0\.0\.1:\d+/fhir", server.url, script), encoding="utf-8")
        created, shown = answers(here, server)
    assert shown["id"] == created["id"]
    assert bool(sameness.lost(sent, shown)) is bool(faults)


def test_only_what_a_finding_shows_is_in_the_report(finding: Path) -> None:
    assert len(read(finding).exchanges) < 20
