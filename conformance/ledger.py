"""What the checks of a run left behind, gathered on the controller wherever they ran, until it becomes the report."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance import __version__, coverage, examination, judge
from conformance.model import CheckRecord, Report, RunVerdict, UsageError, Verdict
from conformance.observed import observe
from conformance.preparation import GENERATED_CHECKS
from conformance.recorder import unpacked
from conformance.running import WITHIN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from conformance.model import Exchange, Judged
    from conformance.preparation import Preparation
    from conformance.running import Running


class Ledger:
    """The records of a run. `broken` and `stopped` say why it did not come to its end: by an error, or otherwise."""

    def __init__(self, running: Running, report_dir: Path | None) -> None:
        self.report: Report | None = None
        self.written: list[Path] = []
        self.unwritten = ""
        """Why there is no report on disk."""
        self._running = running
        self._report_dir = report_dir
        self._broken = running.broken
        self._records: list[CheckRecord] = []
        self._wanted: dict[str, tuple[str, ...]] = {}
        self._announcing = False
        self._cleanup: list[str] = []
        """What became of what the run has created, in lines for a terminal."""
        self._ended_workers = 0

    @staticmethod
    def folder(config: pytest.Config) -> Path | None:
        """Where reports land; None where none are written.

        Raises:
            UsageError: nothing can be written there.

        """
        from conformance.plugin import option  # noqa: PLC0415 - the plugin imports this module

        elsewhere = config.pluginmanager.hasplugin(WITHIN) or hasattr(config, "workerinput")
        if config.option.collectonly or elsewhere:
            return None
        given = option(config, "--report-dir")
        folder = Path(given) if given else config.invocation_params.dir / "reports"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as problem:
            why = f"{problem.strerror or problem}"
            raise UsageError(
                f"--report-dir: nothing can be written into {folder}: {why}; name another folder"
            ) from problem
        return folder

    # -- while checks run ------------------------------------------------------------------------------------------

    def received(self, report: pytest.TestReport) -> None:
        """Keep what a check left behind."""
        sent = getattr(report, "consent_record", None)
        if self._announcing:
            return
        if sent is not None:
            record = unpacked(sent)
            self._records.append(replace(record, nodeid=_stable(record.nodeid)))
        elif report.failed and report.when not in {"setup", "call", "teardown"}:  # pytest-xdist's own word
            said = self._running.preparation.redactor.text(f"a worker process broke: {report.longrepr}")
            self._broken = self._broken or said
        self._broken = self._broken or getattr(report, "consent_target_gone", "")

    def not_collected(self, report: pytest.CollectReport) -> None:
        """A module of the suite could not be imported."""
        last = str(report.longrepr).strip().rpartition("\n")[2].removeprefix("E").strip()
        self._broken = self._broken or f"{_stable(report.nodeid)} of the suite cannot be collected: {last}"

    def worker_ended(self, wanted: str | None) -> None:
        """A worker of pytest-xdist says which checks a full run would make."""
        self._ended_workers += 1
        if wanted:
            self._wanted |= {nodeid: tuple(ids) for nodeid, ids in json.loads(wanted).items()}

    # -- at the end ------------------------------------------------------------------------------------------------

    def finish(self, session: pytest.Session, exitstatus: int) -> int:
        """Evaluate the requirements about all answers, judge, write the reports; return pytest's exit code."""
        first_look = [self._running.first_look] if self._running.first_look is not None else []
        stopped = _why_stopped(session, exitstatus)
        records, exchanges = judge.merged(self._records)
        observations = self._observe(session, exchanges)
        numbered, exchanges = judge.merged([*self._records, *first_look])
        judged = self._judged((*records, *observations), stopped)
        exchanges = _worth_keeping(numbered, exchanges, judged)
        verdict, reason = judge.verdict_of_run(judged, stopped=self._broken or stopped)
        self.report = self._reported(judged, exchanges, verdict, reason)
        self._write()
        return self._exit_code(exitstatus)

    def summary(self) -> list[str]:
        """What came out and where it is written, as lines for a terminal."""
        from conformance.report import terminal  # noqa: PLC0415 - only at the end

        assert self.report is not None  # `finish` made it
        unwritten = [self.unwritten] if self.unwritten else []
        busy = sum(exchange.status in {429, 503} for exchange in self.report.exchanges.values())
        waited = [f"{busy} answers were 429 or 503 (see http.rate and http.retries of target.toml)"] if busy else []
        return [*terminal.lines(self.report, self.written), *waited, *unwritten, *self._cleanup]

    def clean_up(self) -> None:
        """Remove what the run has created, unless it is to stay; the verdicts are made already."""
        if self._running.journal is None or self.report is None:
            return
        from conformance import command_cleanup  # noqa: PLC0415 - runs that write nothing do without

        preparation = self._running.preparation
        self._cleanup = command_cleanup.after_run(
            self._running.journal.folder,
            pack=preparation.pack,
            target=preparation.target,
            claims=preparation.offered,
            keep=self._running.keep_created,
            workers=max(1, self._ended_workers),
        )

    def _observe(self, session: pytest.Session, exchanges: dict[str, Exchange]) -> tuple[CheckRecord, ...]:
        """The requirements about all answers; none when there was no exchange."""
        preparation = self._running.preparation
        if not exchanges:
            return ()
        observations = observe(
            exchanges,
            preparation.applicable,
            target=preparation.target,
            dialect=preparation.dialect,
            pack=preparation.pack,
            examples=preparation.examples,
        )
        examination.examined.cache_clear()  # the reports come next, and need the room
        session.testscollected += len(observations)
        for observation in observations:
            self._announce(session, observation, tuple(exchanges.values()))
        return observations

    def _judged(self, records: tuple[CheckRecord, ...], stopped: str) -> tuple[Judged, ...]:
        preparation = self._running.preparation
        return judge.judge(
            preparation.pack.catalogue.requirements,
            records,
            judge.Circumstances(
                inapplicable=preparation.inapplicable,
                selected=preparation.selected,
                covered=set(coverage.places(preparation.pack)),
                left_out=self._left_out({record.nodeid for record in records}),
                deviations=preparation.target.deviations,
                exclusions=preparation.target.exclusions,
                stopped=stopped,
                broken=self._broken,
                today=self._running.started.date(),
            ),
        )

    def _left_out(self, made: set[str]) -> dict[str, str]:
        """Requirement id → a check of it that was not made."""
        wanted = {_stable(nodeid): ids for nodeid, ids in (self._wanted | self._running.wanted).items()}
        missing = {id: nodeid for nodeid, ids in wanted.items() if nodeid not in made for id in ids}  # noqa: A001
        preparation = self._running.preparation
        idle = () if preparation.generated else (GENERATED_CHECKS,)
        return coverage.left_out(preparation.pack, made, idle=idle) | missing

    def _reported(
        self, judged: tuple[Judged, ...], exchanges: dict[str, Exchange], verdict: RunVerdict, reason: str
    ) -> Report:
        preparation = self._running.preparation
        return Report(
            suite=__version__,
            pack=preparation.pack.name,
            pack_title=preparation.pack.title,
            requirement_set=preparation.pack.catalogue.digest,
            mode=preparation.mode,
            target={
                "base_url": preparation.redactor.url(preparation.target.base_url),
                "embedded": preparation.embedded,
                **({} if preparation.may_create else {"given": _used(preparation)}),
            },
            claims=preparation.claims,
            started=_written(self._running.started),
            finished=_written(self._running.clock.now()),
            verdict=verdict,
            reason=reason,
            requirements=judged,
            exchanges=exchanges,
        )

    def _write(self) -> None:
        from conformance.reports import write_all  # noqa: PLC0415 - Jinja2 is not needed before

        assert self.report is not None  # `finish` made it
        if self._report_dir is None:
            return
        try:
            self.written = write_all(self.report, self._report_dir)
        except OSError as problem:
            self.unwritten = (
                f"the report could not be written into {self._report_dir}: {problem.strerror or problem}; make room "
                "there or name another folder by --report-dir"
            )

    def _exit_code(self, exitstatus: int) -> int:
        assert self.report is not None  # `finish` made it
        if exitstatus in {pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR}:
            return exitstatus
        at_peace = exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
        if self.report.verdict in {RunVerdict.CONFORMANT, RunVerdict.CONFORMANT_WITH_DEVIATIONS}:
            return pytest.ExitCode.OK if at_peace and not self.unwritten else pytest.ExitCode.TESTS_FAILED
        tried = judge.VERIFIED | {Verdict.ERROR, Verdict.NOT_TESTABLE}
        if at_peace and not any(row.verdict in tried for row in self.report.requirements):
            return pytest.ExitCode.NO_TESTS_COLLECTED
        return pytest.ExitCode.TESTS_FAILED

    def _announce(self, session: pytest.Session, record: CheckRecord, exchanges: tuple[Exchange, ...]) -> None:
        """Report an observation as pytest reports a check."""
        message, excused = self._running.red(record.findings, exchanges)
        report = _report(record.nodeid, "call")
        report.outcome = "failed" if message else "skipped" if excused else "passed"
        report.longrepr = message or None
        if excused:
            report.wasxfail = excused
        shown = {id for finding in record.findings for id in finding.exchanges}  # noqa: A001 - FHIR's own word
        showing = tuple(exchange for exchange in exchanges if exchange.id in shown)
        last = _report(record.nodeid, "teardown")
        last.user_properties += self._running.attach(report, replace(record, exchanges=showing))
        self._announcing = True
        for one in (_report(record.nodeid, "setup"), report, last):
            session.config.hook.pytest_runtest_logreport(report=one)
        self._announcing = False


