"""Searching: a query read into criteria, resources held against them, and the page that answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from conformance.reference import dates, matching
from conformance.reference.access import Access
from conformance.reference.messages import Answer, Refused, Request, Resource, Route
from conformance.reference.parameters import OF_TYPE, RESULT_PARAMETERS, Criterion, Parameter

if TYPE_CHECKING:
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

Query = tuple[tuple[str, str], ...]
PAGE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """A search on its way: who asks what, and what of it selects."""

    request: Request
    route: Route
    caller: Caller | None
    query: Query
    criteria: tuple[Criterion, ...]


class Searching(Access):
    """The seams of a search."""

    def search(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        """Answer a search by GET or by POST to _search with a searchset."""
        query = self.query(request)
        criteria = self.criteria(request, route, query)
        asked = Search(request=request, route=route, caller=caller, query=query, criteria=criteria)
        return Answer(status=200, resource=self.bundle(asked, self.found(asked)))

    def query(self, request: Request) -> Query:
        """Return the parameters of the address and, for a POST, of the form in the body."""
        if request.method != "POST":
            return request.query
        label = (request.header("content-type") or "").partition(";")[0].strip().lower()
        if label != "application/x-www-form-urlencoded":
            raise Refused(415, "not-supported", "_search takes application/x-www-form-urlencoded")
        return (*request.query, *parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))

    def parameters(self, kind: str) -> dict[str, Parameter]:
        """Return the search parameters of a type by name."""
        return OF_TYPE[kind]

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        """Return what the query selects by. What is unknown is left out, or refused when strictness is preferred."""
        used = []
        for name, written in query:
            if name in RESULT_PARAMETERS or not written:
                continue
            criterion = self.criterion(route.type, name, written)
            if criterion is not None:
                self.check_values(criterion)
                used.append(criterion)
            elif self.preference(request, "handling") == "strict":
                raise Refused(400, "not-supported", f"there is no search parameter {name!r}")
        return tuple(used)

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        """Return one name and value of a query as a criterion; None when the parameter is unknown."""
        first, _, chain = name.partition(".")
        known, _, modifier = first.partition(":")
        parameter = self.parameters(kind).get(known)
        if parameter is None or (chain and parameter.kind != "reference"):
            return None
        if modifier and not self.modifier_is_known(parameter, modifier):
            raise Refused(400, "not-supported", f"the modifier {modifier!r} is not supported for {known}")
        if ":" in chain:
            raise Refused(400, "not-supported", f"no modifier is supported at the end of the chain {name!r}")
        values = tuple(matching.split_values(written, ","))
        return Criterion(name, written, parameter, modifier, values, chain)

    def modifier_is_known(self, parameter: Parameter, modifier: str) -> bool:
        allowed = {
            "token": {"missing", "not"},
            "reference": {"missing", "identifier", *parameter.types},
            "date": {"missing"},
        }
        return modifier in allowed[parameter.kind]

    def check_values(self, criterion: Criterion) -> None:
        """Refuse values that break the syntax of their parameter (search.html#errors)."""
        for value in criterion.values:
            if criterion.modifier == "missing":
                if value not in {"true", "false"}:
                    raise Refused(400, "value", f"{criterion.name} is true or false, not {value!r}")
            elif criterion.chain:
                continue
            elif criterion.parameter.kind == "date":
                try:
                    dates.matches((None, None), value, now=self.clock())
                except ValueError as unreadable:
                    raise Refused(400, "value", f"{criterion.name}: {unreadable}") from unreadable
            elif criterion.parameter.kind == "reference" and value.endswith("/"):
                raise Refused(400, "value", f"{criterion.name}: {value!r} names no id")

    def found(self, asked: Search) -> list[Stored]:
        """Return every match that the caller may see, oldest resource first."""
        return [
            stored
            for stored in self.searched(asked.route.type)
            if self.selected(stored, asked.criteria) and self.visible(asked.caller, stored)
        ]

    def searched(self, kind: str) -> list[Stored]:
        """Return what a search looks through: the current versions of a type."""
        return self.store.everything(kind)

    def selected(self, stored: Stored, criteria: tuple[Criterion, ...]) -> bool:
        """Whether a resource satisfies all criteria (search.html#combining)."""
        for criterion in criteria:  # noqa: SIM110 - loops, here and below: a run comes by a hundred thousand times
            if not self.matches_criterion(stored, criterion):
                return False
        return True

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        """Whether one of the alternatives of a criterion selects the resource."""
        found = self.searched_values(stored, criterion.parameter)
        if criterion.modifier == "missing":
            return (criterion.values[0] == "true") == (not found)
        for wanted in criterion.values:
            if self.matches_value(found, criterion, wanted):
                return criterion.modifier != "not"
        return criterion.modifier == "not"

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        """Return what a parameter looks at in a resource."""
        return matching.values_at(stored.content, parameter.path)

    def matches_value(self, found: list[Any], criterion: Criterion, wanted: str) -> bool:
        """Whether any of the values found is selected by one value that is asked for."""
        match "chain" if criterion.chain else criterion.parameter.kind:
            case "chain":
                matches = self.matches_chain
            case "token":
                matches = self.matches_token
            case "reference":
                matches = self.matches_reference
            case _:
                matches = self.matches_date
        for value in found:  # noqa: SIM110
            if matches(value, criterion, wanted):
                return True
        return False

    def matches_token(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return matching.token_matches(value, wanted, fixed_system=criterion.parameter.fixed_system)

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.modifier == "identifier":
            return isinstance(value, dict) and matching.token_matches(value.get("identifier"), wanted)
        only = criterion.modifier or None
        return matching.reference_matches(value, wanted, base=self.base, types=criterion.parameter.types, only=only)

    def matches_date(self, value: Any, criterion: Criterion, wanted: str) -> bool:  # noqa: ARG002 - faults look at it
        return dates.matches(self.searched_range(value), wanted, now=self.clock())

    def searched_range(self, value: Any) -> dates.Range:
        """Return the range of a dateTime, an instant or a Period as searching sees it."""
        return dates.range_of(value) if isinstance(value, dict) else dates.span(value)

    def matches_chain(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        """Whether the resource that a reference leads to is selected by the rest of a chain."""
        for kind, id_ in matching.referenced({"it": value}, "it", self.base):
            if criterion.modifier not in {"", kind}:
                continue
            if criterion.chain == "_id":
                return id_ == wanted
            target = self.store.current(kind, id_) if kind in self.types else None
            rest = self.criterion(kind, criterion.chain, wanted) if target and not target.deleted else None
            if target is not None and rest is not None:
                return self.matches_criterion(target, rest)
        return False

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        """Return the searchset that shows one page of the matches (bundle.html)."""
        page, after = self.page(asked, matches)
        included = self.included(asked, page)
        entries = [
            *(self.entry(stored, "match", asked.request) for stored in page),
            *(self.entry(stored, "include", asked.request) for stored in included),
        ]
        bundle: Resource = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": self.total(matches, page, included),
            "link": self.links(asked, after),
        }
        return {**bundle, "entry": entries} if entries else bundle

    def count(self, query: Query) -> int:
        """Return how many matches a page may hold (search.html#count)."""
        wanted = [value for name, value in query if name == "_count" and value]
        if not wanted:
            return PAGE
        if not wanted[-1].isdecimal():
            raise Refused(400, "value", f"_count is a number, not {wanted[-1]!r}")
        return min(int(wanted[-1]), PAGE)

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        """Return the matches of this page, and where the next one goes on: None where there is none."""
        start = next((int(value) for name, value in asked.query if name == "_after" and value.isdecimal()), 0)
        rest = [stored for stored in matches if stored.first > start]
        page = rest[: self.count(asked.query)]
        return page, page[-1].first if 0 < len(page) < len(rest) else None

    def total(self, matches: list[Stored], page: list[Stored], included: list[Stored]) -> Any:  # noqa: ARG002 - faults look
        """Return the number of matches over all pages."""
        return len(matches)

    def used(self, asked: Search) -> Query:
        """Return the part of the query that had an effect (search.html#conformance)."""
        effective = {(criterion.name, criterion.written) for criterion in asked.criteria}
        shaping = {
            (name, value)
            for name, value in asked.query
            if name in RESULT_PARAMETERS and value and self.has_effect(asked.route.type, name, value)
        }
        return tuple(part for part in asked.query if part in effective | shaping)

    def has_effect(self, kind: str, name: str, value: str) -> bool:
        """Whether a parameter that shapes the answer does so: an include may name nothing."""
        return name != "_include" or bool(self.include_paths(kind, ((name, value),)))

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        """Return the self link and, when matches are left, the next link."""
        used = self.used(asked)
        links = [{"relation": "self", "url": self.address(asked.route, used)}]
        if after is not None:
            rest = tuple((name, value) for name, value in used if name != "_after")
            links.append({"relation": "next", "url": self.address(asked.route, (*rest, ("_after", str(after))))})
        return links

    def address(self, route: Route, query: Query) -> str:
        encoded = urlencode(query, quote_via=quote, safe="/:")
        return f"{self.base}/{route.type}" + (f"?{encoded}" if encoded else "")

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        """Return what _include adds to a page, each resource once (search.html#include)."""
        paths = self.include_paths(asked.route.type, asked.query)
        wanted = dict.fromkeys(
            target
            for stored in page
            for path, only in paths
            for target in matching.referenced(stored.content, path, self.base)
            if only in {"", target[0]}
        )
        shown = {(stored.type, stored.id) for stored in page}
        found = (self.store.current(*target) for target in wanted if target[0] in self.types and target not in shown)
        return [stored for stored in found if stored and not stored.deleted and self.visible(asked.caller, stored)]

    def include_paths(self, kind: str, query: Query) -> list[tuple[str, str]]:
        """Return path and type of target of each include that is known; others are left out."""
        references = {name: known for name, known in self.parameters(kind).items() if known.kind == "reference"}
        paths = []
        for value in (value for name, value in query if name == "_include"):
            source, _, rest = value.partition(":")
            name, _, only = rest.partition(":")
            if value == "*" or (source == kind and name == "*"):
                paths += [(known.path, "") for known in references.values()]
            elif source == kind and name in references:
                paths.append((references[name].path, only))
        return paths

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        """Return one entry of a searchset."""
        return {
            "fullUrl": self.full_url(stored),
            "resource": self.presented(stored, request),
            "search": {"mode": mode},
        }

    def full_url(self, stored: Stored) -> str:
        return f"{self.base}/{stored.type}/{stored.id}"
