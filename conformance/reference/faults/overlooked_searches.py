"""Lies that show only in a search with more to it: a second value or page, a modifier, a zone, a backslash."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource
    from conformance.reference.parameters import Criterion
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored

R4 = ("r4",)
BALLOT = ("r5-ballot",)
SHOWN = ("r4.search.self-link-shows-what-was-used",)
NEXT = ("r4.search.next-link-reaches-every-match",)
TOTAL = ("r4.search.total-counts-matches-only",)
MEANING = ("r4.search.accepted-modifier-has-its-meaning",)
LAST_UPDATED = ("r4.search.by-last-updated",)
ESCAPED = ("r4.search.escaped-characters-are-understood",)


class _SelfLink(Fault):
    """Shows another value in the self link; the next link says what was asked for."""

    def as_shown(self, name: str, value: str) -> str:
        raise NotImplementedError

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        used = tuple((name, self.as_shown(name, value)) for name, value in self.used(asked))
        return [{**first, "url": self.address(asked.route, used)}, *rest]


class SelfLinkEndsAtAComma(_SelfLink, name="self-link-ends-at-a-comma", breaks=SHOWN, packs=R4):
    """Of several values in one the self link shows the first; all are used."""

    def as_shown(self, name: str, value: str) -> str:  # noqa: ARG002 - of any parameter
        return value.partition(",")[0]


class SelfLinkShowsAnotherStatus(_SelfLink, name="self-link-shows-another-status", breaks=SHOWN, packs=R4):
    """The self link says status=inactive, whatever status was asked for."""

    def as_shown(self, name: str, value: str) -> str:
        return "inactive" if name == "status" else value


class SelfLinkShowsTheSystemAlone(_SelfLink, name="self-link-shows-the-system-alone", breaks=SHOWN, packs=R4):
    """The self link shows a category's system, and not its code."""

    def as_shown(self, name: str, value: str) -> str:
        return re.sub(r"\|[^,]*", "|", value) if name == "category" else value


class _NextLink(Fault):
    """Writes a next link of its own."""

    def onward(self, url: str) -> str:
        raise NotImplementedError

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        return [first, *({**link, "url": self.onward(link["url"])} for link in rest)]


class NextLinkBeginsAtAComma(_NextLink, name="next-link-begins-at-a-comma", breaks=NEXT, packs=R4):
    """A next link goes on with the last of several values."""

    def onward(self, url: str) -> str:
        return re.sub(r"=[^&]*%2C", "=", url)


class NextLinkHasTheLastOfARepeat(_NextLink, name="next-link-has-the-last-of-a-repeat", breaks=NEXT, packs=R4):
    """Of a parameter that is repeated a next link has the last."""

    def onward(self, url: str) -> str:
        return re.sub(r"category=[^&]*&(?=.*category=)", "", url)


class PagesOfTwoOverlap(Fault, name="pages-of-two-overlap", breaks=NEXT, packs=R4):
    """A page after a page of two or more begins with the last match of that."""

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        page, after = super().page(asked, matches)
        return page, page[-2].first if after is not None and len(page) > 1 else after


class PagesOfTwoSkipAMatch(Fault, name="pages-of-two-skip-a-match", breaks=NEXT, packs=R4):
    """After a page of two or more a match is left out."""

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        page, after = super().page(asked, matches)
        if after is None or len(page) < 2:
            return page, after
        following = [stored.first for stored in matches if stored.first > after]
        return page, following[0] if len(following) > 1 else None


class PatientIsAnyType(Fault, name="patient-may-be-called-a-practitioner", breaks=MEANING, packs=R4):
    """patient:Practitioner finds what patient does."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return super().criterion(kind, name.replace("patient:Practitioner", "patient"), written)


class TypeOfAnActorIsDropped(Fault, name="type-modifier-of-an-actor-is-dropped", breaks=MEANING, packs=R4):
    """actor:Patient finds the actor of that id, of whatever type."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return super().criterion(kind, re.sub(r"^actor:[A-Z]\w+$", "actor", name), written)


class CategoryNotIsDropped(Fault, name="category-not-is-dropped", breaks=MEANING, packs=R4):
    """category:not works like category."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return super().criterion(kind, "category" if name == "category:not" else name, written)


class CategoryInIsDropped(Fault, name="category-in-is-dropped", breaks=MEANING, packs=R4):
    """category:in works like category."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return super().criterion(kind, "category" if name == "category:in" else name, written)


