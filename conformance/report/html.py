"""The certification page: one HTML file that loads nothing, reads without script, and says what to do first."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.model import Level, RunVerdict, Verdict
from conformance.report.bodies import visible
from conformance.report.causes import likely, said
from conformance.report.diff import KINDS, diff
from conformance.report.difference import Piece, marked
from conformance.report.evidence import Evidence, Shown
from conformance.report.links import pieces
from conformance.report.results import counts
from conformance.report.summary import (
    FAILURES,
    HEADLINES,
    UNVERIFIED,
    WORDS,
    Group,
    decisive,
    groups,
    lead,
    next_steps,
    took,
    why,
    with_verdict,
)
from conformance.report.timeline import Timeline, timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    import jinja2

    from conformance.model import Judged, Report

TEMPLATES = Path(__file__).with_name("templates")
GLYPHS = {
    Verdict.ERROR: "!",
    Verdict.FAIL: "✕",
    Verdict.STALE_DEVIATION: "↻",
    Verdict.NOT_TESTABLE: "?",
    Verdict.NOT_RUN: "⏸",
    Verdict.WARN: "△",
    Verdict.KNOWN_DEVIATION: "≈",
    Verdict.PASS: "✓",
    Verdict.NOT_APPLICABLE: "○",
    Verdict.NOT_TESTED: "·",
}
CONTRADICTION = "contradiction"
"""Notes that begin with this word tell of a contradiction of the sources that was met."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What one check found, ready to be shown."""

    title: str
    nodeid: str
    message: str
    expected: Sequence[Piece]
    actual: Sequence[Piece]
    timeline: Timeline | None
    said: str
    cause: str
    first: Shown | None
    others: Sequence[Shown]


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A requirement that somebody has to look at."""

    judged: Judged
    told: Told | None
    further: Sequence[dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A requirement in a list."""

    judged: Judged
    evidence: Sequence[Shown]


def write(report: Report, path: Path, previous: Report | None = None) -> Path:
    """Write the page; `previous` is an earlier run of the same target to compare with. Returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(report, previous), encoding="utf-8", errors="backslashreplace")
    return path


def render(report: Report, previous: Report | None = None) -> str:
    """The page as one text."""
    evidence = Evidence(report.exchanges, base_url=str(report.target.get("base_url", "")))
    cards = {
        name: [_card(judged, report, evidence) for judged in with_verdict(report, *verdicts)]
        for name, verdicts in (
            ("failures", FAILURES),
            ("warnings", (Verdict.WARN,)),
            ("deviations", (Verdict.KNOWN_DEVIATION,)),
        )
    }
    by_id = {judged.requirement.id: judged for judged in report.requirements}
    waiting = groups(report, Verdict.NOT_TESTABLE, Verdict.NOT_RUN)
    changes = diff(previous, report) if previous else None
    return (
        environment()
        .get_template("certificate.html.j2")
        .render(
            report=report,
            target=json.dumps(report.target, ensure_ascii=False, indent=2),
            base_url=str(report.target.get("base_url", "")),
            headline=HEADLINES[report.verdict],
            lead=lead(report),
            steps=next_steps(report),
            took=took(report),
            matrix=_matrix(report),
            levels=list(Level),
            incomplete=report.verdict is RunVerdict.INCOMPLETE,
            cards=cards,
            waiting=[(group, _obstacle(group, by_id, evidence)) for group in waiting],
            unverified=groups(report, *UNVERIFIED),
            notes=_notes(report, contradictions=False),
            contradictions=_notes(report, contradictions=True),
            passes=_by_topic(with_verdict(report, Verdict.PASS), evidence),
            not_applicable=groups(report, Verdict.NOT_APPLICABLE),
            not_tested=with_verdict(report, Verdict.NOT_TESTED),
            by_id=by_id,
            changes=changes,
            kinds=KINDS,
            previous=previous,
        )
    )


@cache
def environment() -> jinja2.Environment:
    """Jinja2 over this package's templates; everything is escaped unless it was written here."""
    import jinja2  # noqa: PLC0415 - 30 ms that only those pay who render
    from markupsafe import Markup  # noqa: PLC0415 - comes with it

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    style, script = ((TEMPLATES / name).read_text("utf-8") for name in ("certificate.css", "certificate.js"))
    made.filters.update(visible=visible, pieces=pieces, why=why)
    made.globals.update(
        words=WORDS,
        glyphs=GLYPHS,
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'; "
        "form-action 'none'",
    )
    return made


def _digest(text: str) -> str:
    """A source expression of Content Security Policy that lets exactly this text in."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _card(judged: Judged, report: Report, evidence: Evidence) -> Card:
    check = decisive(judged)
    further = [other for other in judged.checks if other is not check and other["outcome"] != "held"]
    return Card(judged=judged, told=_told(check, report, evidence) if check else None, further=further)


def _told(check: dict[str, Any], report: Report, evidence: Evidence) -> Told:
    first, *others = check["exchanges"] or [None]
    exchange = report.exchanges[first] if first else None
    expected, actual = marked(check["expected"], check["actual"])
    return Told(
        title=check["title"],
        nodeid=check["nodeid"],
        message=check["message"],
        expected=expected,
        actual=actual,
        timeline=timeline(check["expected"], check["actual"]),
        said=said(exchange),
        cause=likely(exchange),
        first=evidence.show(first) if first else None,
        others=[evidence.show(other) for other in others],
    )


def _obstacle(group: Group, by_id: dict[str, Judged], evidence: Evidence) -> Shown | None:
    """The exchange that stood in the way, from the first check that tells one."""
    for name in group.ids:
        check = decisive(by_id[name])
        if check and check["exchanges"]:
            return evidence.show(check["exchanges"][0])
    return None


def _matrix(report: Report) -> list[tuple[Verdict, list[int], int]]:
    """Counts by verdict and level; what did not occur is left out."""
    rows = []
    for verdict, count in counts(report).items():
        levels = [judged.requirement.level for judged in report.requirements if judged.verdict is verdict]
        if count:
            rows.append((verdict, [levels.count(level) for level in Level], count))
    return rows


def _notes(report: Report, *, contradictions: bool) -> list[tuple[str, list[str]]]:
    """Each note with the requirements that carry it."""
    found: dict[str, list[str]] = {}
    for judged in report.requirements:
        for note in judged.notes:
            if note.lower().startswith(CONTRADICTION) is contradictions:
                found.setdefault(note, []).append(judged.requirement.id)
    return list(found.items())


def _by_topic(judged: list[Judged], evidence: Evidence) -> list[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = {}
    for one in judged:
        keys = dict.fromkeys(key for check in one.checks for key in check["exchanges"])
        row = Row(judged=one, evidence=evidence.lines(list(keys)[:8]))
        found.setdefault(one.requirement.topic, []).append(row)
    return sorted(found.items())
