"""Data to read where nothing may be created: what target.toml names, and what documented searches find from there.

Runs once, before the first check. What it finds is added to what was given, and the report says by which request it was
found. It looks at a few consents and follows no pages: it wants enough to work with and not all there is.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from conformance import meaning, period
from conformance.found import Found, element
from conformance.headers import PLAIN, Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.target import Given

ENOUGH = 6
"""So many consents give every check something to work with."""

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """The given data to use: `given` is whole, `found` says for each key of it which of its values came from where."""

    given: Given
    found: dict[str, str] = field(default_factory=dict)


def discover(consents: Consents, given: Given) -> Discovery:
    """Complete the given data of a target by reads and documented searches. Raises Unreachable."""
    if _is_complete(given, consents.claims):
        return Discovery(given=given)
    search = _Search(consents)
    known = {id: search.read(id) for id in given.consents}  # noqa: A001 - FHIR's own word
    before = list(known)
    for parameter, value in _starts(consents, given):
        if len(known) < ENOUGH:
            known |= {id: one for id, one in search.consents(parameter, value).items() if id not in known}  # noqa: A001
    if not known and "search" in consents.claims:
        known = search.consents(None, "")
    found = {key: values for key, values in _people(known, given).items() if values}
    if len(known) > len(before):
        found["consents"] = tuple(id for id in known if id not in before)[:ENOUGH]  # noqa: A001
    ended = tuple(id for id in (*before, *found.get("consents", ())) if _has_ended(known[id]))  # noqa: A001
    if ended and not given.ended_consents:
        found["ended_consents"] = ended
    for whose in ("patient", "actor"):
        key = f"{whose}_identifiers"
        if not getattr(given, key) and (identifier := search.identifier(whose, known)):
            found[key] = (identifier,)
    whole = dataclasses.replace(given, **{key: (*getattr(given, key), *values) for key, values in found.items()})
    ways = "; ".join(dict.fromkeys(search.ways)) or "reading the given consents"
    return Discovery(given=whole, found={key.replace("_", "-"): f"{len(found[key])} by {ways}" for key in found})


def _is_complete(given: Given, claims: frozenset[str]) -> bool:
    """Whether there is nothing to look for: two consents, and whatever else the claims make use of."""
    named = (
        given.patients,
        given.actors or "search:actor" not in claims,
        given.patient_identifiers or "search:patient.identifier" not in claims,
        given.actor_identifiers or "search:actor.identifier" not in claims,
        given.ended_consents or "ended-consent" not in claims,
    )
    return len(given.consents) > 1 and all(named)


def _starts(consents: Consents, given: Given) -> Iterator[tuple[str, str]]:
    """What can be searched by from what was given, as far as it is claimed."""
    if "search:patient" in consents.claims:
        yield from (consents.of_patient(patient) for patient in (*given.patients, *given.other_patients))
    if "search:actor" in consents.claims:
        yield from (("actor", consents.typed(actor)) for actor in given.actors)
    for whose, identifiers in (("patient", given.patient_identifiers), ("actor", given.actor_identifiers)):
        if f"search:{whose}.identifier" in consents.claims:
            yield from ((f"{whose}.identifier", identifier) for identifier in identifiers)


def _people(known: dict[str, Json], given: Given) -> dict[str, tuple[str, ...]]:
    """The patients and actors that the consents name, where none were given."""
    patients = tuple(dict.fromkeys(_last(meaning.patient_of(one)) for one in known.values() if meaning.patient_of(one)))
    actors = tuple(dict.fromkeys(reference for one in known.values() for reference in _actors(one)))
    return {
        "patients": patients[:1] if not given.patients else (),
        "other_patients": patients[1:] if not given.other_patients and not given.patients else (),
        "actors": actors if not given.actors else (),
    }


class _Search:
    """Documented searches, and what was done to find something."""

    def __init__(self, consents: Consents) -> None:
        self._consents = consents
        self.ways: list[str] = []

    def read(self, id: str) -> Json:  # noqa: A002 - FHIR's own word
        """The consent, {} when it cannot be read."""
        answer = self._consents.read(id)
        return answer.parsed if answer.status == 200 and answer.resource_type == "Consent" else {}

    def consents(self, parameter: str | None, value: str) -> dict[str, Json]:
        """Id → consent of the first page; a refusal finds nothing. Without a parameter: all that there are."""
        if parameter is None:
            nothing = Change(flaw="a search that selects nothing, which a server need not offer")
            answer = self._consents.request("GET", "/Consent", action="search", change=nothing)
        else:
            answer = self._consents.search([(parameter, value)], change=PLAIN)
        found = {str(match["id"]): match for match in _matches(answer) if "id" in match}
        if found:
            self.ways.append("GET /Consent" if parameter is None else f"GET /Consent?{parameter}=…")
        return found

    def identifier(self, whose: str, known: dict[str, Json]) -> str | None:
        """An identifier of an included patient or actor, as system|value, by which the target finds consents."""
        claims = self._consents.claims
        if not {f"search:{whose}.identifier", f"include:{whose}", "search:patient"} <= claims:
            return None
        for one in list(known.values())[:ENOUGH]:
            if not (patient := meaning.patient_of(one)):
                continue
            answer = self._consents.search([self._consents.of_patient(patient), ("_include", f"Consent:{whose}")])
            owners = {_last(patient)} if whose == "patient" else {_last(actor) for actor in _actors(one)}
            for identifier in _identifiers(answer, owners):
                if self.consents(f"{whose}.identifier", identifier):
                    self.ways.append(f"GET /Consent?…&_include=Consent:{whose}")
                    return identifier
        return None


def _matches(answer: Answer) -> list[Json]:
    bundle = answer.status == 200 and answer.resource_type == "Bundle"
    listed = answer.parsed.get("entry", []) if bundle else []
    well_formed = isinstance(listed, list) and all(isinstance(entry, dict) for entry in listed)
    return Found((answer,)).matches if bundle and well_formed else []


def _identifiers(answer: Answer, owners: set[str]) -> Iterator[str]:
    """The identifiers of the included people of these ids, as system|value."""
    if answer.status != 200 or answer.resource_type != "Bundle":
        return
    entries = answer.parsed.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        person = entry.get("resource") if isinstance(entry, dict) else None
        if (
            not isinstance(person, dict)
            or person.get("resourceType") == "Consent"
            or str(person.get("id")) not in owners
        ):
            continue
        listed = person.get("identifier")
        for row in listed if isinstance(listed, list) else ():
            if isinstance(row, dict) and row.get("system") and row.get("value"):
                yield f"{row['system']}|{row['value']}"


def _actors(consent: Json) -> list[str]:
    listed = element(consent, "provision.actor")
    found = (element(actor, "reference.reference") for actor in (listed if isinstance(listed, list) else ()))
    return ["/".join(one.partition("/_history")[0].split("/")[-2:]) for one in found if isinstance(one, str)]


def _has_ended(consent: Json) -> bool:
    lasting = element(consent, "provision.period")
    if not isinstance(lasting, dict) or "end" not in lasting:
        return False
    try:
        return period.in_force(lasting, datetime.now(UTC).isoformat(), None) == "no"
    except (ValueError, TypeError):
        return False


def _last(reference: str) -> str:
    return reference.partition("/_history")[0].rpartition("/")[2]
