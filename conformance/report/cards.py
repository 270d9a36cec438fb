"""What the certification page tells of single requirements: the cards of those to look at, the rows of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.model import Verdict
from conformance.report.bodies import cut
from conformance.report.causes import likely, said
from conformance.report.difference import Piece, marked
from conformance.report.excerpts import sought
from conformance.report.summary import Group, decisive, mended
from conformance.report.timeline import Timeline, timeline
from conformance.report.weight import weight_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.model import Judged, Report
    from conformance.report.evidence import Evidence, Shown, Written

OTHERS = 12
"""Exchanges of a check that are shown besides the first; a rule about all answers of a run refers to hundreds."""
LONGEST = 1_200
"""Characters of an expected or an actual value."""
TRAIL = 8
"""Exchanges that a passed requirement names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What one check found, ready to be shown. `expected` and `actual` are None when there is nothing to compare.

    `written` is the write whose effect `first` reads back, if that is what the finding is about.
    """

    title: str
    nodeid: str
    message: str
    expected: Sequence[Piece] | None
    actual: Sequence[Piece] | None
    timeline: Timeline | None
    said: str
    cause: str
    written: Written | None
    first: Shown | None
    others: Sequence[Shown]
    unseen: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A requirement that somebody has to look at. `reason` is empty when the comparison says it already.

    `weight` says why it does not fail the run, or why it does although it holds; empty where the badge says enough.
    """

    judged: Judged
    reason: str
    weight: str
    told: Told | None
    further: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A requirement in a list, with the exchanges that it rests on as lines."""

    judged: Judged
    evidence: Sequence[Shown]


def card(judged: Judged, report: Report, evidence: Evidence) -> Card:
    """The card of one requirement; it rests on the worst check and names the others that are not content."""
    check = decisive(judged)
    on_record = judged.deviation is not None and judged.verdict == "known-deviation"
    good_news = judged.verdict is Verdict.STALE_DEVIATION and mended(judged)
    compared = check is not None and bool(check["expected"]) and judged.reason == check["message"]

    return Card(
        judged=judged,
        reason="" if on_record or good_news or compared else judged.reason,
        weight=weight_of(judged),
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
    drawn = timeline(check["expected"], check["actual"])
    about = sought(left, right, period=drawn is not None)
    return Told(
        title=check["title"],
        nodeid=check["nodeid"],
        message=check["message"],
        expected=left,
        actual=right,
        timeline=drawn,
        said=said(exchange),
        cause=likely(exchange, expected=check["expected"], actual=check["actual"])
        if check["outcome"] != "held"
        else "",
        written=evidence.written(first, others, about) if first else None,
        first=evidence.show(first, again=True, sought=about) if first else None,
        others=[evidence.show(other) for other in others[:OTHERS]],
        unseen=len(others[OTHERS:]),
    )


def _short(text: str) -> str:
    short, note = cut(text, LONGEST)
    return f"{short}… ({note})" if note else text
