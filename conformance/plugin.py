"""pytest hooks only: options, what applies, verdicts, reports. Inert unless the checks of the suite are run."""

from __future__ import annotations

import argparse
import gc
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from conformance.ledger import Ledger
    from conformance.recorder import Recorder
    from conformance.running import Running

CHECKS = Path(__file__).parent / "checks"
RUNNING: pytest.StashKey[Running] = pytest.StashKey()
LEDGER: pytest.StashKey[Ledger] = pytest.StashKey()
RECORDER: pytest.StashKey[Recorder] = pytest.StashKey()
IDS = pytest.StashKey[tuple[str, ...]]()
SELDOM = (50_000, 20, 20)
"""When Python looks for cycles: a run makes few, and to look as often as by default takes a tenth of its time."""

_OPTIONS: dict[str, dict[str, Any]] = {
    "--pack": {"metavar": "NAME", "help": "the documented system to certify against, or a pack's folder"},
    "--target": {"metavar": "FILE", "help": "target.toml: base URL, credentials, given data"},
    "--report-dir": {"metavar": "DIR", "help": "where reports land (default: reports)"},
    "--only": {"metavar": "PATTERN", "action": "append", "default": [], "help": "only these requirements"},
    "--exclude": {"metavar": "PATTERN", "action": "append", "default": [], "help": "all but these requirements"},
    "--read-only": {"action": "store_true", "help": "send nothing that writes"},
    "--keep-created": {"action": "store_true", "help": "leave on the server what the run creates there"},
    "--generated": {"metavar": "N", "type": int, "default": None, "help": "generated requests (default: 500; 0: none)"},
    "--seed": {"metavar": "N", "type": int, "default": 0, "help": "another number generates other requests"},
}

_ELSEWHERE = "run the suite from another folder, or by consent-conformance run"


def add_options(parser: pytest.Parser) -> None:
    """Define the options of the suite whose names are free: in other people's runs theirs come first."""
    group = parser.getgroup("conformance", "FHIR Consent conformance")
    for name, settings in _OPTIONS.items():
        if _is_free(parser, name):
            group.addoption(name, dest=_dest(name), **settings)


def option(config: pytest.Config, name: str) -> Any:
    """The value of one of the suite's options, such as `--pack`.

    Raises:
        pytest.UsageError: somebody else has defined an option of that name.

    """
    if not hasattr(config.option, _dest(name)):
        raise pytest.UsageError(f"{name} is an option of a conftest.py or of another plugin here; {_ELSEWHERE}")
    return getattr(config.option, _dest(name))


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, Any, Any]:
    """Define options after the user's conftest.py has, unless it is certain that the suite is meant."""
    testpaths = [str(early_config.rootpath / path) for path in early_config.getini("testpaths")]
    if any(_names_checks(argument, early_config) for argument in (*args, *testpaths)):
        add_options(parser)
        # A pack's folder and a target's are no places to look for a conftest.py.
        early_config.known_args_namespace.file_or_dir = parser.parse_known_args(args).file_or_dir
    try:
        result = yield
        add_options(parser)
    except (ValueError, argparse.ArgumentError) as taken:
        raise pytest.UsageError(f"a conftest.py here defines options of the suite ({taken}); {_ELSEWHERE}") from None
    return result


