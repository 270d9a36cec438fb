"""What the certification page tells of single requirements: the cards of those to look at, the rows of the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.report.bodies import cut
from conformance.report.causes import likely, said
from conformance.report.difference import Piece, marked
from conformance.report.summary import Group, decisive
from conformance.report.timeline import Timeline, timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.model import Judged, Report
    from conformance.report.evidence import Evidence, Shown

OTHERS = 12
"""Exchanges of a check that are shown besides the first; a rule about all answers of a run refers to hundreds."""
LONGEST = 1_200
"""Characters of an expected or an actual value."""
TRAIL = 8
"""Exchanges that a passed requirement names."""
CONTRADICTION = "contradiction"
"""Notes that begin with this word tell of a contradiction of the sources that was met."""
_MET = re.compile(r"contradiction (\S+): (.*) \(the sources can be read as: (.*)\)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What one check found, ready to be shown. `expected` and `actual` are None when there is nothing to compare."""

    title: str
    nodeid: str
    message: str
    expected: Sequence[Piece] | None
    actual: Sequence[Piece] | None
    timeline: Timeline | None
    said: str
    cause: str
    first: Shown | None
    others: Sequence[Shown]
    unseen: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A requirement that somebody has to look at. `reason` is empty when the comparison says it already."""

    judged: Judged
    reason: str
    told: Told | None
    further: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """A contradiction of the sources: how they can be read, and what the target made of it, with the requirements."""

    name: str
    readings: str
    seen: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A requirement in a list, with the exchanges that it rests on as lines."""

    judged: Judged
    evidence: Sequence[Shown]


def card(judged: Judged, report: Report, evidence: Evidence) -> Card:
    """The card of one requirement; it rests on the worst check and names the others that are not content."""
    check = decisive(judged)
    on_record = judged.deviation is not None and judged.verdict == "known-deviation"
    repeats = on_record or (check is not None and bool(check["expected"]) and judged.reason == check["message"])
    return Card(
        judged=judged,
        reason="" if repeats else judged.reason,
        told=_told(check, report, evidence) if check else None,
        further=[other for other in judged.checks if other is not check and other["outcome"] != "held"],
    )


def obstacle(group: Group, by_id: Mapping[str, Judged], evidence: Evidence) -> Shown | None:
    """The exchange that stood in the way of a group, from the first check that tells one."""
    for name in group.ids:
        check = decisive(by_id[name])
        if check and check["exchanges"]:
            return evidence.show(check["exchanges"][0])
    return None


def notes(report: Report) -> list[tuple[Judged, list[str]]]:
    """Each requirement under which something unusual was accepted, with what it was."""
    found = []
    for judged in report.requirements:
        unusual = [note for note in judged.notes if not note.lower().startswith(CONTRADICTION)]
        if unusual:
            found.append((judged, unusual))
    return found


def contradictions(report: Report) -> list[Met]:
    """Each contradiction that was met, by its name; a note in another form than the suite's stands for itself."""
    found: dict[str, Met] = {}
    for judged in report.requirements:
        for note in judged.notes:
            if note.lower().startswith(CONTRADICTION):
                match = _MET.fullmatch(note)
                name, seen, readings = match.groups() if match else (note, "", "")
                met = found.setdefault(name, Met(name=name, readings=readings))
                met.seen.setdefault(seen, []).append(judged.requirement.id)
    return list(found.values())


def by_topic(judged: Iterable[Judged], evidence: Evidence) -> list[tuple[str, list[Row]]]:
    """Rows under their topics, which stand in the order of the alphabet."""
    found: dict[str, list[Row]] = {}
    for one in judged:
        keys = dict.fromkeys(key for check in one.checks for key in check["exchanges"][:TRAIL])
        row = Row(judged=one, evidence=evidence.lines(list(keys)[:TRAIL]))
        found.setdefault(one.requirement.topic, []).append(row)
    return sorted(found.items())


def _told(check: Mapping[str, Any], report: Report, evidence: Evidence) -> Told:
    first, *others = check["exchanges"] or [None]
    exchange = report.exchanges[first] if first else None
    expected, actual = (_short(check[side]) for side in ("expected", "actual"))
    left, right = marked(expected, actual) if expected else (None, None)
    return Told(
        title=check["title"],
        nodeid=check["nodeid"],
        message=check["message"],
        expected=left,
        actual=right,
        timeline=timeline(check["expected"], check["actual"]),
        said=said(exchange),
        cause=likely(exchange, expected=check["expected"], actual=check["actual"])
        if check["outcome"] != "held"
        else "",
        first=evidence.show(first, again=True) if first else None,
        others=[evidence.show(other) for other in others[:OTHERS]],
        unseen=len(others[OTHERS:]),
    )


def _short(text: str) -> str:
    short, note = cut(text, LONGEST)
    return f"{short}… ({note})" if note else text
