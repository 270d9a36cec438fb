"""What every searchset of Consents looks like."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.model import NotTestable
from conformance.observed import observes
from conformance.observed.bodies import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.model import Exchange
    from conformance.observed import Answers

Json = dict[str, Any]

MODES = ("match", "include", "outcome")
_ABSOLUTE = re.compile(r"(?i:https?)://[^/\s]+/\S+|(?i:urn:uuid:)[0-9a-fA-F-]{36}|(?i:urn:oid:)[0-2](\.\d+)+")
"""Case is nothing in a scheme (RFC 3986 §3.1), nor in the name of a URN's namespace (RFC 8141 §3.1)."""
_ADDRESS = re.compile(r"(?i:https?)://\S+?/([A-Za-z]+)/([^/\s]+)$")
"""Type and id at the end of a RESTful address. A part of an id may have been redacted, here as in the resource."""


@dataclass(frozen=True)
class Search:
    """A search for Consents that was answered with 200, and whether it asked for includes."""

    exchange: Exchange
    body: Any
    including: bool

    @property
    def bundle(self) -> Json | None:
        is_bundle = isinstance(self.body, dict) and self.body.get("resourceType") == "Bundle"
        return self.body if is_bundle else None

    @property
    def entries(self) -> Iterator[tuple[Json, Json]]:
        """Each entry with its resource; {} where it has none."""
        listed = (self.bundle or {}).get("entry")
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, dict):
                resource = entry.get("resource")
                if not isinstance(resource, dict) or not isinstance(resource.get("resourceType", ""), str):
                    resource = {}
                yield entry, resource


@observes("r4.search.self-link-is-present")
def every_searchset_has_a_self_link(answers: Answers) -> str | None:
    """Every searchset has one link with the relation self, and a url in it."""

    def fault(search: Search) -> str | None:
        links = (search.bundle or {}).get("link")
        rows = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
        own = [link for link in rows if link.get("relation") == "self"]
        if len(own) != 1:
            return f"{len(own)} self links"
        return None if own[0].get("url") else "a self link without url"

    return _hold(answers, fault, expected="one self link in every searchset")


@observes("r4.search.entries-have-resources")
def every_entry_has_a_resource(answers: Answers) -> str | None:
    """Every entry of a searchset has a resource with a resourceType."""
    return _each(
        answers,
        lambda _, resource: None if resource.get("resourceType") else "an entry without a resource",
        expected="a resource in every entry",
    )


@observes("r4.search.entries-have-no-request-or-response")
def no_entry_has_a_request_or_response(answers: Answers) -> str | None:
    """No entry of a searchset has a request or a response."""
    return _each(
        answers,
        lambda entry, _: next((f"an entry with {name}" for name in ("request", "response") if name in entry), None),
        expected="neither request nor response in any entry",
    )


@observes("r4.search.entry-mode-is-given")
def every_entry_has_a_mode(answers: Answers) -> str | None:
    """Every entry that holds a resource has a search.mode."""
    return _each(
        answers,
        lambda entry, resource: f"{_named(resource)} without search.mode" if resource and not _mode(entry) else None,
        expected="search.mode in every entry",
    )


@observes("r4.search.entry-mode-is-right")
def every_mode_is_right(answers: Answers) -> str | None:
    """Every search.mode is match, include or outcome; no included resource is a match, only outcomes are outcomes."""

    def fault(search: Search) -> str | None:
        for entry, resource in search.entries:
            mode, kind = _mode(entry), resource.get("resourceType")
            if mode is not None and mode not in MODES:
                return f"{_named(resource)} with search.mode {mode!r}"
            if mode == "outcome" and kind not in {"OperationOutcome", None}:
                return f"{_named(resource)} marked as outcome"
            if mode == "match" and search.including and kind not in {"Consent", "OperationOutcome", None}:
                return f"{_named(resource)} marked as match"
        return None

    return _hold(answers, fault, expected="match on Consents, include on what came along, outcome on OperationOutcomes")


@observes("r4.search.matches-are-consents")
def every_match_is_a_consent(answers: Answers) -> str | None:
    """Where no include was asked for, each entry that is not marked as include or outcome holds a Consent."""

    def fault(search: Search) -> str | None:
        for entry, resource in search.entries:
            kind = resource.get("resourceType")
            if _mode(entry) not in {"include", "outcome"} and kind not in {"Consent", "OperationOutcome", None}:
                return f"{_named(resource)} among the matches"
        return None

    return _hold(answers, fault, expected="only Consents among the matches", of=lambda search: not search.including)


@observes("r4.search.full-url-is-present")
def every_entry_has_a_full_url(answers: Answers) -> str | None:
    """Every entry with a resource, outcomes aside, has a fullUrl that is absolute."""

    def fault(entry: Json, resource: Json) -> str | None:
        url = entry.get("fullUrl")
        if not _addressed(resource) or (isinstance(url, str) and _ABSOLUTE.fullmatch(url)):
            return None
        return f"{_named(resource)} {'without fullUrl' if url is None else f'with the fullUrl {url!r}'}"

    return _each(answers, fault, expected="an absolute fullUrl in every entry")


