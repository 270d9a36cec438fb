"""Several parameters, repeated parameters, several values; and the same by POST."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from conformance import expect, meaning
from conformance.found import Found, acting

if TYPE_CHECKING:
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

LOINC = "http://loinc.org"
ONE, ANOTHER = (f"{LOINC}|59284-0", f"{LOINC}|64292-6")
SOMETIME, NEVER = (("period", "gt1990-01-01"), ("period", "lt1990-01-01"))
"""Periods that any consent of these days has, and has not."""
PATIENT = ("_include", "Consent:patient")


def test_different_parameters(consents: Consents, verifying: Verifying) -> None:
    """Two patients have consents of different categories. Patient and own category find one, with the other's, none."""
    mine = consents.having({"category": _categories(ONE)})
    near, own = consents.of_patient(mine.patient), _own(consents, mine)
    consents.findable(mine)
    others = [consents.having({"category": _categories(ANOTHER)}).id] if consents.may_create else []
    nobody = consents.unused_id()
    foreign = ANOTHER if consents.may_create else f"{LOINC}|{nobody}"

    with verifying("r4.search.different-parameters-narrow", "medicasoft.search.patient-and-category-together"):
        found = consents.find(near, ("category", own), include=[mine.id])
        expect.matches(found, include=[mine.id], exclude=others)
    alone = []
    if consents.offers("search:_id") and mine.id not in consents.find(("_id", nobody), tolerant=True).ids:
        alone.append(("_id", mine.id))
    for query in (
        (near, ("category", foreign)),
        (("category", foreign), near),
        *((one, ("category", foreign)) for one in alone),
    ):
        with verifying("r4.search.different-parameters-narrow", "medicasoft.search.patient-and-category-together"):
            expect.matches(consents.find(*query, tolerant=True), exclude=[mine.id, *others])


def test_a_repeated_parameter(consents: Consents, verifying: Verifying) -> None:
    """A consent of two categories is found by both at once; one that has only one of them, or neither, is not.

    With a third category, that neither has, none is found.
    """
    known = consents.having({"category": _categories(ONE, ANOTHER)})
    near, own = consents.of_patient(known.patient), _own(consents, known)
    consents.findable(known)
    second = ANOTHER if consents.may_create else own
    others = []
    if consents.may_create:
        others.append(consents.having({"category": _categories(ONE)}, patient=known.patient).id)
    nowhere = f"{LOINC}|{consents.unused_id()}"

    for pair in ((own, second), (second, own)):
        with verifying("r4.search.repeated-parameter-narrows"):
            found = consents.find(near, *(("category", value) for value in pair), include=[known.id])
            expect.matches(found, include=[known.id], exclude=others)
    for values in ((own, nowhere), (nowhere, own), (own, second, nowhere)):
        with verifying("r4.search.repeated-parameter-narrows"):
            found = consents.find(near, *(("category", value) for value in values), tolerant=True)
            expect.matches(found, exclude=[known.id, *others])


def test_a_repeated_period(consents: Consents, verifying: Verifying) -> None:
    """Of three consents of a patient that follow one another, a time before and a time after find the middle one."""
    if not (consents.may_create and consents.offers("search:period")):
        return
    middle = consents.lasting({"start": "2036-02-01", "end": "2036-10-31"})
    near = consents.of_patient(middle.patient)
    others = [
        consents.lasting({"start": f"{year}-02-01", "end": f"{year}-10-31"}, patient=middle.patient).id
        for year in (2032, 2041)
    ]
    after, before = ("period", "gt2034-06-01"), ("period", "lt2039-06-01")
    for bound, beyond in ((after, others[0]), (before, others[1])):
        found = consents.find(near, bound, include=[middle.id], tolerant=True).ids
        if middle.id not in found or beyond in found:
            return  # a bound that does not select as it should is judged elsewhere

    for pair in ((after, before), (before, after)):
        with verifying("r4.search.repeated-parameter-narrows"):
            expect.matches(consents.find(near, *pair, include=[middle.id]), include=[middle.id], exclude=others)


