"""Ctrl-C half way: what was recorded is written, and the run is incomplete."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
import servers
from runs import LONGEST, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs import Suite


class WaitsForSomebody(servers.Honest):
    """Answers until the first search, and keeps that one waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Event()
        self.over = threading.Event()

    def answer(self, method: str, path: str, query: str, body: bytes) -> servers.Response | None:
        if query:
            self.waiting.set()
            self.over.wait(LONGEST)
            return None
        return super().answer(method, path, query, body)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores Ctrl-C, and so would all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", ["pytest", "pytest -n 2", "run"])
def test_ctrl_c(suite: Suite, how: str) -> None:
    server = WaitsForSomebody()
    with servers.serving(server) as url:
        command = suite.pytest_command() if how.startswith("pytest") else suite.run_command()
        more: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        running = subprocess.Popen(
            [*command, *how.split()[1:], "--target", suite.target(url)],
            cwd=suite.folder,
            env=environment(),
            start_new_session=True,
            **more,
        )
        try:
            assert server.waiting.wait(LONGEST)
            os.killpg(running.pid, signal.SIGINT)
            output, _ = running.communicate(timeout=LONGEST)
        finally:
            server.over.set()
            running.kill()
    ended = suite.result(running.returncode, output, calm="-n" not in how)  # the workers' own threads complain
    assert ended.code == (1 if how.startswith("pytest") else 3), output
    assert ended.report is not None
    assert ended.report["verdict"] == "incomplete"
    assert ended.report["reason"] == "the run was interrupted"
    assert ended.verdict("tiny.search.finds-the-patient") == "not-run"
    assert ended.report["exchanges"]
