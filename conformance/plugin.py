"""pytest hooks only: options, what applies, verdicts, reports. Inert unless the checks of the suite are run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.model import NotTestable, Outcome, Unreachable, UsageError, Violation

if TYPE_CHECKING:
    from collections.abc import Generator

    from conformance.recorder import Recorder
    from conformance.running import Running

CHECKS = Path(__file__).parent / "checks"
RUNNING: pytest.StashKey[Running] = pytest.StashKey()
RECORDER: pytest.StashKey[Recorder] = pytest.StashKey()
IDS = pytest.StashKey[tuple[str, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "FHIR Consent conformance")
    group.addoption("--pack", metavar="NAME", help="the documented system to certify against, or a pack's folder")
    group.addoption("--target", metavar="FILE", help="target.toml: base URL, credentials, given data")
    group.addoption("--report-dir", metavar="DIR", help="where reports land (default: reports)")
    group.addoption("--only", action="append", default=[], metavar="PATTERN", help="only these requirements")
    group.addoption("--exclude", action="append", default=[], metavar="PATTERN", help="all but these requirements")
    group.addoption("--read-only", action="store_true", help="send nothing that writes")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fuzz: generated cases; CONFORMANCE_FUZZ sets how many")
    if config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR and (config.option.pack or config.option.target):
        # Nobody named files: `--target` outside of a checkout makes pytest look for its own settings over there.
        config.args[:] = [str(CHECKS)]
    if not _is_suite_run(config) or (config.option.collectonly and hasattr(config, "workerinput")):
        return
    if "hypothesis" not in sys.modules:
        # its plugin would import all of it at the end of every run: half a second for nothing
        config.pluginmanager.unregister(name="hypothesispytest")
    from conformance.running import Running  # noqa: PLC0415 - other people's pytest runs load this plugin too

    try:
        running = Running.of(config)
    except UsageError as mistake:
        raise pytest.UsageError(str(mistake)) from None
    config.stash[RUNNING] = running
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Ledger(running))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand what the controller decided to a worker of pytest-xdist."""
    running = node.config.stash.get(RUNNING, None)
    if running is not None:
        node.workerinput["consent_conformance"] = running.for_worker()


def pytest_unconfigure(config: pytest.Config) -> None:
    running = config.stash.get(RUNNING, None)
    if running is not None:
        running.close()


def pytest_report_header(config: pytest.Config) -> list[str]:
    running = config.stash.get(RUNNING, None)
    return running.header() if running is not None else []


def pytest_sessionstart(session: pytest.Session) -> None:
    running = session.config.stash.get(RUNNING, None)
    if running is not None and running.stopped:
        session.shouldstop = running.stopped


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Checks that are tables take their rows from the pack."""
    running = metafunc.config.stash.get(RUNNING, None)
    if running is None or not _is_check(metafunc.definition):
        return
    for name, rows in running.tables().items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, rows, ids=[row.name for row in rows])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the checks none of whose requirements apply or were selected."""
    running = config.stash.get(RUNNING, None)
    if running is None:
        return
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        if not _is_check(item):
            kept.append(item)
            continue
        ids = running.ids_of(item)
        item.stash[IDS] = ids
        (kept if running.wants(ids) else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Turn what a check leaves behind into pass, fail or expected failure, each in the words of the suite."""
    running = item.config.stash.get(RUNNING, None)
    recorder = item.stash.get(RECORDER, None)
    if running is None or recorder is None:
        return (yield)
    ids: tuple[str, ...] = item.stash[IDS]
    result = None
    try:
        result = yield
    except (NotTestable, Violation) as obstacle:
        recorder.found(running.open_ids(ids, recorder), Outcome.NOT_TESTABLE, obstacle)
    except Unreachable as problem:
        recorder.found(running.open_ids(ids, recorder), Outcome.ERROR, problem)
        running.lost_target(item.session, problem)
    except Exception as problem:
        recorder.found(running.open_ids(ids, recorder), Outcome.ERROR, problem)
        raise
    message, excused = running.red(recorder)
    if message:
        pytest.fail(message, pytrace=False)
    if excused:
        pytest.xfail(excused)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    running = item.config.stash.get(RUNNING, None)
    if running is None or IDS not in item.stash:
        return report
    recorder = item.stash.get(RECORDER, None)
    if call.when == "call" or (call.when == "setup" and report.failed):
        running.write_down(item, report, recorder, item.stash[IDS])
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    if report.when == "call" and report.passed and getattr(report, "consent_warned", False):
        return "warned", "w", ("WARN", {"yellow": True})
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    running = session.config.stash.get(RUNNING, None)
    if running is not None and not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        session.exitstatus = running.finish(session, exitstatus)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    running = config.stash.get(RUNNING, None)
    if running is not None:
        running.summarise(terminalreporter)


class _Ledger:
    """Collects on the controller what the checks left behind, wherever they ran."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._running.received(report)


def _is_check(item: pytest.Item | Any) -> bool:
    path = getattr(item, "path", None)
    return path is not None and CHECKS in Path(path).parents


def _is_suite_run(config: pytest.Config) -> bool:
    """Whether an argument (or testpaths) names the checks of the suite."""
    if config.option.help or getattr(config.option, "version", 0):
        return False
    for argument in config.args:
        name = str(argument).partition("::")[0]
        if config.option.pyargs and (name == "conformance.checks" or name.startswith("conformance.checks.")):
            return True
        place = (config.invocation_params.dir / name).resolve()
        if place == CHECKS or CHECKS in place.parents:
            return True
    return False
