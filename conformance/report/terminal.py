"""The summary that `run` prints at its end, as plain lines: verdict, counts, each failure in at most four lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model import Verdict
from conformance.report.results import counts
from conformance.report.summary import (
    HEADLINES,
    WORDS,
    decisive,
    failures,
    lead,
    plural,
    target_name,
    took,
    waiting,
    why,
    with_verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.model import Judged, Report

WIDTH = 160
"""A longer expected or actual is cut; the report has it whole."""


def lines(report: Report, written: Sequence[Path] = ()) -> list[str]:
    """The summary. `written` are the files of this run; the page among them comes last, where the eye rests."""
    page = next((path for path in written if path.suffix == ".html"), None)
    told = [
        f"{HEADLINES[report.verdict].upper()}  {report.pack} · {report.mode} · {_cut(target_name(report))}",
        lead(report),
        "",
        "  ".join(f"{count} {WORDS[verdict]}" for verdict, count in counts(report).items() if count),
    ]
    for judged in [*failures(report), *with_verdict(report, Verdict.WARN)]:
        told += ["", *_lines_of(judged, page)]
    for group in waiting(report):
        count = plural(len(group.ids), "requirement")
        told += ["", f"{WORDS[group.verdict].upper()}  {count}: {_flat(group.reason)}"]
        told.append(f"  {_cut(', '.join(group.ids))}")
    told += ["", " · ".join(filter(None, [took(report), plural(len(report.exchanges), "exchange")]))]
    others = [path for path in written if path != page]
    if others:
        told.append(f"In {others[0].parent}: {', '.join(_below(others[0].parent, others))}")
    if page is not None:
        told.append(f"Report: {page}")
    return told


def _below(folder: Path, files: list[Path]) -> list[str]:
    """Each file by its way from the folder; those of one folder further down as that folder."""
    ways = [path.relative_to(folder) if path.is_relative_to(folder) else path for path in files]
    return list(dict.fromkeys(way.name if len(way.parts) == 1 else f"{way.parent}/" for way in ways))


def _lines_of(judged: Judged, page: Path | None) -> list[str]:
    check = decisive(judged)
    told = [f"{WORDS[judged.verdict].upper()}  {judged.requirement.id}"]
    if check and check["expected"]:
        told += [f"  expected  {_cut(check['expected'])}", f"  actual    {_cut(check['actual'])}"]
    else:
        told.append(f"  {_cut(why(judged) or judged.requirement.text)}")
    if page is not None:
        told.append(f"  look at   {page}#{judged.requirement.id}")
    return told


def _cut(text: str) -> str:
    line = _flat(text)
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _flat(text: str) -> str:
    """On one line, whole: a reason ends with its remedy."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
