"""Lies about what _include brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored

R4 = ("r4",)


class IncludePatientAddsNothing(
    Fault,
    name="include-patient-adds-nothing",
    breaks=("r4.search.include-patient", "r4.search.include-on-every-page"),
    packs=R4,
):
    """_include=Consent:patient brings consents only."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        return [stored for stored in super().included(asked, page) if stored.type != "Patient"]


class IncludePatientAddsEveryPatient(
    Fault, name="include-patient-adds-every-patient", breaks=("r4.search.include-patient",), packs=R4
):
    """_include=Consent:patient brings every patient of the server."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        included = super().included(asked, page)
        if not any(stored.type == "Patient" for stored in included):
            return included
        known = {stored.id for stored in included}
        return [*included, *(patient for patient in self.store.everything("Patient") if patient.id not in known)]


class IncludeActorAddsThePatient(
    Fault, name="include-actor-adds-the-patient", breaks=("r4.search.include-actor",), packs=R4
):
    """_include=Consent:actor brings the patient."""

    def include_paths(self, kind: str, query: Query) -> list[tuple[str, str]]:
        return [
            ("patient", only) if path.startswith("provision.actor") else (path, only)
            for path, only in super().include_paths(kind, query)
        ]


class IncludeActorAddsFirstOnly(
    Fault, name="include-actor-adds-first-only", breaks=("r4.search.include-actor",), packs=R4
):
    """_include=Consent:actor brings one actor, however many a consent has."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        included = super().included(asked, page)
        return included[:1] if ("_include", "Consent:actor") in asked.query else included


class IncludeRepeatsPerMatch(
    Fault,
    name="include-repeats-per-match",
    breaks=("r4.search.include-adds-each-resource-once", "r4.search.full-urls-are-unique"),
    packs=R4,
):
    """A resource is included once for each match that refers to it."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        return [found for stored in page for found in super(IncludeRepeatsPerMatch, self).included(asked, [stored])]


class IncludeOnFirstPageOnly(
    Fault, name="include-on-first-page-only", breaks=("r4.search.include-on-every-page",), packs=R4
):
    """Later pages lack what was included."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        return [] if any(name == "_after" for name, _ in asked.query) else super().included(asked, page)


class IncludeRepeatsTheFirst(
    Fault,
    name="include-repeats-the-first",
    breaks=("r4.search.include-adds-each-resource-once", "r4.search.full-urls-are-unique"),
    packs=R4,
):
    """Where there are several matches, the first resource that was included is listed again at the end."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        included = super().included(asked, page)
        return [*included, *included[:1]] if len(page) > 1 else included


class LastPageHasNoIncludes(
    Fault, name="last-page-has-no-includes", breaks=("r4.search.include-on-every-page",), packs=R4
):
    """The last of several pages lacks what was included."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        paged = any(name == "_after" for name, _ in asked.query)
        last = self.found(asked)[-1:] == page[-1:]
        return [] if paged and last else super().included(asked, page)


class BadIncludeCrashes(
    Fault,
    name="bad-include-crashes",
    breaks=("r4.search.bad-include-does-not-crash",),
    packs=R4,
):
    """An include that names nothing answers 500."""

    def include_paths(self, kind: str, query: Query) -> list[tuple[str, str]]:
        if ("_include", "Consent:nosuchpath") in query:
            raise Refused(500, "exception", "no such column")
        return super().include_paths(kind, query)


class BadIncludeEmptiesResult(
    Fault, name="bad-include-empties-result", breaks=("r4.search.bad-include-does-not-crash",), packs=R4
):
    """An include that names nothing makes the result empty."""

    def found(self, asked: Search) -> list[Stored]:
        return [] if ("_include", "Consent:nosuchpath") in asked.query else super().found(asked)


class IncludesTheActorsOfOne(
    Fault, name="includes-the-actors-of-one", breaks=("r4.search.include-actor",), packs=("r4",)
):
    """Includes are looked for in the first match of a page alone."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        return super().included(asked, page[:1])
