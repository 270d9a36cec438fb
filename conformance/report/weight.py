"""Says why a requirement weighs what it weighs, where its level alone would let a reader expect something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model import Basis, Level, Verdict
from conformance.report.summary import mended

if TYPE_CHECKING:
    from conformance.model import Judged


def weight_of(judged: Judged) -> str:
    """One or two sentences; empty where verdict, level and the section's introduction say it."""
    requirement, deviation = judged.requirement, judged.deviation
    if judged.verdict is Verdict.KNOWN_DEVIATION and deviation is not None:
        return (
            f"Does not fail this run: the violation is on record until {deviation.expires}, and {deviation.owner} owns "
            "it. After that day the run is red."
        )
    if judged.verdict is Verdict.STALE_DEVIATION:
        if mended(judged):
            return (
                "Good news: this holds now. The run is red all the same, by this alone if need be, until the entry "
                "is removed from target.toml: left there it would excuse the next violation."
            )
        return "Its entry in target.toml has expired and excuses nothing any more: mend this, or agree on a new date."
    if judged.verdict is Verdict.WARN and requirement.level is Level.SHALL and requirement.basis is Basis.INFERRED:
        return "A SHALL that does not fail the run: no source says it, it is a conclusion of ours (inferred)."
    return ""