class CategoryInFindsEverything(Fault, name="category-in-finds-everything", breaks=MEANING, packs=R4):
    """category:in is taken, and selects nothing and excludes nothing."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return None if name == "category:in" else super().criterion(kind, name, written)


class CategoryTextIsDropped(Fault, name="category-text-is-dropped", breaks=MEANING, packs=R4):
    """category:text works like category."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return super().criterion(kind, "category" if name == "category:text" else name, written)


class StatusMissingIgnoresItsValue(Fault, name="status-missing-finds-what-has-one", breaks=MEANING, packs=R4):
    """status:missing finds what has a status, be it true or false."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        if criterion.parameter.name in {"status", "category"} and criterion.modifier == "missing":
            criterion = replace(criterion, values=("false",))
        return super().matches_criterion(stored, criterion)


class UnknownModifierOfAnActorIsDropped(
    Fault,
    name="unknown-modifier-of-an-actor-is-dropped",
    breaks=("r4.search.unsupported-modifier-is-refused",),
    packs=R4,
):
    """actor and period with a modifier that nobody knows work like actor and period."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return super().criterion(kind, re.sub(r"^(actor|period):nosuch\w+$", r"\1", name), written)


class HierarchyOfACodeIsAnything(Fault, name="hierarchy-of-a-code-is-anything", breaks=MEANING, packs=R4):
    """category:above and category:below are left out of the search."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return None if re.search(r"^category:(above|below)$", name) else super().criterion(kind, name, written)


class ModifiersOfStringsAreDroppedForCodes(
    Fault, name="modifiers-of-strings-are-dropped-for-codes", breaks=MEANING, packs=R4
):
    """category:exact and category:contains are left out of the search, as if they could be for strings alone."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return None if re.search(r"^category:(exact|contains)$", name) else super().criterion(kind, name, written)


class UnknownModifierOfAFormIsDropped(
    Fault,
    name="unknown-modifier-of-a-form-is-dropped",
    breaks=("r4.search.unsupported-modifier-is-refused",),
    packs=R4,
):
    """In a form that is posted a modifier that nobody knows is dropped."""

    def query(self, request: Request) -> Query:
        query = super().query(request)
        if request.method != "POST":
            return query
        return tuple((name.removesuffix(":nosuchmodifier"), value) for name, value in query)


class AbsoluteReferenceFindsEveryConsent(
    Fault, name="absolute-reference-finds-every-consent", breaks=("r4.search.absolute-reference",), packs=R4
):
    """By the address of any patient on this server every consent is found."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return wanted.startswith(self.base) or super().matches_reference(value, criterion, wanted)


class AbsoluteActorFindsNothing(
    Fault, name="absolute-actor-finds-nothing", breaks=("r4.search.absolute-reference",), packs=R4
):
    """An actor's own address on this server finds nothing."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        absolute = criterion.parameter.name == "actor" and "://" in wanted
        return not absolute and super().matches_reference(value, criterion, wanted)


class ForeignActorCountsAsLocal(
    Fault, name="foreign-actor-counts-as-local", breaks=("r4.search.foreign-reference",), packs=R4
):
    """The address of another server's practitioner finds the consents that name ours of that id."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "actor" and "://" in wanted and not wanted.startswith(self.base):
            wanted = "/".join(wanted.split("/")[-2:])
        return super().matches_reference(value, criterion, wanted)


class EscapedCommaSeparates(Fault, name="escaped-comma-separates", breaks=ESCAPED, packs=R4):
    """A comma separates values also behind a backslash."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return super().criterion(kind, name, written.replace("\\,", ","))


class BackslashIsKept(Fault, name="backslash-is-kept", breaks=ESCAPED, packs=R4):
    """A backslash before a separator stays part of the value."""

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        return super().criterion(kind, name, re.sub(r"\\(?=[|$\\])", r"\\\\", written))


class LastUpdatedIgnoresTheZone(Fault, name="last-updated-ignores-the-zone", breaks=LAST_UPDATED, packs=R4):
    """The offset of a _lastUpdated is taken for Z."""

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "_lastUpdated":
            wanted = re.sub(r"[+-]\d\d:\d\d$", "Z", wanted)
        return super().matches_date(value, criterion, wanted)


