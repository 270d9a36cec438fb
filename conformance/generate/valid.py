"""What leaves as valid: made from the pack's bodies, and valid by the validator as far as those are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import reject

from conformance.generate.resources import Origin, consent
from conformance.generate.smaller import reduced
from conformance.generate.world import PATIENTS, standing_in
from conformance.validation import Validator
from conformance.validation.definitions import definitions

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from conformance.client import Consents, Json
    from conformance.generate.exploring import Exploring


def origins(asking: Consents) -> tuple[Origin, ...]:
    """The bodies of the pack that consents are made from: one of each fixture."""
    found: dict[str, Origin] = {}
    for kind, source in asking.pack.bodies.items():
        if source.create not in {asking.pack.bodies[known].create for known in found}:
            body = asking.body(kind, patient=PATIENTS[0])
            found[kind] = Origin(kind, standing_in(body))
    return tuple(found.values())


class Valid:
    """Valid consents, and whether one is. Some bodies of packs are older than the rules that they are held against."""

    def __init__(self, exploring: Exploring) -> None:
        asking = exploring.consents
        pack = asking.pack
        self._validator = Validator(pack.fhir, profiles=[str(path) for path in pack.definitions])
        self._origins = origins(asking)
        self._known = {broken for origin in self._origins for broken in self._broken(origin.body)}
        required = ("status", "scope")
        self._unknown = [name for name in required if not any(name in origin.body for origin in self._origins)]
        """What R4 requires and the bodies of the pack leave out: what becomes of it, nothing says."""
        self._made_from = definitions(pack.fhir), self._origins, exploring.world.references

    def consent(self, random: Random) -> Json:
        """`{"kind", "body"}`: a valid consent; Hypothesis is told to draw again where it is none."""
        made = consent(random, *self._made_from)
        for name in self._unknown:
            made["body"].pop(name, None)
        if self.breaks(made):
            reject()
        return made

    def breaks(self, example: Json) -> set[str]:
        """The rules of the validator that a consent breaks and no body of the pack does."""
        return {rule for rule, _ in self._broken(example["body"]) - self._known}

    def smaller(self, example: Json, still: Callable[[Json], bool], *, breaking: frozenset[str] = frozenset()) -> Json:
        """The consent with parts taken away that breaks these rules and no others, while a condition holds."""

        def alike(candidate: Json) -> bool:
            same = all(candidate["body"].get(name) == example["body"].get(name) for name in ("patient", "subject"))
            return same and self.breaks(candidate) == breaking and still(candidate)

        smallest: Json = reduced(example, alike, under=("body",))
        return smallest

    def _broken(self, body: Json) -> set[tuple[str, str]]:
        """The rules that a body breaks, each with the place."""
        issues = self._validator.validate(body)
        return {(issue.rule, issue.expression) for issue in issues if issue.severity == "error"}