@observes("r4.search.full-url-agrees-with-id")
def every_full_url_agrees_with_the_id(answers: Answers) -> str | None:
    """Every fullUrl that is a web address ends in type and id of the entry's resource, without a version."""

    def fault(entry: Json, resource: Json) -> str | None:
        url = entry.get("fullUrl")
        if not _addressed(resource) or not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
            return None
        match = _ADDRESS.match(url)
        if match and f"{match[1]}/{match[2]}" == _named(resource) and match[1] != "_history":
            return None
        return f"{_named(resource)} under {url}"

    return _each(answers, fault, expected="a fullUrl that ends in the resource's type and id")


@observes("r4.search.full-urls-are-unique")
def no_resource_stands_twice(answers: Answers) -> str | None:
    """No resource stands twice in a page of a searchset."""

    def fault(search: Search) -> str | None:
        seen: set[str] = set()
        for _, resource in search.entries:
            if _addressed(resource):
                if _named(resource) in seen:
                    return f"{_named(resource)} twice"
                seen.add(_named(resource))
        return None

    return _hold(answers, fault, expected="each resource once on a page")


@observes("r4.search.outcome-entry-is-not-an-error")
def no_outcome_in_a_searchset_is_an_error(answers: Answers) -> str | None:
    """An OperationOutcome in a searchset has the mode outcome (or none) and no issue of severity error or fatal."""

    def fault(entry: Json, resource: Json) -> str | None:
        if resource.get("resourceType") != "OperationOutcome":
            return None
        if _mode(entry) not in {"outcome", None}:
            return f"an OperationOutcome marked as {_mode(entry)}"
        issues = resource.get("issue")
        told = [row.get("severity") for row in issues if isinstance(row, dict)] if isinstance(issues, list) else []
        severe = [severity for severity in told if severity in ("error", "fatal")]
        return f"an OperationOutcome with an issue of severity {severe[0]}" if severe else None

    _each(answers, fault, expected="no error in an entry of a searchset")
    met = any(
        resource.get("resourceType") == "OperationOutcome"
        for search in answers.once(searches)
        for _, resource in search.entries
    )
    return None if met else "no searchset held an OperationOutcome"


@observes("r4.search.failure-is-not-ok")
def no_search_answers_ok_with_an_error(answers: Answers) -> str | None:
    """No search answers 200 with an OperationOutcome as its body."""

    def fault(search: Search) -> str | None:
        kind = search.body.get("resourceType") if isinstance(search.body, dict) else None
        return "200 with an OperationOutcome" if kind == "OperationOutcome" else None

    return _hold(answers, fault, expected="a refusal (4xx or 5xx), or 200 with a searchset", of=lambda _: True)


def _each(answers: Answers, fault: Callable[[Json, Json], str | None], *, expected: str) -> str | None:
    """Hold every entry of every searchset against a rule."""

    def first(search: Search) -> str | None:
        return next((said for entry, resource in search.entries if (said := fault(entry, resource))), None)

    return _hold(answers, first, expected=expected)


def _hold(
    answers: Answers,
    fault: Callable[[Search], str | None],
    *,
    expected: str,
    of: Callable[[Search], bool] = lambda search: search.bundle is not None,
) -> str | None:
    """Hold every searchset against a rule; `of` chooses among the searches that were answered with 200."""
    held = {search.exchange.id: search for search in answers.once(searches) if of(search)}
    if not held:
        raise NotTestable("no searchset was received in this run")
    chosen = replace(answers, exchanges=tuple(search.exchange for search in held.values()))
    return chosen.none_may(lambda exchange: fault(held[exchange.id]), expected=expected)


def searches(answers: Answers) -> list[Search]:
    """The searches for Consents that were answered with 200, later pages among them."""
    found: list[Search] = []
    pages: dict[str, bool] = {}
    for exchange in answers:
        place = _below_the_host(exchange.url)
        path = urlsplit(exchange.url).path
        asked = (exchange.method == "GET" and path.endswith("/Consent")) or (
            exchange.method == "POST" and path.endswith("/Consent/_search")
        )
        if exchange.status != 200 or not (asked or (exchange.method == "GET" and place in pages)):
            continue
        asked_for = f"{urlsplit(exchange.url).query} {exchange.request_body}"
        including = "_include" in asked_for or "_revinclude" in asked_for or pages.get(place, False)
        search = Search(exchange, parsed(exchange.response_body), including)
        links = (search.bundle or {}).get("link")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict) and link.get("relation") == "next":
                pages[_below_the_host(str(link.get("url")))] = including
        found.append(search)
    return found


def _below_the_host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all: no page is under it
        return url
    return f"{parts.path}?{parts.query}"


def _mode(entry: Json) -> str | None:
    search = entry.get("search")
    mode = search.get("mode") if isinstance(search, dict) else None
    return mode if mode is None else str(mode)


def _named(resource: Json) -> str:
    return f"{resource.get('resourceType', 'nothing')}/{resource.get('id', '')}"


def _addressed(resource: Json) -> bool:
    """Whether a resource has an address of its own: an OperationOutcome about the search has none."""
    return resource.get("resourceType") not in ("OperationOutcome", None)
