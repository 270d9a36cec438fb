"""Consents to check with: tolerant, and NotTestable when the target has none and takes none."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonpatch

from conformance import meaning
from conformance.client.kept import Kept
from conformance.client.references import References
from conformance.found import element, objects, with_elements
from conformance.journal import marked
from conformance.model import NotTestable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.answer import Answer
    from conformance.client.kept import Json

NEW_ID = "{new-id}"
"""Stands in a body's business identifiers for what no other consent has: a server may want each identifier once."""


class SetUp(References):
    """Bodies, and consents that the target holds."""

    def body(self, kind: str, *, patient: str | None = None, patch: Sequence[Json] = ()) -> Json:
        """A body of that kind as the pack (or the target's [bodies]) has it, for a patient of its own."""
        made: Json
        if kind in self._target.bodies:
            made = json.loads(self._target.bodies[kind].read_text(encoding="utf-8"))
        else:
            source = self.pack.bodies.get(kind)
            if source is None:
                raise NotTestable(f"pack {self.pack.name} has no body of the kind {kind}", remedy=f"set bodies.{kind}")
            made = copy.deepcopy(self.pack.fixture(source.create))
            if source.patch:
                made = jsonpatch.apply_patch(made, list(source.patch))
        whom = meaning.patient_element(made)
        model = made.get(whom, {})
        made[whom] = {**model, "reference": patient or self.patient()}
        for actor in (made.get("provision") or {}).get("actor", ()):  # a patient who is an actor is the same patient
            named = actor.get("reference", {})
            if "reference" in named and named["reference"] == model.get("reference"):
                actor["reference"] = {**named, "reference": made[whom]["reference"]}
        for row in objects(made.get("identifier")):
            if isinstance(row.get("value"), str):
                row["value"] = row["value"].replace(NEW_ID, self._new_id())
        made = marked(made, self._marker, self._new_id())
        return jsonpatch.apply_patch(made, list(patch)) if patch else made

    def period_of(self, resource: Mapping[str, Any], *, create: bool = False) -> Json:
        """The period that says how long the consent is valid, in the element of the dialect; {} when there is none."""
        place: Any = resource
        for name in self.dialect.period_element.split("."):
            if not isinstance(place, dict):
                return {}
            place = place.setdefault(name, {}) if create else place.get(name)
        return place if isinstance(place, dict) else {}

    def taken_with(self, elements: Mapping[str, Any], *, patient: str | None = None) -> Kept | None:
        """An active consent with these values at these paths; None where the target refuses it, as it may."""
        created = self.create(with_elements(self.body("active", patient=patient), elements), kind="active")
        return None if created.refused else self.kept(created, "active")

    def bounded(self, period: Mapping[str, str], *, patient: str | None = None) -> Json:
        """The body of an active consent with exactly this period."""
        body = self.body("active", patient=patient)
        place = self.period_of(body, create=True)
        place.clear()
        place.update(period)
        return body

    def given(self, kind: str, *, patient: str | None = None, patch: Sequence[Json] = ()) -> Kept:
        """A consent of that kind which the target has just stored; where nothing may be created, one that it gave.

        Each call gives a consent of another patient.

        Raises:
            NotTestable: the target did not store it, or gave none.

        """
        if not self._may_create:
            return self._next_existing(kind)
        body = self.body(kind, patient=patient, patch=patch)
        return self.kept(self.create(body, kind=kind), kind)

    def if_taken(self, kind: str, *, patient: str | None = None) -> Kept | None:
        """As `given` for what a target need not take; None where it is not stored, or where nothing may be created."""
        if not self._may_create:
            return None
        created = self.create(self.body(kind, patient=patient), kind=kind)
        return self.kept(created, kind) if created.succeeded else None

    def having(self, elements: Mapping[str, Any], *, patient: str | None = None, kind: str = "active") -> Kept:
        """A consent with these values at these dotted paths, which the target has just stored.

        Where nothing may be created: one that it gave and that has anything at each of the paths.

        Raises:
            NotTestable: the target did not store it, or gave none.

        """
        if not self._may_create:
            return self._next_existing(kind, with_elements=tuple(elements))
        body = with_elements(self.body(kind, patient=patient), elements)
        return self.kept(self.create(body, kind=kind), kind)

    def lasting(self, period: Mapping[str, str], *, patient: str | None = None) -> Kept:
        """A consent with exactly this period, which the target has just stored.

        Raises:
            NotTestable: the target did not store it.

        """
        return self.kept(self.create(self.bounded(period, patient=patient), kind="active"), "active")

    def kept(self, created: Answer, kind: str) -> Kept:
        """The consent that a create has stored; `NotTestable` when it did not."""
        if not created.succeeded:
            raise NotTestable(
                f"a consent of the kind '{kind}' could not be created: {created.described}",
                remedy=self._remedy(kind, created),
                exchanges=created.shows,
            )
        if not created.given_id:
            raise NotTestable(
                f"the id of the created consent is neither in Location nor in the body: {created.described}",
                exchanges=created.shows,
            )
        return Kept(created.given_id, {**(created.sent or {}), "id": created.given_id}, kind)

    def current(self, consent: Kept | str) -> Json:
        """What the target holds now.

        Raises:
            NotTestable: it could not be read.

        """
        id = consent if isinstance(consent, str) else consent.id  # noqa: A001 - FHIR's own word
        answer = self.read(id)
        if answer.status == 200 and answer.resource_type == "Consent":
            return answer.consent
        raise NotTestable(f"the consent could not be read: {answer.described}", exchanges=answer.shows)

    def itself(self, consent: Kept) -> Json:
        """As `current`, where a read shows the consent that it asks for; whether it does is judged elsewhere.

        Raises:
            NotTestable: it could not be read, or shows another id or none.

        """
        shown = self.current(consent)
        if shown.get("id") != consent.id:
            raise NotTestable(f"a read of {consent.id} shows the id {shown.get('id') or 'of nothing'}")
        return shown

    def existing(self, kind: str) -> Iterator[Kept]:
        """Every consent that the target gave and that reads as itself, as it is now; reads are judged elsewhere."""
        for id in self._target.given.consents:  # noqa: A001 - FHIR's own word
            answer = self.read(id)
            if answer.status == 200 and answer.resource_type == "Consent" and answer.resource.get("id") == id:
                yield Kept(id, answer.consent, kind)

    def one_of_several(self) -> Kept:
        """A consent that the target gave and whose patient has others that a search shows.

        Raises:
            NotTestable: there is none.

        """
        for known in self.existing("active"):
            if len(self.find(self.of_patient(known.patient), tolerant=True).ids) > 1:
                return known
        remedy = "name a consent under given.consents whose patient has another one"
        raise self.untestable("no given consent's patient has a second one that the search shows", remedy=remedy)

    def _next_existing(self, kind: str, *, with_elements: tuple[str, ...] = ()) -> Kept:
        for id in self._existing:  # noqa: A001 - FHIR's own word
            body = self.current(id)
            patient = meaning.patient_of(body)
            if body.get("id") != id:
                continue  # the check of reads judges it
            if patient not in self._handed_out and all(element(body, path) for path in with_elements):
                self._handed_out.add(patient)
                return Kept(id, body, kind)
        wanted = f" with {' and '.join(with_elements)}" if with_elements else ""
        raise NotTestable(f"no (further) consent{wanted} is known to read", remedy="name consents under given.consents")

    @property
    def _marker(self) -> str:
        """How our consents are marked: as the dialect says, else only where a patient may have others."""
        return self.dialect.marker or ("identifier" if self.dialect.patients == "given" else "none")

    def _remedy(self, kind: str, answer: Answer) -> str:
        if answer.refused_by_rule:
            return (
                f"set bodies.{kind} in target.toml to a body that keeps to the server's own rules; where one forbids "
                "what the check needs, exclude the requirement on record: --exclude"
            )
        if answer.status in {401, 403}:
            return "set auth in target.toml to a token that may write"
        source = self.pack.bodies.get(kind)
        if source is not None and source.reconstructed and kind not in self._target.bodies:
            return f"set bodies.{kind} in target.toml to a body that the target accepts: the pack's is reconstructed"
        return (
            "set dialect.patients and given.patients if the target knows only its own patients, "
            f"or bodies.{kind} to a body that it accepts"
        )
