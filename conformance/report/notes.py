"""What was accepted although it is unusual, and what the target made of contradictions of the sources."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.model import Judged, Report

CONTRADICTION = "contradiction"
"""Notes that begin with this word tell of a contradiction of the sources that was met."""
_MET = re.compile(
    r"contradiction (?P<name>\S+): (?P<seen>.*) "
    r"\((?:the sources can be read as|the sources do not settle this; (?P<rule>[^:]+)): (?P<readings>.*)\)",
    re.DOTALL,
)
"""The second form tells what the suite makes of it; stored runs of version 0.1 have the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """A contradiction: how the sources can be read, what the suite makes of it, what the target did, and for which."""

    name: str
    readings: str
    rule: str
    seen: dict[str, list[str]] = field(default_factory=dict)


def plain(note: str) -> str:
    """A note in words that need no knowledge of the suite."""
    match = _MET.fullmatch(note)
    if match is None:
        return note
    rule = match["rule"] or "they can be read as"
    return (
        f"The sources do not settle this; {rule}: {match['readings']}. This target: {match['seen']} ({match['name']})."
    )


def unusual(report: Report) -> list[tuple[Judged, list[str]]]:
    """Each requirement under which something unusual was accepted, with what it was."""
    found = []
    for judged in report.requirements:
        notes = [note for note in judged.notes if not note.lower().startswith(CONTRADICTION)]
        if notes:
            found.append((judged, notes))
    return found


def contradictions(report: Report) -> list[Met]:
    """Each contradiction that was met, by its name; a note in another form than the suite's stands for itself."""
    found: dict[str, Met] = {}
    for judged in report.requirements:
        for note in judged.notes:
            if note.lower().startswith(CONTRADICTION):
                match = _MET.fullmatch(note)
                name, seen = (match["name"], match["seen"]) if match else (note, "")
                rule = (match["rule"] or "they can be read as") if match else ""
                met = found.setdefault(name, Met(name=name, readings=match["readings"] if match else "", rule=rule))
                met.seen.setdefault(seen, []).append(judged.requirement.id)
    return list(found.values())
