"""From what the checks found out to verdicts: pure functions, no pytest, no HTTP."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.model import (
    CheckRecord,
    Deviation,
    Exchange,
    Exclusion,
    Finding,
    Judged,
    Outcome,
    Requirement,
    RunVerdict,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

RED = frozenset({Verdict.ERROR, Verdict.FAIL, Verdict.STALE_DEVIATION, Verdict.NOT_TESTABLE, Verdict.NOT_RUN})
VERIFIED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.KNOWN_DEVIATION, Verdict.STALE_DEVIATION})
EXCLUDED = "excluded on record: "


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What a verdict depends on besides the findings.

    `inapplicable` gives the reason for each requirement that does not apply; `selected` are the ids that the user left
    in; `covered` are the ids that some check verifies; `stopped` says why the run ended early.
    """

    inapplicable: Mapping[str, str]
    selected: Collection[str]
    covered: Collection[str]
    deviations: tuple[Deviation, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    stopped: str = ""
    unreachable: str = ""
    today: date


def weigh(requirement: Requirement, outcome: Outcome) -> Verdict:
    """The verdict of one finding: level and basis decide what a violation costs."""
    if outcome is Outcome.VIOLATED:
        return Verdict.FAIL if requirement.can_fail else Verdict.WARN
    return {
        Outcome.HELD: Verdict.PASS,
        Outcome.NOT_TESTABLE: Verdict.NOT_TESTABLE,
        Outcome.ERROR: Verdict.ERROR,
    }[outcome]


def merged(records: Iterable[CheckRecord]) -> tuple[tuple[CheckRecord, ...], dict[str, Exchange]]:
    """Records in the order of their node ids, with exchange ids that are unique in the run and the same every time."""
    exchanges: dict[str, Exchange] = {}
    ordered: list[CheckRecord] = []
    for record in sorted(records, key=lambda record: record.nodeid):
        names: dict[str, str] = {}
        for exchange in record.exchanges:
            names[exchange.id] = f"e{len(exchanges) + 1:05d}"
            exchanges[names[exchange.id]] = replace(exchange, id=names[exchange.id])
        findings = tuple(
            replace(finding, exchanges=tuple(names[old] for old in finding.exchanges)) for finding in record.findings
        )
        kept = tuple(exchanges[names[exchange.id]] for exchange in record.exchanges)
        ordered.append(replace(record, findings=findings, exchanges=kept))
    return tuple(ordered), exchanges


def judge(
    requirements: Sequence[Requirement], records: Iterable[CheckRecord], under: Circumstances
) -> tuple[Judged, ...]:
    """One verdict for each requirement."""
    found: dict[str, list[tuple[CheckRecord, Finding]]] = {}
    for record in records:
        for finding in record.findings:
            found.setdefault(finding.requirement, []).append((record, finding))
    excluded = {row.requirement: row for row in under.exclusions}
    deviating = {row.requirement: row for row in under.deviations}
    return tuple(
        _judge(requirement, found.get(requirement.id, []), under, excluded, deviating.get(requirement.id))
        for requirement in requirements
    )


def _judge(
    requirement: Requirement,
    found: list[tuple[CheckRecord, Finding]],
    under: Circumstances,
    excluded: Mapping[str, Exclusion],
    deviation: Deviation | None,
) -> Judged:
    id = requirement.id  # noqa: A001 - FHIR's own word
    if requirement.not_tested is not None:
        return Judged(requirement=requirement, verdict=Verdict.NOT_TESTED, reason=requirement.not_tested)
    if id in under.inapplicable:
        return Judged(requirement=requirement, verdict=Verdict.NOT_APPLICABLE, reason=under.inapplicable[id])
    if id in excluded and not found:
        return Judged(requirement=requirement, verdict=Verdict.NOT_RUN, reason=EXCLUDED + excluded[id].reason)
    if not found:
        verdict, reason = _unexercised(id, under)
        return Judged(requirement=requirement, verdict=verdict, reason=reason)
    weighed = [(weigh(requirement, finding.outcome), record, finding) for record, finding in found]
    worst, _, cause = min(weighed, key=lambda one: one[0].rank)
    reason = cause.message if worst is not Verdict.PASS else ""
    if deviation is not None:
        worst, reason = _with_deviation(worst, reason, deviation, under.today)
    notes = tuple(dict.fromkeys(note for _, _, finding in weighed for note in finding.notes))
    checks = tuple(_published(record, finding) for _, record, finding in weighed)
    listed = deviation if worst in {Verdict.KNOWN_DEVIATION, Verdict.STALE_DEVIATION} else None
    return Judged(requirement=requirement, verdict=worst, reason=reason, notes=notes, checks=checks, deviation=listed)


def _unexercised(id: str, under: Circumstances) -> tuple[Verdict, str]:  # noqa: A002 - FHIR's own word
    if id not in under.covered:
        return Verdict.ERROR, "no check verifies this requirement: the suite is at fault"
    if id not in under.selected:
        return Verdict.NOT_RUN, "deselected"
    if under.unreachable:
        return Verdict.ERROR, f"not exercised: {under.unreachable}"
    if under.stopped:
        return Verdict.NOT_RUN, f"not exercised: {under.stopped}"
    return Verdict.NOT_RUN, "its checks were deselected"


def _with_deviation(worst: Verdict, reason: str, deviation: Deviation, today: date) -> tuple[Verdict, str]:
    if worst is Verdict.PASS:
        return Verdict.STALE_DEVIATION, "listed as a known deviation, but it holds now: remove the entry"
    if worst not in {Verdict.FAIL, Verdict.WARN}:
        return worst, reason
    if deviation.expires < today.isoformat():
        return Verdict.STALE_DEVIATION, f"the known deviation expired on {deviation.expires}: {reason}"
    return Verdict.KNOWN_DEVIATION, f"{deviation.reason} ({deviation.tracker}, until {deviation.expires}): {reason}"


def _published(record: CheckRecord, finding: Finding) -> dict[str, Any]:
    return {
        "nodeid": record.nodeid,
        "title": record.title,
        "outcome": str(finding.outcome),
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
        "notes": list(finding.notes),
        "exchanges": list(finding.exchanges),
    }


def counts(judged: Iterable[Judged]) -> dict[Verdict, int]:
    """How many requirements have each verdict, all verdicts named."""
    counted = Counter(row.verdict for row in judged)
    return {verdict: counted[verdict] for verdict in Verdict}


def verdict_of_run(judged: Sequence[Judged], *, stopped: str = "") -> tuple[RunVerdict, str]:
    """The run's verdict and one sentence that says why. A violation outranks what could not be verified."""
    number = counts(judged)
    failures = number[Verdict.FAIL] + number[Verdict.STALE_DEVIATION]
    if failures:
        stale = number[Verdict.STALE_DEVIATION]
        also = f", {stale} of them by a stale known deviation" if stale else ""
        return RunVerdict.NOT_CONFORMANT, f"{failures} requirements are violated{also}"
    if stopped:
        return RunVerdict.INCOMPLETE, stopped
    if not any(row.verdict in VERIFIED for row in judged):
        return RunVerdict.INCOMPLETE, "nothing was verified"
    open_rows = [row for row in judged if row.verdict in RED and not row.reason.startswith(EXCLUDED)]
    if open_rows:
        worst = min(open_rows, key=lambda row: row.verdict.rank)
        return (
            RunVerdict.INCOMPLETE,
            f"{len(open_rows)} requirements could not be verified; {worst.requirement.id}: {worst.reason}",
        )
    if number[Verdict.KNOWN_DEVIATION]:
        return (
            RunVerdict.CONFORMANT_WITH_DEVIATIONS,
            f"{number[Verdict.KNOWN_DEVIATION]} requirements are violated as put on record for this target",
        )
    warnings = number[Verdict.WARN]
    return RunVerdict.CONFORMANT, f"every applicable requirement was verified, {warnings} with a warning"