def test_two_patients(consents: Consents, verifying: Verifying) -> None:
    """Two patients have a consent each. One patient or the other finds both, and so does either id; both, neither."""
    first, second = consents.given("active"), consents.given("active")
    ids = [first.id, second.id]
    if second.id in consents.findable(first).ids or first.id in consents.findable(second).ids:
        return  # then the parameter is to blame
    for one, other in ((first, second), (second, first)):
        (name, value), (_, another) = consents.of_patient(one.patient), consents.of_patient(other.patient)

        with verifying("r4.search.comma-widens"):
            expect.matches(consents.find((name, f"{value},{another}"), include=ids), include=ids)
            if consents.offers("search:_id"):
                expect.matches(consents.find(("_id", f"{one.id},{other.id}"), include=ids), include=ids)
        with verifying("r4.search.repeated-parameter-narrows"):
            both = consents.find((name, value), (name, another), tolerant=True)
            expect.matches(both, exclude=ids)


def test_values_separated_by_commas(consents: Consents, verifying: Verifying) -> None:
    """A patient's consents of two categories are both found by the two values; with unknown values, the one it is."""
    known = consents.having({"category": _categories(ONE)})
    near, own = consents.of_patient(known.patient), _own(consents, known)
    consents.findable(known)
    nowhere = f"{LOINC}|{consents.unused_id()}"
    others = []
    if consents.may_create:
        others.append(consents.having({"category": _categories(ANOTHER)}, patient=known.patient).id)
        with verifying("r4.search.comma-widens"):
            found = consents.find(near, ("category", f"{own},{ANOTHER}"), include=[known.id, *others])
            expect.matches(found, include=[known.id, *others])
    for values in (f"{own},{nowhere}", f"{nowhere},{own}", f"{nowhere},{nowhere}0,{own}"):
        with verifying("r4.search.comma-widens"):
            found = consents.find(near, ("category", values), include=[known.id])
            expect.matches(found, include=[known.id], exclude=others)


@dataclass(frozen=True, kw_only=True)
class Selecting:
    """A parameter with a value that a consent has, and one that it has not."""

    name: str
    own: str
    other: str


def test_status_actor_and_period(consents: Consents, verifying: Verifying) -> None:
    """A patient's consent is found by its status, its actor and its period, and not by others: so it is in company.

    Beside another value, separated by a comma in either order, its own still finds it; as two parameters they do not.
    All three together find it; of two of them one with another value is enough not to.
    """
    known = None
    if consents.may_create and consents.offers("search:actor"):
        patient = consents.patient()
        known = consents.taken_with({"provision.actor": [acting(patient)]}, patient=patient)
    known = known or consents.given("active")
    near = consents.of_patient(known.patient)
    consents.findable(known)
    selecting = [one for one in _own_and_other(consents, known) if _selects(consents, known, one)]

    for one in selecting if consents.offers("multiple-values") else ():
        for pair in ((one.own, one.other), (one.other, one.own)):
            with verifying("r4.search.comma-widens"):
                either = consents.find(near, (one.name, ",".join(pair)), include=[known.id])
                expect.matches(either, include=[known.id])
            with verifying("r4.search.repeated-parameter-narrows"):
                both = consents.find(near, *((one.name, value) for value in pair), tolerant=True)
                expect.matches(both, exclude=[known.id])
    if len(selecting) > 1:
        with verifying("r4.search.different-parameters-narrow"):
            found = consents.find(near, *((one.name, one.own) for one in selecting), include=[known.id])
            expect.matches(found, include=[known.id])
    for one, other in combinations(selecting, 2):
        for query in (
            ((one.name, one.own), (other.name, other.other)),
            ((one.name, one.other), (other.name, other.own)),
        ):
            with verifying("r4.search.different-parameters-narrow"):
                expect.matches(consents.find(near, *query, tolerant=True), exclude=[known.id])


def test_searching_by_post(consents: Consents, verifying: Verifying) -> None:
    """A consent that GET finds is found by a POST with the same form, and not by a form for another patient."""
    known = consents.given("active")
    consents.findable(known)

    with verifying("r4.search.post-equals-get"):
        found = consents.find(consents.of_patient(known.patient), include=[known.id], method="POST")
        expect.matches(found, include=[known.id])
        other = consents.of_patient(consents.patient_without_consents())
        nothing = consents.find(other, method="POST", tolerant=True)
        expect.matches(nothing, exclude=[known.id])


