"""The summary for a CI job, in GitHub's Markdown: verdict, what to do, failures, counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.model import Level, Verdict
from conformance.report.results import counts
from conformance.report.summary import (
    HEADLINES,
    UNVERIFIED,
    WORDS,
    decisive,
    failures,
    groups,
    lead,
    next_steps,
    target_name,
    took,
    why,
    with_verdict,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model import Judged, Report

LISTED = 200
"""More rows than this make a job summary unreadable (and GitHub refuses more than 1 MiB); the rest is counted."""


def render(report: Report) -> str:
    """The whole summary as one text."""
    parts = [
        f"# {HEADLINES[report.verdict]}: {_plain(report.pack_title or report.pack)}",
        lead(report),
        "\n".join(f"1. {_plain(step.text)}{_ids(step.ids)}" for step in next_steps(report)),
        _failures(report),
        _counts(report),
        _unverified(report),
        _facts(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write(report: Report, path: Path) -> Path:
    """Write the summary; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(report), encoding="utf-8", errors="backslashreplace")
    return path


def _failures(report: Report) -> str:
    found = [*failures(report), *with_verdict(report, Verdict.WARN)]
    if not found:
        return ""
    rows = ["| | requirement | expected | actual |", "|---|---|---|---|", *(_row(judged) for judged in found[:LISTED])]
    if len(found) > LISTED:
        rows.append(f"| | and {len(found) - LISTED} more in the report | | |")
    return "## Failures and warnings\n\n" + "\n".join(rows)


def _row(judged: Judged) -> str:
    check = decisive(judged)
    expected, actual = (check["expected"], check["actual"]) if check and check["expected"] else ("", why(judged))
    requirement = judged.requirement
    what = f"`{requirement.id}`<br>{requirement.level} · {_cell(requirement.text)}"
    return f"| {WORDS[judged.verdict]} | {what} | {_cell(expected)} | {_cell(actual)} |"


def _counts(report: Report) -> str:
    """Verdicts by level. Counts, never a percentage: one violated SHALL outweighs any number of passes."""
    rows = ["| | SHALL | SHOULD | MAY | all |", "|---|---:|---:|---:|---:|"]
    for verdict, count in counts(report).items():
        if count:
            levels = [judged.requirement.level for judged in with_verdict(report, verdict)]
            numbers = " | ".join(str(levels.count(level)) for level in Level)
            rows.append(f"| {WORDS[verdict]} | {numbers} | {count} |")
    return "## Verdicts\n\n" + "\n".join(rows)


def _unverified(report: Report) -> str:
    found = groups(report, *UNVERIFIED)
    if not found:
        return ""
    rows = [f"- {WORDS[group.verdict]}, {len(group.ids)}: {_plain(group.reason)}" for group in found[:LISTED]]
    return "<details><summary>Not verified, and why</summary>\n\n" + "\n".join(rows) + "\n\n</details>"


def _facts(report: Report) -> str:
    facts = [
        _plain(target_name(report)),
        f"pack {_plain(report.pack)}",
        f"mode {report.mode}",
        f"consent-conformance {_plain(report.suite)}",
        f"requirement set {report.requirement_set[:12]}",
        _plain(report.started),
        took(report),
    ]
    return f"<sub>{' · '.join(fact for fact in facts if fact)}</sub>"


def _ids(ids: tuple[str, ...]) -> str:
    if not ids:
        return ""
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return " " + ", ".join(f"`{one}`" for one in ids[:5]) + more


def _plain(text: str) -> str:
    """Text that renders as itself: what the server sent must not become markup."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", line).replace("&", "&amp;")


def _cell(text: str) -> str:
    return _plain(text if len(text) <= 300 else f"{text[:299]}…")
