"""The certification page: one HTML file that loads nothing, reads without script, and says what to do first."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.model import Basis, Level, RunVerdict, Verdict
from conformance.report.bodies import visible
from conformance.report.cards import by_topic, card, obstacle
from conformance.report.diff import KINDS, diff
from conformance.report.evidence import Evidence
from conformance.report.links import pieces
from conformance.report.notes import contradictions, plain, unusual
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
    waiting,
    why,
    with_verdict,
)

if TYPE_CHECKING:
    import jinja2

    from conformance.model import Report

TEMPLATES = Path(__file__).with_name("templates")
GLYPHS = {
    Verdict.ERROR: "!",
    Verdict.FAIL: "✕",
    Verdict.STALE_DEVIATION: "↻",
    Verdict.NOT_TESTABLE: "?",
    Verdict.NOT_RUN: "‖",
    Verdict.WARN: "△",
    Verdict.KNOWN_DEVIATION: "≈",
    Verdict.PASS: "✓",
    Verdict.NOT_APPLICABLE: "○",
    Verdict.NOT_TESTED: "·",
}
MEANINGS = {
    Verdict.FAIL: "A SHALL that a source states or documents was violated. The target is not conformant.",
    Verdict.ERROR: "The suite broke, or the target could not be reached. Nothing is said about the target.",
    Verdict.STALE_DEVIATION: "On record as a known failure in target.toml, and now holding or past its date.",
    Verdict.NOT_TESTABLE: "It applies, but could not be exercised: set-up was refused, or data or a token is missing.",
    Verdict.NOT_RUN: "Deselected for this run, or left out on record.",
    Verdict.WARN: "A SHOULD, or a SHALL of our own inference, was violated. The target stays conformant.",
    Verdict.KNOWN_DEVIATION: "On record in target.toml as a known failure, and still failing; it counts past its date.",
    Verdict.PASS: "Every check of it held.",
    Verdict.NOT_APPLICABLE: "The target does not claim to offer it, or it needs a write in a read-only run.",
    Verdict.NOT_TESTED: "Nobody can check it from outside, whatever the target offers.",
}
BASES = {
    Basis.STATED: "The pack's own source document says so.",
    Basis.DOCUMENTED: "Another public page says so, such as FHIR itself or an RFC.",
    Basis.INFERRED: "No source says so: it is a conclusion of ours, and never more than a warning.",
}
SEALS = {
    RunVerdict.CONFORMANT: "✓",
    RunVerdict.CONFORMANT_WITH_DEVIATIONS: "≈",
    RunVerdict.NOT_CONFORMANT: "✕",
    RunVerdict.INCOMPLETE: "?",
}


def write(report: Report, path: Path, previous: Report | None = None) -> Path:
    """Write the page; `previous` is an earlier run of the same target to compare with. Returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(report, previous), encoding="utf-8", errors="backslashreplace")
    return path


def render(report: Report, previous: Report | None = None) -> str:
    """The page as one text."""
    return environment().get_template("certificate.html.j2").render(_content(report, previous))


def _content(report: Report, previous: Report | None) -> dict[str, Any]:
    """What the template needs; the cards come first, since an exchange is shown in full where it is met first."""
    evidence = Evidence(report.exchanges, base_url=str(report.target.get("base_url", "")))
    by_id = {judged.requirement.id: judged for judged in report.requirements}
    stuck = waiting(report)
    return {
        "report": report,
        "previous": previous,
        "by_id": by_id,
        "headline": HEADLINES[report.verdict],
        "seal": SEALS[report.verdict],
        "lead": lead(report),
        "steps": [(step, [(by_id[name], decisive(by_id[name])) for name in step.ids]) for step in next_steps(report)],
        "unverified": groups(report, *UNVERIFIED),
        "target_name": target_name(report),
        "target": json.dumps(report.target, ensure_ascii=False, indent=2),
        "took": took(report),
        "matrix": _matrix(report),
        "levels": list(Level),
        "to_the": 19 if previous and previous.started[:16] == report.started[:16] else 16,
        "changes": diff(previous, report) if previous else None,
        "kinds": KINDS,
        "incomplete": report.verdict is RunVerdict.INCOMPLETE,
        "failure_kinds": [f"{count} {WORDS[verdict]}" for verdict, count in _kinds(report)],
        "failures": [card(one, report, evidence) for one in failures(report)],
        "warnings": [card(one, report, evidence) for one in with_verdict(report, Verdict.WARN)],
        "deviations": [card(one, report, evidence) for one in with_verdict(report, Verdict.KNOWN_DEVIATION)],
        "waiting": [(group, obstacle(group, by_id, evidence)) for group in stuck],
        "waiting_count": sum(len(group.ids) for group in stuck),
        "notes": unusual(report),
        "contradictions": contradictions(report),
        "passes": by_topic(with_verdict(report, Verdict.PASS), evidence),
        "excluded": _excluded(report),
        "not_applicable": groups(report, Verdict.NOT_APPLICABLE),
        "not_tested": with_verdict(report, Verdict.NOT_TESTED),
        "counts": counts(report),
    }


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
    made.filters.update(
        visible=visible,
        pieces=pieces,
        plain=plain,
        why=why,
        content=lambda text: Markup(html.escape(text, quote=False)),  # noqa: S704 - quotes need no escape in content
    )
    made.globals.update(
        words=WORDS,
        meanings=MEANINGS,
        bases=BASES,
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


def _matrix(report: Report) -> list[tuple[Verdict, list[int], int]]:
    """Counts by verdict and level; what did not occur is left out."""
    rows = []
    for verdict, count in counts(report).items():
        levels = [judged.requirement.level for judged in report.requirements if judged.verdict is verdict]
        if count:
            rows.append((verdict, [levels.count(level) for level in Level], count))
    return rows


def _kinds(report: Report) -> list[tuple[Verdict, int]]:
    """How many of each verdict stand among the failures."""
    found = [one.verdict for one in failures(report)]
    return [(verdict, found.count(verdict)) for verdict in dict.fromkeys(found)]


def _excluded(report: Report) -> list[tuple[str, list[str]]]:
    """What target.toml leaves out for a reason, by reason: neither verified nor in the way of a verdict."""
    stuck = {name for group in waiting(report) for name in group.ids}
    return [
        (group.reason, [name for name in group.ids if name not in stuck])
        for group in groups(report, Verdict.NOT_RUN)
        if not stuck.issuperset(group.ids)
    ]
