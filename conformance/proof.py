"""The proof: the suite against the reference server with one fault or one variation switched on.

The law of faults: the requirements that fail or warn are exactly those that the fault breaks and that apply; those that
become not testable lie within what it blocks; nothing is an error. Each checked requirement is the aim of a fault for
which nothing else fails, but for rows that restate it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance import packs
from conformance.clock import SetClock
from conformance.model import Report, RunVerdict, UsageError, Verdict
from conformance.plugin import LEDGER
from conformance.reference import ReferenceServer
from conformance.reference.server import PERSONALITIES, as_toml
from conformance.running import CLOCK, WITHIN
from conformance.wire import Received

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from conformance.catalogue import Catalogue
    from conformance.clock import Clock
    from conformance.reference.fault import Fault
    from conformance.wire import Headers

SLOW = ("-p", "no:unraisableexception", "-p", "no:threadexception")
"""They collect garbage several times a session, and thousands of sessions are run."""
QUIET = ("-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "--capture=no", *SLOW)


def against(
    pack: str,
    *,
    faults: Sequence[str] = (),
    variations: Sequence[str] = (),
    options: Sequence[str] = (),
    start: datetime | None = None,
) -> Report:
    """Run a pack in this process against a reference server of its own: requests are handed over, not sent.

    Suite and server live by one clock that begins at `start`, now unless it is given, and on which waiting is free.
    """
    clock = SetClock(start)
    with server_of(pack, faults=faults, variations=variations, clock=clock.now, listen=False) as server:
        return run("--pack", pack, *options, within=Within(server, clock))


def server_of(pack: str, **more: Any) -> ReferenceServer:
    """The embedded server of a pack: a shipped one by its name, any other by its folder."""
    if pack in PERSONALITIES:
        return ReferenceServer(pack, **more)
    known = packs.load(pack)
    if known.personality is None:
        raise UsageError(f"pack '{known.name}' has no embedded server; name a personality in its pack.toml")
    return ReferenceServer(known.personality, **known.own_data, **more)


def over_a_socket(
    pack: str, *, faults: Sequence[str] = (), variations: Sequence[str] = (), options: Sequence[str] = ()
) -> Report:
    """The same over a real connection."""
    clock = SetClock()
    server = server_of(pack, faults=faults, variations=variations, clock=clock.now)
    with tempfile.TemporaryDirectory() as folder, server:
        target = Path(folder) / "target.toml"
        target.write_text(as_toml(server.target), encoding="utf-8")
        return run(
            "--pack", pack, "--target", str(target), "--report-dir", folder, "--keep-created", *options, clock=clock
        )


def against_a_process(
    pack: str, *, faults: Sequence[str] = (), variations: Sequence[str] = (), options: Sequence[str] = ()
) -> Report:
    """The same over a real connection to a server in a process of its own, as `consent-conformance serve` starts it."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.toml"
        command = [sys.executable, "-m", "conformance.cli", "serve", "--pack", pack, "--write-target", str(target)]
        command += [part for name in faults for part in ("--fault", name)]
        command += [part for name in variations for part in ("--variation", name)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own command
            try:
                assert server.stdout is not None
                if not server.stdout.readline().startswith("ready "):
                    raise RuntimeError(f"the reference server did not start: {' '.join(command)}")
                return run("--pack", pack, "--target", str(target), "--report-dir", folder, *options)
            finally:
                server.terminate()


class Within:
    """A target in this process, as a pytest plugin that `conformance.running` looks for."""

    __name__ = WITHIN
    embedded = True
    """Whether it may be written to without a word of the user's."""

    def __init__(self, server: ReferenceServer, clock: SetClock) -> None:
        self.target = server.target
        self.clock = clock
        self.waited = 0.0
        self._server = server

    def send(self, method: str, url: str, headers: Headers, body: bytes | None = None) -> Received:
        """As `conformance.wire.Wire.send`."""
        lines = [(name, value) for name, value in headers if name.lower() != "content-length"]
        lines.append(("Content-Length", str(len(body or b""))))
        status, received, content = self._server.answer(method, url, lines, body or b"")
        return Received(status, received, content, self.clock.now(), 0.0)

    def close(self) -> None:
        """Nothing was opened."""


class At:
    """The clock of a run, as a pytest plugin that `conformance.running` looks for."""

    __name__ = CLOCK

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


def run(*options: str, within: Within | None = None, clock: Clock | None = None) -> Report:
    """One run of the suite in this process, without a word on the terminal."""
    keep = _Keep()
    plugins = [keep, *([within] if within else []), *([At(clock)] if clock else [])]
    settings = Path(__file__).parent / "run.ini"
    code = pytest.main(
        ["--pyargs", "conformance.checks", "-c", str(settings), "--rootdir", ".", *QUIET, *options], plugins=plugins
    )
    if keep.report is None:
        raise RuntimeError(f"the run ended without a report: pytest's exit code {code}")
    return keep.report


def breaches(report: Report, fault: type[Fault]) -> list[str]:
    """Where a run against a fault breaks the law of faults, a line each; empty when it holds."""
    verdicts = {row.requirement.id: row.verdict for row in report.requirements}
    applicable = {id for id, verdict in verdicts.items() if verdict is not Verdict.NOT_APPLICABLE}  # noqa: A001
    tripped = {id for id, verdict in verdicts.items() if verdict in {Verdict.FAIL, Verdict.WARN}}  # noqa: A001
    blocked = {id for id, verdict in verdicts.items() if verdict is Verdict.NOT_TESTABLE}  # noqa: A001
    expected = fault.breaks & applicable
    lines = [f"{id} is broken and was not caught: {_why(report, id)}" for id in sorted(expected - tripped)]  # noqa: A001
    lines += [f"{id} is blamed besides: {_why(report, id)}" for id in sorted(tripped - expected)]  # noqa: A001
    lines += [f"{id} became not testable: {_why(report, id)}" for id in sorted(blocked - fault.blocks)]  # noqa: A001
    lines += [
        f"{id} is {verdict}: {_why(report, id)}"
        for id, verdict in sorted(verdicts.items())  # noqa: A001
        if verdict in {Verdict.ERROR, Verdict.NOT_RUN}
    ]
    return lines


def blamed(report: Report) -> list[str]:
    """What a run against a server that lies nowhere complains about; empty when it is right."""
    well = {Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED}
    lines = [
        f"{row.requirement.id} is {row.verdict}: {row.reason}" for row in report.requirements if row.verdict not in well
    ]
    return lines or ([] if report.verdict is RunVerdict.CONFORMANT else [report.reason])


def alone(report: Report, fault: type[Fault], catalogue: Catalogue) -> bool:
    """Whether the fault trips its aim and nothing else, but for rows that restate it or that it restates."""
    tripped = {row.requirement.id for row in report.requirements if row.verdict in {Verdict.FAIL, Verdict.WARN}}
    return fault.aim in tripped and tripped <= {fault.aim, *_restating(fault.aim, catalogue)}


def _restating(id: str, catalogue: Catalogue) -> Collection[str]:  # noqa: A002 - FHIR's own word
    own = catalogue[id].restates if id in catalogue else ()
    return {*own, *(row.id for row in catalogue.requirements if id in row.restates)}


def _why(report: Report, id: str) -> str:  # noqa: A002 - FHIR's own word
    row = next(row for row in report.requirements if row.requirement.id == id)
    return f"{row.verdict}{f', {row.reason}' if row.reason else ''}"


class _Keep:
    """Takes the report of a nested run with it."""

    def __init__(self) -> None:
        self.report: Report | None = None

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        ledger = session.config.stash.get(LEDGER, None)
        if ledger is not None:
            self.report = ledger.report
