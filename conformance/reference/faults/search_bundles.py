"""Lies about the Bundle that a search brings: its type, its links, its entries, its total."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource, Route
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

R4 = ("r4",)


def _with_matches(answer: Answer) -> bool:
    return answer.status == 200 and bool(answer.resource and answer.resource.get("entry"))


def _is_empty(answer: Answer) -> bool:
    return answer.status == 200 and not (answer.resource or {}).get("total")


class SearchAnswersCollection(Fault, name="search-answers-collection", breaks=("r4.search.answers-a-searchset",)):
    """The Bundle of a search with matches has the type collection."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().search(request, route, caller)
        if not _with_matches(answer):
            return answer
        return replace(answer, resource={**(answer.resource or {}), "type": "collection"})


class SearchHasNoType(Fault, name="search-bundle-has-no-type", breaks=("r4.search.answers-a-searchset",)):
    """The Bundle of a search with matches has no type."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().search(request, route, caller)
        if not _with_matches(answer):
            return answer
        bundle = {name: value for name, value in (answer.resource or {}).items() if name != "type"}
        return replace(answer, resource=bundle)


class NoMatchIsNotFound(
    Fault,
    name="no-match-is-not-found",
    breaks=(
        "r4.search.no-match-is-an-empty-set",
        "nll-2023.fetch.unknown-id-is-an-error",
    ),
    packs=("r4",),
):
    """A search without matches answers 404."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().search(request, route, caller)
        if route.type == "Consent" and _is_empty(answer):
            raise Refused(404, "not-found", "nothing was found")
        return answer


class NoMatchIsNoContent(
    Fault,
    name="no-match-is-no-content",
    breaks=(
        "r4.search.no-match-is-an-empty-set",
        "r4.search.unknown-target-is-empty",
        "nll-2023.fetch.unknown-id-is-an-error",
    ),
    blocks=("period.expired.status-search-agrees-with-read",),
    packs=("r4",),
):
    """A search without matches answers 204."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().search(request, route, caller)
        return Answer(status=204) if route.type == "Consent" and _is_empty(answer) else answer


class NoMatchCountsOne(
    Fault,
    name="no-match-counts-one",
    breaks=("r4.search.no-match-is-an-empty-set",),
):
    """A search without matches says that there is one."""

    def total(self, matches: list[Stored], page: list[Stored], included: list[Stored]) -> Any:
        return super().total(matches, page, included) or 1


class NoSelfLink(
    Fault,
    name="no-self-link",
    breaks=("r4.search.self-link-is-present", "r4.search.self-link-shows-what-was-used"),
):
    """A searchset has no self link, and no list of links where that was the only one."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        others = [link for link in bundle["link"] if link["relation"] != "self"]
        return {
            **{name: value for name, value in bundle.items() if name != "link"},
            **({"link": others} if others else {}),
        }


class EmptySetHasNoSelfLink(Fault, name="empty-set-has-no-self-link", breaks=("r4.search.self-link-is-present",)):
    """A searchset without matches has no links."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        return bundle if matches else {name: value for name, value in bundle.items() if name != "link"}


class SelfLinkTwice(Fault, name="self-link-twice", breaks=("r4.search.self-link-is-present",), packs=R4):
    """A searchset has two self links."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        return [first, first, *rest]


class SelfLinkIsTheBase(Fault, name="self-link-is-the-base", breaks=("r4.search.self-link-shows-what-was-used",)):
    """The self link has no query."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        return [{**first, "url": first["url"].partition("?")[0]}, *rest]


class SelfLinkEchoesIgnored(
    Fault, name="self-link-echoes-ignored-parameters", breaks=("r4.search.self-link-shows-what-was-used",)
):
    """The self link repeats the whole query, with what was ignored."""

    def used(self, asked: Search) -> Query:
        return asked.query


class EntryWithoutResource(Fault, name="entry-without-resource", breaks=("r4.search.entries-have-resources",)):
    """One more entry holds nothing but a search.mode."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        return _with_entry(super().bundle(asked, matches), {"search": {"mode": "match"}})


