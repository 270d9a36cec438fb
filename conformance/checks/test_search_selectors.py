"""Searches that need one of a few parameters: which are enough, and what several of them mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect
from conformance.found import Found, element
from conformance.headers import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

SELECTING_NOTHING = ("_id=", "patient=", "actor=", "status=active", "_count=2", "_lastUpdated=gt2000-01-01")
"""Queries with an empty selector, or with a parameter that is none where it is not claimed."""
INCLUDES = {"patient": ("_include", "Consent:patient"), "actor": ("_include", "Consent:actor")}


def test_one_selector(consents: Consents, verifying: Verifying) -> None:
    """A consent's id, its patient and its actor, and identifiers of both, are asked for alone: each is carried out."""
    known = consents.given("active")
    consents.current(known)
    answers = [consents.search([selector]) for selector in _selectors(consents, known)]

    with verifying("oracle-health.search.one-selector-is-enough"):
        for answer in answers:
            expect.status(answer, 200)
            expect.resource_type(answer, "Bundle")


def test_no_selector(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by a selector. Without any, alone or with an include, a search is refused.

    So is one with an empty selector, or with a parameter alone that is none; at least it finds nothing.
    """
    consents.findable(consents.given("active"))
    nothing = Change(flaw="a search that selects nothing")
    queries = ["/Consent", *(f"/Consent?_include=Consent:{name}" for name in INCLUDES if _includes(consents, name))]

    answers = [consents.request("GET", query, action="search", change=nothing) for query in queries]

    with verifying("oracle-health.search.no-selector-is-refused"):
        for answer in answers:
            expect.refused(answer, best=400)
    for query in SELECTING_NOTHING:
        name, _, value = query.partition("=")
        if value and consents.offers(f"search:{name}"):
            continue
        answer = consents.request("GET", f"/Consent?{query}", action="search", change=nothing)
        with verifying("oracle-health.search.no-selector-is-refused"):
            if answer.status == 200:
                answer.note(f"a search by {query} is not refused")
                expect.equal(sorted(Found((answer,)).ids), [], f"what a search by {query} finds:", answer)
            else:
                expect.refused(answer, best=400)


def test_an_id_beside_another_patient(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by its id. With another patient beside, before it or after it, it is found as well, alone.

    So it is with an actor that finds the other patient's consent and not this one. An id that nobody has finds nothing,
    whatever stands beside it.
    """
    known, other = consents.given("active"), consents.given("active")
    consents.findable(other)
    own, foreign = ("_id", known.id), consents.of_patient(other.patient)
    if known.id not in consents.find(own, include=[known.id]).ids:
        raise consents.untestable("the search does not find a consent by its id")

    strangers = [foreign]
    if consents.offers("search:actor") and other.actors:
        actor = ("actor", _id(other.actors[0]))
        of_the_actor = consents.find(actor, include=[other.id], tolerant=True).ids
        strangers += [actor] if other.id in of_the_actor and known.id not in of_the_actor else []
    for stranger in strangers:
        for query in ((own, stranger), (stranger, own)):
            with verifying("oracle-health.search.id-overrides-the-rest"):
                expect.matches(consents.find(*query, include=[known.id]), include=[known.id], exclude=[other.id])
    nobody = ("_id", consents.unused_id())
    if other.id not in consents.find(nobody, tolerant=True).ids:  # else the search by id is to blame
        for query in ((nobody, foreign), (foreign, nobody)):
            with verifying("oracle-health.search.id-overrides-the-rest"):
                expect.matches(consents.find(*query, tolerant=True), exclude=[other.id])
    if _includes(consents, "patient"):
        found = consents.find(own, INCLUDES["patient"], include=[known.id], tolerant=True)
        with verifying("oracle-health.search.id-overrides-the-rest"):
            seen = f"an include beside _id brings {len(found.others)} others"
            consents.met("trap.oracle.id-and-include", seen)
            expect.matches(found, include=[known.id])


def test_two_ids_in_one_value(consents: Consents, verifying: Verifying) -> None:
    """Two consents are asked for by one _id with a comma: the answer is a searchset or a refusal, nothing breaks."""
    known, other = consents.given("active"), consents.given("active")
    alone = consents.find(("_id", known.id), include=[known.id])

    answer = consents.search([("_id", f"{known.id},{other.id}")])

    with verifying("oracle-health.search.by-id"):
        expect.matches(alone, include=[known.id])
        expect.true(answer.status == 200 or answer.refused, "a searchset or a refusal", answer.described, answer)
        found = Found((answer, *consents.further_pages(answer))).ids if answer.status == 200 else set()
        seen = f"{len(found & {known.id, other.id})} of two found, {answer.status}"
        consents.met("trap.oracle.id-list", f"two ids with a comma: {seen}")


def test_a_patient_as_a_bare_id(consents: Consents, verifying: Verifying) -> None:
    """Two patients have a consent each. The bare id of either finds that patient's consent and not the other's."""
    mine, other = consents.given("active"), consents.given("active")
    for one, not_that in ((mine, other), (other, mine)):
        with verifying("oracle-health.search.by-patient"):
            found = consents.find((consents.dialect.patient_parameter, _id(one.patient)), include=[one.id])
            expect.matches(found, include=[one.id], exclude=[not_that.id])


def test_the_forms_of_an_actor(consents: Consents, verifying: Verifying) -> None:
    """An actor is asked for by type and id, with the type in the name, and as a bare id: each finds the consent.

    In none of these forms does the actor of another consent find it.
    """
    known, other = _with_actors(consents), _with_actors(consents)
    (kind, own), (_, foreign) = (known.actors[0].split("/")[-2:], other.actors[0].split("/")[-2:])

    for name, before in (("actor", f"{kind}/"), (f"actor:{kind}", ""), ("actor", "")):
        with verifying("oracle-health.search.by-actor"):
            found = consents.find((name, before + own), include=[known.id])
            expect.matches(found, include=[known.id], exclude=[other.id])
        with verifying("oracle-health.search.by-actor"):
            expect.matches(consents.find((name, before + foreign), tolerant=True), exclude=[known.id])


def test_an_identifier_of_the_patient(consents: Consents, verifying: Verifying) -> None:
    """A patient's identifier finds that patient's consent; with another value or another system it does not."""
    identifier = consents.identifier("patient")
    owned = _of_the_owner(consents, "patient", identifier)
    system, bar, value = identifier.partition("|")

    with verifying("oracle-health.search.by-patient-identifier"):
        _finds_one_of(consents, ("patient.identifier", identifier), owned)
    for strange in (f"{system}{bar}{value}0", *([f"urn:oid:2.999{bar}{value}"] if bar else [])):
        with verifying("oracle-health.search.by-patient-identifier"):
            expect.matches(consents.find(("patient.identifier", strange), tolerant=True), exclude=owned)


def test_an_identifier_of_the_actor(consents: Consents, verifying: Verifying) -> None:
    """An actor's identifier finds that actor's consent; a changed one does not, nor does the patient's identifier."""
    identifier = consents.identifier("actor")
    owned = _of_the_owner(consents, "actor", identifier)
    strangers = [f"{identifier}0"]
    if verifying.applies("oracle-health.search.by-patient-identifier"):
        strangers.append(consents.identifier("patient"))

    with verifying("oracle-health.search.by-actor-identifier"):
        _finds_one_of(consents, ("actor.identifier", identifier), owned)
    for strange in strangers:
        with verifying("oracle-health.search.by-actor-identifier"):
            expect.matches(consents.find(("actor.identifier", strange), tolerant=True), exclude=owned)


def test_two_patients(consents: Consents, verifying: Verifying) -> None:
    """Two patients are asked for, in one value and in two: refused, or answered with consents of these two alone."""
    mine, other = consents.given("active"), consents.given("active")
    consents.findable(mine)
    name, first = consents.of_patient(mine.patient)
    second = consents.of_patient(other.patient)[1]

    for query in ([(name, f"{first},{second}")], [(name, first), (name, second)]):
        answer = consents.search(query, change=Change(flaw="a selector that occurs twice"))
        with verifying("oracle-health.search.selector-may-occur-once"):
            consents.met("trap.oracle.once-or-repeat", f"two patients at once: {answer.described}")
            if answer.refused:
                continue
            expect.status(answer, 200)
            found = consents.paged(answer)
            whose = {_id(str(element(match, "patient.reference"))) for match in found.matches}
            strangers = sorted(whose - {_id(mine.patient), _id(other.patient)})
            expect.true(not strangers, "consents of the two patients", f"some of {strangers[:1]}", *found.pages)


def _selectors(consents: Consents, known: Kept) -> Iterator[tuple[str, str]]:
    """Every claimed parameter that is enough by itself, with a value, as far as one is known."""
    yield ("_id", known.id)
    yield (consents.dialect.patient_parameter, _id(known.patient))
    for actor in known.actors[:1]:
        yield ("actor", _id(actor))
    if consents.offers("search:patient.identifier"):
        yield ("patient.identifier", consents.identifier("patient"))
    if consents.offers("search:actor.identifier"):
        yield ("actor.identifier", consents.identifier("actor"))


def _finds_one_of(consents: Consents, selector: tuple[str, str], owned: list[str]) -> None:
    found = consents.find(selector, until=lambda found: bool(found.ids & set(owned)))
    holds = bool(found.ids & set(owned))
    expect.true(holds, f"a match Consent/{owned[0]}", f"{len(found.ids)} matches without it", *found.pages)


def _of_the_owner(consents: Consents, whose: str, identifier: str) -> list[str]:
    """The given consents of the patient, or with the actor, who has the identifier, as includes show it.

    Where nothing is included, or nobody included has it: all given consents, since the operator gave both.
    """
    owned: list[str] = []
    if _includes(consents, whose):
        for known in consents.existing("active"):
            answer = consents.search([consents.of_patient(known.patient), INCLUDES[whose]])
            found = Found((answer,) if answer.resource_type == "Bundle" else ())
            owners = {_id(known.patient)} if whose == "patient" else {_id(actor) for actor in known.actors}
            if any(_has(entry, owners, identifier) for entry in found.entries):
                owned.append(known.id)
    return owned or list(consents.given_ids)


def _has(entry: dict[str, object], owners: set[str], identifier: str) -> bool:
    resource = entry.get("resource")
    if not isinstance(resource, dict) or resource.get("resourceType") == "Consent" or resource.get("id") not in owners:
        return False
    listed = resource.get("identifier")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return identifier in {f"{row.get('system', '')}|{row.get('value')}" for row in rows}


def _includes(consents: Consents, name: str) -> bool:
    return consents.offers(f"include:{name}")


def _with_actors(consents: Consents) -> Kept:
    known = consents.given("active")
    if not known.actors:
        raise consents.untestable("a given consent names no actor", remedy="name others under given.consents")
    return known


def _id(reference: str) -> str:
    return reference.partition("/_history")[0].rpartition("/")[2]
