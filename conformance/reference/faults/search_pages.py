"""Lies about the pages of a search, and about how soon and how truly a search shows what was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Resource
    from conformance.reference.parameters import Parameter
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored

R4 = ("r4",)
NEXT = ("r4.search.next-link-reaches-every-match",)
PAGED = ("r4.search.include-on-every-page", "r4.search.total-counts-matches-only")
"""What cannot be exercised where next links do not lead on."""


class CountIsIgnored(
    Fault,
    name="count-is-ignored",
    breaks=("r4.search.count-is-an-upper-bound",),
    packs=R4,
):
    """A _count above zero changes nothing."""

    def count(self, query: Query) -> int:
        return super().count(()) if super().count(query) else 0


class CountIsOneTooMany(Fault, name="count-is-one-too-many", breaks=("r4.search.count-is-an-upper-bound",), packs=R4):
    """A page holds one match more than _count."""

    def count(self, query: Query) -> int:
        wanted = super().count(query)
        return wanted + 1 if wanted else 0


class CountZeroMeansAll(Fault, name="count-zero-means-all", breaks=("r4.search.count-zero-lists-nothing",), packs=R4):
    """_count=0 lists every match."""

    def count(self, query: Query) -> int:
        return super().count(query) or super().count(())


class CountZeroCountsNothing(
    Fault, name="count-zero-counts-nothing", breaks=("r4.search.count-zero-lists-nothing",), packs=R4
):
    """_count=0 gives a total of 0."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        return {**bundle, "total": 0} if ("_count", "0") in asked.query else bundle


class NextLinkRepeatsFirstPage(
    Fault,
    name="next-link-repeats-first-page",
    breaks=NEXT,
    blocks=(*PAGED, "r4.search.accepted-modifier-has-its-meaning"),
    packs=R4,
):
    """The next link leads to the page that it stands on."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        return [first, *({**link, "url": first["url"]} for link in rest)]


class NextLinkLosesFilter(
    Fault,
    name="next-link-loses-filter",
    breaks=(*NEXT, "r4.search.total-counts-matches-only"),
    blocks=PAGED,
    packs=R4,
):
    """The second page shows every patient's consents."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        links = super().links(asked, after)
        if asked.route.type != "Consent" or after is None:
            return links
        rest = tuple((name, value) for name, value in asked.query if name in {"_count", "_include"})
        lost = self.address(asked.route, (*rest, ("_after", str(after))))
        return [{**link, "url": lost} if link["relation"] == "next" else link for link in links]


class LastPageIsDropped(Fault, name="last-page-is-dropped", breaks=NEXT, blocks=PAGED, packs=R4):
    """The page before the last one has no next link."""

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        page, after = super().page(asked, matches)
        left = [stored for stored in matches if after is not None and stored.first > after]
        return page, after if len(left) > len(page) else None


class NextLinkSkipsAMatch(Fault, name="next-link-skips-a-match", breaks=NEXT, blocks=PAGED, packs=R4):
    """The match after the end of a page is on no page."""

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        page, after = super().page(asked, matches)
        following = [stored.first for stored in matches if after is not None and stored.first > after]
        return page, following[0] if len(following) > 1 else None


class PagesOverlap(
    Fault, name="pages-overlap", breaks=(*NEXT, "r4.search.count-is-an-upper-bound"), blocks=PAGED, packs=R4
):
    """A page begins with the match that the page before ended with."""

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        page, after = super().page(asked, matches)
        later = any(name == "_after" for name, _ in asked.query)
        before = [stored for stored in matches if page and stored.first < page[0].first]
        return ([*before[-1:], *page] if later else page), after


class CreatedConsentNeverIndexed(
    Fault, name="created-consent-never-indexed", breaks=("r4.search.fresh-consent-is-found",), packs=R4
):
    """A consent with rules within its rule is stored and read, and never found."""

    def searched(self, kind: str) -> list[Stored]:
        return [stored for stored in super().searched(kind) if "provision" not in stored.content.get("provision", {})]


class SearchJudgesOldContent(
    Fault, name="search-judges-old-content", breaks=("r4.search.result-is-the-current-content",), packs=R4
):
    """A search selects by what a consent was before its last change."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        versions = self.store.versions(stored.type, stored.id)
        old = len(versions) > 1 and not versions[1].deleted and not parameter.name.startswith("_")
        return super().searched_values(versions[1] if old else stored, parameter)


class SearchListsFirstVersion(
    Fault,
    name="search-lists-first-version",
    breaks=("r4.search.result-is-the-current-content", "nll-2023.close.read-shows-latest-version"),
):
    """A search lists each consent as it was created."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        first = [self.store.versions(stored.type, stored.id)[-1] for stored in matches]
        return super().bundle(asked, first)


class NextLinkForgetsTheStatus(Fault, name="next-link-forgets-the-status", breaks=NEXT, packs=R4):
    """A next link goes on with the patient's other consents: the status that was asked for is not in it."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        links = super().links(asked, after)
        return [
            {**link, "url": re.sub(r"(?<=[?&])status=[^&]*&?", "", link["url"])} if link["relation"] == "next" else link
            for link in links
        ]


class LargeCountCrashes(Fault, name="large-count-crashes", breaks=("r4.search.count-is-an-upper-bound",), packs=R4):
    """A _count beyond 1000 answers 500."""

    def count(self, query: Query) -> int:
        if any(name == "_count" and value.isdecimal() and int(value) > 1000 for name, value in query):
            raise OverflowError(query)
        return super().count(query)


class CountInWordsCrashes(
    Fault, name="count-in-words-crashes", breaks=("r4.errors.bad-input-is-not-a-server-error",), packs=R4
):
    """A _count that is no number answers 500."""

    def count(self, query: Query) -> int:
        for name, value in query:
            if name == "_count":
                int(value or "0")
        return super().count(query)


class NextLinkEndsAtAComma(Fault, name="next-link-ends-at-a-comma", breaks=NEXT, packs=R4):
    """A next link goes on with the first of several values."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        return [first, *({**link, "url": re.sub(r"%2C[^&]*", "", link["url"])} for link in rest)]


class NextLinkOfAFormForgetsThePatient(Fault, name="next-link-of-a-form-forgets-the-patient", breaks=NEXT, packs=R4):
    """The next link of a search by POST goes on with every patient's consents."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        if asked.request.method != "POST":
            return [first, *rest]
        return [first, *({**link, "url": re.sub(r"(?<=[?&])patient=[^&]*&?", "", link["url"])} for link in rest)]


class CountHoldsForTheFirstPage(
    Fault, name="count-holds-for-the-first-page", breaks=("r4.search.count-is-an-upper-bound",), packs=R4
):
    """The pages after the first one hold as many matches as there are."""

    def count(self, query: Query) -> int:
        return super().count(() if any(name == "_after" for name, _ in query) else query)
