"""How a search takes what it does not know, cannot read, or was told nothing about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest

from conformance import expect, meaning
from conformance.found import acting
from conformance.headers import Change

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

UNKNOWN = ("nosuchparameter", "x")
STRANGE = "an unknown parameter"
TYPED = re.compile(r"(^|/)(?P<kind>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]+)$")
"""A reference that ends in type and id."""


def test_a_modifier_that_nobody_supports(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by its patient. A modifier that no server knows, on any claimed parameter, is refused.

    So it is in a form that is posted.
    """
    known = consents.given("active")
    consents.findable(known)
    near = consents.of_patient(known.patient)
    asked = {
        near[0]: near[1],
        "_id": known.id,
        "status": str(known.body.get("status")),
        "date": "2024",
        "category": "59284-0",
        "actor": consents.typed(known.patient),
        "period": "gt1990-01-01",
        "_lastUpdated": "gt1990-01-01",
    }
    flaw = Change(flaw="a modifier that does not exist")

    for name, value in asked.items():
        if name == near[0] or consents.offers(f"search:{name}"):
            answer = consents.search([near, (f"{name}:nosuchmodifier", value)], change=flaw)
            with verifying("r4.search.unsupported-modifier-is-refused"):
                expect.unsupported(answer, best=400)
    stranger = consents.of_patient(f"Patient/{consents.unused_id()}")
    if consents.offers("search:post") and _tells_apart(consents, known, near, stranger, method="POST"):
        posted = consents.search([(f"{near[0]}:nosuchmodifier", near[1])], method="POST", change=flaw)
        with verifying("r4.search.unsupported-modifier-is-refused"):
            expect.unsupported(posted, best=400)


