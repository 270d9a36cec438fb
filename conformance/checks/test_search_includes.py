"""_include: what comes along with the matches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance import expect, meaning
from conformance.found import Found, acting, element
from conformance.headers import Change
from conformance.model import Violation

if TYPE_CHECKING:
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

PATIENT = ("_include", "Consent:patient")
ACTOR = ("_include", "Consent:actor")


def test_including_the_patient(consents: Consents, verifying: Verifying) -> None:
    """A patient that the server holds has a consent. With the include the patient comes along, and nobody else."""
    known = _of_a_held_patient(consents)
    near = consents.of_patient(known.patient)
    patient = _local(known.patient)
    plain = consents.findable(known)

    found = consents.find(near, PATIENT, include=[known.id])

    with verifying("r4.search.include-patient"):
        if patient in plain.others:
            plain.first.note("the patient is listed without an include as well")
        expect.matches(found, include=[known.id])
        _along(found, patient)
        strangers = sorted({one for one in found.others if one.startswith("Patient/")} - _named_patients(found))
        expect.true(not strangers, "no patient that no match names", f"{strangers[:1]}", *found.pages)
        _nobody_else(found)


def test_including_the_actors(consents: Consents, verifying: Verifying) -> None:
    """A consent names actors that the server holds, two of another patient one each. The include brings them along.

    It brings nothing that no resource on the page refers to.
    """
    actors = [consents.held("Practitioner"), consents.held("Organization")] if consents.may_create else []
    named = [acting(actor) for actor in actors]
    known = consents.having({"provision.actor": named})
    if not consents.may_create:
        actors = [actor for actor in map(_local, known.actors) if consents.holds(actor)]
    if not actors:
        raise consents.untestable("the consent names no actor of given.actors", remedy="name them under given.actors")

    consents.findable(known)
    searched = [(known.patient, [known.id])]
    if consents.may_create:
        one, other = ({"provision.actor": [actor]} for actor in named)
        first = consents.having(one)
        searched.append((first.patient, [first.id, consents.having(other, patient=first.patient).id]))

    for patient, ids in searched:
        found = consents.find(consents.of_patient(patient), ACTOR, include=ids)
        with verifying("r4.search.include-actor"):
            expect.matches(found, include=ids)
            for actor in actors:
                _along(found, actor)
            _nobody_else(found)


def test_including_a_patient_of_two_consents(consents: Consents, verifying: Verifying) -> None:
    """A patient that the server holds has two consents. The include lists the patient once on a page."""
    known = _of_a_held_patient(consents) if consents.may_create else consents.one_of_several()
    if consents.may_create:
        consents.given("active", patient=known.patient)
    near = consents.of_patient(known.patient)
    if len(consents.find(near, until=_two).ids) < 2:
        raise consents.untestable("the patient has no second consent", remedy="name such a one under given.consents")

    found = consents.find(near, PATIENT, include=[known.id])

    with verifying("r4.search.include-adds-each-resource-once"):
        for page in found.pages:
            times = Found((page,)).others.count(_local(known.patient))
            expect.true(times < 2, f"{_local(known.patient)} once on a page", f"it {times} times", page)


def test_including_on_every_page(consents: Consents, verifying: Verifying) -> None:
    """A patient that the server holds has two consents, on two pages. Each page with a match holds the patient."""
    known = _of_a_held_patient(consents) if consents.may_create else consents.one_of_several()
    if consents.may_create:
        consents.given("active", patient=known.patient)
    near = consents.of_patient(known.patient)
    number = len(consents.find(near, until=_two).ids)
    if number < 2:
        raise consents.untestable("the patient has no second consent", remedy="name such a one under given.consents")

    found = consents.find(near, ("_count", str(number // 2)), PATIENT, include=[known.id])

    with verifying("r4.search.include-on-every-page"):
        for page in found.pages:
            one = Found((page,))
            if _local(known.patient) in _named_patients(one):
                _along(one, _local(known.patient))


def test_an_include_that_names_nothing(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by its patient. With an include of no known parameter it is found as well, or refused."""
    known = consents.given("active")
    consents.findable(known)
    near = consents.of_patient(known.patient)

    answer = consents.search([near, ("_include", "Consent:nosuchpath")], change=Change(flaw="an include of nothing"))

    with verifying("r4.search.bad-include-does-not-crash"):
        if answer.refused:
            answer.note("an include that names nothing is refused")
        else:
            expect.success(answer)
            expect.matches(consents.paged(answer), include=[known.id])


