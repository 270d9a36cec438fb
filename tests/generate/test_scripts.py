"""The script of a finding repeats it against the server that lies, and shows nothing against an honest one.

Every seventh lie about generated requests is told; with CONFORMANCE_LAW=all in the environment, each of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path  # noqa: TC003 - pytest reads annotations of fixtures
from typing import Any

import pytest

from conformance.generate import sameness
from conformance.preparation import GENERATED
from conformance.proof import run
from conformance.reference import FAULTS, ReferenceServer
from conformance.reference.server import as_toml
from conformance.report.results import read

CONTENT = "generated.write.content-survives"
TOLD = [name for name in sorted(FAULTS) if FAULTS[name].aim.startswith(GENERATED)]
SOME = TOLD if os.environ.get("CONFORMANCE_LAW") == "all" else TOLD[::7]
OF_ONE_SERVER = (
    (r"http://127\.0\.0\.1:\d+", "http://server"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid"),
    (r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "moment"),
    (r'"last(Updated|Modified)":"[^"]+"', "moment"),
)
"""What two runs of a script never have alike."""


def printed(script: str, faults: list[str], folder: Path) -> str:
    """What a script prints against a fresh server, but for what no two servers have alike."""
    here = folder / "again.sh"
    with ReferenceServer("r4", faults=faults) as server:
        here.write_text(re.sub(r"http://127\.0\.0\.1:\d+/fhir", server.url, script), encoding="utf-8")
        shell = {**os.environ, "TOKEN": server.target["auth"]["token"]}
        done = subprocess.run(["sh", str(here)], env=shell, capture_output=True, text=True, check=True, timeout=60)
    for pattern, word in OF_ONE_SERVER:
        done.stdout = re.sub(pattern, word, done.stdout)
    return done.stdout


@pytest.mark.parametrize("lie", SOME)
def test_what_a_script_prints_is_the_liars_alone(lie: str, tmp_path: Path) -> None:
    aim = FAULTS[lie].aim
    with ReferenceServer("r4", faults=[lie]) as server:
        (tmp_path / "target.toml").write_text(as_toml(server.target), encoding="utf-8")
        given = ("--target", str(tmp_path / "target.toml"), "--report-dir", str(tmp_path))
        run("--pack", "r4", *given, "--only", aim)
    script = (tmp_path / "findings" / f"{aim}.sh").read_text("utf-8")

    lying = printed(script, [lie], tmp_path)

    assert printed(script, [lie], tmp_path) == lying
    assert printed(script, [], tmp_path) != lying


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
