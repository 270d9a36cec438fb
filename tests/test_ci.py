"""The snippets of docs/ci.md are well-formed, and their commands do in a shell what the page says."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.reference import ReferenceServer

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"^## (GitHub Actions|GitLab|Jenkins)$.*?^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
LONGEST = 120


def github() -> list[str]:
    steps = yaml.safe_load(BLOCKS["GitHub Actions"])["jobs"]["certify"]["steps"]
    return [step["run"] for step in steps if "run" in step]


def gitlab() -> list[str]:
    job = yaml.safe_load(BLOCKS["GitLab"])["conformance"]
    return [*job["script"], *job["after_script"]]


def jenkins() -> list[str]:
    found = re.findall(r"sh '''\n(.*?)'''|sh '([^\n]*)'\n", BLOCKS["Jenkins"], re.DOTALL)
    return [long or short for long, short in found]


def shims(folder: Path) -> Path:
    """Commands as a fresh CI machine has them after `pip install`: ours is there, pip does nothing."""
    there = folder / "bin"
    there.mkdir()
    scripts = {
        "pip": "exit 0",
        "consent-conformance": f'exec "{sys.executable}" -m conformance.cli "$@"',
        "python": f'mkdir -p .venv/bin && cp "{there}/pip" "{there}/consent-conformance" .venv/bin/',
    }
    for name, script in scripts.items():
        (there / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (there / name).chmod(stat.S_IRWXU)
    return there


def environment(folder: Path, token: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CONSENT"))}
    own = {"STAGING_TOKEN": token, "GITHUB_STEP_SUMMARY": str(folder / "job.md"), "CI_JOB_STATUS": "success"}
    return {**kept, **own, "PATH": f"{shims(folder)}:{os.environ['PATH']}"}


def target(folder: Path, server: dict[str, Any]) -> None:
    lines = [
        f'base_url = "{server["base_url"]}"',
        'pack = "r4"',
        "[auth]",
        'kind = "bearer"',
        'token_env = "STAGING_TOKEN"',
    ]
    given = [f"{name} = {server['given'][name]}".replace("'", '"') for name in ("consents", "patients")]
    (folder / "staging.toml").write_text("\n".join([*lines, "[given]", *given]), encoding="utf-8")


@pytest.mark.parametrize("commands", [github, gitlab, jenkins], ids=lambda found: found.__name__)
def test_the_commands_of_a_snippet_certify_a_server(tmp_path: Path, commands: Any) -> None:
    with ReferenceServer("r4") as server:
        target(tmp_path, server.target)
        environ = environment(tmp_path, server.target["auth"]["token"])
        for command in commands():
            done = subprocess.run(
                ["bash", "-eu", "-c", command],
                cwd=tmp_path,
                env=environ,
                check=False,
                capture_output=True,
                text=True,
                timeout=LONGEST,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "reports" / "junit.xml").is_file()
    assert (tmp_path / "reports" / "report.html").is_file()
    if commands is github:
        assert "conformant" in (tmp_path / "job.md").read_text("utf-8").lower()


def test_each_snippet_keeps_reports_and_junit_and_summary() -> None:
    assert sorted(BLOCKS) == ["GitHub Actions", "GitLab", "Jenkins"]
    for snippet in BLOCKS.values():
        assert "reports/junit.xml" in snippet
        assert "reports/summary.md" in snippet
        assert re.search(r"reports/\*\*|path: reports/|- reports/", snippet)
        assert "cleanup" in snippet
        assert snippet.count("{") == snippet.count("}")


def test_the_container_holds_what_the_package_is_built_from() -> None:
    lines = (ROOT / "Containerfile").read_text("utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    copied = {
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    }
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"], project["project"]["readme"], "pyproject.toml"} <= copied
    assert all((ROOT / name).exists() for name in copied)
    entry = next(line for line in lines if line.startswith("ENTRYPOINT"))
    assert next(iter(project["project"]["scripts"])) in entry
