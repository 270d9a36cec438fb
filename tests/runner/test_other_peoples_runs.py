"""Where the suite is installed but not asked for, it is not noticed."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from runs import LONGEST, environment

if TYPE_CHECKING:
    from pathlib import Path

    from runs import Suite
    from servers import Honest

CONFTEST = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--target", default="moon", help="mine")
    parser.addoption("--pack", action="store_true", help="mine")
    parser.addoption("--only-slow", dest="only")

@pytest.fixture
def consents(pytestconfig):
    return pytestconfig.getoption("--target")

@pytest.fixture
def verifying():
    return "mine"
"""

TEST = """
import pytest

@pytest.mark.parametrize("cell", [1, 2])
@pytest.mark.parametrize("scenario", ["a"])
def test_mine(consents, verifying, cell, scenario):
    assert (consents, verifying) == ("mars", "mine")
"""

SETTINGS = """
[pytest]
addopts = --strict-markers --strict-config
filterwarnings = error
xfail_strict = true
"""


def theirs(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest in a project of somebody else."""
    for name, content in {"conftest.py": CONFTEST, "test_mine.py": TEST, "pytest.ini": SETTINGS}.items():
        (folder / name).write_text(content, encoding="utf-8")
    command = [sys.executable, "-W", "error", *options]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=LONGEST, check=False
    )


def test_options_fixtures_and_settings_of_their_own(tmp_path: Path) -> None:
    done = theirs(tmp_path, "-m", "pytest", "--target", "mars", "--pack", "-p", "no:hypothesispytest", "-n", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "conformance:" not in done.stdout
    assert not (tmp_path / "reports").exists()


def test_help_names_both_options(tmp_path: Path) -> None:
    done = theirs(tmp_path, "-m", "pytest", "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("--target") == 1
    assert "--report-dir=DIR" in done.stdout


def test_the_suite_where_an_option_is_taken(suite: Suite, honest: Honest) -> None:
    (suite.folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    target = suite.target(honest.url)
    plain = suite.pytest_command()[1:]
    at = plain.index("--pack")
    ended = suite.ended([sys.executable, *plain[:at], *plain[at + 2 :], "--target", target])
    assert ended.code == 4, ended.output
    assert ended.lines("consent-conformance run") == 1
    assert suite.run("--target", target).code == 0


def test_what_the_plugin_adds_to_the_start(tmp_path: Path) -> None:
    """At most 20 ms, measured by Python itself; the least of five runs, since others may be at work on the machine."""
    spent = []
    for _ in range(5):
        done = theirs(tmp_path, "-X", "importtime", "-c", "import pytest, conformance.plugin")
        lines = re.findall(r"import time:\s+\d+ \|\s+(\d+) \|\s+(conformance\S*)", done.stderr)
        assert {name for _, name in lines} == {"conformance", "conformance.plugin"}
        spent.append(next(int(microseconds) for microseconds, name in lines if name == "conformance.plugin"))
    assert min(spent) < 20_000
