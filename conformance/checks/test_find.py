"""Finding a consent by way of its patient: the patient by a number, the consent by the patient."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance import expect, meaning
from conformance.found import objects

if TYPE_CHECKING:
    from conformance.client import Consents
    from conformance.recorder import Verifying

DOSE = "consent-dose-disp"


def test_looking_up_a_patient(consents: Consents, verifying: Verifying) -> None:
    """A patient is looked up by a number that the target was given with: one Patient has it, with a logical id."""
    identifier = consents.identifier("patient")
    number = identifier.rpartition("|")[2]

    with verifying("nll-2019.find.patient-gives-its-logical-id"):
        answer = consents.look_up(number)
        if identifier != number and not (answer.status == 200 and consents.paged(answer).of_type("Patient")):
            answer = consents.look_up(identifier)
            answer.note("the number is found with its system only")
        patients = consents.paged(answer).of_type("Patient")
        ids = {patient.get("id") for patient in patients}
        expect.equal(len(ids), 1, "patients with the number:", answer)
        expect.true(all(ids), "a Patient with a logical id", "one without", answer)
        shown = [_digits(one.get("value")) for one in objects(patients[0].get("identifier"))]
        same = any(value and _digits(number).endswith(value[-10:]) for value in shown)
        expect.true(same or not any(shown), "the patient who has the number", "one with other numbers", answer)


def test_a_found_dose_consent_says_what_it_is(consents: Consents, verifying: Verifying) -> None:
    """A dose consent is created, and found by its patient. What is found has the category code of dose consents."""
    known = consents.given("dose")
    found = consents.findable(known)

    with verifying("nll-2019.find.type-is-recognisable"):
        [listed] = [match for match in found.matches if match.get("id") == known.id][:1]
        codes = {coding["code"] for coding in meaning.codings(listed.get("category"))}
        expect.true(DOSE in codes, f"the category code {DOSE}", f"{sorted(codes) or 'none'}", found.first)


def _digits(value: Any) -> str:
    """A number as it is, whether it is written with a hyphen or without."""
    return re.sub(r"\D", "", str(value or ""))
