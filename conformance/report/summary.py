"""What every form of the report says first: the verdict in words, what to do next, what was not verified and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from conformance.model import Level, RunVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.model import Judged, Report

HEADLINES = {
    RunVerdict.CONFORMANT: "Conformant",
    RunVerdict.CONFORMANT_WITH_DEVIATIONS: "Conformant with known deviations",
    RunVerdict.NOT_CONFORMANT: "Not conformant",
    RunVerdict.INCOMPLETE: "Incomplete",
}
WORDS = {
    Verdict.ERROR: "error",
    Verdict.FAIL: "fail",
    Verdict.STALE_DEVIATION: "stale deviation",
    Verdict.NOT_TESTABLE: "not testable",
    Verdict.NOT_RUN: "not run",
    Verdict.WARN: "warning",
    Verdict.KNOWN_DEVIATION: "known deviation",
    Verdict.PASS: "pass",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.NOT_TESTED: "not tested",
}
UNVERIFIED = (Verdict.ERROR, Verdict.NOT_TESTABLE, Verdict.NOT_RUN, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED)
FAILURES = (Verdict.FAIL, Verdict.STALE_DEVIATION, Verdict.ERROR)
"""What stands first, in this order: what the vendor must change, then what we could not finish."""

ON_RECORD = "excluded on record"
"""How the reason of a requirement begins that target.toml leaves out for a reason; it keeps nobody from a verdict."""

_WORST_OUTCOME = ("error", "violated", "not-testable", "held")


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Requirements that share a verdict and a reason."""

    verdict: Verdict
    reason: str
    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Something to do next, and the requirements that it is about."""

    text: str
    ids: tuple[str, ...] = ()
    verdict: Verdict | None = None
    """Of the requirements, when each is worth a sentence of its own."""


def plural(count: int, one: str, many: str = "") -> str:
    """`1 warning`, `2 warnings`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def with_verdict(report: Report, *verdicts: Verdict) -> list[Judged]:
    """The requirements with one of these verdicts: in the order of the verdicts, SHALL first, then as they stand."""
    levels = list(Level)
    found = [judged for judged in report.requirements if judged.verdict in verdicts]
    return sorted(found, key=lambda one: (verdicts.index(one.verdict), levels.index(one.requirement.level)))


def failures(report: Report) -> list[Judged]:
    """What stands first, one by one: violations, stale deviations, and errors that some check ran into."""
    return [
        one
        for one in with_verdict(report, *FAILURES)
        if one.verdict is not Verdict.ERROR or any(check["outcome"] == "error" for check in one.checks)
    ]


def mended(judged: Judged) -> bool:
    """Whether a stale deviation is good news: every check of it held, so that it is not stale by its date alone."""
    return all(check["outcome"] == "held" for check in judged.checks)


def stale(report: Report) -> tuple[list[Judged], list[Judged]]:
    """The stale deviations: those that are mended, and those whose date has passed."""
    found = with_verdict(report, Verdict.STALE_DEVIATION)
    return [one for one in found if mended(one)], [one for one in found if not mended(one)]


def waiting(report: Report) -> list[Group]:
    """What keeps the run from being complete, by reason: an unreachable target is said once, not once per check."""
    found = groups(report, Verdict.ERROR, Verdict.NOT_TESTABLE, Verdict.NOT_RUN)
    alone = {one.requirement.id for one in failures(report)}
    return [group for group in found if not (alone.issuperset(group.ids) or group.reason.startswith(ON_RECORD))]


def decisive(judged: Judged) -> dict[str, Any] | None:
    """The check that the verdict rests on: the first of the worst."""
    return min(judged.checks, key=lambda check: _WORST_OUTCOME.index(check["outcome"]), default=None)


def why(judged: Judged) -> str:
    """Why it got its verdict, in a sentence; empty when there is nothing to say."""
    check = decisive(judged)
    return judged.reason or (check["message"] if check else "") or judged.requirement.not_tested or ""


