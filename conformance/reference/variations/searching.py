"""Legal differences in how a search is taken and in what comes back besides the matches."""

from __future__ import annotations

import base64
import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from conformance.reference import matching
from conformance.reference.fault import Variation
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource, Route
    from conformance.reference.parameters import Criterion, Parameter
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored

STATES = "http://hl7.org/fhir/consent-state-codes"


class SearchAddsAHint(Variation, name="search-adds-a-hint"):
    """A searchset ends with an OperationOutcome that informs: the mode outcome is for that (search.html#errors)."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        told = self.outcome(severity="information", code="informational", text="this server was asked politely")
        if ("_count", "0") in asked.query:
            return bundle
        return {**bundle, "entry": [*bundle.get("entry", []), {"resource": told, "search": {"mode": "outcome"}}]}


class SearchIncludesUnasked(Variation, name="search-includes-unasked", packs=("r4",)):
    """Patients come along though nobody asked: a mode of include only says that a match refers to them."""

    def included(self, asked: Search, page: list[Stored]) -> list[Stored]:
        found = {(stored.type, stored.id): stored for stored in super().included(asked, page)}
        for stored in page if asked.route.type == "Consent" else ():
            for target in matching.referenced(stored.content, "patient", self.base):
                patient = self.store.current(*target)
                if patient is not None and self.visible(asked.caller, patient):
                    found[target] = patient
        return list(found.values())


class UnknownParametersAreRefused(Variation, name="unknown-parameters-are-refused"):
    """A parameter that the server does not know is refused: that it is ignored is only usual (search.html#errors)."""

    def criteria(self, request: Request, route: Route, query: Query) -> tuple[Criterion, ...]:
        lenient = self.preference(request, "handling") == "lenient"
        if not lenient and any(name == "nosuchparameter" for name, _ in query):
            raise Refused(400, "not-supported", "there is no such search parameter")
        return super().criteria(request, route, query)


class ModifiersAreRefused(Variation, name="modifiers-are-refused"):
    """No modifier is supported, and each is refused: what is not supported shall be (search.html#modifiers)."""

    def modifier_is_known(self, parameter: Parameter, modifier: str) -> bool:  # noqa: ARG002 - as in Searching
        return False


class ModifiersAreNotImplemented(Variation, name="modifiers-are-not-implemented"):
    """No modifier is supported, and 501 says so: for what is not supported HTTP has that number (RFC 9110 §15.6.2)."""

    def modifier_is_known(self, parameter: Parameter, modifier: str) -> bool:  # noqa: ARG002 - as in Searching
        return False

    def criterion(self, kind: str, name: str, written: str) -> Criterion | None:
        try:
            return super().criterion(kind, name, written)
        except Refused as refusal:
            raise Refused(501 if ":" in name else refusal.status, refusal.code, refusal.reason) from refusal


class OtherTypesAreRefused(Variation, name="references-of-other-types-are-refused"):
    """A reference of a type that the parameter cannot have is refused: it makes no sense (search.html#errors)."""

    def check_values(self, criterion: Criterion) -> None:
        super().check_values(criterion)
        for value in criterion.values:
            kind, slash, _ = value.partition("/")
            names_a_type = slash and criterion.parameter.kind == "reference" and ":" not in kind
            if names_a_type and kind not in criterion.parameter.types:
                raise Refused(400, "value", f"{criterion.name} does not lead to a {kind}")


class ForeignReferencesAreRefused(Variation, name="foreign-references-are-refused"):
    """The address of another server is refused as the value of a reference: it cannot be resolved here."""

    def check_values(self, criterion: Criterion) -> None:
        super().check_values(criterion)
        if criterion.parameter.kind == "reference":
            for value in criterion.values:
                if "://" in value and not value.startswith(self.base):
                    raise Refused(422, "not-found", f"{value} is not ours")


class SelfLinkNamesTheType(Variation, name="self-link-names-the-type"):
    """The self link shows a patient with its type: it says what was used, not what was sent (search.html)."""

    def used(self, asked: Search) -> Query:
        return tuple(
            (name, f"Patient/{value}" if name == "patient" and "/" not in value else value)
            for name, value in super().used(asked)
        )


class SelfLinkHasTheBareId(Variation, name="self-link-has-the-bare-id", packs=("medicasoft", "r4")):
    """The self link shows a patient by the bare id: where one type can be, that is the same (search.html#reference)."""

    def used(self, asked: Search) -> Query:
        return tuple(
            (name, value.removeprefix("Patient/") if name == "patient" else value)
            for name, value in super().used(asked)
        )


class SelfLinkNamesTheSystem(Variation, name="self-link-names-the-system", packs=("r4",)):
    """The self link shows each status with its system: every status has that one (search.html#token)."""

    def used(self, asked: Search) -> Query:
        return tuple(
            (name, ",".join(f"{STATES}|{code}" for code in value.split(",")) if name == "status" else value)
            for name, value in super().used(asked)
        )


class IncludesByWildCard(Variation, name="includes-by-wild-card", packs=("r4",)):
    """The statement lists Consent:* as its include: a wild card for the parameter's name (search.html#include)."""

    def capabilities(self) -> Answer:
        answer = super().capabilities()
        statement = copy.deepcopy(answer.resource or {})
        for offered in statement["rest"][0]["resource"]:
            if offered["type"] == "Consent":
                offered["searchInclude"] = ["Consent:*"]
        return replace(answer, resource=statement)


class NextLinksAreOpaque(Variation, name="next-links-are-opaque"):
    """A next link holds a token and no parameter: what stands in it is the server's (http.html#paging)."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        return [
            {**link, "url": self._token(link["url"])} if link["relation"] == "next" else link
            for link in super().links(asked, after)
        ]

    def _token(self, url: str) -> str:
        place, _, rest = url.partition("?")
        return f"{place}?{urlencode({'_page': base64.urlsafe_b64encode(rest.encode()).decode()})}"

    def query(self, request: Request) -> Query:
        query = super().query(request)
        tokens = [value for name, value in query if name == "_page"]
        return tuple(parse_qsl(base64.urlsafe_b64decode(tokens[0]).decode())) if tokens else query


class PagesHoldOneMatch(Variation, name="pages-hold-one-match"):
    """A page never holds more than one match: a server may give less than _count asks for (search.html#count)."""

    def count(self, query: Query) -> int:
        return min(super().count(query), 1)


class LastPageIsEmpty(Variation, name="last-page-is-empty"):
    """The page after the last match is empty: some servers look for more only when they are asked."""

    def page(self, asked: Search, matches: list[Stored]) -> tuple[list[Stored], int | None]:
        page, after = super().page(asked, matches)
        full = page and len(page) == min(self.count(asked.query), 100)
        return page, page[-1].first if full else after


class UnknownPatientsAreNotFound(Variation, name="unknown-patients-are-not-found", packs=("r4",)):
    """A patient that nobody has heard of answers 404: one vendor documents it, and R4 says only SHOULD."""

    def check_values(self, criterion: Criterion) -> None:
        super().check_values(criterion)
        ids = {value.rpartition("/")[2] for value in criterion.values} if criterion.name == "patient" else set()
        for id_ in ids:
            known = self.store.current("Patient", id_) is not None
            named = any(
                ("Patient", id_) in matching.referenced(stored.content, "patient", self.base)
                for stored in self.store.everything("Consent")
            )
            if not known and not named:
                raise Refused(404, "not-found", f"there is no patient {id_!r}")


class PatientIdsHaveNoCase(Variation, name="patient-ids-have-no-case", packs=("r4",)):
    """An id in a search is compared without regard to case: R4 says of the type id that ids are case-insensitive.

    Of those in a URL's path it says the opposite (http.html#root), which r4.read.id-is-case-sensitive holds to.
    """

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name != "patient" or not isinstance(value, dict):
            return super().matches_reference(value, criterion, wanted)
        kind, slash, id_ = str(value.get("reference", "")).rpartition("/")
        asked, bar, of = wanted.rpartition("/")
        lower = {**value, "reference": f"{kind}{slash}{id_.lower()}"}
        return super().matches_reference(lower, criterion, f"{asked}{bar}{of.lower()}")