def test_a_form_that_says_more(consents: Consents, verifying: Verifying) -> None:
    """What GET finds and leaves out by a patient with a category, several or a period, a POST of the same form does."""
    known = consents.given("active")
    consents.findable(known)
    near = consents.of_patient(known.patient)
    finding: list[tuple[tuple[str, str], ...]] = []
    missing: list[tuple[tuple[str, str], ...]] = []
    if consents.offers("search:category") and known.category:
        own, nowhere = ("category", known.category), ("category", consents.unused_id())
        finding.append((near, own))
        missing += [(near, nowhere), (nowhere, near)]
        if consents.offers("multiple-values"):
            finding.append((near, ("category", f"{nowhere[1]},{own[1]}")))
            missing += [(near, own, nowhere), (near, nowhere, own)]
    if consents.offers("search:period"):
        finding.append((near, SOMETIME))
        missing.append((near, NEVER))

    for form in finding:
        if known.id in consents.find(*form, include=[known.id], tolerant=True).ids:  # else GET is to blame
            with verifying("r4.search.post-equals-get"):
                found = consents.find(*form, include=[known.id], method="POST")
                expect.matches(found, include=[known.id])
    for form in missing:
        if known.id not in consents.find(*form, tolerant=True).ids:
            with verifying("r4.search.post-equals-get"):
                expect.matches(consents.find(*form, method="POST", tolerant=True), exclude=[known.id])


def test_a_form_that_shapes_the_answer(consents: Consents, verifying: Verifying) -> None:
    """A patient has two consents. A page for one match, with the patient included, is by POST what it is by GET."""
    including = [PATIENT] if consents.offers("include:patient") else []
    counting = [("_count", "1")] if consents.offers("search:_count") else []
    if not (including or counting):
        return
    held = consents.held() if including and consents.may_create else None
    known = consents.given("active", patient=held)
    if consents.may_create:
        consents.given("active", patient=known.patient)
    several = len(consents.findable(known).ids) > 1
    asked = [consents.of_patient(known.patient), *counting, *including]
    page = consents.search(asked)
    if page.status != 200:
        return  # then GET is to blame
    by_get = Found((page,))

    posted = consents.search(asked, method="POST")

    with verifying("r4.search.post-equals-get"):
        expect.status(posted, 200)
        by_post = Found((posted,))
        if counting and several and len(by_get.matches) == 1:
            listed = len(by_post.matches)
            expect.true(listed < 2, "one match on the page, as GET shows it", f"{listed}", posted)
        along = "/".join(known.patient.split("/")[-2:])
        if along in by_get.others and by_post.matches:
            expect.true(along in by_post.others, f"{along} beside the match, as GET shows it", "none", posted)


def _own_and_other(consents: Consents, known: Kept) -> list[Selecting]:
    """What status, actor and period can be asked for, as far as they are claimed and the consent has them."""
    status = str(known.body.get("status", "active"))
    actors = [consents.typed(actor) for actor in known.actors[:1]]
    told = [
        Selecting(name="status", own=status, other="rejected" if status != "rejected" else "active"),
        *(Selecting(name="actor", own=one, other=f"Practitioner/{consents.unused_id()}") for one in actors),
        Selecting(name="period", own=SOMETIME[1], other=NEVER[1]),
    ]
    return [one for one in told if consents.offers(f"search:{one.name}")]


def _selects(consents: Consents, known: Kept, asked: Selecting) -> bool:
    """Whether the parameter, beside the patient, finds the consent by its own value, and answers without it by another.

    Where it does not, the parameter is to blame, and not its company.
    """
    near = consents.of_patient(known.patient)
    own = consents.find(near, (asked.name, asked.own), include=[known.id], tolerant=True)
    other = consents.find(near, (asked.name, asked.other), tolerant=True)
    return known.id in own.ids and bool(other.pages) and known.id not in other.ids


def _categories(*values: str) -> list[dict[str, list[dict[str, str]]]]:
    pairs = [value.split("|") for value in values]
    return [{"coding": [{"system": system, "code": code}]} for system, code in pairs]


def _own(consents: Consents, known: Kept) -> str:
    """A category of the consent, as a search value."""
    for system, code in meaning.coded(known.body.get("category")):
        return f"{system}|{code}"
    raise consents.untestable("the consent's categories have no code with a system", remedy="given.consents")
