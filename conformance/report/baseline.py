"""The first list of known deviations of a target, from a stored run: what is left to fill in, target.toml refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.model import PLACEHOLDER, Verdict
from conformance.report.summary import plural, target_name, why, with_verdict

if TYPE_CHECKING:
    from conformance.model import Judged, Report

LONGEST = 300
"""Characters of what was found, in the comment above an entry."""


def baseline(report: Report) -> str:
    """`[[deviation]]` tables for target.toml: one for each SHALL that is violated, and those already on record.

    Entries on record keep their words, but for an expiry that has passed. One that holds again is left out.
    """
    failed = with_verdict(report, Verdict.FAIL)
    known = with_verdict(report, Verdict.KNOWN_DEVIATION)
    expired = [one for one in with_verdict(report, Verdict.STALE_DEVIATION) if _still_violated(one)]
    told = [_head(report, failed, known + expired)]
    told += [_entry(one) for one in failed]
    told += [_entry(one, keep=("reason", "owner", "tracker")) for one in expired]
    told += [_entry(one, keep=("reason", "owner", "tracker", "expires")) for one in known]
    return "\n\n".join(told) + "\n"


def _head(report: Report, failed: list[Judged], on_record: list[Judged]) -> str:
    lines = [
        f"Known deviations of {target_name(report)}, pack {report.pack}, from the run of {report.started}:",
        f"{len(failed)} new, {len(on_record)} on record before.",
    ]
    if failed:
        lines.append(
            f"Each entry is refused until every {PLACEHOLDER} in it is replaced; expires is a date (2026-12-31)."
        )
    missing = len(with_verdict(report, Verdict.ERROR, Verdict.NOT_TESTABLE, Verdict.NOT_RUN))
    if missing:
        lines.append(f"The run was not complete: {plural(missing, 'requirement')} may fail as well.")
    return "\n".join(f"# {_line(line)}" for line in lines)


def _entry(judged: Judged, *, keep: tuple[str, ...] = ()) -> str:
    requirement, record = judged.requirement, judged.deviation
    found = _line(why(judged))
    lines = [
        f"# {requirement.level}: {_line(requirement.text)}",
        f"# {found if len(found) <= LONGEST else found[: LONGEST - 1] + '…'}",
        "[[deviation]]",
        f"requirement = {_quoted(requirement.id)}",
    ]
    for name in ("reason", "owner", "tracker", "expires"):
        value = getattr(record, name) if record is not None and name in keep else PLACEHOLDER
        lines.append(f"{name} = {_quoted(value)}")
    return "\n".join(lines)


def _still_violated(judged: Judged) -> bool:
    return judged.deviation is not None and any(check["outcome"] == "violated" for check in judged.checks)


def _line(text: str) -> str:
    """On one line that nothing in it ends: what a server sent must not become an entry of its own."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _quoted(text: str) -> str:
    """A basic string of TOML, which takes the escapes of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
