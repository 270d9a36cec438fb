"""`consent-conformance run`: the suite with a progress line, a summary, and exit codes of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance import judge
from conformance.model import RunVerdict, UsageError, Verdict
from conformance.plugin import LEDGER, RUNNING
from conformance.preparation import Options, choose

if TYPE_CHECKING:
    import argparse

    from conformance.ledger import Ledger

EXIT = {
    RunVerdict.CONFORMANT: 0,
    RunVerdict.CONFORMANT_WITH_DEVIATIONS: 0,
    RunVerdict.NOT_CONFORMANT: 1,
    RunVerdict.INCOMPLETE: 3,
}


ENVIRONMENT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME", "PYTEST_DEBUG")
"""What a shell may hold for other runs of pytest, and must not change this one."""


def run(options: argparse.Namespace) -> int:
    """Certify a server: 0 conformant, 1 not conformant, 2 usage error, 3 incomplete or target unreachable."""
    for name in ENVIRONMENT:
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    if len(options.target) > 1:
        from conformance import command_several  # noqa: PLC0415 - one target is the rule

        return command_several.run(options, run_arguments(options))
    options.target = options.target[0] if options.target else None
    if options.last_failed:
        options.only = last_failed(options)
    if options.dry_run:
        from conformance import command_rehearse  # noqa: PLC0415 - sending is the rule

        return command_rehearse.perform(options, [*_settings(), *_selection(options)])
    progress = Progress()
    code = pytest.main(pytest_arguments(options), plugins=[progress])
    if code == pytest.ExitCode.USAGE_ERROR:
        return 2
    ledger = progress.ledger
    if ledger is None or ledger.report is None:
        print("consent-conformance: the run ended without a report: nothing is certified", file=sys.stderr)
        return 3
    for line in ledger.summary():
        print(line)
    wanted = EXIT[ledger.report.verdict]
    return 3 if wanted == 0 and code != pytest.ExitCode.OK else wanted


def last_failed(options: argparse.Namespace) -> list[str]:
    """The ids that were red in the run whose results.json lies in the folder of the reports, as far as --only goes.

    Raises:
        UsageError: there is no such file, it is of another pack, or nothing was red.

    """
    from conformance.report.results import read  # noqa: PLC0415 - only this option reads

    folder = Path(options.report_dir)
    report = read(folder)
    pack, _ = choose(Options(pack=options.pack, base_url=options.base_url, target=options.target))
    if report.pack != pack.name:
        raise UsageError(
            f"--last-failed: the run in {folder} is of pack '{report.pack}', and this one of '{pack.name}'"
        )
    red = [row.requirement.id for row in report.requirements if row.verdict in judge.RED - {Verdict.NOT_RUN}]
    if not red:
        raise UsageError(f"--last-failed: nothing was red in the run in {folder}; leave the option out")
    return red


def run_arguments(options: argparse.Namespace) -> list[str]:
    """The options of a run as they were given, but for its target and its folder."""
    arguments = ["--pack", options.pack] if options.pack else []
    if options.workers > 1:
        arguments += ["--workers", str(options.workers)]
    flags = ("keep_created", "fail_fast", "last_failed")
    return [
        *arguments,
        *(f"--{name.replace('_', '-')}" for name in flags if getattr(options, name)),
        *_selection(options),
    ]


def pytest_arguments(options: argparse.Namespace) -> list[str]:
    """The same run for pytest: with a configuration and plugins of our own, whatever is installed or lies around."""
    arguments = _settings()
    for plugin in ("pytest_base_url.plugin", "xdist.plugin", "no:terminal", "no:cacheprovider"):
        arguments += ["-p", plugin]
    for name in ("pack", "base_url", "target", "report_dir"):
        value = getattr(options, name)
        if value:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    arguments += _selection(options)
    if options.keep_created:
        arguments.append("--keep-created")
    if options.fail_fast:
        arguments.append("-x")
    if options.workers > 1:
        arguments += ["-n", str(options.workers), "--dist", "worksteal"]  # some checks take long
    return arguments


def _settings() -> list[str]:
    here = Path(__file__).parent
    return [
        str(here / "checks"),
        "-c",
        str(here / "run.ini"),
        "--rootdir",
        str(here.parent),
        "-p",
        "conformance.plugin",
    ]


def _selection(options: argparse.Namespace) -> list[str]:
    arguments = ["--read-only"] if options.read_only else []
    if options.generated is not None:
        arguments += ["--generated", str(options.generated)]
    if options.seed:
        arguments += ["--seed", str(options.seed)]
    for name in ("only", "exclude"):
        for pattern in getattr(options, name):
            arguments += [f"--{name}", pattern]
    return arguments


class Progress:
    """Shows how far the run is: a bar on a terminal, a line per tenth elsewhere."""

    def __init__(self) -> None:
        self.ledger: Ledger | None = None
        self._total = 0
        self._done = 0
        self._red = 0
        self._bar: Any = None
        self._task: Any = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._start(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        del node
        self._start(len(ids))

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        running = session.config.stash.get(RUNNING, None)
        for line in running.header() if running is not None else ():
            print(line)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid.startswith("conformance/observed/"):
            return  # about all answers, after the last check
        if report.when == "call" or (report.when == "setup" and report.failed):
            self._done += 1
            self._red += bool(report.failed)
            self._advance()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.ledger = session.config.stash.get(LEDGER, None)
        if self._bar is not None:
            self._bar.stop()

    def _start(self, total: int) -> None:
        if self._total or not total:
            return
        self._total = total
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 - only on a terminal
            from rich.progress import Progress as Bar  # noqa: PLC0415 - only on a terminal

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("checking", total=total)
            self._bar.start()

    def _advance(self) -> None:
        if self._bar is not None:
            said = f"checking, {self._red} red" if self._red else "checking"
            self._bar.update(self._task, completed=self._done, description=said)
        elif self._total and self._done * 10 // self._total > (self._done - 1) * 10 // self._total:
            print(f"{self._done} of {self._total} checks, {self._red} red", file=sys.stderr)