def lead(report: Report) -> str:
    """One sentence under the headline: what the verdict rests on, counted."""
    said = []
    errors = with_verdict(report, Verdict.ERROR)
    if failed := with_verdict(report, Verdict.FAIL):
        said.append(f"{plural(len(failed), 'SHALL is', 'SHALLs are')} violated")
    gone, expired = stale(report)
    if gone:
        holds, it = ("holds", "it") if len(gone) == 1 else ("hold", "them")
        said.append(
            f"{plural(len(gone), 'deviation')} on record {holds} no longer (good news: remove {it} from target.toml)"
        )
    if expired:
        said.append(f"{plural(len(expired), 'deviation')} on record {'has' if len(expired) == 1 else 'have'} expired")
    if len(said) > 1 and not errors:
        said[0] = f"{plural(len(failures(report)), 'failure')}: {said[0]}"
    if errors:
        said.append(f"{plural(len(errors), 'requirement')} could not be judged because of an error")
    missing = sum(len(group.ids) for group in waiting(report) if group.verdict is not Verdict.ERROR)
    if missing:
        said.append(f"{plural(missing, 'requirement that applies', 'requirements that apply')} could not be verified")
    if not said:
        held = len(with_verdict(report, Verdict.PASS))
        said.append(f"{plural(held, 'requirement')} verified" if held else _why_nothing(report))
        if known := with_verdict(report, Verdict.KNOWN_DEVIATION):
            said.append(f"{plural(len(known), 'known deviation')} on record")
        if warned := with_verdict(report, Verdict.WARN):
            said.append(plural(len(warned), "warning"))
    return _sentence(said)


def _why_nothing(report: Report) -> str:
    """With the reason, which no requirement shows where none applies to a server that could not be asked."""
    nothing = "nothing was verified"
    if not report.reason or report.reason.startswith(nothing):
        return report.reason or nothing
    return f"{nothing}: {report.reason}"


def next_steps(report: Report) -> list[Step]:
    """What the reader should do, most urgent first; never empty."""
    steps = []
    if failed := with_verdict(report, Verdict.FAIL):
        steps.append(
            Step(
                text=f"Change the server: {plural(len(failed), 'requirement is', 'requirements are')} violated.",
                ids=_ids(failed),
                verdict=Verdict.FAIL,
            )
        )
    gone, expired = stale(report)
    if gone:
        these = "this" if len(gone) == 1 else "these"
        text = (
            f"Good news: the server is mended here. Remove {these} [[deviation]] of target.toml; until then the run "
            "stays red, since an entry that is left behind would excuse the next violation."
        )
        steps.append(Step(text=text, ids=_ids(gone), verdict=Verdict.STALE_DEVIATION))
    if expired:
        text = "Mend these, or agree on a new date: their [[deviation]] entries of target.toml have expired."
        steps.append(Step(text=text, ids=_ids(expired), verdict=Verdict.STALE_DEVIATION))
    steps += [Step(text=f"Resolve the error: {group.reason}", ids=group.ids) for group in groups(report, Verdict.ERROR)]
    steps += [
        Step(text=f"Supply what was missing: {group.reason}", ids=group.ids)
        for group in groups(report, Verdict.NOT_TESTABLE)
    ]
    steps += [
        Step(text=f"Run the rest: {group.reason}", ids=group.ids)
        for group in waiting(report)
        if group.verdict is Verdict.NOT_RUN
    ]
    if warned := with_verdict(report, Verdict.WARN):
        steps.append(
            Step(text="Look at the warnings; they do not change the verdict.", ids=_ids(warned), verdict=Verdict.WARN)
        )
    if known := with_verdict(report, Verdict.KNOWN_DEVIATION):
        text = "Keep working on the known deviations before they expire."
        steps.append(Step(text=text, ids=_ids(known), verdict=Verdict.KNOWN_DEVIATION))
    if not with_verdict(report, Verdict.PASS, *FAILURES, Verdict.WARN, Verdict.KNOWN_DEVIATION) and not steps:
        steps.append(Step(text="Check the claims and the base URL: no requirement was exercised."))
    return steps or [Step(text="Nothing to change. Keep results.json: it is the evidence.")]


def groups(report: Report, *verdicts: Verdict) -> list[Group]:
    """Requirements with these verdicts, those with the same reason together, largest group first."""
    found: dict[tuple[Verdict, str], list[str]] = {}
    for judged in with_verdict(report, *verdicts):
        found.setdefault((judged.verdict, why(judged) or "no reason given"), []).append(judged.requirement.id)
    ordered = sorted(found.items(), key=lambda item: (verdicts.index(item[0][0]), -len(item[1]), item[0][1]))
    return [Group(verdict=verdict, reason=reason, ids=tuple(ids)) for (verdict, reason), ids in ordered]


def target_name(report: Report) -> str:
    """The target as people call it: its address, or the embedded server, whose address means nothing."""
    return "the embedded server" if report.target.get("embedded") else str(report.target.get("base_url", ""))


def took(report: Report) -> str:
    """How long the run took: `8.4 s`, `2 min 5 s`; empty when its times are no times."""
    try:
        seconds = (datetime.fromisoformat(report.finished) - datetime.fromisoformat(report.started)).total_seconds()
    except ValueError:
        return ""
    return f"{seconds:.1f} s" if seconds < 100 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _ids(found: Iterable[Judged]) -> tuple[str, ...]:
    return tuple(judged.requirement.id for judged in found)


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('?', '.')) else '.'}"
