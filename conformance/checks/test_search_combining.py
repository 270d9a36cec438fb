"""Several parameters, repeated parameters, several values; and the same by POST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect

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
    foreign = ANOTHER if consents.may_create else f"{LOINC}|{consents.unused_id()}"

    with verifying("r4.search.different-parameters-narrow", "medicasoft.search.patient-and-category-together"):
        found = consents.find(near, ("category", own), include=[mine.id])
        expect.matches(found, include=[mine.id], exclude=others)
    for query in ((near, ("category", foreign)), (("category", foreign), near)):
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
    """A consent that GET finds is found by a POST with the same form, and not by a form for another patient."""
    known = consents.given("active")
    consents.findable(known)

    with verifying("r4.search.post-equals-get"):
        found = consents.find(consents.of_patient(known.patient), include=[known.id], method="POST")
        expect.matches(found, include=[known.id])
        other = consents.of_patient(consents.patient_without_consents())
        nothing = consents.find(other, method="POST", tolerant=True)
        expect.matches(nothing, exclude=[known.id])


def _categories(*values: str) -> list[dict[str, list[dict[str, str]]]]:
    pairs = [value.split("|") for value in values]
    return [{"coding": [{"system": system, "code": code}]} for system, code in pairs]


def _own(consents: Consents, known: Kept) -> str:
    """A category of the consent, as a search value."""
    for concept in known.body["category"]:
        for coding in concept.get("coding", []):
            if {"system", "code"} <= set(coding):
                return f"{coding['system']}|{coding['code']}"
    raise consents.untestable("the consent's categories have no code with a system", remedy="given.consents")