class EntryIsALink(Fault, name="entry-is-a-link", breaks=("r4.search.entries-have-resources",), packs=R4):
    """One more entry names a resource and does not hold it."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        more = {"fullUrl": f"{self.base}/Consent/elsewhere", "search": {"mode": "match"}}
        return _with_entry(super().bundle(asked, matches), more)


class EntryCarriesResponse(
    Fault, name="entry-carries-response", breaks=("r4.search.entries-have-no-request-or-response",)
):
    """Each entry has a response with the status 200."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        return {**super().entry(stored, mode, request), "response": {"status": "200"}}


class EntryCarriesRequest(
    Fault, name="entry-carries-request", breaks=("r4.search.entries-have-no-request-or-response",), packs=R4
):
    """Each entry has the request that would read it."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        line = {"method": "GET", "url": f"{stored.type}/{stored.id}"}
        return {**super().entry(stored, mode, request), "request": line}


class EntryModeMissing(Fault, name="entry-mode-missing", breaks=("r4.search.entry-mode-is-given",)):
    """Entries do not say why they are there."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        return {name: value for name, value in super().entry(stored, mode, request).items() if name != "search"}


class IncludedPatientMarkedMatch(
    Fault, name="included-patient-marked-match", breaks=("r4.search.entry-mode-is-right",), packs=R4
):
    """A patient that an include brought in is marked as a match."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        return super().entry(stored, "match" if (stored.type, mode) == ("Patient", "include") else mode, request)


class EntryModeMadeUp(Fault, name="entry-mode-made-up", breaks=("r4.search.entry-mode-is-right",)):
    """A match has the mode hit."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        return super().entry(stored, "hit" if mode == "match" else mode, request)


class SearchReturnsOtherTypes(Fault, name="search-returns-other-types", breaks=("r4.search.matches-are-consents",)):
    """A search for consents brings a patient as a match."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        including = any(name == "_include" for name, _ in asked.query)
        if asked.route.type != "Consent" or including or "entry" not in bundle:
            return bundle
        return _with_entry(bundle, self.entry(self.store.everything("Patient")[0], "match", asked.request))


class SearchReturnsItsOrganization(
    Fault, name="search-returns-its-organization", breaks=("r4.search.matches-are-consents",), packs=R4
):
    """A search that finds nothing brings the organization that runs the server."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        if asked.route.type != "Consent" or bundle["total"]:
            return bundle
        own = self.entry(self.store.everything("Organization")[0], "match", asked.request)
        return {**bundle, "entry": [own]}


class FullUrlMissing(Fault, name="full-url-missing", breaks=("r4.search.full-url-is-present",)):
    """Entries have no fullUrl."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        return {name: value for name, value in super().entry(stored, mode, request).items() if name != "fullUrl"}


class FullUrlIsRelative(Fault, name="full-url-is-relative", breaks=("r4.search.full-url-is-present",)):
    """The fullUrl of an entry is Consent/[id]."""

    def full_url(self, stored: Stored) -> str:
        return f"{stored.type}/{stored.id}"


class FullUrlOfAnotherConsent(
    Fault, name="full-url-of-another-consent", breaks=("r4.search.full-url-agrees-with-id",), packs=R4
):
    """Every entry has the fullUrl of the first."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        entries = bundle.get("entry", [])
        alike = [{**entry, "fullUrl": entries[0]["fullUrl"]} for entry in entries]
        return {**bundle, "entry": alike} if entries else bundle


class FullUrlNamesAVersion(Fault, name="full-url-names-a-version", breaks=("r4.search.full-url-agrees-with-id",)):
    """The fullUrl of an entry names its version."""

    def full_url(self, stored: Stored) -> str:
        return f"{super().full_url(stored)}/_history/{stored.version}"


class OldVersionsAreMatches(Fault, name="old-versions-are-matches", breaks=("r4.search.full-urls-are-unique",)):
    """Each version of a consent is a match of its own."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        for stored in matches if len(bundle.get("entry", ())) >= len(matches) else ():
            for old in self.store.versions(stored.type, stored.id)[1:]:
                bundle = _with_entry(bundle, self.entry(old, "match", asked.request))
        return bundle


class LastMatchIsRepeated(Fault, name="last-match-is-repeated", breaks=("r4.search.full-urls-are-unique",), packs=R4):
    """A page lists its last match twice."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        if asked.route.type != "Consent" or "entry" not in bundle or any(name == "_count" for name, _ in asked.query):
            return bundle
        matched = [entry for entry in bundle["entry"] if entry["search"]["mode"] == "match"]
        return _with_entry(bundle, matched[-1])


