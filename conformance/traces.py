"""Where the journal of a run leads: to resources by their ids, and to searches for what no answer has named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from conformance.answer import instant
from conformance.found import element

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from conformance.journal import Write

CLOCKS_APART = timedelta(minutes=1)
"""How far the clock of a server may be behind ours."""

Place = tuple[str, str]
"""Type and logical id."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to look: resources by id, patients whose consents to search for, marks to search for by type."""

    places: tuple[Place, ...]
    patients: tuple[str, ...]
    marks: tuple[tuple[str, str], ...]
    own_patients: frozenset[str]
    own_marks: frozenset[str]
    answered: Mapping[Place, Sequence[tuple[str, str]]]
    """What creates were answered with: place → patient and moment of each request."""
    lost: int
    """Creates of which nobody knows what came of them, and that name nothing to search by."""

    def owns(self, resource: dict[str, Any]) -> bool:
        """Whether the content of a resource shows that the run made it."""
        patient = logical_id(
            str(element(resource, "patient.reference") or element(resource, "subject.reference") or "")
        )
        if patient in self.own_patients:
            return True
        updated = instant(element(resource, "meta.lastUpdated"))
        place = (str(resource.get("resourceType")), str(resource.get("id")))
        for sent, moment in self.answered.get(place, ()):
            if patient and sent == patient and updated and updated >= datetime.fromisoformat(moment) - CLOCKS_APART:
                return True
        text = json.dumps({name: resource.get(name) for name in ("identifier", "meta")})
        return any(mark in text for mark in self.own_marks)


def plan(writes: Iterable[Write], *, given: Collection[str]) -> Plan:
    """What the writes of a run may have left. `given`: ids of the target's own resources, which are never touched."""
    writes = tuple(writes)
    created = {id for one in writes if one.succeeded and one.method == "POST" for id in one.ids}  # noqa: A001
    own_patients = {logical_id(one.patient) for one in writes if one.own_patient}
    own_patients |= {id for one in writes if one.succeeded and one.type == "Patient" for id in one.ids}  # noqa: A001
    own_patients -= set(given)
    places: dict[Place, None] = {}
    patients: dict[str, None] = {}
    marks: dict[tuple[str, str], None] = {}
    answered: dict[Place, list[tuple[str, str]]] = {}
    lost = 0
    for one in writes:
        if one.method == "DELETE" or not one.type:
            continue
        named = [*one.ids, *([one.id] if one.id and (one.own_id or one.id in created) else [])]
        places |= {(one.type, id): None for id in named if id not in given}  # noqa: A001
        if one.succeeded and one.ids:
            for id in one.ids if one.method == "POST" else ():  # noqa: A001
                answered.setdefault((one.type, id), []).append((logical_id(one.patient), one.at))
            continue
        if one.patient and (one.mark or logical_id(one.patient) in own_patients):
            patients[str(one.patient)] = None
        elif one.mark:
            marks[one.type, one.mark] = None
        elif one.method == "POST" and one.fits and (one.status is None or one.status >= 500):
            lost += 1
    return Plan(
        places=tuple(places),
        patients=tuple(patients),
        marks=tuple(marks),
        own_patients=frozenset(own_patients),
        own_marks=frozenset(one.mark for one in writes if one.mark),
        answered=answered,
        lost=lost,
    )


def logical_id(reference: str | None) -> str:
    """The last part of a reference, or of nothing."""
    return str(reference or "").rpartition("/")[2]
