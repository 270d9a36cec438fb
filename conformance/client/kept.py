"""A consent that the target holds, as a check knows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from conformance import meaning
from conformance.found import element
from conformance.model import NotTestable

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A consent that the target holds: `body` is what was sent, with the id that the target gave."""

    id: str
    body: Json
    kind: str

    @property
    def patient(self) -> str:
        """The reference to the patient, as sent.

        Raises:
            NotTestable: the target holds it without one.

        """
        reference = meaning.patient_of(self.body)
        if not reference:
            raise NotTestable(f"Consent/{self.id} names no patient")
        return reference

    @property
    def actors(self) -> list[str]:
        """The references of the actors of its rule, as sent."""
        listed = element(self.body, "provision.actor")
        found = (element(actor, "reference.reference") for actor in (listed if isinstance(listed, list) else ()))
        return [reference for reference in found if isinstance(reference, str)]

    @property
    def category(self) -> str:
        """The first code of its categories, as sent, after its system where it has one; empty without any code."""
        told = (
            f"{one['system']}|{one['code']}" if one.get("system") else one["code"]
            for one in meaning.codings(self.body.get("category"))
        )
        return next(told, "")

    def under(self, id: str) -> Kept:  # noqa: A002 - FHIR's own word
        """The same content under another id."""
        return replace(self, id=id, body={**self.body, "id": id})