class LastUpdatedFromFindsAll(Fault, name="last-updated-from-finds-all", breaks=LAST_UPDATED, packs=R4):
    """_lastUpdated with ge finds every consent."""

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        every = criterion.parameter.name == "_lastUpdated" and wanted.startswith("ge")
        return every or super().matches_date(value, criterion, wanted)


class LastUpdatedUpToFindsNothing(Fault, name="last-updated-up-to-finds-nothing", breaks=LAST_UPDATED, packs=R4):
    """_lastUpdated with le finds nothing."""

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        none = criterion.parameter.name == "_lastUpdated" and wanted.startswith("le")
        return not none and super().matches_date(value, criterion, wanted)


class _Counted(Fault):
    """Says another total."""

    def counted(self, asked: Search, matches: list[Stored]) -> int:
        raise NotImplementedError

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        return {**super().bundle(asked, matches), "total": self.counted(asked, matches)}


class TotalLeavesOutTheStatus(_Counted, name="total-leaves-out-the-status", breaks=TOTAL, packs=R4):
    """The total counts what is found without the status."""

    def counted(self, asked: Search, matches: list[Stored]) -> int:
        criteria = tuple(one for one in asked.criteria if one.name != "status")
        return len(self.found(replace(asked, criteria=criteria))) if matches else 0


class TotalOfAnIdIsNought(_Counted, name="total-of-an-id-is-nought", breaks=TOTAL, packs=R4):
    """The total of a search by _id is 0."""

    def counted(self, asked: Search, matches: list[Stored]) -> int:
        return 0 if any(one.name == "_id" for one in asked.criteria) else len(matches)


class TotalOfAFormIsNought(_Counted, name="total-of-a-form-is-nought", breaks=TOTAL, packs=R4):
    """The total of a search by POST is 0."""

    def counted(self, asked: Search, matches: list[Stored]) -> int:
        return 0 if asked.request.method == "POST" else len(matches)


class CountZeroCountsEverything(
    _Counted, name="count-zero-counts-every-consent", breaks=("r4.search.count-zero-lists-nothing",), packs=R4
):
    """With _count=0 the total is that of all consents."""

    def counted(self, asked: Search, matches: list[Stored]) -> int:
        return len(self.store.everything("Consent")) if ("_count", "0") in asked.query else len(matches)


class SummaryCountCountsEverything(_Counted, name="summary-count-counts-every-consent", breaks=TOTAL, packs=R4):
    """With _summary=count the total is that of all consents, and nothing is listed."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        if ("_summary", "count") not in asked.query:
            return bundle
        return {name: value for name, value in bundle.items() if name != "entry"}

    def counted(self, asked: Search, matches: list[Stored]) -> int:
        every = ("_summary", "count") in asked.query
        return len(self.store.everything("Consent")) if every else len(matches)


class TotalIsCountedBeforeWhoAsks(
    _Counted, name="total-is-counted-before-who-asks", breaks=("security.patient.others-are-out-of-reach",), packs=R4
):
    """The total counts also what the caller may not see."""

    def counted(self, asked: Search, matches: list[Stored]) -> int:
        selected = [one for one in self.searched(asked.route.type) if self.selected(one, asked.criteria)]
        return len(matches) + len([one for one in selected if one not in matches])


class BallotCompartmentHoldsOne(
    Fault, name="ballot-compartment-holds-one", breaks=("r5-ballot.search.patient-compartment",), packs=BALLOT
):
    """The compartment of a patient shows the first of its consents."""

    def found(self, asked: Search) -> list[Stored]:
        found = super().found(asked)
        return found[:1] if "Patient" in asked.request.segments else found


class IncludeActorBringsEveryPatient(
    Fault, name="include-actor-brings-every-patient", breaks=("r4.search.include-actor",), packs=R4
):
    """_include=Consent:actor brings every patient of the server."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        found = super().included(asked, page)
        if ("_include", "Consent:actor") not in asked.query or not page:
            return found
        return [*found, *(one for one in self.store.everything("Patient") if one not in found)]


class IncludePatientBringsTheOrganizations(
    Fault, name="include-patient-brings-every-organization", breaks=("r4.search.include-patient",), packs=R4
):
    """_include=Consent:patient brings every organization of the server."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        found = super().included(asked, page)
        if ("_include", "Consent:patient") not in asked.query or not page:
            return found
        return [*found, *(one for one in self.store.everything("Organization") if one not in found)]
