"""One pytest run of the suite: what the hooks of `conformance.plugin` need to know and to keep."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance import __version__, coverage, judge, packs, preflight
from conformance import target as targets
from conformance.client import Consents
from conformance.model import (
    CheckRecord,
    Claim,
    Exchange,
    Finding,
    Outcome,
    Report,
    RunVerdict,
    Unreachable,
    Verdict,
)
from conformance.observed import observe
from conformance.preparation import DEFAULT_PACK, Options, Preparation, choose, prepare
from conformance.recorder import Recorder
from conformance.redaction import Redactor
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from conformance.reference import ReferenceServer
    from conformance.target import Target

WITHIN = "consent-conformance-within"
"""Name of the pytest plugin that stands for a target in this process; see `conformance.proof`."""

PATIENCE = 2
"""After so many requests in a row without a response the run stops: the target is gone."""


class Running:
    """The state of one pytest process; the controller's also holds the ledger that becomes the report."""

    def __init__(
        self,
        preparation: Preparation,
        *,
        report_dir: Path | None = None,
        wire: Wire | None = None,
        server: ReferenceServer | None = None,
        handed_down: dict[str, Any] | None = None,
        unreachable: str = "",
    ) -> None:
        self.preparation = preparation
        self.wire = wire or Wire(preparation.target)
        self.stopped = unreachable
        self.report: Report | None = None
        self.written: list[Path] = []
        self._server = server
        self._handed_down = handed_down
        self._report_dir = report_dir
        self._unreachable = unreachable
        self._records: list[CheckRecord] = []
        self._silent = 0
        self._started = datetime.now(UTC)

    # -- before the first check --------------------------------------------------------------------------------

    @classmethod
    def of(cls, config: pytest.Config) -> Running:
        """Decide the run: in a worker as the controller did, else from the options, with a first look at the target.

        Raises:
            UsageError: an option, a file or a name is wrong.

        """
        option = config.option
        options = Options(
            pack=option.pack,
            base_url=option.base_url or None,
            target=option.target,
            only=tuple(option.only),
            exclude=tuple(option.exclude),
            read_only=option.read_only,
        )
        report_dir = Path(option.report_dir) if option.report_dir else config.invocation_params.dir / "reports"
        handed_down = getattr(config, "workerinput", {}).get("consent_conformance")
        if handed_down is not None:
            return cls._in_worker(options, handed_down, report_dir)
        within = config.pluginmanager.get_plugin(WITHIN)
        if within is not None:
            return cls._in_process(options, within)
        return cls._in_controller(options, report_dir)

    @classmethod
    def _in_process(cls, options: Options, within: Any) -> Running:
        """A proof: the target lives in this process, and nothing is written to disk."""
        pack = packs.load(options.pack or DEFAULT_PACK)
        target = targets.from_dict(within.target, where="the reference server", environ=os.environ)
        declared, unreachable = _first_look(pack, target, within)
        preparation = prepare(options, pack, target, embedded=True, declared=declared)
        return cls(preparation, wire=within, unreachable=unreachable)

    @classmethod
    def _in_worker(cls, options: Options, handed_down: dict[str, Any], report_dir: Path) -> Running:
        embedded = handed_down["target"] is not None
        if embedded:
            pack = packs.load(handed_down["pack"])
            target = targets.from_dict(handed_down["target"], where=handed_down["where"], environ=os.environ)
        else:
            pack, found = choose(options)
            assert found is not None  # the controller had one
            target = found
        declared = [Claim(**row) for row in handed_down["claims"]]
        preparation = prepare(options, pack, target, embedded=embedded, declared=declared)
        return cls(preparation, report_dir=report_dir, unreachable=handed_down["stopped"])

    @classmethod
    def _in_controller(cls, options: Options, report_dir: Path) -> Running:
        pack, target = choose(options)
        server, given, where = None, None, ""
        if target is None:
            from conformance.reference import ReferenceServer  # noqa: PLC0415 - only where nobody named a target

            assert pack.personality is not None  # `choose` saw to it
            server = ReferenceServer(pack.personality)
            server.__enter__()
            given, where = server.target, "the embedded server"
            target = targets.from_dict(given, where=where, environ=os.environ)
        try:
            declared, unreachable = _first_look(pack, target, Wire(target))
            preparation = prepare(options, pack, target, embedded=server is not None, declared=declared)
        except BaseException:
            if server is not None:
                server.__exit__(None, None, None)
            raise
        handed_down = {
            "pack": str(pack.folder),
            "target": given,
            "where": where,
            "claims": [dataclasses.asdict(row) for row in declared],
            "stopped": unreachable,
        }
        return cls(preparation, report_dir=report_dir, server=server, handed_down=handed_down, unreachable=unreachable)

    def for_worker(self) -> dict[str, Any]:
        assert self._handed_down is not None  # a controller's
        return self._handed_down

    def close(self) -> None:
        self.wire.close()
        if self._server is not None:
            self._server.__exit__(None, None, None)

    def header(self) -> list[str]:
        preparation = self.preparation
        where = "the embedded server" if preparation.embedded else preparation.target.base_url
        known = len(preparation.pack.catalogue.requirements)
        applicable = f"{known - len(preparation.inapplicable)} of {known} requirements apply"
        lines = [f"conformance: pack {preparation.pack.name} against {where}, {preparation.mode}, {applicable}"]
        if preparation.read_only and not preparation.target.allow_writes:
            lines.append("conformance: nothing is written: allow_writes is not set in target.toml")
        if self.stopped:
            lines.append(f"conformance: {self.stopped}")
        return lines

    # -- collecting ------------------------------------------------------------------------------------------------

    def tables(self) -> dict[str, tuple[Any, ...]]:
        """Fixture name → rows of the pack that parametrise it."""
        pack = self.preparation.pack
        return {"cell": pack.header_cells, "scenario": pack.scenarios}

    def ids_of(self, item: pytest.Item) -> tuple[str, ...]:
        """The requirements that a check verifies: the literal ids of its function and those of its table's row."""
        function = getattr(item, "originalname", item.name)
        literal = coverage.functions().get((f"checks/{item.path.name}", function), ())
        callspec = getattr(item, "callspec", None)
        rows = callspec.params.values() if callspec is not None else ()
        return tuple(dict.fromkeys((*literal, *(id for row in rows for id in getattr(row, "requirements", ())))))  # noqa: A001

    def wants(self, ids: Collection[str]) -> bool:
        return not self.stopped and not self.preparation.applicable.isdisjoint(ids)

    # -- while a check runs ----------------------------------------------------------------------------------------

    def consents(self, recorder: Recorder) -> Consents:
        preparation = self.preparation
        return Consents(
            wire=self.wire,
            target=preparation.target,
            pack=preparation.pack,
            dialect=preparation.dialect,
            recorder=recorder,
            claims=preparation.offered,
            may_write=not preparation.read_only,
        )

    def open_ids(self, ids: Iterable[str], recorder: Recorder) -> list[str]:
        """The requirements of a check that it has not come to yet."""
        seen = {finding.requirement for finding in recorder.findings}
        return [id for id in ids if id in self.preparation.applicable and id not in seen]  # noqa: A001

    def lost_target(self, session: pytest.Session, problem: Unreachable) -> None:
        """Stop a run whose target has gone, and say so once."""
        self._silent += 1
        if self._silent >= PATIENCE or not self._answers():
            self._unreachable = f"the target went away during the run: {problem}"
            session.shouldstop = self._unreachable

    def _answers(self) -> bool:
        try:
            self.wire.send("GET", self.preparation.target.base_url + "/metadata", (("Accept", "*/*"),))
        except Unreachable:
            return False
        return True

    def red(self, recorder: Recorder) -> tuple[str, str]:
        """(what to fail the check with, why its failure is excused): empty strings when there is nothing to say."""
        catalogue = self.preparation.pack.catalogue
        listed = {row.requirement: row for row in self.preparation.target.deviations}
        red, excused = [], []
        for finding in recorder.findings:
            requirement = catalogue[finding.requirement]
            verdict = judge.weigh(requirement, finding.outcome)
            if verdict not in judge.RED:
                continue
            deviation = listed.get(finding.requirement)
            if verdict is Verdict.FAIL and deviation and deviation.expires >= self._started.date().isoformat():
                excused.append(f"{finding.requirement}: {deviation.reason}")
            else:
                red.append(_told(finding, verdict, f"{requirement.level}, {requirement.basis}", recorder.exchanges))
        return "\n\n".join(red), "" if red else "; ".join(excused)

    def write_down(
        self, item: pytest.Item, report: pytest.TestReport, recorder: Recorder | None, ids: tuple[str, ...]
    ) -> None:
        """Put what the check left behind on its report, in which pytest-xdist carries it to the controller."""
        if recorder is None or report.when == "setup":
            recorder = Recorder(self.preparation.redactor)
            recorder.found(
                self.open_ids(ids, recorder), Outcome.ERROR, RuntimeError(f"set-up broke: {report.longrepr}")
            )
        document = (getattr(getattr(item, "obj", None), "__doc__", None) or item.name).strip()
        catalogue = self.preparation.pack.catalogue
        verdicts = [judge.weigh(catalogue[finding.requirement], finding.outcome) for finding in recorder.findings]
        report.consent_warned = Verdict.WARN in verdicts  # type: ignore[attr-defined]
        record = {
            "nodeid": item.nodeid,
            "title": " ".join(document.split()),
            "findings": [dataclasses.asdict(finding) for finding in recorder.findings],
            "exchanges": [dataclasses.asdict(exchange) for exchange in recorder.exchanges],
        }
        # As JSON in ASCII, since a worker of pytest-xdist can send neither enumerations nor lone surrogates.
        report.consent_record = json.dumps(record)  # type: ignore[attr-defined]
        for finding, verdict in zip(recorder.findings, verdicts, strict=True):
            report.user_properties.append(("requirement", f"{finding.requirement} {verdict}"))

    # -- on the controller -----------------------------------------------------------------------------------------

    def received(self, report: pytest.TestReport) -> None:
        """Keep what a check left behind, wherever it ran."""
        sent = getattr(report, "consent_record", None)
        if sent is not None:
            record = json.loads(sent)
            self._records.append(
                CheckRecord(
                    nodeid=_stable(record["nodeid"]),
                    title=record["title"],
                    findings=tuple(_finding(row) for row in record["findings"]),
                    exchanges=tuple(Exchange(**_tupled(row)) for row in record["exchanges"]),
                )
            )

    def finish(self, session: pytest.Session, exitstatus: int) -> int:
        """Evaluate the requirements about all answers, judge, write the reports; return pytest's exit code."""
        from conformance.reports import write_all  # noqa: PLC0415 - Jinja2 is not needed before

        preparation = self.preparation
        records, exchanges = judge.merged(self._records)
        observations = observe(
            exchanges,
            preparation.applicable,
            target=preparation.target,
            dialect=preparation.dialect,
            release=preparation.pack.fhir,
        )
        for observation in observations:
            self._announce(session, observation)
        stopped = self._unreachable or self.stopped or _why_stopped(session, exitstatus)
        judged = judge.judge(
            preparation.pack.catalogue.requirements,
            (*records, *observations),
            judge.Circumstances(
                inapplicable=preparation.inapplicable,
                selected=preparation.selected,
                covered=set(coverage.places(preparation.pack)),
                deviations=preparation.target.deviations,
                exclusions=preparation.target.exclusions,
                stopped=stopped,
                unreachable=self._unreachable,
                today=self._started.date(),
            ),
        )
        verdict, reason = judge.verdict_of_run(judged, stopped=stopped)
        self.report = Report(
            suite=__version__,
            pack=preparation.pack.name,
            pack_title=preparation.pack.title,
            requirement_set=preparation.pack.catalogue.digest,
            mode=preparation.mode,
            target={
                "base_url": preparation.redactor.url(preparation.target.base_url),
                "embedded": preparation.embedded,
            },
            claims=preparation.claims,
            started=self._started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            finished=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            verdict=verdict,
            reason=reason,
            requirements=judged,
            exchanges=exchanges,
        )
        self.written = write_all(self.report, self._report_dir) if self._report_dir else []
        return self._exit_code(verdict, exitstatus, verified=any(row.verdict in judge.VERIFIED for row in judged))

    def summarise(self, terminal: Any) -> None:
        from conformance.report import terminal as summary  # noqa: PLC0415 - only at the end

        if self.report is None:
            return
        terminal.section(f"conformance: {self.report.verdict}")
        for line in summary.lines(self.report, self.written):
            terminal.line(line)

    @staticmethod
    def _exit_code(verdict: RunVerdict, exitstatus: int, *, verified: bool) -> int:
        if exitstatus in {pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR}:
            return exitstatus
        if verdict in {RunVerdict.CONFORMANT, RunVerdict.CONFORMANT_WITH_DEVIATIONS}:
            return pytest.ExitCode.OK
        if not verified and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            return pytest.ExitCode.NO_TESTS_COLLECTED
        return pytest.ExitCode.TESTS_FAILED

    def _announce(self, session: pytest.Session, record: CheckRecord) -> None:
        """Report an observation as pytest reports a check."""
        recorder = Recorder(self.preparation.redactor)
        recorder.findings.extend(record.findings)
        message, excused = self.red(recorder)
        catalogue = self.preparation.pack.catalogue
        verdicts = [judge.weigh(catalogue[finding.requirement], finding.outcome) for finding in record.findings]
        path, _, name = record.nodeid.partition("::")
        report = pytest.TestReport(
            nodeid=record.nodeid,
            location=(path, 0, name),
            keywords={},
            outcome="failed" if message else "skipped" if excused else "passed",
            longrepr=message or None,
            when="call",
            user_properties=[
                ("requirement", f"{finding.requirement} {verdict}")
                for finding, verdict in zip(record.findings, verdicts, strict=True)
            ],
            duration=0.0,
        )
        if excused:
            report.wasxfail = excused
        report.consent_warned = Verdict.WARN in verdicts  # type: ignore[attr-defined]
        for one in (_quiet(report, "setup"), report, _quiet(report, "teardown")):
            session.config.hook.pytest_runtest_logreport(report=one)


