"""Whom and what a consent may name: patients, actors and others; fresh, given or just created."""

from __future__ import annotations

import itertools
from typing import Literal

from conformance.client.searching import Searching
from conformance.journal import marked
from conformance.model import NotTestable

NO_SUCH_TYPE = frozenset({404, 405, 501})


class References(Searching):
    """References to write into a consent; `NotTestable` where the target has none."""

    def unused_id(self) -> str:
        """A logical id that nobody has."""
        return self._new_id()

    def patient(self) -> str:
        """A reference to a patient that no other consent of this check names: fresh, or one that the target gave."""
        if self.dialect.patients == "any":
            return f"Patient/{self._new_id()}"
        if self.dialect.patients == "create":
            return self._created("Patient")
        for reference in itertools.islice(self._patients, len(self._target.given.patients)):
            if reference not in self._handed_out:
                self._handed_out.add(reference)
                return _typed(reference)
        raise NotTestable("no further patient to write a consent for", remedy="name more under given.patients")

    def patient_without_consents(self) -> str:
        """A reference to a patient for whom the target holds no consent; one that exists, where one is known."""
        if self._target.given.empty_patients:
            return _typed(self._target.given.empty_patients[0])
        if self.dialect.patients == "any":
            return f"Patient/{self._new_id()}"
        if self.dialect.patients == "create" and self._may_create:
            return self.patient()
        raise NotTestable("no patient without consents is known", remedy="name one under given.empty-patients")

    def identifier(self, whose: Literal["patient", "actor"]) -> str:
        """An identifier, as `system|value` or `value`, of a patient or an actor whom the target holds.

        Raises:
            NotTestable: none was given.

        """
        given = self._target.given
        known = given.patient_identifiers if whose == "patient" else given.actor_identifiers
        if not known:
            somebody = "a patient" if whose == "patient" else "an actor"
            remedy = f"name one under given.{whose}-identifiers"
            raise NotTestable(f"no identifier of {somebody} is known", remedy=remedy)
        return known[0]

    def reference(self, kind: str) -> str:
        """A reference to a resource of that type which a consent may name: fresh, or to one that the target holds.

        Where patients have to exist, others need not: one is made up where the target has no resources of its type.
        """
        if self.dialect.patients == "any":
            return f"{kind}/{self._new_id()}"
        if kind != "Patient" and self.dialect.patients == "create" and self._may_create:
            return self._created(kind, or_made_up=True)
        return self.held(kind)

    def held(self, kind: str = "Patient") -> str:
        """A reference to a resource of that type which the target holds, given or just created.

        Raises:
            NotTestable: it holds none that we know of.

        """
        key = "patients" if kind == "Patient" else "actors"
        given = map(_typed, self._target.given.patients if kind == "Patient" else self._target.given.actors)
        known = next((reference for reference in given if reference.startswith(f"{kind}/")), None)
        if known is not None and self.dialect.patients != "create":
            return known
        if not self._may_create or self.dialect.patients == "given":
            raise NotTestable(f"no {kind} is known that the target holds", remedy=f"name one under given.{key}")
        return self._created(kind)

    def holds(self, reference: str) -> bool:
        """Whether the target was given as holding this actor or patient, as `Type/id`."""
        return reference in {*map(_typed, self._target.given.patients), *self._target.given.actors}

    def _created(self, kind: str, *, or_made_up: bool = False) -> str:
        """A reference to a resource that was just created so that consents can name it.

        With `or_made_up`, a reference to nothing where the target answers that it has no such type.
        """
        body = {"resourceType": kind, **({"name": "A conformance run"} if kind == "Organization" else {})}
        body = marked(body, "identifier", self._new_id())
        answer = self.request("POST", f"/{kind}", action="create", body=body)
        location = answer.header("Location") or ""
        created = location.partition("/_history")[0].rpartition("/")[2] or (
            answer.parsed.get("id") if isinstance(answer.parsed, dict) else None
        )
        if or_made_up and answer.status in NO_SUCH_TYPE:
            return f"{kind}/{self._new_id()}"
        if not answer.succeeded or not created:
            raise NotTestable(
                f"no {kind} could be created: {answer.described}",
                remedy="set dialect.patients to 'any' or 'given' in target.toml"
                if kind == "Patient"
                else "set dialect.patients to 'given' in target.toml, and name one under given.actors",
                exchanges=answer.shows,
            )
        return f"{kind}/{created}"


def _typed(reference: str) -> str:
    return reference if "/" in reference else f"Patient/{reference}"
