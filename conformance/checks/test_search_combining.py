"""Several parameters, repeated parameters, several values; and the same by POST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect, meaning

if TYPE_CHECKING:
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

LOINC = "http://loinc.org"
ONE, ANOTHER = (f"{LOINC}|59284-0", f"{LOINC}|64292-6")


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
    """A consent of two categories is found by both at once; one that has only one of them, or neither, is not."""
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
    for pair in ((own, nowhere), (nowhere, own)):
        with verifying("r4.search.repeated-parameter-narrows"):
            found = consents.find(near, *(("category", value) for value in pair), tolerant=True)
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
    """A patient's consents of two categories are both found by the two values; with an unknown value, the one it is."""
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
    for values in (f"{own},{nowhere}", f"{nowhere},{own}"):
        with verifying("r4.search.comma-widens"):
            found = consents.find(near, ("category", values), include=[known.id])
            expect.matches(found, include=[known.id], exclude=others)


def test_searching_by_post(consents: Consents, verifying: Verifying) -> None:
    """A consent that GET finds is found by a POST with the same form, and not by a form for another patient.

    Nor by one that asks for another category besides, before the patient or after.
    """
    known = consents.given("active")
    consents.findable(known)

    with verifying("r4.search.post-equals-get"):
        found = consents.find(consents.of_patient(known.patient), include=[known.id], method="POST")
        expect.matches(found, include=[known.id])
        other = consents.of_patient(consents.patient_without_consents())
        nothing = consents.find(other, method="POST", tolerant=True)
        expect.matches(nothing, exclude=[known.id])
    if not (consents.offers("search:category") and known.category):
        return
    near, own = consents.of_patient(known.patient), ("category", known.category)
    nowhere = ("category", consents.unused_id())
    found = consents.find(near, own, include=[known.id], tolerant=True)
    strays = [known.id in consents.find(*both, tolerant=True).ids for both in ((near, nowhere), (nowhere, near))]
    if known.id not in found.ids or any(strays):
        return  # then the parameters are to blame, and not the form

    with verifying("r4.search.post-equals-get"):
        both = consents.find(near, own, include=[known.id], method="POST")
        expect.matches(both, include=[known.id])
        for form in ((near, nowhere), (nowhere, near)):
            expect.matches(consents.find(*form, method="POST", tolerant=True), exclude=[known.id])


def _categories(*values: str) -> list[dict[str, list[dict[str, str]]]]:
    pairs = [value.split("|") for value in values]
    return [{"coding": [{"system": system, "code": code}]} for system, code in pairs]


def _own(consents: Consents, known: Kept) -> str:
    """A category of the consent, as a search value."""
    for system, code in meaning.coded(known.body.get("category")):
        return f"{system}|{code}"
    raise consents.untestable("the consent's categories have no code with a system", remedy="given.consents")
