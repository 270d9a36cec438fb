"""The words of the suite as types. Imports nothing of ours, so that every other module may import it.

A requirement is one sentence of a source; a check verifies requirements over HTTP and leaves `Finding`s and
`Exchange`s behind; the findings of a run are judged into one `Verdict` per requirement and one for the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PLACEHOLDER = "FILL IN"
"""What `consent-conformance baseline` writes where only people know the answer; target.toml refuses it."""


class Level(StrEnum):
    """The word of the source."""

    SHALL = "SHALL"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Basis(StrEnum):
    """Where a requirement comes from: the pack's own source document, another public page, or our own conclusion."""

    STATED = "stated"
    DOCUMENTED = "documented"
    INFERRED = "inferred"


class Verdict(StrEnum):
    """What became of one requirement, from worst to best. A requirement checked several times takes its worst."""

    ERROR = "error"
    FAIL = "fail"
    STALE_DEVIATION = "stale-deviation"
    NOT_TESTABLE = "not-testable"
    NOT_RUN = "not-run"
    WARN = "warn"
    KNOWN_DEVIATION = "known-deviation"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    NOT_APPLICABLE = "not-applicable"
    NOT_TESTED = "not-tested"

    @property
    def rank(self) -> int:
        """0 is worst."""
        return list(Verdict).index(self)


class RunVerdict(StrEnum):
    """What became of a whole run."""

    CONFORMANT = "conformant"
    CONFORMANT_WITH_DEVIATIONS = "conformant-with-deviations"
    NOT_CONFORMANT = "not-conformant"
    INCOMPLETE = "incomplete"


class Outcome(StrEnum):
    """What one check found out about one requirement, before level, basis and deviations are weighed."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_TESTABLE = "not-testable"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """One sentence of a source, as data. `set` is the file it stands in, such as `r4/rest` or `nll-2023/close`."""

    id: str
    level: Level
    basis: Basis
    source: str
    text: str
    set: str
    applies_when: tuple[str, ...] = ()
    restates: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    not_tested: str | None = None

    @property
    def topic(self) -> str:
        """The id without its last word: `nll-2023.close` of `nll-2023.close.unknown-id-fails`."""
        return self.id.rpartition(".")[0]

    @property
    def can_fail(self) -> bool:
        """Whether a violation fails a server: only a SHALL that a source states or documents does."""
        return self.level is Level.SHALL and self.basis is not Basis.INFERRED and self.not_tested is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One HTTP request and its response, as recorded: redacted, bodies as text. Headers keep order and repetition.

    `status` is None when no response came; `problem` then says why. Times are in milliseconds.
    """

    id: str
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: str | None = None
    status: int | None = None
    response_headers: tuple[tuple[str, str], ...] = ()
    response_body: str | None = None
    started: str = ""
    waited_ms: float = 0.0
    problem: str | None = None
    flawed: str | None = None
    """What is wrong with the request on purpose; None for an ordinary request."""

    def header(self, name: str) -> str | None:
        """The response header of that name in any case, repeated ones joined by a comma as RFC 9110 §5.3 says."""
        found = [value for key, value in self.response_headers if key.lower() == name.lower()]
        return ", ".join(found) if found else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one check found out about one requirement. `exchanges` are ids."""

    requirement: str
    outcome: Outcome
    message: str = ""
    expected: str = ""
    actual: str = ""
    notes: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    generated: dict[str, Any] | None = None
    """What generated requests tried: `topic`, `aspect` and `example`, in the form that a scenario row takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRecord:
    """What one check left behind: its findings, and every exchange it made, in order."""

    nodeid: str
    title: str
    findings: tuple[Finding, ...]
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Something the system offers, and who says so."""

    claim: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviation:
    """A known failure that a user has put on record for a target. `expires` is an ISO date."""

    requirement: str
    reason: str
    owner: str
    tracker: str
    expires: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """What a user leaves out of every run of a target, with the reason on record. `expires` is an ISO date or None."""

    requirement: str
    reason: str
    owner: str = ""
    tracker: str = ""
    expires: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One requirement with its verdict, as results.json holds it. `checks` are plain dicts in the published form."""

    requirement: Requirement
    verdict: Verdict
    reason: str = ""
    notes: tuple[str, ...] = ()
    checks: tuple[dict[str, Any], ...] = ()
    deviation: Deviation | None = None
    """The entry of target.toml that this verdict rests on, when it is a known or a stale deviation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One run. `to_json` of `conformance.report.results` writes it, `from_json` reads it back.

    `suite` is the version of this package, `pack` the name of the pack, `requirement_set` its digest in hex.
    """

    suite: str
    pack: str
    requirement_set: str
    mode: str
    target: dict[str, Any]
    claims: tuple[Claim, ...]
    started: str
    finished: str
    verdict: RunVerdict
    reason: str
    requirements: tuple[Judged, ...]
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    pack_title: str = ""


class Violation(Exception):
    """The server is wrong. `exchanges` are ids of the exchanges that show it.

    `generated` says what generated requests tried, if they show it: `topic`, `aspect` and `example`.
    """

    generated: dict[str, Any] | None = None

    def __init__(self, expected: str, actual: str, exchanges: tuple[str, ...] = ()) -> None:
        super().__init__(f"expected {expected}; got {actual}")
        self.expected = expected
        self.actual = actual
        self.exchanges = exchanges


class NotTestable(Exception):
    """The requirement applies, but could not be exercised. `remedy` names the key of target.toml to set, if any."""

    def __init__(self, reason: str, *, remedy: str = "", exchanges: tuple[str, ...] = ()) -> None:
        super().__init__(f"{reason}; {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy
        self.exchanges = exchanges


class Unreachable(Exception):
    """No response could be had from the target: connection refused, TLS failure, time-out, broken answer."""

    def __init__(self, reason: str, *, exchanges: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.exchanges = exchanges


class OwnMistake(Exception):
    """The suite was about to do something wrong. No server is judged by it."""


class UsageError(Exception):
    """The operator mistyped. The message names the file, the key and the remedy."""