def test_a_modifier_that_is_accepted(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by its patient. :missing, :not, a type and others are refused, or select what they say.

    A code that was made up is found by no modifier that looks for it, in a hierarchy or as a part of one.
    """
    known = _with_an_actor(consents) or consents.given("active")
    consents.findable(known)
    near = consents.of_patient(known.patient)
    status = str(known.body.get("status"))
    bare = known.patient.rpartition("/")[2]
    found = [(f"{near[0]}:missing", "false"), (f"{near[0]}:Patient", bare)]
    excluded = [(f"{near[0]}:missing", "true"), (f"{near[0]}:Patient", consents.unused_id())]
    if "." not in near[0]:
        excluded.append((f"{near[0]}:Practitioner", bare))
    nowhere = f"Practitioner/{consents.unused_id()}"
    actor = TYPED.search(known.actors[0]) if consents.offers("search:actor") and len(known.actors) == 1 else None
    if actor and _tells_apart(
        consents, known, ("actor", consents.typed(actor[0].strip("/"))), ("actor", nowhere), near
    ):
        found.append((f"actor:{actor['kind']}", actor["id"]))
        excluded += [(f"actor:{kind}", actor["id"]) for kind in ("Practitioner", "Device") if kind != actor["kind"]]
    if consents.offers("search:status"):
        found += [("status:not", "rejected" if status != "rejected" else "active"), ("status:missing", "false")]
        excluded += [("status:not", status), ("status:missing", "true")]
    system, bar, _ = known.category.partition("|")
    own, other = (("category", value) for value in (known.category, f"{system}|{consents.unused_id()}"))
    if bar and consents.offers("search:category") and _tells_apart(consents, known, own, other, near):
        found.append(("category:missing", "false"))
        excluded += [("category:missing", "true"), ("category:not", known.category)]
        excluded += [
            (f"category:{modifier}", value)
            for modifier in ("in", "text")  # a code with its system names no set of values, and no text holds it
            for value in (known.category, other[1])
        ]
        excluded += [(f"category:{modifier}", other[1]) for modifier in ("above", "below", "exact", "contains")]

    for parameter in found:
        answer = consents.search([near, parameter])
        with verifying("r4.search.accepted-modifier-has-its-meaning"):
            if answer.refused or answer.unsupported:
                answer.note(f"{parameter[0]} is refused")
            else:
                expect.matches(consents.paged(answer), include=[known.id])
    for parameter in excluded:
        with verifying("r4.search.accepted-modifier-has-its-meaning"):
            flaw = Change(flaw="a modifier that may mean nothing for this value")
            expect.matches(consents.find(near, parameter, tolerant=True, change=flaw), exclude=[known.id])


def test_a_parameter_that_the_server_does_not_know(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by its patient, and also when a parameter stands beside that no server knows."""
    known = consents.given("active")
    consents.findable(known)

    answer = consents.search([consents.of_patient(known.patient), UNKNOWN], change=Change(flaw=STRANGE))

    with verifying("r4.search.unknown-parameter-is-ignored"):
        _as_without(consents, answer, known.id)
    with verifying("medicasoft.search.unknown-parameter"):
        consents.met("trap.medicasoft.invalid-parameters", f"with an unknown parameter: {answer.described}")
        _as_without(consents, answer, known.id)
        others = _of_others(consents, answer, known)
        expect.equal(others, [], "consents of other patients:", answer)


@pytest.mark.parametrize("value", ["Patient/", "Patient/a/b/c", "http://"], ids=["no-id", "a-path", "a-scheme"])
def test_a_reference_that_names_nobody(consents: Consents, verifying: Verifying, value: str) -> None:
    """A consent is found by its patient. A value that can name no patient is refused, and no consent is found by it."""
    known = consents.given("active")
    consents.findable(known)

    answer = consents.search([(consents.dialect.patient_parameter, value)], change=Change(flaw="it names nobody"))

    with verifying("medicasoft.search.invalid-values"):
        consents.met("trap.medicasoft.invalid-parameters", f"{value}: {answer.described}")
        expect.status(answer, 400, noted=(200, 404))
        if answer.status == 200:
            expect.equal(sorted(consents.paged(answer).ids), [], "the consents that are found:", answer)


def test_strict_and_lenient_handling(consents: Consents, verifying: Verifying) -> None:
    """Who prefers strict handling is refused for an unknown parameter; who prefers lenient handling is not."""
    known = consents.given("active")
    consents.findable(known)
    near = consents.of_patient(known.patient)

    for handling in ("strict", "lenient"):
        change = Change(setting=(("Prefer", f"handling={handling}"),))
        ordinary = consents.search([near], change=change)
        unknown = consents.search([near, UNKNOWN], change=Change(setting=change.setting, flaw=STRANGE))
        with verifying("r4.search.strict-handling-refuses"):
            expect.success(ordinary)
            expect.matches(consents.paged(ordinary), include=[known.id])
            if handling == "strict":
                expect.refused(unknown, best=400)
            else:
                expect.success(unknown)
                expect.matches(consents.paged(unknown), include=[known.id])


@pytest.mark.parametrize("date", ["23 May 2009", "2019-02-30"], ids=["in-words", "no-such-day"])
def test_a_date_that_cannot_be_read(consents: Consents, verifying: Verifying, date: str) -> None:
    """A search for a day works; one for a date that cannot be read is refused."""
    day = str(consents.given("active").body.get("dateTime", "2019-02-28"))[:10]
    ordinary = consents.search([("date", day)])
    if ordinary.status != 200:
        raise consents.untestable(f"a search for {day} does not work: {ordinary.described}")

    answer = consents.search([("date", date)], change=Change(flaw="no date"))

    with verifying("r4.search.bad-syntax-is-refused"):
        expect.refused(answer, best=400)


def test_a_parameter_without_a_value(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by its patient, and also when a parameter without a value stands beside."""
    known = consents.given("active")
    consents.findable(known)

    answer = consents.search([consents.of_patient(known.patient), ("category", "")])

    with verifying("r4.search.empty-value-is-ignored"):
        _as_without(consents, answer, known.id)


def _tells_apart(
    consents: Consents,
    known: Kept,
    own: tuple[str, str],
    other: tuple[str, str],
    *beside: tuple[str, str],
    method: Literal["GET", "POST"] = "GET",
) -> bool:
    """Whether the first finds the consent, and the second does not; where it is not so, the parameter is to blame."""
    return (
        known.id in consents.find(*beside, own, include=[known.id], tolerant=True, method=method).ids
        and known.id not in consents.find(*beside, other, tolerant=True, method=method).ids
    )


def _with_an_actor(consents: Consents) -> Kept | None:
    """A consent that names its patient as an actor, where the target takes such a one."""
    if not (consents.may_create and consents.offers("search:actor")):
        return None
    patient = consents.patient()
    return consents.taken_with({"provision.actor": [acting(patient)]}, patient=patient)


def _of_others(consents: Consents, answer: Answer, known: Kept) -> list[str]:
    """The ids of the matches that are about another patient."""
    if answer.status != 200:
        return []
    own = known.patient.rpartition("/")[2]
    found = consents.paged(answer).matches
    return [str(one.get("id")) for one in found if meaning.patient_of(one).rpartition("/")[2] != own]


def _as_without(consents: Consents, answer: Answer, id: str) -> None:  # noqa: A002 - FHIR's own word
    """The answer holds the consent as if the odd parameter were not there; 400 is mentioned."""
    expect.status(answer, 200, noted=(400,))
    if answer.status == 200:
        expect.matches(consents.paged(answer), include=[id])
