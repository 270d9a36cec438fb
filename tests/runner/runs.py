"""Runs of the suite as people start them: in a process of its own, against a server on a socket."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import servers

from conformance.report import results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TINY = Path(__file__).parent / "tiny"
PYTEST = [sys.executable, "-m", "pytest", "--pyargs", "conformance.checks", "-p", "no:cacheprovider"]
PYTEST += ["-p", "no:hypothesispytest", "-p", "no:anyio"]  # they take their time, and nothing here needs them
RUN = [sys.executable, "-m", "conformance.cli", "run"]
LONGEST = 120
"""Seconds after which a run that does not end is a failure."""


@dataclass(frozen=True)
class Ended:
    """A process that has ended; `report` is its results.json, None when it wrote none."""

    code: int
    output: str
    folder: Path
    report: dict[str, Any] | None = field(repr=False)

    def verdict(self, requirement: str) -> str:
        return str(self.row(requirement)["verdict"])

    def row(self, requirement: str) -> dict[str, Any]:
        assert self.report is not None, self.output
        return next(row for row in self.report["requirements"] if row["id"] == requirement)

    def lines(self, words: str) -> int:
        """How many lines of the output hold these words."""
        return sum(words in line for line in self.output.splitlines())


class Suite:
    """Starts runs in a folder of their own, with a clean environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pack = folder / "packs" / "tiny"
        shutil.copytree(TINY, self.pack)

    def pytest(self, *options: str, **more: Any) -> Ended:
        """`pytest`, with the tiny pack."""
        return self.ended([*self.pytest_command(), *options], **more)

    def run(self, *options: str, **more: Any) -> Ended:
        """`consent-conformance run`, with the tiny pack."""
        return self.ended([*self.run_command(), *options], **more)

    def pytest_command(self) -> list[str]:
        return [*PYTEST, "--pack", str(self.pack)]

    def run_command(self) -> list[str]:
        return [*RUN, "--pack", str(self.pack)]

    def both(self, *options: str, codes: tuple[int, int], **more: Any) -> tuple[Ended, Ended]:
        """By pytest and by `consent-conformance run`, each with its exit code."""
        ended = self.pytest(*options, **more), self.run(*options, **more)
        assert tuple(one.code for one in ended) == codes, "\n\n".join(one.output for one in ended)
        return ended

    def ended(
        self,
        command: list[str],
        *,
        environ: dict[str, str] | None = None,
        cwd: Path | None = None,
        keep_reports: bool = False,
        calm: bool = True,
    ) -> Ended:
        """Run a command to its end; reports of earlier ones are removed first."""
        if not keep_reports:
            shutil.rmtree(self.folder / "reports", ignore_errors=True)
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=environment() | (environ or {}),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        return self.result(done.returncode, done.stdout + done.stderr, calm=calm)

    def result(self, code: int, output: str, *, calm: bool = True) -> Ended:
        """What a process has left behind; a calm one ends without a traceback of any kind."""
        for sign in ("Traceback", "INTERNALERROR") if calm else ():
            assert sign not in output, output
        path = self.folder / "reports" / "results.json"
        report = json.loads(path.read_bytes()) if path.is_file() else None
        if report is not None:
            jsonschema.validate(report, results.json_schema())
        return Ended(code, output, self.folder, report)

    def target(self, base_url: str, *more: str, allow_writes: bool = True) -> str:
        """The path of a target.toml; `more` are lines of it."""
        path = self.folder / "target.toml"
        writes = ["allow_writes = true"] if allow_writes else []
        path.write_text("\n".join([f'base_url = "{base_url}"', *writes, *more]), encoding="utf-8")
        return str(path)


def environment() -> dict[str, str]:
    """The environment of a shell that nobody has set anything in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_", "CONSENT"))}
    return kept | {"NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


@pytest.fixture
def honest() -> Iterator[servers.Honest]:
    server = servers.Honest()
    with servers.serving(server):
        yield server


@pytest.fixture
def lying() -> Iterator[Callable[[servers.Honest], str]]:
    """Starts a server; returns its base URL."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda server: stack.enter_context(servers.serving(server))
