"""From what the checks found out to verdicts: pure functions, no pytest, no HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
    in; `covered` are the ids that some check verifies; `left_out` names, by id, a check of it that was not made.
    `stopped` says why the run ended early; `broken` says it where that is an error: no target, or a broken suite.
    """

    inapplicable: Mapping[str, str]
    selected: Collection[str]
    covered: Collection[str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    stopped: str = ""
    broken: str = ""
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
        return Judged(requirement=requirement, verdict=Verdict.NOT_RUN, reason=_excluded(excluded[id], under.today))
    if not found:
        verdict, reason = _unexercised(id, under)
        return Judged(requirement=requirement, verdict=verdict, reason=reason)
    weighed = [(weigh(requirement, finding.outcome), record, finding) for record, finding in found]
    worst, _, cause = min(weighed, key=lambda one: one[0].rank)
    reason = cause.message if worst is not Verdict.PASS else ""
    if id in under.left_out and worst in {Verdict.PASS, Verdict.WARN}:
        worst, reason = _in_part(under.left_out[id], under)
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
    if early := _early(under):
        return early
    if id in under.left_out:
        return Verdict.NOT_RUN, "its checks were deselected"
    return Verdict.ERROR, "its checks were made and came to no result: the suite is at fault"


def _in_part(check: str, under: Circumstances) -> tuple[Verdict, str]:
    """A requirement holds when every check of it held, not when those held that happened to be made."""
    return _early(under) or (Verdict.NOT_RUN, f"exercised only in part: {check} was deselected")


def _early(under: Circumstances) -> tuple[Verdict, str] | None:
    """What becomes of a requirement that a run has not come to; None when the run came to its end."""
    if under.broken:
        return Verdict.ERROR, f"not exercised: {under.broken}"
    return (Verdict.NOT_RUN, f"not exercised: {under.stopped}") if under.stopped else None


def _excluded(entry: Exclusion, today: date) -> str:
    if entry.expires is not None and entry.expires < today.isoformat():
        return f"the exclusion on record expired on {entry.expires}: remove the entry, or renew it ({entry.reason})"
    return EXCLUDED + entry.reason


def _with_deviation(worst: Verdict, reason: str, deviation: Deviation, today: date) -> tuple[Verdict, str]:
    if worst is Verdict.PASS:
        return Verdict.STALE_DEVIATION, "listed as a known deviation, but it holds now: remove the entry"
    if worst not in {Verdict.FAIL, Verdict.WARN}:
        return worst, reason
    if deviation.expires < today.isoformat():
        return Verdict.STALE_DEVIATION, f"the known deviation expired on {deviation.expires}: {reason}"
    return Verdict.KNOWN_DEVIATION, f"{deviation.reason} ({deviation.tracker}, until {deviation.expires}): {reason}"


def _published(record: CheckRecord, finding: Finding) -> dict[str, Any]:
    generated = {"generated": finding.generated} if finding.generated else {}
    return {
        "nodeid": record.nodeid,
        "title": record.title,
        "outcome": str(finding.outcome),
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
        "notes": list(finding.notes),
        "exchanges": list(finding.exchanges),
        **generated,
    }


def verdict_of_run(judged: Sequence[Judged], *, stopped: str = "") -> tuple[RunVerdict, str]:
    """The run's verdict and one sentence that says why. A violation outranks what could not be verified."""
    of = {verdict: [row for row in judged if row.verdict is verdict] for verdict in Verdict}
    violated, stale = of[Verdict.FAIL], of[Verdict.STALE_DEVIATION]
    if violated or stale:
        said = [_number(violated, "requirement is violated", "requirements are violated")] if violated else []
        said += [_number(stale, "known deviation is stale", "known deviations are stale")] if stale else []
        return RunVerdict.NOT_CONFORMANT, "; ".join(said)
    if stopped:
        return RunVerdict.INCOMPLETE, stopped
    open_rows = [row for row in judged if row.verdict in RED and not row.reason.startswith(EXCLUDED)]
    if open_rows:
        worst = min(open_rows, key=lambda row: row.verdict.rank)
        return RunVerdict.INCOMPLETE, f"{len(open_rows)} not verified; {worst.requirement.id}: {worst.reason}"
    if not any(row.verdict in VERIFIED for row in judged):
        return RunVerdict.INCOMPLETE, "nothing was verified: no requirement applies, or all are excluded on record"
    excluded = f", but for {len(of[Verdict.NOT_RUN])} excluded on record" if of[Verdict.NOT_RUN] else ""
    if of[Verdict.KNOWN_DEVIATION]:
        on_record = "violated as put on record for this target"
        known = _number(of[Verdict.KNOWN_DEVIATION], f"requirement is {on_record}", f"requirements are {on_record}")
        return RunVerdict.CONFORMANT_WITH_DEVIATIONS, f"{known}{excluded}"
    warned = f", {len(of[Verdict.WARN])} with a warning" if of[Verdict.WARN] else ""
    return RunVerdict.CONFORMANT, f"every applicable requirement was verified{excluded}{warned}"


def _number(rows: Sequence[Judged], one: str, many: str) -> str:
    """`2 requirements are violated: a.b, c.d`, with the first three named."""
    ids = [row.requirement.id for row in rows]
    named = ", ".join(ids[:3]) + (" …" if len(ids) > 3 else "")
    return f"{len(rows)} {one if len(rows) == 1 else many}: {named}"
