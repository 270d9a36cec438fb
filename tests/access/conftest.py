"""Targets and runs, as an operator writes and starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from authority import Authority
from protected import Protected, protected

from conformance import target as targets
from conformance.callers import Callers
from conformance.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONGEST = 120


@dataclass(frozen=True)
class Ended:
    """A command that has ended, with its results.json and all else that it left."""

    code: int
    output: str
    left: str = field(repr=False)
    report: dict[str, Any] | None = field(repr=False)


@pytest.fixture
def server() -> Iterator[Protected]:
    with protected() as running:
        yield running


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a target.toml: its base URL, and lines."""

    def _write(base_url: str, *lines: str) -> Path:
        path = tmp_path / "target.toml"
        path.write_text("\n".join([f'base_url = "{base_url}"', "allow_writes = true", *lines]), encoding="utf-8")
        return path

    return _write


@pytest.fixture
def asking(write: Callable[..., Path]) -> Callable[..., Callers]:
    """The callers of a target that these lines describe, with what the environment holds."""

    def _asking(server: Protected, *lines: str, **environ: str) -> Callers:
        target = targets.load(write(server.base_url, *lines), environ=environ)
        return Callers(target, Redactor(target.secrets()))

    return _asking


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Ended]:
    """Runs `consent-conformance` with these words to its end; reports land below tmp_path."""

    def _command(*words: str, **environ: str) -> Ended:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CONSENT"))}
        done = subprocess.run(
            [sys.executable, "-m", "conformance.cli", *words],
            cwd=tmp_path,
            env={**kept, "NO_COLOR": "1", "COLUMNS": "200", **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        reports = tmp_path / "reports"
        files = {path.name: path.read_text("utf-8") for path in sorted(reports.rglob("*")) if path.is_file()}
        report = json.loads(files["results.json"]) if "results.json" in files else None
        return Ended(done.returncode, done.stdout + done.stderr, "".join(files.values()), report)

    return _command