def test_both_includes_at_once(consents: Consents, verifying: Verifying) -> None:
    """A consent's patient and actors come along with both includes, in any order; with one of them its kind alone.

    They come along as well where the consent is found by an actor.
    """
    known = consents.given("active")
    near = consents.of_patient(known.patient)
    patient = _local(known.patient)
    actors = [actor for actor in map(_local, known.actors) if actor.startswith("RelatedPerson/")]
    plain = consents.findable(known)

    for wanted in ((PATIENT, ACTOR), (ACTOR, PATIENT)):
        with verifying("oracle-health.search.include-both"):
            found = consents.find(near, *wanted, include=[known.id])
            expect.matches(found, include=[known.id])
            for along in (patient, *actors):
                _along(found, along)
            unmarked = [one for one in (patient, *actors) if one not in _marked(found)]
            expect.equal(unmarked, [], "included resources that are not marked as include:", *found.pages)
    for wanted_alone, others in ((PATIENT, actors), (ACTOR, [patient])):
        with verifying("oracle-health.search.include-both"):
            found = consents.find(near, wanted_alone, include=[known.id])
            besides = sorted({one for one in others if one in found.others and one not in plain.others})
            expect.equal(besides, [], f"what {wanted_alone[1]} does not ask for:", *found.pages)
    by_actor = [("actor", consents.typed(actor)) for actor in actors[:1] if consents.offers("search:actor")]
    if by_actor and known.id in consents.find(*by_actor, include=[known.id], tolerant=True).ids:
        with verifying("oracle-health.search.include-both"):
            found = consents.find(*by_actor, PATIENT, ACTOR, include=[known.id])
            expect.matches(found, include=[known.id])
            for along in (patient, actors[0]):
                _along(found, along)


def test_the_actor_is_one_of_the_patients(consents: Consents, verifying: Verifying) -> None:
    """A consent's related persons come along with the include: each is related to the consent's patient."""
    known = consents.given("active")
    found = consents.find(consents.of_patient(known.patient), ACTOR, include=[known.id])
    actors = {_local(actor) for actor in known.actors}

    with verifying("oracle-health.model.patient-and-actor-belong-together"):
        for entry in found.entries:
            person = entry.get("resource")
            if f"{element(person, 'resourceType')}/{element(person, 'id')}" in actors:
                whose = _local(str(element(person, "patient.reference")))
                expect.equal(whose, _local(known.patient), "the patient of the related person", *found.pages)


def test_including_without_the_scope(consents: Consents, verifying: Verifying) -> None:
    """With the full token the includes bring somebody along. A token without their scopes gets nobody."""
    known = consents.given("active")
    near = consents.of_patient(known.patient)
    narrow = consents.with_token("narrow-scope")
    if narrow.search([near]).status != 200:
        raise consents.untestable(
            "the token of tokens.narrow-scope does not search consents", remedy="give one that may read consents alone"
        )
    if not consents.find(near, PATIENT, ACTOR, include=[known.id]).others:
        raise consents.untestable("the includes bring nobody along with the full token either")

    for include in (PATIENT, ACTOR):
        answer = narrow.search([near, include], change=Change(flaw="a token without the scope of what is included"))
        with verifying("oracle-health.search.include-needs-scopes"):
            if answer.status == 200:
                answer.note("the search is carried out without what may not be included")
                expect.equal(consents.paged(answer).others, [], "included resources:", answer)
            else:
                expect.refused(answer, best=403)


def _marked(found: Found) -> list[str]:
    """What is marked as included."""
    resources = [entry.get("resource") for entry in found.entries if element(entry, "search.mode") == "include"]
    return [f"{element(resource, 'resourceType')}/{element(resource, 'id')}" for resource in resources]


def _two(found: Found) -> bool:
    return len(found.ids) > 1


def _of_a_held_patient(consents: Consents) -> Kept:
    return consents.given("active", patient=consents.held() if consents.may_create else None)


def _along(found: Found, reference: str) -> None:
    """The resource stands beside the matches."""
    if reference not in found.others:
        raise Violation(f"{reference} beside the matches", f"{len(found.others)} others without it", found.shows)


def _nobody_else(found: Found) -> None:
    """What stands beside the matches is referred to by something on its page, or is the provenance of what is there."""
    for page in found.pages:
        one = Found((page,))
        told = json.dumps([entry.get("resource") for entry in one.entries])
        strangers = [other for other in one.others if other not in told and not other.startswith("Provenance/")]
        expect.equal(strangers, [], "what nothing on the page refers to:", page)


def _named_patients(found: Found) -> set[str]:
    return {_local(meaning.patient_of(match)) for match in found.matches}


def _local(reference: str) -> str:
    """Type/id of a reference, relative or absolute, without its version."""
    return "/".join(reference.partition("/_history")[0].split("/")[-2:])