def _first_look(pack: packs.Pack, target: Target, wire: Wire) -> tuple[tuple[Claim, ...], str]:
    """(claims that the server declares, why nothing can be tested). Closes the wire."""
    redactor = Redactor(target.secrets())
    consents = Consents(
        wire=wire,
        target=target,
        pack=pack,
        dialect=pack.dialect.with_overrides(target.dialect),
        recorder=Recorder(redactor),
        claims=(),
        may_write=False,
    )
    try:
        statement = preflight.look(consents)
        declared: tuple[Claim, ...] = ()
        if pack.claims_from == "metadata":
            declared = preflight.declared_claims(statement) if not target.claims_add else _if_any(statement)
    except Unreachable as problem:
        return (), redactor.text(str(problem))
    finally:
        wire.close()
    return declared, ""


def _if_any(statement: Any) -> tuple[Claim, ...]:
    try:
        return preflight.declared_claims(statement)
    except Unreachable:
        return ()


def _why_stopped(session: pytest.Session, exitstatus: int) -> str:
    reason = session.shouldstop or session.shouldfail
    if reason:
        return str(reason)
    return "the run was interrupted" if exitstatus == pytest.ExitCode.INTERRUPTED else ""


def _told(finding: Finding, verdict: Verdict, weight: str, exchanges: list[Exchange]) -> str:
    """One red finding as text, for pytest's own output."""
    lines = [f"{verdict.upper()} {finding.requirement} ({weight})"]
    if finding.expected:
        lines += [f"  expected: {finding.expected}", f"  actual:   {finding.actual}"]
    else:
        lines.append(f"  {finding.message}")
    shown = next((exchange for exchange in exchanges if exchange.id in finding.exchanges[:1]), None)
    if shown is not None:
        lines.append(f"  {shown.method} {shown.url} → {shown.status or shown.problem}")
    return "\n".join(lines)


def _stable(nodeid: str) -> str:
    """The node id as it is in a checkout, wherever the package lies."""
    name = nodeid.replace("\\", "/").rpartition("checks/")[2]
    return f"conformance/checks/{name}"


def _quiet(report: pytest.TestReport, when: Any) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=report.nodeid,
        location=report.location,
        keywords={},
        outcome="passed",
        longrepr=None,
        when=when,
        user_properties=list(report.user_properties),
        duration=0.0,
    )


def _finding(row: dict[str, Any]) -> Finding:
    return Finding(**{**_tupled(row), "outcome": Outcome(row["outcome"])})


def _tupled(row: dict[str, Any]) -> dict[str, Any]:
    """JSON lists as the tuples that the dataclasses hold."""
    return {
        name: tuple(tuple(one) if isinstance(one, list) else one for one in value) if isinstance(value, list) else value
        for name, value in row.items()
    }
