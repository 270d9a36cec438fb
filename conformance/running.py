"""One pytest process of a run: what the hooks of `conformance.plugin` need to know, in controller and workers."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import coverage, judge, packs, preflight
from conformance import journal as journals
from conformance import target as targets
from conformance.callers import Callers
from conformance.client import Consents
from conformance.clock import Clock
from conformance.journal import Journal
from conformance.model import CheckRecord, Claim, Outcome, Unreachable, Verdict
from conformance.own_fixtures import furnished
from conformance.preparation import (
    DEFAULT_PACK,
    EMBEDDED,
    GENERATED_CHECKS,
    Options,
    Preparation,
    choose,
    prepare,
)
from conformance.recorder import Recorder, packed, printable
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import pytest

    from conformance.model import Exchange, Finding
    from conformance.reference import ReferenceServer

WITHIN = "consent-conformance-within"
"""Name of the pytest plugin that stands for a target in this process; see `conformance.proof`."""

CLOCK = "consent-conformance-clock"
"""Name of the pytest plugin whose `clock` a run lives by, in place of the machine's."""

PATIENCE = 3
"""After so many checks in a row without a response the run stops, even when the target still answers to /metadata; and
after so many with nothing but server errors, when it answers to that with one, too."""


class Running:
    """What was decided before the first check, and the connection. `broken` says why nothing can be checked."""

    def __init__(
        self,
        preparation: Preparation,
        *,
        wire: Wire | None = None,
        clock: Clock | None = None,
        workers: int = 1,
        broken: str = "",
        first_look: CheckRecord | None = None,
        server: ReferenceServer | None = None,
        handed_down: dict[str, Any] | None = None,
        journal: Journal | None = None,
        keep_created: bool = False,
    ) -> None:
        self.preparation = preparation
        self.broken = broken
        self.first_look = first_look
        self.clock = clock or Clock()
        self.started = self.clock.now()
        self.wanted: dict[str, tuple[str, ...]] = {}
        """The checks that a full run would make: node id → ids, before `-k` and the like."""
        self.gone = ""
        """Why the target is given up, once it has gone away."""
        self.journal = journal
        """What goes to the server is in it first; None where nothing is written, or to the embedded server."""
        self.keep_created = keep_created
        self._wire = wire or _wire(preparation, sharing=workers, journal=journal)
        self._callers = Callers(preparation.target, preparation.redactor)
        self._server = server
        self._handed_down = handed_down
        self._unheard = self._failing = 0

    # -- before the first check --------------------------------------------------------------------------------

    @classmethod
    def of(cls, config: pytest.Config, reports: Path | None = None) -> Running:
        """Decide the run: in a worker as the controller did, else from the options, with a first look at the target.

        The journal of what the run writes goes into the folder of its reports.

        Raises:
            UsageError: an option, a file or a name is wrong.

        """
        from conformance.plugin import option  # noqa: PLC0415 - the plugin imports this module

        options = Options(
            pack=option(config, "--pack"),
            base_url=getattr(config.option, "base_url", None) or None,
            target=option(config, "--target"),
            only=tuple(option(config, "--only")),
            exclude=tuple(option(config, "--exclude")),
            read_only=option(config, "--read-only"),
            keep_created=option(config, "--keep-created"),
            generated=option(config, "--generated"),
            seed=option(config, "--seed"),
        )
        handed_down = getattr(config, "workerinput", {}).get("consent_conformance")
        if handed_down is not None:
            process: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
            return cls._in_worker(options, handed_down, workers=process["workercount"], name=process["workerid"])
        within = config.pluginmanager.get_plugin(WITHIN)
        if within is not None:
            return cls._in_process(options, within)
        clock = getattr(config.pluginmanager.get_plugin(CLOCK), "clock", None)
        return cls._in_controller(options, reports, clock)

    @classmethod
    def _in_process(cls, options: Options, within: Any) -> Running:
        """A proof: the target lives in this process."""
        pack = packs.load(options.pack or DEFAULT_PACK)
        target = targets.from_dict(within.target, where="the reference server", environ=os.environ)
        pack = furnished(pack, target)
        seen = preflight.first_look(pack, target, within)
        preparation = prepare(options, pack, target, embedded=within.embedded, declared=seen.declared)
        preparation, record = preflight.completed(preparation, within, seen)
        return cls(preparation, wire=within, clock=within.clock, broken=seen.broken, first_look=record)

    @classmethod
    def _in_worker(cls, options: Options, handed_down: dict[str, Any], *, workers: int, name: str) -> Running:
        embedded = handed_down["target"] is not None
        if embedded:
            pack = packs.load(handed_down["pack"])
            target = targets.from_dict(handed_down["target"], where=EMBEDDED, environ=os.environ)
        else:
            pack, found = choose(options)
            assert found is not None  # the controller had one
            target = found
        declared = [Claim(**row) for row in handed_down["claims"]]
        given = targets.Given(**{key: tuple(values) for key, values in handed_down["given"].items()})
        target = dataclasses.replace(target, given=given)
        folder = handed_down["journal"]
        journal = Journal(Path(folder), process=name, base_url=target.base_url) if folder else None
        return cls(
            prepare(options, pack, target, embedded=embedded, declared=declared), workers=workers, journal=journal
        )

    @classmethod
    def _in_controller(cls, options: Options, reports: Path | None, clock: Clock | None) -> Running:
        pack, target = choose(options)
        server, given = None, None
        if target is None:
            from conformance.reference import ReferenceServer  # noqa: PLC0415 - only where nobody named a target

            assert pack.personality is not None  # `choose` saw to it
            server = ReferenceServer(pack.personality, **pack.own_data)
            server.__enter__()
            given = server.target
            target = targets.from_dict(given, where=EMBEDDED, environ=os.environ)
        try:
            # Before anything is sent, so that a mistyped option costs no request.
            prepare(options, pack, target, embedded=server is not None, declared=None)
            seen = preflight.first_look(pack, target, Wire(target, read_only=True))
            preparation = prepare(options, pack, target, embedded=server is not None, declared=seen.declared)
            preparation, record = preflight.completed(preparation, _wire(preparation, sharing=1), seen)
        except BaseException:
            if server is not None:
                server.__exit__(None, None, None)
            raise
        journal = None
        if reports is not None and not (preparation.embedded or preparation.read_only or seen.broken):
            folder = journals.started(
                reports,
                pack=str(pack.folder),
                base_url=preparation.redactor.url(target.base_url),
                asked_url=options.base_url,
                target=str(Path(options.target).resolve()) if options.target else None,
                claims=sorted(preparation.offered),
            )
            journal = Journal(folder, base_url=target.base_url)
        handed_down = {
            "pack": str(pack.folder),
            "target": given,
            "claims": [dataclasses.asdict(row) for row in seen.declared],
            "given": dataclasses.asdict(preparation.target.given),
            "journal": str(journal.folder) if journal else None,
        }
        return cls(
            preparation,
            clock=clock,
            broken=seen.broken,
            first_look=record,
            server=server,
            handed_down=handed_down,
            journal=journal,
            keep_created=options.keep_created,
        )

    def for_worker(self) -> dict[str, Any]:
        assert self._handed_down is not None  # a controller's
        return self._handed_down

    def close(self) -> None:
        self._callers.close()
        self._wire.close()
        if self.journal is not None:
            self.journal.close()
        if self._server is not None:
            self._server.__exit__(None, None, None)

    def header(self) -> list[str]:
        """What the run is about to do, for its first lines."""
        preparation = self.preparation
        where = EMBEDDED if preparation.embedded else preparation.redactor.url(preparation.target.base_url)
        known = len(preparation.pack.catalogue.requirements)
        applicable = f"{known - len(preparation.inapplicable)} of {known} requirements apply"
        lines = [f"conformance: pack {preparation.pack.name} against {where}, {preparation.mode}, {applicable}"]
        if preparation.read_only and not preparation.target.allow_writes:
            remedy = "put allow_writes = true into target.toml and give it as --target"
            lines.append(f"conformance: nothing will be written to this server; to test writes, {remedy}")
        if any(claim.source == preflight.REQUIRED for claim in preparation.claims):
            remedy = "claims.add of target.toml says what else it offers"
            lines.append(f"conformance: the server shows no CapabilityStatement, and nothing else is tested; {remedy}")
        lines += [f"conformance: given.{key} is completed: {how}" for key, how in preparation.found.items()]
        return lines

    # -- collecting ------------------------------------------------------------------------------------------------

    def tables(self) -> dict[str, tuple[Any, ...]]:
        """Fixture name → rows of the pack that parametrise it."""
        pack = self.preparation.pack
        documented = tuple(row for row in pack.scenarios if row.generated is None)
        left = tuple(row for row in pack.scenarios if row.generated is not None)
        return {"cell": pack.header_cells, "scenario": documented, "finding": left}

    def ids_of(self, item: pytest.Item) -> tuple[str, ...]:
        """The requirements that a check verifies: the literal ids of its function and those of its table's row."""
        if item.path.name == GENERATED_CHECKS and not self.preparation.generated:
            return ()
        function = getattr(item, "originalname", item.name)
        literal = coverage.functions().get((f"checks/{item.path.name}", function), ())
        callspec = getattr(item, "callspec", None)
        rows = callspec.params.values() if callspec is not None else ()
        return tuple(dict.fromkeys((*literal, *(id for row in rows for id in getattr(row, "requirements", ())))))  # noqa: A001

    def wants(self, ids: Collection[str]) -> bool:
        return not self.broken and not self.preparation.applicable.isdisjoint(ids)

    def wanted_as_json(self) -> str:
        return json.dumps(self.wanted)

    # -- while a check runs ----------------------------------------------------------------------------------------

    def consents(self, recorder: Recorder) -> Consents:
        preparation = self.preparation
        return Consents(
            wire=self._wire,
            target=preparation.target,
            pack=preparation.pack,
            dialect=preparation.dialect,
            recorder=recorder,
            clock=self.clock,
            callers=self._callers,
            claims=preparation.offered,
            may_write=not preparation.read_only,
            new_id=self.journal.new_id if self.journal is not None else None,
        )

    def applicable(self, ids: Iterable[str]) -> list[str]:
        return [id for id in ids if id in self.preparation.applicable]  # noqa: A001

    def open_ids(self, ids: Iterable[str], recorder: Recorder) -> list[str]:
        """The requirements of a check that it has not come to yet."""
        seen = {finding.requirement for finding in recorder.findings}
        return [id for id in self.applicable(ids) if id not in seen]  # noqa: A001

    def heard(self, exchanges: Sequence[Exchange]) -> None:
        """A check has had its answers: give the target up when for a while there was nothing but server errors."""
        self._unheard = 0
        statuses = [exchange.status for exchange in exchanges]
        if not statuses or any(status is None or status < 500 for status in statuses):
            self._failing = 0
            return
        self._failing += 1
        if self._failing >= PATIENCE and (status := self._answer()) is not None and status >= 500:
            self.gone = (
                f"{self._failing} checks in a row had nothing but server errors from the target, "
                f"and it answers {status} to GET /metadata as well"
            )

    def lost(self, problem: Unreachable) -> None:
        """A request had no response: give the target up when it does not answer any more, and say so once."""
        self._unheard += 1
        if self._answer() is None:
            self.gone = self.preparation.redactor.text(f"the target went away during the run: {problem}")
        elif self._unheard >= PATIENCE:
            self.gone = self.preparation.redactor.text(
                f"{self._unheard} checks in a row had no response from the target: {problem}"
            )

    def _answer(self) -> int | None:
        """The status that the target answers to GET /metadata; None when no answer comes."""
        try:
            return self._wire.send("GET", self.preparation.target.base_url + "/metadata", (("Accept", "*/*"),)).status
        except Unreachable:
            return None

    # -- after a check ---------------------------------------------------------------------------------------------

    def red(self, findings: Iterable[Finding], exchanges: Sequence[Exchange]) -> tuple[str, str]:
        """(what to fail the check with, why its failure is excused): empty strings when there is nothing to say."""
        catalogue = self.preparation.pack.catalogue
        listed = {row.requirement: row for row in self.preparation.target.deviations}
        red: dict[str, list[str]] = {}
        excused = []
        for finding in findings:
            requirement = catalogue[finding.requirement]
            verdict = self._verdict(finding)
            if verdict is Verdict.KNOWN_DEVIATION:
                excused.append(f"{finding.requirement}: {listed[finding.requirement].reason}")
            elif verdict in judge.RED:
                head = f"{verdict.upper()} {finding.requirement} ({requirement.level}, {requirement.basis})"
                red.setdefault(_told(finding, exchanges), []).append(head)
        message = "\n\n".join("\n".join([*heads, said]) for said, heads in red.items())
        return message, "" if red else "; ".join(excused)

    def _verdict(self, finding: Finding) -> Verdict:
        """The verdict of one finding: a violation that is on record, and not for too long, is a known deviation."""
        verdict = judge.weigh(self.preparation.pack.catalogue[finding.requirement], finding.outcome)
        on_record = {
            row.requirement
            for row in self.preparation.target.deviations
            if row.expires >= self.started.date().isoformat()
        }
        violated = verdict in {Verdict.FAIL, Verdict.WARN}
        return Verdict.KNOWN_DEVIATION if violated and finding.requirement in on_record else verdict

    def write_down(self, item: pytest.Item, report: pytest.TestReport, recorder: Recorder | None) -> None:
        """Put what the check left behind on its report, in which pytest-xdist carries it to the controller."""
        record = CheckRecord(
            nodeid=item.nodeid,
            title=_title(item),
            findings=tuple(recorder.findings) if recorder else (),
            exchanges=tuple(recorder.exchanges) if recorder else (),
        )
        item.user_properties += self.attach(report, record)  # JUnit XML takes those of the tear-down

    def write_down_crash(self, item: pytest.Item, report: pytest.TestReport, problem: BaseException) -> None:
        """The same for a check whose set-up or tear-down broke."""
        recorder = Recorder(self.preparation.redactor)
        recorder.broke(self.applicable(self.wanted.get(item.nodeid, ())), problem)
        self.write_down(item, report, recorder)

    def attach(self, report: pytest.TestReport, record: CheckRecord) -> list[tuple[str, object]]:
        """Give a report its record, and its verdicts as properties, which are returned as well."""
        verdicts = [self._verdict(finding) for finding in record.findings]
        report.consent_warned = Verdict.WARN in verdicts  # type: ignore[attr-defined]
        report.consent_record = packed(record)  # type: ignore[attr-defined]
        properties: list[tuple[str, object]] = [
            ("requirement", f"{finding.requirement} {verdict}")
            for finding, verdict in zip(record.findings, verdicts, strict=True)
        ]
        report.user_properties += properties
        return properties


def _wire(preparation: Preparation, *, sharing: int, journal: Journal | None = None) -> Wire:
    """The connection to the target, which sends no more than the run may."""
    return Wire(
        preparation.target,
        read_only=preparation.read_only,
        searching_by_post="search:post" in preparation.offered,
        sharing=sharing,
        journal=journal,
    )


def _title(item: pytest.Item) -> str:
    return " ".join((getattr(getattr(item, "obj", None), "__doc__", None) or item.name).split())


def _told(finding: Finding, exchanges: Sequence[Exchange]) -> str:
    """What was found, for pytest's own output."""
    if finding.outcome is Outcome.VIOLATED:
        lines = [f"  expected: {printable(finding.expected)}", f"  actual:   {printable(finding.actual)}"]
    else:
        lines = [f"  {printable(finding.message)}"]
    shown = next((exchange for exchange in exchanges if exchange.id in finding.exchanges[:1]), None)
    if shown is not None:
        lines.append(f"  {shown.method} {printable(shown.url)} → {shown.status or 'no response'}")
    return "\n".join(lines)
