"""What the stand-ins of an example are at the target: patients, and those to whom a consent may refer."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from conformance import meaning
from conformance.model import NotTestable

if TYPE_CHECKING:
    from conformance.client import Consents, Json

PATIENTS = ("Patient/patient-0", "Patient/patient-1")
OTHERS = {"Practitioner": 2, "Organization": 1}
"""Types that a target can be asked to hold, and how many of them examples may refer to."""
STAND_INS = tuple(f"{kind}/{kind.lower()}-{index}" for kind, number in OTHERS.items() for index in range(number))


class World:
    """Stand-ins and what they stand for. Patients are fresh for each example where the target takes any."""

    def __init__(self, consents: Consents) -> None:
        self._consents = consents
        self._real: dict[str, str] = {}
        for name in STAND_INS:
            with contextlib.suppress(NotTestable):
                self._real[name] = consents.reference(name.partition("/")[0])
        self._patients = () if consents.dialect.patients == "any" else self._few_patients()

    @property
    def references(self) -> dict[str, tuple[str, ...]]:
        """Type → stand-ins of it that a consent may refer to."""
        kinds = dict.fromkeys(name.partition("/")[0] for name in self._real)
        found = {kind: tuple(name for name in self._real if name.startswith(f"{kind}/")) for kind in kinds}
        return {"Patient": PATIENTS[:1], **found}

    @property
    def known(self) -> frozenset[str]:
        """The stand-ins that stand for somebody, beside the patients."""
        return frozenset(self._real)

    def people(self) -> dict[str, str]:
        """Stand-in → reference, for one example: two patients who have no other consents if that can be had."""
        patients = self._patients or tuple(self._consents.patient() for _ in PATIENTS)
        return {**self._real, **{name: patients[index % len(patients)] for index, name in enumerate(PATIENTS)}}

    def _few_patients(self) -> tuple[str, ...]:
        """Two patients of the target, or one where it knows no other."""
        first = self._consents.patient()
        try:
            return first, self._consents.patient()
        except NotTestable:
            return (first,)


def real(value: Any, people: dict[str, str]) -> Any:
    """The same JSON with each stand-in replaced."""
    if isinstance(value, dict):
        return {key: real(inner, people) for key, inner in value.items()}
    if isinstance(value, list):
        return [real(inner, people) for inner in value]
    return people.get(value, value) if isinstance(value, str) else value


def standing_in(body: Json, patient: str = PATIENTS[0]) -> Json:
    """A body with its patient's stand-in, in Consent.patient and wherever else it names that patient."""
    reference = meaning.patient_of(body)
    named: Json = real(body, {reference: patient} if reference else {})
    return named