class TotalCountsIncludes(
    Fault, name="total-counts-includes", breaks=("r4.search.total-counts-matches-only",), packs=R4
):
    """The total counts what was included as well."""

    def total(self, matches: list[Stored], page: list[Stored], included: list[Stored]) -> Any:
        return super().total(matches, page, included) + len(included)


class TotalIsPageSize(
    Fault,
    name="total-is-page-size",
    breaks=("r4.search.total-counts-matches-only", "r4.search.count-zero-lists-nothing"),
    packs=R4,
):
    """The total is the number of matches on the page."""

    def total(self, matches: list[Stored], page: list[Stored], included: list[Stored]) -> Any:  # noqa: ARG002 - as in Searching
        return len(page)


class TotalIsText(
    Fault,
    name="total-is-text",
    breaks=(
        "r4.search.total-counts-matches-only",
        "r4.search.count-zero-lists-nothing",
        "r4.search.bundle-is-well-formed",
    ),
):
    """The total is a JSON string."""

    def total(self, matches: list[Stored], page: list[Stored], included: list[Stored]) -> Any:
        return str(super().total(matches, page, included))


class SearchsetHidesAnError(
    Fault, name="searchset-hides-an-error", breaks=("r4.search.outcome-entry-is-not-an-error",)
):
    """A searchset with matches holds an OperationOutcome that says error."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        told = self.outcome(severity="error", code="exception", text="a shard did not answer")
        return _with_entry(super().bundle(asked, matches), {"resource": told, "search": {"mode": "outcome"}})


class OutcomeEntryMarkedMatch(
    Fault, name="outcome-entry-marked-match", breaks=("r4.search.outcome-entry-is-not-an-error",), packs=R4
):
    """A searchset with matches holds a warning that is marked as a match."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        told = self.outcome(severity="warning", code="informational", text="this search was slow")
        return _with_entry(super().bundle(asked, matches), {"resource": told, "search": {"mode": "match"}})


class FailedSearchAnswersOk(Fault, name="failed-search-answers-ok", breaks=("r4.search.failure-is-not-ok",)):
    """A search with a _count that is no number answers 200 with an OperationOutcome."""

    def count(self, query: Query) -> int:
        try:
            return super().count(query)
        except Refused as refusal:
            raise Refused(200, refusal.code, refusal.reason) from refusal


class RefusedSearchAnswersOk(
    Fault,
    name="refused-search-answers-ok",
    breaks=("r4.search.failure-is-not-ok", "r4.search.bad-syntax-is-refused"),
    packs=R4,
):
    """A search for a date that cannot be read answers 200 with an OperationOutcome."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        misread = refusal.code == "value" and any(name == "date" for name, _ in request.query)
        return replace(answer, status=200) if misread else answer


def _with_entry(bundle: Resource, more: Resource) -> Resource:
    """Return a Bundle that has entries with one more."""
    return {**bundle, "entry": [*bundle["entry"], more]} if "entry" in bundle else bundle


class SelfLinkHidesTheStatus(
    Fault, name="self-link-hides-the-status", breaks=("r4.search.self-link-shows-what-was-used",), packs=("r4",)
):
    """A status selects, and the self link does not show it."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        return [{**first, "url": re.sub(r"(?<=[?&])status=[^&]*&?", "", first["url"])}, *rest]


class TotalOfAPageCountsIncludes(
    Fault, name="total-of-a-page-counts-includes", breaks=("r4.search.total-counts-matches-only",), packs=R4
):
    """Where matches are left for a next page, the total counts what was included as well."""

    def total(self, matches: list[Stored], page: list[Stored], included: list[Stored]) -> Any:
        return super().total(matches, page, included) + (len(included) if len(page) < len(matches) else 0)


class SelfLinkOfAFormIsBare(
    Fault, name="self-link-of-a-form-is-bare", breaks=("r4.search.self-link-shows-what-was-used",), packs=R4
):
    """The self link of a search by POST has no query."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        return [{**first, "url": first["url"].partition("?")[0]} if asked.request.method == "POST" else first, *rest]
