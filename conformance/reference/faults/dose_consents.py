"""Lies about registering a dose consent of 2019, and about finding it by way of its patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.faults.end_dating import with_validity
from conformance.reference.faults.search_patients import (
    NEED_A_MATCH,
    PatientSearchAddsAnother,
    PatientSearchFindsNothing,
)
from conformance.reference.messages import Refused, Request, Resource, Write

if TYPE_CHECKING:
    from conformance.reference.parameters import Criterion
    from conformance.reference.store import Stored

NLL = ("nll-2019",)


class PatientLookUpIsEmpty(
    Fault,
    name="patient-look-up-is-empty",
    breaks=("nll-2019.find.patient-gives-its-logical-id",),
    packs=NLL,
):
    """A known personal identity number finds no Patient."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        return stored.type != "Patient" and super().matches_criterion(stored, criterion)


class PatientLookUpFindsEverybody(
    Fault,
    name="patient-look-up-finds-everybody",
    breaks=("nll-2019.find.patient-gives-its-logical-id",),
    packs=NLL,
):
    """Any personal identity number finds every Patient."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        return stored.type == "Patient" or super().matches_criterion(stored, criterion)


class PatientLookUpFindsTheNext(
    Fault,
    name="patient-look-up-finds-the-next",
    breaks=("nll-2019.find.patient-gives-its-logical-id",),
    packs=NLL,
):
    """A personal identity number finds the Patient who was stored after the one who has it."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        if stored.type == "Patient":
            before = [other for other in self.searched("Patient") if other.first < stored.first]
            return bool(before) and super().matches_criterion(before[-1], criterion)
        return super().matches_criterion(stored, criterion)


class LogicalIdFindsAnotherToo(
    PatientSearchAddsAnother,
    name="logical-id-finds-another-patients-consent-too",
    breaks=("nll-2019.find.search-by-patients-logical-id", "r4.search.by-patient"),
    packs=NLL,
):
    """A search with a patient's logical id also finds the consent that was created before."""


class LogicalIdFindsNoConsent(
    PatientSearchFindsNothing,
    name="dose-consent-not-found-by-logical-id",
    breaks=(
        "nll-2019.find.search-by-patients-logical-id",
        "r4.search.by-patient",
        "r4.search.fresh-consent-is-found",
    ),
    blocks=("nll-2019.find.type-is-recognisable", *NEED_A_MATCH),
    packs=NLL,
):
    """A search with a patient's logical id is always empty."""


class DoseCategoryLost(
    Fault,
    name="dose-category-lost",
    breaks=("nll-2019.find.type-is-recognisable",),
    packs=NLL,
):
    """A found consent has no coding in its category."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        entry = super().entry(stored, mode, request)
        if stored.type == "Consent":
            entry["resource"] = {**entry["resource"], "category": [{"text": "Dossamtycke"}]}
        return entry


class DoseCategoryOfTheHouse(
    Fault,
    name="dose-category-of-the-house",
    breaks=("nll-2019.find.type-is-recognisable",),
    packs=NLL,
):
    """A found consent has a code of the server's own as its category."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        entry = super().entry(stored, mode, request)
        if stored.type == "Consent":
            entry["resource"] = {**entry["resource"], "category": [{"coding": [{"code": "DOSPATIENT"}]}]}
        return entry


class RegisterShiftsStartToToday(
    Fault,
    name="register-shifts-start-to-today",
    breaks=(
        "nll-2019.create.registers-a-dose-consent",
        "period.end.keeps-seconds-and-offset-meaning",
        "period.equal-bounds.are-accepted",
        "period.mixed-precision.has-one-outcome",
        "period.open-end.is-accepted-and-stays-open",
    ),
    packs=NLL,
):
    """A start ahead is replaced by today."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        today = str(self.clock().date())
        if previous is None and start_of(resource) > today:
            resource = with_validity(resource, start=today)
        return super().kept(resource, previous)


class RegisterRefusesAStartAhead(
    Fault,
    name="register-refuses-a-start-ahead",
    breaks=("nll-2019.create.registers-a-dose-consent",),
    packs=NLL,
):
    """A dose consent that starts tomorrow is refused."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is None and start_of(write.resource) > str(self.clock().date()):
            raise Refused(422, "business-rule", "a consent starts when it is given")


def start_of(resource: Resource) -> str:
    """The start of the validity; empty where there is none."""
    return str(resource.get("provision", {}).get("dataPeriod", {}).get("start", ""))