def _used(preparation: Preparation) -> dict[str, Any]:
    """The data that checks read, key by key, and what of it was found, not given. Identifiers lose their value."""
    given = asdict(preparation.target.given)
    text = preparation.redactor.text
    given |= {key: [f"{one.partition('|')[0]}|…" for one in given[key]] for key in given if key.endswith("identifiers")}
    used = {key.replace("_", "-"): [text(value) for value in values] for key, values in given.items() if values}
    return {**used, **({"found": dict(preparation.found)} if preparation.found else {})}


def _worth_keeping(
    records: Iterable[CheckRecord], exchanges: dict[str, Exchange], judged: tuple[Judged, ...]
) -> dict[str, Exchange]:
    """Of the hundreds or thousands of generated requests, those that a finding refers to; all others of the run."""
    made = {one.id for record in records if GENERATED_CHECKS in record.nodeid for one in record.exchanges}
    shown = {id for row in judged for check in row.checks for id in check["exchanges"]}  # noqa: A001 - FHIR's word
    return {id: one for id, one in exchanges.items() if id not in made or id in shown}  # noqa: A001 - FHIR's word


def _report(nodeid: str, when: Any) -> pytest.TestReport:
    path, _, name = nodeid.partition("::")
    return pytest.TestReport(
        nodeid=nodeid, location=(path, 0, name), keywords={}, outcome="passed", longrepr=None, when=when, duration=0.0
    )


def _why_stopped(session: pytest.Session, exitstatus: int) -> str:
    if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
        return "pytest or one of its plugins broke, see its own message"
    reason = session.shouldstop or session.shouldfail
    if reason:
        return str(reason)
    return "the run was interrupted" if exitstatus == pytest.ExitCode.INTERRUPTED else ""


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stable(nodeid: str) -> str:
    """The node id as it is in a checkout, wherever the package lies."""
    path, separator, name = nodeid.partition("::")
    return f"conformance/checks/{path.replace(chr(92), '/').rpartition('checks/')[2]}{separator}{name}"
