"""`consent-conformance run`: progress, workers, and a shell in which other things are set."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

import servers
from runs import LONGEST, environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs import Suite


def test_workers_and_progress(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.run("--target", suite.target(honest.url), "--workers", "2")
    assert ended.code == 0, ended.output
    assert ended.lines("conformance: pack tiny against http://127.0.0.1") == 1
    assert ended.lines("3 of 3 checks, 0 red") == 1
    assert ended.lines("CONFORMANT  tiny") == 1


def test_a_bar_on_a_terminal(suite: Suite, honest: servers.Honest) -> None:
    controller, terminal = pty.openpty()
    command = [*suite.run_command(), "--target", suite.target(honest.url)]
    here = environment() | {"TERM": "xterm"}
    with subprocess.Popen(command, cwd=suite.folder, env=here, stdout=subprocess.DEVNULL, stderr=terminal) as running:
        os.close(terminal)
        shown = b""
        while True:
            try:
                shown += (more := os.read(controller, 4096))
            except OSError:  # Linux says so when the other side has closed
                break
            if not more:
                break
        code = running.wait(LONGEST)
    os.close(controller)
    assert code == 0
    assert b"checking" in shown
    assert b"of 3 checks" not in shown


def test_settings_for_other_runs_of_pytest_change_nothing(suite: Suite, honest: servers.Honest) -> None:
    (suite.folder / "pytest.ini").write_text("[pytest]\naddopts = --nonsense\n", encoding="utf-8")
    (suite.folder / "conftest.py").write_text("raise RuntimeError('not mine')", encoding="utf-8")
    (suite.folder / "loud.py").write_text("raise RuntimeError('not mine')", encoding="utf-8")
    environ = {"PYTEST_ADDOPTS": "-q --maxfail=1 --nonsense", "PYTEST_PLUGINS": "loud"}
    ended = suite.run("--target", suite.target(honest.url), environ=environ)
    assert ended.code == 0, ended.output


def test_a_conftest_beside_the_target_is_not_loaded(suite: Suite, honest: servers.Honest) -> None:
    target = suite.target(honest.url)
    (suite.folder / "conftest.py").write_text("raise RuntimeError('not mine')", encoding="utf-8")
    elsewhere = suite.folder / "elsewhere"
    elsewhere.mkdir()
    assert suite.ended([*suite.run_command(), "--target", target], cwd=elsewhere).code == 0


def test_a_violation_with_workers(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    ended = suite.run("--target", suite.target(lying(servers.ForgetsTheStatus())), "--workers", "2")
    assert ended.code == 1
    assert ended.lines("3 of 3 checks, 1 red") == 1