def pytest_configure(config: pytest.Config) -> None:
    _point_at_checks(config)
    if not _is_suite_run(config) or (config.option.collectonly and hasattr(config, "workerinput")):
        return
    config.add_cleanup(partial(gc.set_threshold, *gc.get_threshold()))
    gc.set_threshold(*SELDOM)
    if "hypothesis" not in sys.modules and config.pluginmanager.hasplugin("hypothesispytest"):
        # it would import all of Hypothesis at the end of every run: half a second for nothing
        idle: Any = config.pluginmanager.unregister(name="hypothesispytest")
        # Its hook of that name says that examples may be made from now on, as generated checks do.
        idle.pytest_sessionstart(session=None)
    from conformance.discretion import Discretion  # noqa: PLC0415 - other people's pytest runs load this plugin too
    from conformance.ledger import Ledger  # noqa: PLC0415 - the same
    from conformance.model import UsageError  # noqa: PLC0415 - the same
    from conformance.running import Running  # noqa: PLC0415 - the same

    try:
        folder = Ledger.folder(config)
        running = config.stash[RUNNING] = Running.of(config, folder)
        config.pluginmanager.register(Discretion(running.preparation.redactor, concerns=_is_check))
        if not hasattr(config, "workerinput"):
            ledger = config.stash[LEDGER] = Ledger(running, folder)
            config.pluginmanager.register(_Listener(ledger))
            if running.broken:
                config.option.dist = "no"  # no workers for a target that is not there
            if getattr(config.option, "htmlpath", None):
                from conformance.html_log import HtmlLog  # noqa: PLC0415 - pytest-html is somebody else's

                preparation = running.preparation
                log = HtmlLog(preparation.pack.catalogue, base_url=preparation.target.base_url)
                config.pluginmanager.register(log)
    except UsageError as mistake:
        raise pytest.UsageError(str(mistake)) from None


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
        if not config.option.collectonly and any(_is_check(item) for item in items):
            raise pytest.UsageError(
                "the checks of the conformance suite were collected from a folder above them; "
                "name them to run them: pytest --pyargs conformance.checks"
            )
        return
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        if not _is_check(item):
            kept.append(item)
            continue
        ids = item.stash[IDS] = running.ids_of(item)
        if running.wants(ids):
            running.wanted[item.nodeid] = ids
            kept.append(item)
        else:
            left_out.append(item)
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
    from conformance.model import NotTestable, Outcome, Unreachable, Violation  # noqa: PLC0415 - here already

    ids: tuple[str, ...] = item.stash[IDS]
    result = None
    try:
        result = yield
    except (NotTestable, Violation) as obstacle:
        recorder.found(open_ids := running.open_ids(ids, recorder), Outcome.NOT_TESTABLE, obstacle)
        if not open_ids:
            recorder.cut_short(obstacle)
        running.heard(recorder.exchanges)
    except Unreachable as problem:
        recorder.found(running.open_ids(ids, recorder), Outcome.ERROR, problem)
        running.lost(problem)
    except (Exception, pytest.fail.Exception, pytest.skip.Exception) as problem:
        recorder.broke(running.open_ids(ids, recorder) or running.applicable(ids), problem)
        raise
    else:
        running.heard(recorder.exchanges)
    message, excused = running.red(recorder.findings, recorder.exchanges)
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
    if call.when == "call":
        running.write_down(item, report, item.stash.get(RECORDER, None))
    elif report.failed and call.excinfo is not None:
        running.write_down_crash(item, report, call.excinfo.value)
    if running.gone:
        report.consent_target_gone = running.gone  # type: ignore[attr-defined]
        item.session.shouldstop = running.gone
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    if report.when == "call" and report.passed and getattr(report, "consent_warned", False):
        return "warned", "w", ("WARN", {"yellow": True})
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    running, ledger = config.stash.get(RUNNING, None), config.stash.get(LEDGER, None)
    if running is None or config.option.collectonly:
        return
    if ledger is not None:
        session.exitstatus = ledger.finish(session, exitstatus)
    else:
        config.workeroutput["consent_conformance"] = running.wanted_as_json()  # type: ignore[attr-defined]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    ledger = config.stash.get(LEDGER, None)
    if ledger is not None and ledger.report is not None:
        terminalreporter.section(f"conformance: {ledger.report.verdict}")
        for line in ledger.summary():
            terminalreporter.line(line)


class _Listener:
    """Hears on the controller what the checks left behind, wherever they ran."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._ledger.received(report)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        """Clean up once the report is written and no worker of pytest-xdist sends anything any more."""
        yield
        self._ledger.clean_up()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._ledger.not_collected(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._ledger.worker_ended(getattr(node, "workeroutput", {}).get("consent_conformance"))


def _is_free(parser: pytest.Parser, name: str) -> bool:
    """Whether nobody has defined this option yet."""
    try:
        _, unknown = parser.parse_known_and_unknown_args([name])
    except pytest.UsageError:  # it is known, and wants a value
        return False
    return name in unknown


def _dest(name: str) -> str:
    return f"conformance_{name.strip('-').replace('-', '_')}"


def _is_check(item: pytest.Item | Any) -> bool:
    path = getattr(item, "path", None)
    return path is not None and CHECKS in Path(path).parents


def _point_at_checks(config: pytest.Config) -> None:
    """Run the suite where its options are given and no files are named.

    Raises:
        pytest.UsageError: other files are named, so that nothing would be checked.

    """
    asked = [name for name in ("--pack", "--target") if getattr(config.option, _dest(name), None)]
    if not asked or _is_suite_run(config):
        return
    if not hasattr(config, "workerinput") and config.args_source is pytest.Config.ArgsSource.ARGS:
        raise pytest.UsageError(
            f"{asked[0]} is given, but the checks of the conformance suite are not among what is named; "
            "name them as well: --pyargs conformance.checks"
        )
    config.args[:] = [str(CHECKS)]


def _is_suite_run(config: pytest.Config) -> bool:
    """Whether an argument (or testpaths) names the checks of the suite."""
    if config.option.help or getattr(config.option, "version", 0):
        return False
    return any(_names_checks(argument, config) for argument in config.args)


def _names_checks(argument: str, config: pytest.Config) -> bool:
    """Whether an argument is the package of the checks, its folder, or something in it."""
    name = str(argument).partition("::")[0]
    if name == "conformance.checks" or name.startswith("conformance.checks."):
        return True
    place = (config.invocation_params.dir / name).resolve()
    return place == CHECKS or CHECKS in place.parents
