"""A generated consent is written, and searched for in many ways."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from conformance import expect, meaning
from conformance.generate import probes, round_trips, sameness, values
from conformance.generate.resources import found_by
from conformance.generate.smaller import at, places, reduced
from conformance.generate.valid import Valid, origins
from conformance.generate.world import PATIENTS, standing_in
from conformance.headers import Change
from conformance.model import Violation
from conformance.period import search_matches
from conformance.validation.definitions import definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from random import Random

    from hypothesis import strategies as st

    from conformance.client import Json
    from conformance.found import Found
    from conformance.generate.exploring import Exploring, Smaller, Trial
    from conformance.generate.probes import Probe

PROBES, DATED = 5, 14
"""Searches for one consent: by token or reference, and by date."""
USUAL = 60
"""Characters of a search value."""
PLACES = {"period": "provision.period", "date": "dateTime"}
"""Parameters by date, and where they look (consent.html#search)."""


def examples(exploring: Exploring) -> st.SearchStrategy[Json]:
    """`{"kind", "body", "probes", "dated"}`: a valid consent, and which searches for it to try."""
    asking = exploring.consents
    names = [name for name in PLACES if asking.offers(f"search:{name}")]
    valid = Valid(exploring)

    def example(random: Random) -> Json:
        made = valid.consent(random)
        made["probes"] = [_place(random) for _ in range(PROBES)]
        made["dated"] = [_date_asked(random, names) for _ in range(DATED if names else 0)]
        return made

    return values.CHANCE.map(example)


def always(exploring: Exploring) -> Iterator[Json]:
    """For each token that servers are likely to read wrongly: a consent that has it everywhere, and is found by it."""
    asking, valid = exploring.consents, Valid(exploring)
    rules = definitions(asking.pack.fhir)
    for origin, token in product(origins(asking)[:1], values.TOKENS):
        body = origin.body
        for path in probes.tokens(rules, asking.claims):
            more = found_by(rules, body, path, token)
            body = body if more is None or valid.breaks({"body": more}) else more
        decided = _decided(probes.probes(rules, body, asking.claims))
        found = [number for number, probe in enumerate(decided) if probe.value.endswith(f"|{probes.escaped(token)}")]
        yield {"kind": origin.kind, "body": body, "probes": found, "dated": []}


def smaller(exploring: Exploring) -> Smaller:
    """Takes away searches, and then parts of the consent while it stays valid."""
    valid = Valid(exploring)

    def made_smaller(example: Json, still: Callable[[Json], bool]) -> Json:
        for asked in ("probes", "dated"):
            example = reduced(example, still, under=(asked,), deepest=1)
        return valid.smaller(example, still)

    return made_smaller


def _place(random: Random) -> int:
    """Which of the searches for a consent to try: the unusual ones come first among them, and are tried more often."""
    return values.number(random, 3 if values.now_and_then(random) else 63)


def _date_asked(random: Random, names: list[str]) -> Json:
    of = values.pick(random, ("start", "end", "start", "end", ""))
    return {
        "name": values.pick(random, names),
        "of": of or values.date_time(random),
        "cut": values.pick(random, probes.CUTS),
        "prefix": values.pick(random, probes.PREFIXES),
    }


def attempt(trial: Trial) -> None:
    """Create the consent, read it, look for it. What was lost cannot be searched for, and is judged elsewhere.

    `neighbours` are consents of other patients that a kept example needs: while others are made, there are some.
    """
    for body in trial.example.get("neighbours", ()):
        change = Change(flaw="as the target has shown it")
        trial.consents.kept(trial.consents.create(body, kind=trial.example["kind"], change=change), "neighbour")
    read = round_trips.written(trial)
    trial.violations.clear()
    if read is None or read.status != 200 or read.resource_type != "Consent":
        return
    if meaning.lost(trial.example["body"], read.parsed):
        return
    for aspect, probe in _probes(trial, read.parsed):
        _ask(trial, str(read.requested_id), aspect, probe)


def _probes(trial: Trial, shown: Json) -> list[tuple[str, Probe]]:
    """(aspect, search) for the searches that the example asks for, where a read shows what they look at as sent."""
    asking, body = trial.consents, trial.example["body"]
    rules = definitions(asking.pack.fhir)
    visible = set(probes.probes(rules, shown, asking.claims))
    sent = probes.probes(rules, body, asking.claims)
    decided = _decided(probe for probe in sent if probe in visible or not probe.finds)
    found = [("found", decided[number % len(decided)]) for number in trial.example["probes"] if decided]
    for asked in trial.example["dated"]:
        known = probes.dated(body, PLACES[asked["name"]])
        probe = probes.date_probe(asked["name"], known, asked, zone=asking.dialect.zone)
        if probe is None or known != probes.dated(shown, PLACES[asked["name"]]):
            continue
        if probe.finds or asked["name"] != "period" or not _may_be_found_within(body, probe, asking.dialect.zone):
            found.append(("dates", probe))
    return list(dict.fromkeys(found))


def _may_be_found_within(body: Json, probe: Probe, zone: str | None) -> bool:
    """Whether a period of a rule within rules is selected, or may be: a server may look at those as well."""
    rules = body.get("provision") or {}
    inner = [at(rules, place) for place in places(rules) if place[-1] == "period" and len(place) > 1]
    return any(search_matches(one, probe.value, zone) != "no" for one in inner if isinstance(one, dict))


def _decided(found: Iterable[Probe]) -> list[Probe]:
    """Those that servers are likely to read wrongly first."""
    return sorted(found, key=_is_usual)


def _is_usual(probe: Probe) -> bool:
    """Whether a search has no value that servers are likely to read wrongly: long, with blanks or with escapes."""
    return len(probe.value) < USUAL and not set(probe.value) & set(" \\")


def _ask(trial: Trial, id: str, aspect: str, probe: Probe) -> None:  # noqa: A002 - FHIR's own word
    asking, patient = trial.consents, meaning.patient_of(trial.example["body"])
    wanted = [id] if probe.finds else []
    query = (asking.of_patient(patient), (probe.name, probe.value))
    first = asking.search(query)
    if first.refused:
        return  # prefixes may be few, values too long: other requirements say which searches may not be refused
    with trial.watching(aspect):
        found = asking.paged(first)
        if probe.finds and id not in found.ids:  # it may lag behind
            found = asking.find(*query, include=wanted)
        with trial.watching("apart"):
            _of_one_patient(found, patient, trial)
        expect.matches(found, include=wanted, exclude=[] if probe.finds else [id])


def _of_one_patient(found: Found, patient: str, trial: Trial) -> None:
    wanted = patient.rpartition("/")[2]
    for match in found.matches:
        of = meaning.patient_of(match)
        if of.rpartition("/")[2] != wanted:
            body = {name: value for name, value in match.items() if name not in sameness.SERVERS_OWN}
            trial.besides.setdefault("apart", {"neighbours": [standing_in(body, PATIENTS[1])]})
            raise Violation(f"consents of {patient} alone", f"Consent/{match.get('id')} of {of}", found.shows)
